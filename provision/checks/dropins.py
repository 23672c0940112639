"""What others have added to the gateway's unit: it stays, and is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from provision.model.facts import Facts, Reading
from provision.model.report import Check
from provision.model.secret import MASK, hide, sounds_secret
from provision.model.shell import Sh, joined, sh

PLACES = (
    *("/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient"),
    *("/etc/systemd/system", "/run/systemd/system", "/run/systemd/generator"),
    *("/usr/local/lib/systemd/system", "/usr/lib/systemd/system"),
)
"""Where systemd looks for drop-ins; a file hides those of its name below (systemd.unit(5))."""
SHOWN = 5
"""How many directives of a drop-in are named."""
_MARK = "drop-in "
_VARIABLE = re.compile(r"(?:^|\s)[\"']?([A-Za-z_][A-Za-z0-9_]*)=")


def foreign_drop_ins(service: str) -> Check:
    """The unit without drop-ins; none is ours, and whoever made one may need it."""

    def judge(reading: Reading, facts: Facts) -> str:
        files = re.split(rf"^{_MARK}", reading.out, flags=re.MULTILINE)[1:]
        return "; ".join(_told(*file.split("\n", 1)) for file in files)

    hint = f"keep it, or write it under `unit:` and then: systemctl revert {service}"
    told = "nobody else has added to its unit"
    return Check("gateway:drop-ins", _script(service), judge, hint, note=True, tell=lambda *_: told)


def _script(service: str) -> Sh:
    prefix = service.partition("-")[0]
    folders = [f"{service}.d", f"{prefix}-.service.d", "service.d"]
    return sh(
        "seen=/\n"
        "for folder in {}; do for place in {}; do\n"
        '  for file in "$place/$folder"/*.conf; do\n'
        '    case $seen in *"/${file##*/}/"*) continue ;; esac\n'
        '    [ ! -e "$file" ] || seen=$seen${file##*/}/\n'
        '    [ ! -f "$file" ] || { printf "\\n%s%s\\n" {} "$file"; cat "$file"; }\n'
        "  done\n"
        "done; done",
        joined((sh("{}", folder) for folder in folders), " "),
        joined((sh("{}", place) for place in PLACES), " "),
        _MARK,
    )


def _told(path: str, text: str) -> str:
    """What a drop-in sets, and what is bad about it; values that may be secret are masked."""
    lines = re.sub(r"\\\n", " ", text).splitlines()
    pairs = [line.strip().split("=", 1) for line in lines if re.match(r"\s*[A-Za-z]+\s*=", line)]
    shown = list(dict.fromkeys(part for name, value in pairs for part in _shown(name, value)))
    told = ", ".join(shown[:SHOWN]) or "nothing"
    if len(shown) > SHOWN:
        told += f" and {len(shown) - SHOWN} more"
    bad = [sentence for name, value in pairs for sentence in _bad(name.strip(), value)]
    return f"{path} sets {told}" + "".join(f"; it {one}" for one in dict.fromkeys(bad))


def _shown(name: str, value: str) -> Iterator[str]:
    """A directive, of variables the names and of commands nothing but that there is one."""
    name, value = name.strip(), value.strip()
    if name == "Environment" and value:
        yield from (f"{name}={variable}={MASK}" for variable in _VARIABLE.findall(value))
    elif value and name.startswith(("Exec", "SetCredential")):
        yield f"{name}={MASK}"
    elif value or not name.startswith("Exec"):
        yield hide(f"{name}={value}")


def _bad(name: str, value: str) -> Iterator[str]:
    if name == "ExecStart" and value:
        yield "replaces what runs"
    if name == "Environment" and any(map(sounds_secret, _VARIABLE.findall(value))):
        yield "shows a secret to every user of the server"
