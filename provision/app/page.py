"""`open`: the gateway's Control UI in this laptop's browser.

The secret is in no URL, so that no history, log or process list has it: it goes by way of the
clipboard, once, and the browser keeps what the gateway gives it in return.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import webbrowser
from dataclasses import dataclass

from provision.app.https import PORT, Https, find_site
from provision.app.laptop import recall_tunnel
from provision.app.operator import Operator
from provision.app.prove import greet
from provision.app.secret import read_secret, recall
from provision.app.server import build_wish, connected
from provision.app.tunnel import find_tunnel
from provision.checks.access import asked, serve_hint
from provision.engine.gather import Stack, gather
from provision.errors import ConnectError, UnsupportedError
from provision.model.secret import Secret
from provision.model.spec import Host
from provision.products import find_product
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


def find_page(host: Host, operator: Operator) -> Page:
    """The Control UI of this host's gateway: through the tunnel from here, else over https.

    Raises UsageError where it has neither, UnsupportedError where it is not served yet, and
    ConnectError where this laptop does not get there, or nothing answers.
    """
    over_https = host.served and not host.here and recall_tunnel(host) is None
    if over_https:
        site = _find_site(host, operator)
        url, again = f"https://{site.name}", "verify"
        answer = greet(site, PORT, host=site.name)
    else:
        port = host.gateway_port if host.here else find_tunnel(host)[0].port
        url, again = f"http://127.0.0.1:{port}", "up" if host.here else "tunnel up"
        answer = greet(Local(own=True), port)
    if not answer.ok:
        raise ConnectError(answer.problem, where=host.name, hint=f"clawprov {again} {host.name}")
    product = find_product(host.product)
    return Page(f"{url}/{product.ui_path}", product.ui_fields[host.auth.kind], waits=over_https)


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


def find_secret(host: Host, operator: Operator) -> Secret:
    """The copy that is kept here, else what the server has."""
    return recall(host).auth.known or read_secret(host, operator)


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
