"""Commands timed as whole processes."""

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Times:
    """The wall times of several runs, in seconds."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        return f"{self.median:.2f} s ({min(self.seconds):.2f} to {max(self.seconds):.2f})"


def run(command: Sequence[str], **options: object) -> float:
    """The wall time of one run; raises CalledProcessError with the output when it fails."""
    started = time.monotonic()
    subprocess.run(command, check=True, capture_output=True, text=True, **options)
    return time.monotonic() - started


def in_turn(count: int, *jobs: Callable[[], float]) -> tuple[Times, ...]:
    """Each job's times, the jobs taking turns so that a noisy machine is noisy to all alike."""
    for job in jobs:
        job()  # warm-up, not counted
    rounds = [tuple(job() for job in jobs) for _ in range(count)]
    return tuple(Times(seconds) for seconds in zip(*rounds, strict=True))
