"""Clients of a gateway that clawprov has never heard of."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from provision.lab import Box
from provision.protocol.device import Claim, Device, build_device


@contextmanager
def forwarded(box: Box, port: int = 18789, to: str = "127.0.0.1") -> Iterator[int]:
    """A port of this machine that leads to the gateway's, by a plain `ssh -N -L`.

    `to` is where the box finds the gateway, when not on itself.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        local = int(free.getsockname()[1])
    tunnel = f"{local}:{to}:{port}"
    argv = box.ssh()
    with subprocess.Popen([*argv[:-1], "-N", "-L", tunnel, argv[-1]]) as process:
        try:
            _await_open(local)
            yield local
        finally:
            process.terminate()


def _await_open(port: int) -> None:
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("the tunnel does not open")


def knock(
    port: int,
    auth: dict[str, str],
    device: Device,
    *,
    role: str = "operator",
    scopes: tuple[str, ...] = (),
    behind: str = "",
    stays: bool = False,
) -> dict[str, Any]:
    """What the gateway answers to `connect` of a device; `behind` is whom a proxy speaks for.

    One that `stays` leaves it to the gateway to end the conversation.
    """
    headers = {"X-Forwarded-For": behind} if behind else {}
    client = "gateway-client" if role == "operator" else "node-host"
    mode = "cli" if role == "operator" else "node"
    with connect(f"ws://127.0.0.1:{port}/", additional_headers=headers) as peer:
        challenge = json.loads(peer.recv())["payload"]
        claim = Claim(
            client, mode, role, scopes, challenge["ts"], auth.get("token", ""), challenge["nonce"]
        )
        params = {
            "minProtocol": 3,
            "maxProtocol": 4,
            "client": {"id": client, "version": "1", "platform": "test", "mode": mode},
            "role": role,
            "scopes": list(scopes),
            "caps": [],
            "auth": auth,
            "device": build_device(device, claim),
        }
        peer.send(json.dumps({"type": "req", "id": "1", "method": "connect", "params": params}))
        while (answer := json.loads(peer.recv())).get("type") != "res":
            pass
        with suppress(ConnectionClosed, TimeoutError):
            while stays:
                peer.recv(timeout=5)
        return answer
