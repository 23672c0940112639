"""What stands in front of Funnel: connections of the public, handed to a node of the tailnet.

Runs on another node as `relay.py NAME PORT SOURCE`, and listens on port 8443. It asks the node's
peer API for each connection, as Tailscale's own relays do; the bytes are the visitor's.
"""

import json
import subprocess
import sys
from contextlib import suppress
from socket import create_connection, create_server, socket
from threading import Thread
from urllib.parse import urlsplit


def peer_api(name: str) -> tuple[str, int]:
    answer = subprocess.run(["tailscale", "status", "--json"], capture_output=True, check=True)
    for peer in json.loads(answer.stdout)["Peer"].values():
        if peer["DNSName"] == f"{name}.":
            url = urlsplit(next(url for url in peer["PeerAPIURL"] if "[" not in url))
            return url.hostname, url.port
    sys.exit(f"no node {name}")


def enter(name: str, port: str, source: str) -> socket:
    host, number = peer_api(name)
    node = create_connection((host, number), 10)
    lines = (
        "POST /v0/ingress HTTP/1.1",
        f"Host: {host}:{number}",
        f"Tailscale-Ingress-Src: {source}",
        f"Tailscale-Ingress-Target: {name}:{port}",
        "Content-Length: 0",
    )
    node.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = node.recv(1)
        if not byte:
            break
        head += byte
    if b" 101 " not in head.split(b"\r\n")[0]:
        node.close()
        raise ConnectionRefusedError(head)
    node.settimeout(None)
    return node


def carry(source: socket, target: socket) -> None:
    with suppress(OSError):
        while some := source.recv(65536):
            target.sendall(some)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(2)


def serve(visitor: socket, name: str, port: str, source: str) -> None:
    with visitor:
        try:
            node = enter(name, port, source)
        except OSError as error:
            print(error, flush=True)
            return
        with node:
            back = Thread(target=carry, args=(node, visitor))
            back.start()
            carry(visitor, node)
            back.join()


if __name__ == "__main__":
    with create_server(("", 8443)) as public:
        while True:
            visitor, _ = public.accept()
            Thread(target=serve, args=(visitor, *sys.argv[1:4]), daemon=True).start()
