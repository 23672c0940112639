"""`exec`: the gateway's own command line, through the OpenSSH client."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from provision.app.operator import Operator, config_folder
from provision.app.way import open_far
from provision.model.spec import Host


def find_shell(
    host: Host, words: Sequence[str], operator: Operator, *, terminal: bool
) -> list[str]:
    """The command that runs the gateway's CLI with `words` on the server, or here.

    The way there is tried first, as for every other verb: what is wrong with it is told in the same
    words (ConnectError), a new host key is asked about and pinned, and the user is the same. So ssh
    may take our process's place and has the terminal for itself; no exit code of its own (255)
    needs to be told from those of the gateway's CLI, which all are passed on.
    """
    if host.here:
        return [host.product, *words]
    with closing(open_far(host, operator)) as way:
        return build_ssh(host, way.user, words, terminal=terminal)


def build_ssh(host: Host, user: str, words: Sequence[str], *, terminal: bool) -> list[str]:
    """The ssh command that runs the gateway's CLI with `words` on the server as `user`.

    Host keys are those that clawprov has pinned, and the user's own; no new one is accepted.
    """
    known = f"{shlex.quote(str(config_folder() / 'known_hosts'))} ~/.ssh/known_hosts"
    command = ["ssh", "-t" if terminal else "-T", "-o", "LogLevel=ERROR"]
    command += ["-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes"]
    if host.identity:
        command += ["-i", str(Path(host.identity).expanduser())]
    if host.port:
        command += ["-p", str(host.port)]
    return [*command, "-l", user, "--", host.address, shlex.join([host.product, *words])]
