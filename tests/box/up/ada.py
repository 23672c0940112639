"""Ada, who has set up a gateway of her own with the product's own installer.

Her home has a space in it; `as-ada COMMAND` does in a box what she would do once logged in.
"""

from __future__ import annotations

import json

from machines import await_in, out

from provision.lab import Box

HOME = "/home/Ada Lovelace"
KEY = "sk-ant-canary-of-ada"
ENTRIES = {"clawdbot": "dist/entry.js", "openclaw": "openclaw.mjs"}
_AS_ADA = r"""#!/bin/sh
exec runuser -u ada -- env -i PATH=/opt/hers:/usr/bin:/bin LANG=C.UTF-8 HOME='/home/Ada Lovelace' \
  XDG_RUNTIME_DIR="/run/user/$(id -u ada)" sh -c "cd; $1"
"""
LISTENS = "until ss -Hltn | grep -q 127.0.0.1:18789; do sleep 0.2; done"


def no_longer_ours(product: str) -> str:
    """Shell that takes away what clawprov has made, but for the release and the user."""
    unit, home = f"{product}-gateway.service", f"/var/lib/{product}"
    return (
        f"systemctl disable --quiet --now {unit}; rm -f /etc/systemd/system/{unit}; "
        f"systemctl daemon-reload; rm -rf /etc/{product} /etc/{product}.kept-* {home}/.{product} "
        f"{home}/clawd {home}/*.kept-* {home}/.*.kept-* "
        f"/var/lib/clawprov/stamps/taken-over-{product}"
    )


def arrive(box: Box, product: str) -> None:
    """She has an account, the product of the release that is there, and a gateway of it."""
    releases = f"/opt/clawprov/{product}/releases"
    for command in (
        f"useradd -m -d '{HOME}' -s /bin/bash ada",
        "systemd-run --quiet --wait loginctl enable-linger ada",  # newer ones want to know who asks
        f"cat >/usr/local/bin/as-ada <<'E'\n{_AS_ADA}\nE\nchmod 755 /usr/local/bin/as-ada",
        "mkdir -p /opt/hers; ln -sf "
        f"{releases}/*/node_modules/{product}/{ENTRIES[product]} /opt/hers/{product}",
        f"as-ada '{product} onboard --non-interactive --accept-risk --mode local "
        f"--auth-choice apiKey --anthropic-api-key {KEY} --gateway-bind loopback --skip-channels "
        "--skip-skills --skip-health --install-daemon --daemon-runtime node --json'",
    ):
        out(box, command, seconds=180)


def leave(box: Box) -> None:
    """She was never there."""
    out(box, "loginctl disable-linger ada; loginctl terminate-user ada")
    await_in(box, "! pgrep -u ada")
    out(box, "userdel -r ada; rm -r /opt/hers /usr/local/bin/as-ada")


def token(box: Box, product: str) -> str:
    """The secret of her gateway."""
    config = json.loads(out(box, f"cat '{HOME}/.{product}/{product}.json'"))
    return str(config["gateway"]["auth"]["token"])


def hers(box: Box, product: str) -> dict[str, str]:
    """The digest of everything in her home, but for what her running gateway writes."""
    mine = f'-path "*/workspace/*" -o -name {product}.json -o -name "*.service"'
    find = f'find . -type f \\( ! -path "./.*/*" -o {mine} \\) -exec sha256sum {{}} +'
    lines = [line.partition("  ") for line in out(box, f"as-ada '{find}'").splitlines()]
    found = {name: digest for digest, _, name in lines}
    unit = f"./.config/systemd/user/{product}-gateway.service"
    assert {f"./.{product}/{product}.json", unit} <= set(found)
    assert any(name.endswith("/MEMORY.md") for name in found)
    return found
