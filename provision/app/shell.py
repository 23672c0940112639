"""`exec`: the gateway's own command line, through the OpenSSH client."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from provision.app.operator import config_folder
from provision.model.spec import Host


def build_ssh(host: Host, words: Sequence[str], *, terminal: bool) -> list[str]:
    """The ssh command that runs the gateway's CLI with `words` on the server, or here.

    Host keys are those that clawprov has pinned, and the user's own; no new one is accepted.
    """
    if host.here:
        return [host.product, *words]
    known = f"{shlex.quote(str(config_folder() / 'known_hosts'))} ~/.ssh/known_hosts"
    command = ["ssh", "-q", "-t" if terminal else "-T"]
    command += ["-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes"]
    if host.identity:
        command += ["-i", str(Path(host.identity).expanduser())]
    if host.port:
        command += ["-p", str(host.port)]
    user = host.user or "root"
    return [*command, "-l", user, "--", host.address, shlex.join([host.product, *words])]
