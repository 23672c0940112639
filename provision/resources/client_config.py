"""The settings by which a laptop's own CLI of the gateway finds a gateway far away."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from provision.model.facts import Facts, Probe, Reading
from provision.model.json5 import Json5, Json5Error
from provision.model.plan import Change
from provision.model.report import Check
from provision.model.secret import Secret, hide
from provision.model.settings import Settings, set_in, take_back
from provision.model.shell import Sh, sh

KINDS = ("token", "password")
REMOTE = ("gateway", "remote")


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """The product's configuration at `path`, with `gateway.remote` leading to `url`.

    All else in it stays byte for byte, as do the links that lead to it; what it was before lies
    beside it. It is its owner's alone, since it holds the `secret`, of that `kind`. Without a
    secret it is to be as it was. One that leads to one of the `others` is theirs.
    """

    path: str
    url: str
    kind: str = ""
    secret: Secret | None = None
    others: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"client:{self.path}"

    def probe(self) -> Probe:
        return Probe(
            self.id,
            sh(
                "coded() { base64 <\"$1\" | tr -d '\\n'; }\n"
                'file=$(real {}); [ ! -f "$file.before-clawprov" ] || '
                'echo "before=_$(coded "$file.before-clawprov")"\n'
                '[ -e "$file" ] || { echo type=absent; exit 0; }\n'
                '[ -f "$file" ] && [ -r "$file" ] && [ -w "$file" ] || '
                "{ echo type=unreadable; exit 0; }\n"
                'echo type=file; echo "mode=$(mode "$file")"; echo "text=_$(coded "$file")"',
                self.path,
            ),
        )

    def readable(self) -> Check:
        """A file that can be read and changed, as JSON5; else where it cannot."""
        return Check(f"readable:{self.path}", sh(":"), self._judge, f"correct {self.path} first")

    def _judge(self, reading: Reading, facts: Facts) -> str:
        if self.secret is None and "before" not in facts[self.id].pairs():
            return ""  # it was never ours
        try:
            self._change(facts)
        except Json5Error as error:
            return f"{self.path}:{error.line}:{error.column}: {error.what}"
        except UnicodeDecodeError as error:
            return f"{self.path}: it is not UTF-8 at byte {error.start}"
        if facts[self.id].pairs()["type"] == "unreadable":
            return f"{self.path}: you may not read and write it, or it is no file"
        return ""

    def diff(self, facts: Facts) -> Change | None:
        try:
            return self._change(facts)
        except (Json5Error, UnicodeDecodeError):
            return None  # `readable` says so

    def _change(self, facts: Facts) -> Change | None:
        seen = facts[self.id].pairs()
        if seen["type"] == "unreadable":
            return None
        text = decode(seen.get("text"))
        if self.secret is None:
            return self._restore(text, decode(seen.get("before")))
        if text and Json5(text).read(*REMOTE, "url") in self.others:
            return None
        if text is None or not text.strip():
            new = json.dumps(self._settings(self.secret.value), indent=2, ensure_ascii=False) + "\n"
        else:
            new = set_in(Json5(text), self._settings(self.secret.value))
        if new == text and seen["mode"].endswith("00"):
            return None
        why = "others may read it" if new == text else f"leads to {self.url}"
        shown = hide(new)
        keep = sh(
            "file=$(real {})\n"
            'mkdir -p "${file%/*}"\n'
            'if [ -e "$file.before-clawprov" ]; then :\n'
            'elif [ -e "$file" ]; then cp -p "$file" "$file.before-clawprov"\n'
            'else : >"$file.before-clawprov"; fi\n'
            '[ ! -e "$file" ] || chmod go-rwx "$file"',
            self.path,
        )
        verb = "create" if text is None else "update"
        commands = (keep, self._write(Secret(new, shown)))
        return Change(self.id, verb, commands, why, hide(text or ""), shown)

    def _settings(self, secret: str) -> Settings:
        remote = {"url": self.url, self.kind: secret}
        return {"gateway": {"mode": "remote", "remote": remote}}

    def _write(self, text: Secret) -> Sh:
        return sh('file=$(real {})\nprintf %s {} | rewrite "$file"', self.path, text)

    def _restore(self, text: str | None, before: str | None) -> Change | None:
        if before is None:
            return None
        leave = sh('rm -f "$(real {}).before-clawprov"', self.path)
        if text is None:
            return Change(self.id, "remove", (leave,), "the copy of what it was")
        document, original = Json5(text), Json5(before if before.strip() else "{}")
        if document.read(*REMOTE, "url") != self.url:
            ours = document.read(*REMOTE, "url") in self.others
            return None if ours else Change(self.id, "remove", (leave,), "the copy of what it was")
        remote: dict[str, str | Settings] = {"url": self.url}
        for kind in KINDS:
            value = document.read(*REMOTE, kind)
            if value is not None and value != original.read(*REMOTE, kind):
                remote[kind] = value
        settings: Settings = {"gateway": {"mode": "remote", "remote": remote}}
        if not before:
            untouched = json.loads(text) == settings if text.startswith("{\n") else False
            if untouched:
                gone = sh(
                    'file=$(real {})\nrm -f "$file"; rmdir "${file%/*}" 2>/dev/null || :', self.path
                )
                return Change(self.id, "remove", (leave, gone), "there was none before", hide(text))
        elif set_in(original, settings) == text:
            back = sh('file=$(real {})\nmv -f "$file.before-clawprov" "$file"', self.path)
            return Change(self.id, "restore", (back,), "as it was", hide(text), hide(before))
        new = take_back(document, original, settings)
        commands = (self._write(Secret(new, hide(new))), leave)
        return Change(self.id, "restore", commands, "without our settings", hide(text), hide(new))


def decode(coded: str | None) -> str | None:
    """A file's text, which came as base64 behind an underscore; None when there is no file."""
    return None if coded is None else base64.b64decode(coded[1:]).decode()
