"""`make bench`: how fast the command, the run that changes nothing, and the fresh server are."""

import json
import os
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from provision.lab import Lab
from provision.lab.box import Box
from provision.model.product import Product
from provision.products import find_product
from tests.bench.stopwatch import Times, in_turn, run

HERE = Path(__file__).parent
CLAWPROV = str(Path(sys.executable).parent / "clawprov")
ROOT = Path(os.environ.get("CLAWPROV_LAB", "/var/tmp/clawprov-lab"))
TOKEN = "bench-" + "0123456789abcdef" * 3
RTT_MS = 100
MENDED = {"overrides": {"libsignal": "6.0.0"}}  # npm asks GitHub for it otherwise
SYSTEMS = {"bookworm": "Debian 12", "trixie": "Debian 13"}


@dataclass(frozen=True)
class Subject:
    """What is measured: a product on an image of the lab."""

    product: Product
    image: str
    title: str


def main() -> None:
    """Measure all, print a table row as soon as it is there."""
    lab = Lab(ROOT)
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores\n")
    print("| what | clawprov | against | ratio | goal |\n|---|---|---|---|---|")
    row("`clawprov --help` / `python -c pass`", "2.5", *measure_help())
    for image, system in SYSTEMS.items():
        for product in map(find_product, ("clawdbot", "openclaw")):
            boxes: list[str] = []
            try:
                fresh(lab, boxes, Subject(product, image, f"{product.title}, {system}"))
            finally:
                for name in boxes:
                    lab.down(name)


def measure_help() -> tuple[Times, Times]:
    """The overview against an interpreter that does nothing."""
    return in_turn(
        15, lambda: run([CLAWPROV, "--help"]), lambda: run([sys.executable, "-c", "pass"])
    )


def fresh(lab: Lab, boxes: list[str], subject: Subject) -> None:
    """A fresh server, by clawprov and by hand, each on a box of its own, both in turn, twice.

    The last one that clawprov made is then brought up again, with nothing to do.
    """
    ours, by_hand = [], []
    for _ in range(2):
        for name, times, way in (("b-up", ours, up), ("b-hand", by_hand, type_it)):
            if name in boxes:
                lab.down(name)
                boxes.remove(name)
            box = lab.up(name, image=subject.image, majors=(22, 24))
            boxes.append(name)
            times.append(timed(lambda box=box, way=way: way(box, subject)))
    lab.down("b-hand")
    boxes.remove("b-hand")
    what = f"fresh `up` / the tutorial by hand ({subject.title})"
    row(what, "0.8", Times(tuple(ours)), Times(tuple(by_hand)))
    no_op(lab, lab.get("b-up"), subject)


def no_op(lab: Lab, box: Box, subject: Subject) -> None:
    """`up` that changes nothing against `ssh HOST true`, here and far away."""
    jobs = (lambda: timed(lambda: up(box, subject)), lambda: run(ssh(box, "true")))
    row(f"no-op `up` / `ssh HOST true` ({subject.title})", "1.5 x + 0.6 s", *in_turn(7, *jobs))
    with lab.wire(box.name, delay_ms=RTT_MS / 2):
        row(f"the same at {RTT_MS} ms round trip", "2.0", *in_turn(5, *jobs))


def up(box: Box, subject: Subject) -> None:
    """`clawprov up` to the proof."""
    inventory, product = str(ROOT / "inventory.yml"), subject.product
    environment = os.environ | {f"{product.env_prefix}_GATEWAY_TOKEN": TOKEN}
    out = subprocess.run(
        [CLAWPROV, "up", box.name, "-I", inventory, "--product", product.name, "--json"],
        check=True,
        capture_output=True,
        env=environment,
        text=True,
    ).stdout
    assert json.loads(out)["proof"]["ok"]


def type_it(box: Box, subject: Subject) -> None:
    """The tutorial's steps over ssh, until the gateway listens."""
    product = subject.product
    said = {
        "PRODUCT": product.name,
        "PREFIX": product.env_prefix,
        "PACKAGE": json.dumps({"dependencies": {product.name: product.version}, **MENDED}),
        "MAJOR": str(product.node_major),
        "COMMAND": " ".join(product.arguments),
        "TOKEN": TOKEN,
    }
    lines = [f"{name}={shlex.quote(value)}" for name, value in said.items()]
    script = "\n".join([*lines, (HERE / "by_hand.sh").read_text()])
    subprocess.run(ssh(box, "bash -s"), input=script, check=True, capture_output=True, text=True)


def ssh(box: Box, command: str) -> Sequence[str]:
    """OpenSSH's client, into the box."""
    options = ["-o", f"UserKnownHostsFile={box.known_hosts}", "-o", "BatchMode=yes"]
    return ["ssh", "-q", "-i", str(box.identity), *options, f"root@{box.address}", command]


def timed(job: Callable[[], None]) -> float:
    """The wall time of a job, in seconds."""
    started = time.monotonic()
    job()
    return time.monotonic() - started


def row(what: str, goal: str, ours: Times, theirs: Times) -> None:
    """One row of the table."""
    ratio = ours.median / theirs.median
    print(f"| {what} | {ours} | {theirs} | {ratio:.2f} | {goal} |", flush=True)


if __name__ == "__main__":
    main()
