"""What looks whether a gateway is well, again and again: on its server, or on a laptop."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from provision.engine.gather import Stack
from provision.engine.laptop import LAPTOP
from provision.model.funnel import BY_INVENTORY, RECORD
from provision.model.plan import Resource
from provision.model.product import Product
from provision.model.secret import Secret
from provision.model.spec import Host
from provision.model.tailnet import SOON_S
from provision.render import render
from provision.resources.absent import Absent
from provision.resources.file import File
from provision.resources.timer import TimedAgent, Timer
from provision.stacks.naming import name_host

STATE = "/var/lib/clawprov/watch"


@dataclass(frozen=True, slots=True)
class Wish:
    """How often to look, in seconds, and the command of a shell that gets the message."""

    every_s: int
    notify: str


def build_script(host: Host, product: Product) -> str:
    """The script that looks; it needs nothing of clawprov on the server."""
    variables = {
        "name": shlex.quote(host.name),
        "product": product,
        "port": host.gateway_port,
        "key_days": SOON_S // 86400,
        "record": RECORD,
        "inventory": BY_INVENTORY.id,
    }
    return render("gateway/watch.sh.j2", variables)


def build_watch(host: Host, product: Product, wish: Wish) -> Stack:
    """A server that looks after its gateway."""
    variables = {"name": host.name, "product": product, "every_s": wish.every_s}
    script, notify, service, timer = _paths(product)
    resources: tuple[Resource, ...] = (
        File(script, build_script(host, product), "700"),
        File(notify, Secret(f"{wish.notify}\n"), "600"),
        File(service, render("gateway/watch.service.j2", variables)),
        File(timer, render("gateway/watch.timer.j2", variables)),
        Timer(f"{product.name}-watch.timer"),
    )
    return Stack(host.name, (), resources)


def build_no_watch(host: Host, product: Product) -> Stack:
    """A server with nothing left of that."""
    state = f"{STATE}/{product.name}"
    resources: list[Resource] = [Timer(f"{product.name}-watch.timer", wished=False)]
    resources += [Absent(path) for path in _paths(product)]
    resources += [Absent(f"{state}/{name}") for name in ("told", "now")]
    return Stack(host.name, (), (*resources, Absent(state, (STATE,))))


def _paths(product: Product) -> tuple[str, str, str, str]:
    unit = f"/etc/systemd/system/{product.name}-watch"
    etc = product.etc
    return f"{etc}/watch.sh", f"{etc}/watch.notify", f"{unit}.service", f"{unit}.timer"


@dataclass(frozen=True, slots=True)
class Desk:
    """A laptop, as far as a watch is concerned: its `home`, clawprov's `folder`, its supervisor."""

    home: str
    folder: str
    supervisor: str

    def place(self, host: Host) -> str:
        """Where all that is remembered of a host's watch begins."""
        return f"{self.folder}/watch/{_word(host)}"


def build_laptop_watch(host: Host, desk: Desk, wish: Wish, command: Sequence[str]) -> Stack:
    """A laptop that runs `command` for a host again and again."""
    place = desk.place(host)
    line = shlex.join(command) if desk.supervisor == "launchd" else _line(command)
    digest = hashlib.sha256(f"{line} {wish.every_s}".encode()).hexdigest()[:12]
    variables: dict[str, object] = {
        "host": host.name,
        "every_s": wish.every_s,
        "command": line,
        "digest": digest,
        "label": _label(host),
        "log": f"{place}.log",
    }
    notify = File(f"{place}.notify", Secret(f"{wish.notify}\n"), "600", "")
    if desk.supervisor == "launchd":
        path = _plist(desk, host)
        plist = File(path, render("client/watch.plist.j2", variables), "644", "")
        agent = TimedAgent(_label(host), path, digest)
        return Stack(host.name, (), (notify, plist, agent), ground=LAPTOP)
    unit = _unit(desk, host)
    service = File(f"{unit}.service", render("client/watch.service.j2", variables), "644", "")
    timer = File(f"{unit}.timer", render("client/watch.timer.j2", variables), "644", "")
    starts = Timer(f"clawprov-watch-{_word(host)}.timer", own=True)
    return Stack(host.name, (), (notify, service, timer, starts), ground=LAPTOP)


def build_no_laptop_watch(host: Host, desk: Desk) -> Stack:
    """A laptop with nothing left of that."""
    place = desk.place(host)
    if desk.supervisor == "launchd":
        path = _plist(desk, host)
        stops: tuple[Resource, ...] = (TimedAgent(_label(host), path, wished=False), Absent(path))
    else:
        unit = _unit(desk, host)
        timer = Timer(f"clawprov-watch-{_word(host)}.timer", own=True, wished=False)
        stops = (timer, Absent(f"{unit}.service"), Absent(f"{unit}.timer"))
    files = [Absent(f"{place}.{end}") for end in ("notify", "log")]
    told = Absent(f"{place}.told", (f"{desk.folder}/watch",))
    return Stack(host.name, (), (*stops, *files, told), ground=LAPTOP)


def _word(host: Host) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name_host(host)).strip("-.") or "host"


def _label(host: Host) -> str:
    return f"com.clawprov.watch.{_word(host)}"


def _plist(desk: Desk, host: Host) -> str:
    return f"{desk.home}/Library/LaunchAgents/{_label(host)}.plist"


def _unit(desk: Desk, host: Host) -> str:
    return f"{desk.home}/.config/systemd/user/clawprov-watch-{_word(host)}"


def _line(command: Sequence[str]) -> str:
    """Words as systemd reads them, each in double quotes where it needs any."""
    return " ".join(_quoted(word) for word in command)


def _quoted(word: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9@_./:=+,-]+", word):
        return word
    escaped = re.sub(r'(["\\])', r"\\\1", word).replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'
