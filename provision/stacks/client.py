"""The laptop: a tunnel that is simply there, and one that is gone."""

from __future__ import annotations

from dataclasses import dataclass

from provision.engine.gather import Stack
from provision.engine.laptop import LAPTOP
from provision.model.laptop import Laptop
from provision.model.plan import Resource
from provision.model.secret import Secret
from provision.model.spec import Host
from provision.model.tunnel import ACCOUNT, Tunnel, show_tunnels
from provision.render import render
from provision.resources.absent import Absent
from provision.resources.block import Block
from provision.resources.client_config import ClientConfig
from provision.resources.directory import Directory
from provision.resources.file import File
from provision.resources.launch_agent import LaunchAgent
from provision.resources.ssh_key import SshKey
from provision.resources.user_unit import UserUnit, digest_inputs

OURS = (".conf", ".key", ".known_hosts", ".sh", ".log")
"""The ends of the files of a tunnel below ~/.ssh/clawprov."""


@dataclass(frozen=True, slots=True)
class Wished:
    """What a laptop must know for one tunnel: `remembered` are all of its tunnels.

    `memory` is the file that remembers them; `public` the tunnel's public key, `fresh` its private
    one when it is new; `pin` the server's host key ("TYPE BASE64"); `config` the settings of the
    product's own command line, where it is to have them; `identity` the path of a key that is the
    user's own.
    """

    tunnel: Tunnel
    remembered: tuple[Tunnel, ...]
    memory: str
    public: str
    fresh: Secret | None
    pin: str
    config: ClientConfig | None = None
    identity: str = ""


def build_client(host: Host, laptop: Laptop, wished: Wished) -> Stack:
    """The whole wish for a laptop with a tunnel to `host`."""
    tunnel, folder = wished.tunnel, laptop.folder
    place = f"{folder}/{tunnel.name}"
    variables = {
        "tunnel": tunnel,
        "way": laptop.route,
        "account": ACCOUNT,
        "identity": wished.identity or f"~/.ssh/clawprov/{tunnel.name}.key",
        "gateway_port": host.gateway_port,
    }
    key = SshKey(f"{place}.key", wished.public, wished.fresh)
    known = File(f"{place}.known_hosts", f"{tunnel.alias} {wished.pin}\n", "600", "")
    config = File(f"{place}.conf", render("client/tunnel.conf.j2", variables), "600", "")
    script = File(f"{place}.sh", render("client/tunnel.sh.j2", variables), "700", "")
    own: tuple[SshKey | Absent, ...] = (Absent(key.path),) if wished.identity else (key,)
    include = build_include(laptop.home)
    resources: tuple[Resource, ...] = (
        _memory(wished.memory, wished.remembered),
        Directory(folder, "700", ""),
        *own,
        known,
        config,
        include,
        script,
    )
    variables |= {"script": script.path, "log": f"{place}.log"}
    service = build_service(laptop, tunnel, variables, (config, known, script, key))
    configs = (wished.config,) if wished.config else ()
    before = (include.writable(), *(config.readable() for config in configs))
    return Stack(host.name, before, (*resources, *configs, *service), ground=LAPTOP)


def build_include(home: str, *, wished: bool = True) -> Block:
    """The one line of ours in the user's ssh config."""
    comment, line = "# clawprov: tunnels to gateways", "Include clawprov/*.conf"
    return Block(f"{home}/.ssh/config", comment, line, ("host", "match"), wished)


def build_service(
    laptop: Laptop,
    tunnel: Tunnel,
    variables: dict[str, object],
    inputs: tuple[File | SshKey, ...],
) -> tuple[Resource, ...]:
    """What keeps the tunnel running; nothing, where nothing can."""
    variables = variables | {"digest": digest_inputs(inputs)}
    log = f"{laptop.folder}/{tunnel.name}.log"
    if laptop.supervisor == "systemd":
        text = render("client/tunnel.service.j2", variables)
        unit = File(unit_path(laptop.home, tunnel), text, "644", "")
        return unit, UserUnit(tunnel.unit, unit, inputs, tunnel.port, log)
    if laptop.supervisor == "launchd":
        plist = File(
            plist_path(laptop.home, tunnel), render("client/tunnel.plist.j2", variables), "644", ""
        )
        return plist, LaunchAgent(tunnel.label, plist, inputs, tunnel.port, log)
    return ()


def build_no_client(
    host: Host,
    home: str,
    tunnel: Tunnel,
    others: tuple[Tunnel, ...],
    memory: str,
    configs: tuple[ClientConfig, ...],
) -> Stack:
    """The wish for a laptop that is to have nothing of `tunnel`, and still the `others`.

    Without `memory` it goes on remembering it. The `configs` are to be as they were.
    """
    folder = f"{home}/.ssh/clawprov"
    unit, plist = File(unit_path(home, tunnel), ""), File(plist_path(home, tunnel), "")
    wants = f"{home}/.config/systemd/user"
    resources: list[Resource] = [
        UserUnit(tunnel.unit, unit, (), tunnel.port, "", wished=False),
        LaunchAgent(tunnel.label, plist, (), tunnel.port, "", wished=False),
        Absent(unit.path),
        Absent(plist.path),
        *configs,
    ]
    before = [config.readable() for config in configs]
    if not others:
        include = build_include(home, wished=False)
        before.append(include.writable())
        resources.append(include)
    resources += [Absent(f"{folder}/{tunnel.name}{end}") for end in OURS]
    if not others:
        around = (f"{wants}/default.target.wants", wants, f"{home}/.config/systemd")
        resources.append(Absent(folder, (f"{home}/.ssh", *around)))
    if memory:
        resources.append(_memory(memory, others) if others else Absent(memory))
    return Stack(host.name, tuple(before), tuple(resources), ground=LAPTOP)


def _memory(path: str, tunnels: tuple[Tunnel, ...]) -> File:
    return File(path, show_tunnels(tunnels), "600", "")


def unit_path(home: str, tunnel: Tunnel) -> str:
    return f"{home}/.config/systemd/user/{tunnel.unit}"


def plist_path(home: str, tunnel: Tunnel) -> str:
    return f"{home}/Library/LaunchAgents/{tunnel.label}.plist"
