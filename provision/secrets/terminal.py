"""The terminal, lent to a command that may have to ask something there."""

from __future__ import annotations

import os
import signal
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def lent_to(group: int) -> Iterator[None]:
    """The terminal, where there is one and it is ours, is that of a process group meanwhile.

    Afterwards it is ours again, in the state that it was in: whoever was killed while a password
    was typed leaves it without echo.
    """
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        yield
        return
    try:
        ours, state = os.getpgrp(), termios.tcgetattr(terminal)
        if os.tcgetpgrp(terminal) != ours:
            yield
            return
        _hand_over(terminal, group)
        with suppress(OSError):
            os.killpg(group, signal.SIGCONT)  # it may have asked before it was its turn
        try:
            yield
        finally:
            _hand_over(terminal, ours)
            termios.tcsetattr(terminal, termios.TCSADRAIN, state)
    finally:
        os.close(terminal)


def _hand_over(terminal: int, group: int) -> None:
    """Whoever is not in front may only do this with SIGTTOU blocked."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        with suppress(OSError):  # a group that has ended already
            os.tcsetpgrp(terminal, group)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
