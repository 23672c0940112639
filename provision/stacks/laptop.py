"""What is asked of a laptop first, and what the answers say."""

from __future__ import annotations

from provision.engine.gather import Stack
from provision.engine.laptop import LAPTOP
from provision.model.facts import Facts, Reading
from provision.model.laptop import Laptop, Listener, Route
from provision.model.report import Check
from provision.model.shell import Sh, sh
from provision.model.spec import Host
from provision.model.tunnel import Tunnel
from provision.resources.ssh_key import read_public
from provision.stacks.client import plist_path, unit_path

NOBODY = "clawprov-nobody"
"""A host that no ssh config speaks of."""


def build_questions(host: Host, home: str, key: str, names: tuple[Tunnel, ...]) -> Stack:
    """What must be known of a laptop before a tunnel to `host` can be wished.

    `key` is the path of its private key, `names` are new tunnels whose names somebody may have.
    """
    ssh = Check(
        "laptop:ssh",
        sh("ssh -G {} {} 2>&1", sh("-l {}", host.user) if host.user else sh(""), host.address),
        _judge_ssh,
        "install the OpenSSH client, or correct what it says about your ssh config",
    )
    asked = {
        "laptop:key": sh(
            'public={}\n[ "$public" ] || public=$(cut -d " " -f 1,2 <{} 2>/dev/null)\n'
            'echo "public=$public"',
            read_public(key),
            key if key.endswith(".pub") else f"{key}.pub",
        ),
        SUPERVISOR.id: SUPERVISOR.script,
        "laptop:ports": _PORTS,
        "laptop:cli": _cli(host.product),
    }
    asked |= {_name(tunnel): _taken(tunnel, home) for tunnel in names}
    questions = tuple(Check(id, script, lambda reading, facts: "") for id, script in asked.items())
    return Stack(host.name, (ssh, *questions), (), ground=LAPTOP)


def read_laptop(facts: Facts, host: Host, home: str, names: tuple[Tunnel, ...]) -> Laptop:
    """The laptop, from the answers to `build_questions`."""
    supervisor, own = facts["laptop:supervisor"].pairs(), facts["laptop:cli"].pairs()
    kind = supervisor.get("kind")
    listeners = [_listener(line) for line in facts["laptop:ports"].lines() if line]
    return Laptop(
        home,
        _route(facts["laptop:ssh"], host),
        kind if kind in ("systemd", "launchd") else "",  # type: ignore[arg-type]
        lingers=supervisor.get("Linger") == "yes",
        public=facts["laptop:key"].pairs().get("public", ""),
        listeners={listener.port: listener for listener in reversed(listeners)},
        taken=frozenset(t.suffix for t in names if "taken" in facts[_name(t)].out),
        cli="cli" in own,
        gateway=own.get("gateway", ""),
    )


def _name(tunnel: Tunnel) -> str:
    return f"laptop:{tunnel.alias}"


def _judge_ssh(reading: Reading, facts: Facts) -> str:
    if reading.exit == 0:
        return ""
    said = reading.out.strip().splitlines() or ["there is none"]
    return f"ssh does not work here: {said[0]}"


def _route(reading: Reading, host: Host) -> Route:
    lines = (line.partition(" ") for line in reading.lines())
    said = {key: value.strip() for key, _, value in lines}
    jump = next(
        (
            f"{word} {said[key]}"
            for key, word in (("proxyjump", "ProxyJump"), ("proxycommand", "ProxyCommand"))
            if said.get(key, "none") != "none"
        ),
        "",
    )
    port = host.port or int(said.get("port", "22"))
    return Route(said.get("hostname", host.address).replace("%", "%%"), port, jump)


SUPERVISOR = Check(
    "laptop:supervisor",
    sh(
        'if [ "$(uname)" = Darwin ]; then echo kind=launchd\n'
        "elif systemctl --user show-environment >/dev/null 2>&1; then echo kind=systemd\n"
        'loginctl show-user "$(id -un)" -p Linger 2>/dev/null\n'
        "fi"
    ),
    lambda reading, facts: "",
)
"""Who keeps services running there; it judges nothing."""

_PORTS = sh(
    "if command -v ss >/dev/null; then ss -Hltnp | while read -r _ _ _ local _ rest; do\n"
    "  pid=; name=\n"
    "  case $rest in *'((\"'*)\n"
    '    name=${rest#*\\"}; name=${name%%\\"*}; pid=${rest#*pid=}; pid=${pid%%,*} ;; esac\n'
    '  unit=; [ -z "$pid" ] || unit=$(tail -n 1 "/proc/$pid/cgroup")\n'
    '  echo "${local##*:}|$pid|${unit##*/}|$name|$([ -z "$pid" ] || ps -o args= -p "$pid")"\n'
    "done\n"
    "elif command -v lsof >/dev/null; then\n"
    "lsof -nP -iTCP -sTCP:LISTEN -Fpcn | while read -r line; do case $line in\n"
    "  p*) pid=${line#p} ;; c*) name=${line#c} ;;\n"
    '  n*) echo "${line##*:}|$pid||$name|$(ps -o args= -p "$pid")" ;; esac; done\n'
    "fi"
)


def _cli(product: str) -> Sh:
    """Whether the product's command line is here, and a gateway of its own: a unit or a process."""
    return sh(
        "command -v {} >/dev/null && echo cli=yes\n"
        'for unit in "$HOME"/.config/systemd/user/{}*.service '
        '"$HOME"/Library/LaunchAgents/*.{}.plist; do\n'
        '  [ ! -e "$unit" ] || echo "gateway=$unit"\ndone\n'
        'pid=$(pgrep -u "$(id -u)" -f {} | head -n 1); [ -z "$pid" ] || '
        'echo "gateway=process $pid"',
        product,
        f"{product}-gateway",
        "gateway",
        f"^{product}-gateway",
    )


def _taken(tunnel: Tunnel, home: str) -> Sh:
    """Whether somebody else has given one of a tunnel's names to something.

    Three options of ssh are told with the host's name in them, also where they are everybody's.
    """
    return sh(
        "says() { ssh -o ControlPath=none -o UserKnownHostsFile=none -o IdentityAgent=none "
        '-G "$1" 2>/dev/null |\n'
        '  grep -v -x -F -e "host $1" -e "hostname $1" | sort; }\n'
        '[ "$(says {})" = "$(says {})" ] || echo taken\n'
        "[ ! -e {} ] && [ ! -e {} ] || echo taken",
        tunnel.alias,
        NOBODY,
        unit_path(home, tunnel),
        plist_path(home, tunnel),
    )


def _listener(line: str) -> Listener:
    port, pid, unit, name, arguments = line.split("|", 4)
    return Listener(int(port), pid, name, unit, arguments)
