"""The process that is a slow, lossy cable: every Ethernet frame passes through it, each way.

For kernels without netem. Started as `python -m provision.lab.wire BRIDGE PORT SPLICE TAP TAP
DELAY_MS JITTER_MS LOSS_PERCENT KBIT`; SIGTERM restores the direct cable, SIGSTOP freezes it.
"""

from __future__ import annotations

import fcntl
import heapq
import os
import random
import select
import signal
import struct
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

from provision.errors import ProvisionError
from provision.lab.host import call

TUNSETIFF = 0x400454CA
TAP_WITHOUT_HEADER = 0x1002  # IFF_TAP | IFF_NO_PI
LONGEST_QUEUE = 1000  # frames each way; more are dropped, as a router would
BYTES_PER_MS_OF_KBIT = 0.125
BURST = 64  # frames read from one side before the other gets its turn


@dataclass(slots=True)
class Queue:
    """Frames under way, by the moment they arrive; `rng` decides loss and jitter."""

    delay_ms: float
    jitter_ms: float
    loss_percent: float
    kbit: float
    rng: random.Random
    frames: list[tuple[float, int, int, bytes]] = field(default_factory=list)
    free: list[float] = field(default_factory=lambda: [0.0, 0.0])
    waiting: list[int] = field(default_factory=lambda: [0, 0])
    count: int = 0

    def add(self, now: float, to: int, frame: bytes) -> None:
        """The frame is under way to side 0 or 1, or lost; seconds of a steady clock."""
        if self.rng.random() * 100 < self.loss_percent or self.waiting[to] >= LONGEST_QUEUE:
            return
        self.free[to] = max(self.free[to], now)
        if self.kbit:
            self.free[to] += len(frame) / (self.kbit * BYTES_PER_MS_OF_KBIT) / 1000
        jitter = self.rng.uniform(-self.jitter_ms, self.jitter_ms)
        due = self.free[to] + max(0.0, self.delay_ms + jitter) / 1000
        self.count += 1
        self.waiting[to] += 1
        heapq.heappush(self.frames, (due, self.count, to, frame))

    def due(self, now: float) -> tuple[int, bytes] | None:
        """The next frame that has arrived, and its side."""
        if not self.frames or self.frames[0][0] > now:
            return None
        _, _, to, frame = heapq.heappop(self.frames)
        self.waiting[to] -= 1
        return to, frame

    def pause(self, now: float) -> float | None:
        """Seconds until the next frame arrives; None when none is under way."""
        return max(0.0, self.frames[0][0] - now) if self.frames else None


def carry(queue: Queue, taps: list[int]) -> None:
    """Frames pass from tap to tap for ever."""
    while True:
        while arrived := queue.due(time.monotonic()):
            with suppress(OSError):
                os.write(taps[arrived[0]], arrived[1])
        ready, _, _ = select.select(taps, [], [], queue.pause(time.monotonic()))
        for tap in ready:
            to = 1 - taps.index(tap)
            with suppress(BlockingIOError):
                for _ in range(BURST):
                    queue.add(time.monotonic(), to, os.read(tap, 65536))


def open_tap(name: str) -> int:
    """An interface whose frames are read and written here; it goes when this process goes."""
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22s", name.encode(), TAP_WITHOUT_HEADER, b""))
    return tap


def main(arguments: list[str]) -> None:
    """The cable goes through this process until it is ended."""
    bridge, port, splice, outer, inner = arguments[:5]
    delay, jitter, loss, kbit = (float(number) for number in arguments[5:9])
    queue = Queue(delay, jitter, loss, kbit, random.Random())  # noqa: S311, it hides no secret
    signal.signal(signal.SIGTERM, _leave)
    taps = [open_tap(outer), open_tap(inner)]
    try:
        steps = [f"link add {splice} type bridge", f"link set {splice} up"]
        pairs = ((outer, bridge), (inner, splice), (port, splice))
        steps += [f"link set {device} master {master} up" for device, master in pairs]
        call("ip", "-batch", "-", stdin="\n".join(steps) + "\n")
        print("wire up", flush=True)
        carry(queue, taps)
    finally:
        with suppress(ProvisionError):
            call("ip", "link", "set", port, "master", bridge)
            call("ip", "link", "delete", splice)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit


if __name__ == "__main__":
    main(sys.argv[1:])
