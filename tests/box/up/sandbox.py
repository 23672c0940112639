"""A look into a gateway's sandbox: a process that is locked in by the gateway's own unit."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from machines import out

from provision.lab import Box

METADATA = "169.254.169.254"
_SCRIPT = Path(__file__).with_name("probe.cjs")
_EGRESS = "deb.nodesource.com"  # the lab's mirror, outside of the box


def look_inside(box: Box, product: str) -> dict[str, Any]:
    """What child processes, SQLite, the network and files are like under the unit's directives."""
    script, unit = f"/var/lib/{product}/probe.cjs", f"/run/systemd/system/{product}-probe.service"
    text = out(box, f"cat /etc/systemd/system/{product}-gateway.service")
    text = text.partition("[Install]")[0].replace("Type=simple", "Type=oneshot")
    text = text.replace("Restart=always", f"Restart=no\nEnvironment=PROBE_HOST={_EGRESS}")
    text = re.sub(r"^(ExecStartPre|RuntimeDirectory\w*)=.*\n", "", text, flags=re.M)
    text = re.sub(r"^(ExecStart=\S+) .*", rf"\1 {script}", text, flags=re.M)
    out(box, f"cat >{script} <<'E'\n{_SCRIPT.read_text()}E\nchmod 644 {script}")
    out(box, f"cat >{unit} <<'E'\n{text}E\nsystemctl daemon-reload")
    out(
        box, f"systemctl start {product}-probe || journalctl -q -o cat -u {product}-probe -n 20 >&2"
    )
    said = out(box, f"journalctl --sync; journalctl -q -o cat -n 1 -g '^probe ' -u {product}-probe")
    out(box, f"rm {unit} {script}; systemctl daemon-reload")
    answer: dict[str, Any] = json.loads(said.removeprefix("probe "))
    return answer


def offer_metadata(box: Box) -> None:
    """What a cloud has: an address that tells whoever asks the server's own credentials."""
    out(box, f"ip address replace {METADATA}/32 dev lo")
    out(box, f"systemd-run -q --unit=metadata python3 -m http.server 80 --bind {METADATA}")


def exposure(box: Box, service: str) -> float:
    """What `systemd-analyze security` gives a unit, from 0 to 10, less being better."""
    said = out(box, f"systemd-analyze security --no-pager {service} | tail -n 1")
    found = re.search(r"(\d+\.\d) ", said)
    assert found, said
    return float(found[1])
