"""`open`: the gateway's Control UI in this laptop's browser.

The secret is in no URL, so that no history, log or process list has it: it goes by way of the
clipboard, once, and the browser keeps what the gateway gives it in return.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import webbrowser
from dataclasses import dataclass

from provision.app.https import PORT, Https, find_site
from provision.app.laptop import recall_tunnel
from provision.app.operator import Operator
from provision.app.prove import Way, greet
from provision.app.secret import read_secret, recall
from provision.app.server import build_wish, connected
from provision.app.tunnel import find_tunnel
from provision.checks.access import asked, serve_hint
from provision.engine.gather import Stack, gather
from provision.errors import ConnectError, UnsupportedError
from provision.model.secret import Secret
from provision.model.spec import Host
from provision.model.transport import Streams
from provision.products import find_product
from provision.protocol.messages import Hello
from provision.resources.serve import JOIN
from provision.transport.local import Local

CLIPBOARDS = (
    ("", "pbcopy"),
    ("WAYLAND_DISPLAY", "wl-copy"),
    ("DISPLAY", "xclip", "-selection", "clipboard"),
    ("DISPLAY", "xsel", "--input", "--clipboard"),
    ("", "clip.exe"),
)
"""What takes a text to the clipboard, after the variable without which it cannot."""
PATIENCE_S = 5


@dataclass(frozen=True, slots=True)
class Page:
    """A Control UI, and the field in which it wants the secret.

    `waits` says that a new browser is let in there by a person only.
    """

    url: str
    field: str
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Door:
    """A gateway as this laptop gets to it: over https by its `name`, else by a port here.

    `again` is the verb that mends it where nothing answers.
    """

    streams: Streams
    port: int
    name: str
    again: str

    def takes(self, secret: Secret) -> bool:
        """Whether the gateway lets in who has this secret."""
        until = time.monotonic() + PATIENCE_S
        way = Way(self.streams, self.port, time.monotonic, time.sleep, PATIENCE_S, until, self.name)
        return isinstance(way.visit(secret).answer, Hello)


def find_door(host: Host, operator: Operator) -> Door:
    """The tunnel from here; where there is none, https.

    Raises UsageError where the host has neither, UnsupportedError where it is not served yet, and
    ConnectError where this laptop does not get there.
    """
    if host.here:
        return Door(Local(own=True), host.gateway_port, "", "up")
    if host.served and recall_tunnel(host) is None:
        site = _find_site(host, operator)
        return Door(site, PORT, site.name, "verify")
    return Door(Local(own=True), find_tunnel(host)[0].port, "", "tunnel up")


def find_page(host: Host, door: Door) -> Page:
    """The Control UI of this host's gateway; raises ConnectError where nothing answers."""
    answer = greet(door.streams, door.port, host=door.name)
    if not answer.ok:
        hint = f"clawprov {door.again} {host.name}"
        raise ConnectError(answer.problem, where=host.name, hint=hint)
    product = find_product(host.product)
    url = f"https://{door.name}" if door.name else f"http://127.0.0.1:{door.port}"
    field = product.ui_fields[host.auth.kind]
    return Page(f"{url}/{product.ui_path}", field, waits=bool(door.name))


def _find_site(host: Host, operator: Operator) -> Https:
    """The gateway over https, by the name that its server has in the tailnet now."""
    gateway = build_wish(host, find_product(host.product)).gateway
    known = tuple(asked(r) for r in gateway.stack.resources if r.id in (JOIN, gateway.serve.id))
    with connected(host, operator, "open") as session:
        facts = gather(session, Stack(host.name, (), (), known)).facts
    if trouble := gateway.serve.trouble(facts):
        raise UnsupportedError(trouble, where=host.name, hint=serve_hint(host.name))
    name = gateway.serve.node(facts).name
    if site := find_site(name):
        return site
    raise ConnectError(
        f"this laptop does not get to https://{name}/",
        where=host.name,
        hint=f"let it join the tailnet, or clawprov tunnel up {host.name}",
    )


def find_secret(host: Host, operator: Operator, door: Door) -> Secret:
    """The copy that is kept here if the gateway takes it, else what the server has."""
    known = recall(host).auth.known
    return known if known and door.takes(known) else read_secret(host, operator)


def copy(secret: Secret) -> bool:
    """Whether the secret is in the clipboard now; it gets there on standard input."""
    for variable, *command in CLIPBOARDS:
        if (variable and not os.environ.get(variable)) or not shutil.which(command[0]):
            continue
        try:
            done = subprocess.run(
                command,
                input=secret.value.encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=PATIENCE_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return True
    return False


def show(url: str) -> bool:
    """Whether a browser with a window was told to open the page."""
    windows = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME")
    if sys.platform.startswith("linux") and not any(map(os.environ.get, windows)):
        return False
    return webbrowser.open(url)
