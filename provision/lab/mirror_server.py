"""The process that answers as nodejs.org, deb.nodesource.com and pkgs.tailscale.com in the lab.

Started as `python -m provision.lab.mirror_server ROOT ADDRESS`; it listens on the bridge's
address only. A path works under the host's own name or, by address, below `/HOST/`.
"""

from __future__ import annotations

import socket
import ssl
import sys
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from provision.errors import ApplyError
from provision.lab import process
from provision.lab.authority import HOSTS, MIRROR, authority_files
from provision.lab.site import Folder, Site


def start_server(folder: Folder, site: Site) -> None:
    """The mirror answers on the bridge; raises ApplyError when it does not within 5 s."""
    if process.pids(folder, MIRROR):
        return
    log = folder.run / "mirror.log"
    process.start(
        folder, MIRROR, "provision.lab.mirror_server", str(folder.root), site.gateway, log=log
    )


def await_server(site: Site, folder: Folder, *, seconds: float = 5) -> None:
    """Both ports of the mirror accept connections."""
    deadline = time.monotonic() + seconds
    for port in (80, 443):
        while True:
            try:
                socket.create_connection((site.gateway, port), timeout=1).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    log = (folder.run / "mirror.log").read_text().splitlines()[-5:]
                    told = f"the lab's mirror does not answer on {site.gateway}:{port}"
                    raise ApplyError(told, where="this machine", log=log) from None
                time.sleep(0.02)


class Mirror(SimpleHTTPRequestHandler):
    """Files below ROOT/mirror, chosen by the Host header."""

    protocol_version = "HTTP/1.1"
    root = Path()

    def translate_path(self, path: str) -> str:
        host = self.headers.get("Host", "").split(":")[0]
        self.directory = str(self.root / host if host in HOSTS else self.root)
        return super().translate_path(path)


def serve(folder: Folder, address: str) -> None:
    """Answers http on port 80 and https on port 443 until it is ended."""
    Mirror.root = folder.mirror
    _, certificate, key = authority_files(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    plain = ThreadingHTTPServer((address, 80), Mirror)
    secure = ThreadingHTTPServer((address, 443), Mirror)
    secure.socket = context.wrap_socket(
        secure.socket, server_side=True, do_handshake_on_connect=False
    )
    threading.Thread(target=secure.serve_forever, daemon=True).start()
    plain.serve_forever()


if __name__ == "__main__":
    serve(Folder(Path(sys.argv[1])), sys.argv[2])
