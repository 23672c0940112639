"""Whom the SSH server lets in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import Sh, heredoc, joined, sh
from provision.resources.file import File

FOLDER = "/etc/ssh/sshd_config.d"
PATH = f"{FOLDER}/00-clawprov.conf"
"""In sshd_config the first word on a matter counts, so this name comes before cloud-init's 50-."""

OFF = ("passwordauthentication", "kbdinteractiveauthentication")
_TEXT = """\
# Made by clawprov: whoever logs in has a key.
PasswordAuthentication no
KbdInteractiveAuthentication no
"""
_RELOAD = sh("if systemctl is-active --quiet ssh; then systemctl reload ssh; fi")


@dataclass(frozen=True, slots=True)
class KeysOnly:
    """An OpenSSH server that takes no passwords; whether root may come in stays as it is."""

    id: str = "sshd:keys-only"

    def probe(self) -> Probe:
        look = sh(
            "sshd -T 2>/dev/null | grep -E '^({}) ' | tr ' ' '='\n"
            "grep -qsiE '^[[:space:]]*Include[[:space:]].*{}/\\*' /etc/ssh/sshd_config && "
            "echo include=yes\n"
            '[ -z "$(came_in)" ] && ! grep -qsED skip "^[^#]*(ssh|sk|ecdsa)-" '
            "/root/.ssh/authorized_keys /home/*/.ssh/authorized_keys || echo keys=yes\n"
            "{}",
            sh("|".join(OFF)),
            sh(FOLDER),
            self._file.probe().script,
        )
        return Probe(self.id, look)

    def obstacle(self, facts: Facts) -> str:
        """Why its passwords cannot be switched off, or ""."""
        if not self.diff(facts):
            return ""
        seen = facts[self.id].pairs()
        if OFF[0] not in seen:
            return "its SSH server is not OpenSSH, or its configuration is wrong (sshd -T)"
        if "include" not in seen:
            return f"/etc/ssh/sshd_config does not include {FOLDER}/*.conf"
        if "keys" not in seen:
            return "nobody has a key to log in with (authorized_keys)"
        return ""

    def diff(self, facts: Facts) -> Change | None:
        reading = facts[self.id]
        change = self._file.diff(Facts({self._file.id: reading}))
        if change is None:
            return None
        old = reading.out.partition("content=\n")[2]
        was = [f"{name} {value}" for name in OFF if (value := reading.pairs().get(name)) != "no"]
        why = "passwords are let in" if was else change.why
        return replace(change, resource=self.id, why=why, undo=self._undo(old))

    @property
    def _file(self) -> File:
        return File(PATH, _TEXT, activate=sh("{}\n{}", self._trial, _RELOAD))

    @property
    def _trial(self) -> Sh:
        """Effective for everybody, or gone again."""
        return sh(
            "for name in {}; do\n"
            'sshd -T | grep -qx "$name no" || { rm -f {}; echo "another file says otherwise:"; '
            'grep -isE "^[^#]*$name" /etc/ssh/sshd_config {}/*.conf; exit 1; }\ndone',
            sh(" ".join(OFF)),
            PATH,
            sh(FOLDER),
        )

    def _undo(self, old: str) -> Sh:
        """Of what was not there, or is nobody's text, nothing stays."""
        back = sh("rm -f {}", PATH)
        if old.endswith("\n"):
            back = heredoc(sh("cat >{}", PATH), old)
        forget = sh("rm -f {}", self._file.stamp)
        return joined([back, forget, sh("sshd -t || rm -f {}", PATH), _RELOAD])
