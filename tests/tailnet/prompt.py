"""How Tailscale's own service answers when a tailnet may not Serve, in front of a real tailscaled.

Runs in a box as `prompt.py wait|go` for as long as it answers so: with `wait` the command line
waits for the switch for ever, with `go` it ends well with nothing done. Headscale knows neither;
all other requests pass through. tailscaled takes every caller for root meanwhile.
"""

import json
import signal
import sys
from contextlib import suppress
from pathlib import Path
from socket import AF_UNIX, socket
from threading import Thread

SOCKET = Path("/run/tailscale/tailscaled.sock")
BEHIND = SOCKET.with_name("behind.sock")
QUESTION = b"POST /localapi/v0/query-feature?"
TEXT = "{} is not enabled on your tailnet.\nTo enable, visit:"
URL = "https://login.tailscale.com/f/{}?node=nLAB1CNTRL"


def head_of(client: socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and (some := client.recv(65536)):
        head += some
    return head


def answer(head: bytes, wait: bool) -> bytes:
    feature = "funnel" if b"feature=funnel" in head else "serve"
    told = {"Text": TEXT.format(feature.title()), "URL": URL.format(feature), "ShouldWait": wait}
    body = json.dumps(told).encode()
    return b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def carry(source: socket, target: socket) -> None:
    with suppress(OSError):
        while some := source.recv(65536):
            target.sendall(some)
    with suppress(OSError):
        target.shutdown(1)


def serve(client: socket, wait: bool) -> None:
    with client, socket(AF_UNIX) as daemon:
        head = head_of(client)
        if head.startswith(QUESTION):
            client.sendall(answer(head, wait))
            return
        daemon.connect(str(BEHIND))
        # One request a connection: what follows on it would pass unseen.
        daemon.sendall(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        Thread(target=carry, args=(client, daemon), daemon=True).start()
        carry(daemon, client)


def leave(*_: object) -> None:
    if BEHIND.exists():
        BEHIND.rename(SOCKET)
    sys.exit()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, leave)
    SOCKET.rename(BEHIND)
    with socket(AF_UNIX) as door:
        door.bind(str(SOCKET))
        SOCKET.chmod(0o666)
        door.listen()
        while True:
            client, _ = door.accept()
            Thread(target=serve, args=(client, sys.argv[1] == "wait"), daemon=True).start()
