"""A secret that a password manager gives: `pass show NAME`, `op read REFERENCE`."""

from __future__ import annotations

import os
import selectors
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from provision.errors import SecretError
from provision.model.secret import MASK, Secret, hide
from provision.secrets.terminal import lent_to

LIMIT_S = 60.0
"""How long a command may take: somebody may have to touch a key, or to type a passphrase."""
TICK_S = 0.05
MOST = 64 * 1024  # bytes; whoever prints more is no password manager


def run_command(
    words: Sequence[str], *, limit_s: float = LIMIT_S, show: Callable[[str], object] | None = None
) -> Secret:
    """The secret that a command prints as its one line.

    No shell runs it. It has the terminal to itself, so that it can ask; what it writes on standard
    error is given to `show` (our own standard error). After `limit_s` seconds it is killed with
    all that it has started. Raises SecretError, which never tells what it printed.
    """
    try:
        process = subprocess.Popen(
            [str(Path(words[0]).expanduser()), *words[1:]],
            stdin=None if sys.stdin and sys.stdin.isatty() else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            process_group=0,
        )
    except OSError as error:
        reason = f"cannot be run: {(error.strerror or str(error)).lower()}"
        if isinstance(error, FileNotFoundError):
            reason = "there is no such command here"
        _fail(words, reason, "install it, or correct its name in the inventory")
    said = _Said(show or _show)
    with process:
        try:
            with lent_to(process.pid):
                in_time = said.listen(process, time.monotonic() + limit_s)
        except BaseException:
            _kill(process)
            raise
    if process.returncode in (-signal.SIGINT, 128 + signal.SIGINT):
        raise KeyboardInterrupt
    if not in_time:
        _fail(words, f"has not answered in {limit_s:.0f} s, and was ended")
    return _judge(words, process.returncode, said)


@dataclass(slots=True)
class _Said:
    """What a command has printed so far."""

    show: Callable[[str], object]
    out: bytearray = field(default_factory=bytearray)
    err: bytearray = field(default_factory=bytearray)

    def listen(self, process: subprocess.Popen[bytes], until: float) -> bool:
        """Whether it came to its end in time, or printed too much; else it is killed.

        What it has left behind, such as an agent, may hold its ends of the pipes: when the command
        itself is gone and nothing more comes, that is the end.
        """
        with selectors.DefaultSelector() as selector:
            for pipe in filter(None, (process.stdout, process.stderr)):
                selector.register(pipe, selectors.EVENT_READ)
            while selector.get_map() and len(self.out) <= MOST:
                ended = process.poll() is not None
                ready = selector.select(TICK_S)
                for key, _ in ready:
                    if not self._take(key.fd, out=key.fileobj is process.stdout):
                        selector.unregister(key.fileobj)
                if ended and not ready:
                    return True
                if time.monotonic() > until:
                    _kill(process)
                    return False
        return self._await(process, until)

    def _take(self, descriptor: int, *, out: bool) -> bool:
        """Whether there was more to read."""
        piece = os.read(descriptor, 4096)
        if out:
            self.out += piece
        elif piece:
            self.err = (self.err + piece)[-MOST:]
            self.show(piece.decode(errors="replace"))
        return bool(piece)

    def _await(self, process: subprocess.Popen[bytes], until: float) -> bool:
        if len(self.out) > MOST:
            _kill(process)
            return True
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            _kill(process)
            return False
        return True

    def last(self) -> str:
        """The last words on standard error, without what is secret."""
        lines = self.err.decode(errors="replace").splitlines()
        line = next((line.strip() for line in reversed(lines) if line.strip()), "")
        for secret in self.out.decode(errors="replace").split():
            line = line.replace(secret, MASK)
        return hide(line) if line else ""


def _judge(words: Sequence[str], code: int, said: _Said) -> Secret:
    if len(said.out) > MOST:
        _fail(words, "printed more than any secret")
    if code:
        how = f"failed with exit code {code}" if code > 0 else f"was ended by signal {-code}"
        last = said.last()
        _fail(words, f"{how}: {last}" if last else how)
    try:
        text = said.out.decode()
    except UnicodeDecodeError:
        _fail(words, "printed what is no text in UTF-8")
    line = text.removesuffix("\n").removesuffix("\r")
    if not line:
        _fail(words, "printed nothing")
    if "\n" in line:
        only = "take one: command: [sh, -c, '... | head -n 1']"
        _fail(words, f"printed {line.count(chr(10)) + 1} lines, and a secret is one", only)
    if line != line.strip() or not line.isprintable():
        _fail(words, "printed a control character, or a space at an end of the line")
    return Secret(line)


def _fail(words: Sequence[str], how: str, hint: str = "") -> NoReturn:
    hint = hint or f"{hide(shlex.join(words))}   (to see what it says)"
    raise SecretError(how, where=f"the secret's command {words[0]}", hint=hint) from None


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _show(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
