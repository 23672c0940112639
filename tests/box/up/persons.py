"""Somebody who types `clawprov` at a laptop of their own."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Self

import yaml

CLAWPROV = Path(sys.executable).with_name("clawprov")
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR")
PATIENCE_S = 480


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it wrote."""

    exit: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        """The one document of `--json`."""
        return json.loads(self.out)

    @property
    def planned(self) -> list[str]:
        """The ids of the changes in the document's plan."""
        return [change["id"] for change in self.answer["plan"]["changes"]]

    @property
    def done(self) -> list[str]:
        """The ids of the steps that this run carried out."""
        return [outcome["id"] for outcome in self.answer["outcomes"]]

    def refused(self, exit: int, sentence: str) -> bool:
        """One clear error with a next step and this exit code, whose text has `sentence`."""
        errors = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert (self.exit, len(errors)) == (exit, 1), (self.exit, self.out, self.err)
        assert sentence in errors[0], self.err
        assert "\n  next: " in self.err, self.err
        assert "Traceback" not in self.err + self.out
        return True


class Running:
    """A command under way; what it writes is read from files, so that it never has to wait."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        self.process, self._out, self._err = process, out, err

    def steps(self) -> int:
        """How many lines it has written on standard error."""
        return self._err.read_bytes().count(b"\n")

    def reach(self, what: Callable[[], object], *, seconds: float = PATIENCE_S) -> None:
        """Go on as soon as `what` is true while the command is still running."""
        deadline = time.monotonic() + seconds
        while not what():
            assert self.process.poll() is None, f"it ended first: {self.end()}"
            assert time.monotonic() < deadline, f"not within {seconds} s: {self._err.read_text()}"
            time.sleep(0.05)

    def told(self, text: str) -> bool:
        """Whether it has written `text` on standard error."""
        return text in self._err.read_text(errors="replace")

    def end(self, *, seconds: float = PATIENCE_S) -> Said:
        """Its end, awaited; it is killed when that does not come."""
        try:
            self.process.wait(seconds)
        finally:
            self.process.kill()
            self.process.wait()
        return Said(self.process.returncode, self._out.read_text(), self._err.read_text())


def heed_ctrl_c() -> None:
    """In the child: SIGINT is heard, also where whoever started the tests had it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True, slots=True)
class Person:
    """A home folder with nothing in it but what clawprov puts there, and an inventory."""

    home: Path
    inventory: Path
    name: str = "ada"
    variables: tuple[tuple[str, str], ...] = ()

    def called(self, name: str) -> Self:
        """The same laptop, another person at it."""
        return replace(self, name=name)

    def with_secret(self, token: str) -> Self:
        return replace(self, variables=(("CLAWDBOT_GATEWAY_TOKEN", token),))

    def knowing(self, **variables: str) -> Self:
        """With more variables in the environment."""
        return replace(self, variables=(*self.variables, *variables.items()))

    def wishing(self, box: str, **keys: object) -> Self:
        """With an inventory of their own: the lab's, and `keys` for this box."""
        document = yaml.safe_load(self.inventory.read_text())
        document["hosts"][box] |= keys
        path = self.home / f"{box}-{len(list(self.home.iterdir()))}.yml"
        path.write_text(yaml.safe_dump(document, allow_unicode=True))
        return replace(self, inventory=path)

    def copy(self, box: str) -> Path:
        """Where this laptop keeps the secret of a box."""
        return self.home / ".config/clawprov/secrets" / box

    def typed(self, *words: str) -> list[str | Path]:
        """`clawprov WORDS` with this inventory; behind a host, all that `exec` takes is the
        gateway's."""
        ours = ["--inventory", self.inventory]
        if words[0] == "exec":
            return [CLAWPROV, "exec", *ours, *words[1:]]
        return [CLAWPROV, *words, *ours]

    def start(self, *words: str, given: str = "") -> Running:
        """`clawprov WORDS` at work, with `given` on its standard input."""
        number = len(list(self.home.glob("*.out")))
        out, err = self.home / f"{number}.out", self.home / f"{number}.err"
        with out.open("wb") as stdout, err.open("wb") as stderr, TemporaryFile() as stdin:
            stdin.write(given.encode())
            stdin.seek(0)
            process = subprocess.Popen(
                self.typed(*words),
                env=self._environment(),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                cwd=self.home,
                preexec_fn=heed_ctrl_c,
            )
        return Running(process, out, err)

    def run(self, *words: str, given: str = "", seconds: float = PATIENCE_S) -> Said:
        """`clawprov WORDS`, to its end, with `given` on its standard input."""
        return self.start(*words, given=given).end(seconds=seconds)

    def sit(self, *words: str, prompt: str, answer: str, seconds: float = PATIENCE_S) -> Said:
        """`clawprov WORDS` at a terminal, where `answer` is typed each time `prompt` is shown.

        What is on the screen is its `err`.
        """
        screen, terminal = pty.openpty()
        termios.tcsetwinsize(terminal, (24, 80))
        process = subprocess.Popen(
            self.typed(*words),
            env=self._environment() | {"TERM": "dumb"},
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            cwd=self.home,
            start_new_session=True,
        )
        os.close(terminal)
        seen, answered, deadline = "", 0, time.monotonic() + seconds
        with os.fdopen(screen, "r+b", buffering=0) as stream, suppress(OSError):  # EIO is its end
            while data := stream.read(4096):
                seen += data.decode(errors="replace")
                if seen.count(prompt) > answered:
                    answered += 1
                    stream.write(f"{answer}\n".encode())
                assert time.monotonic() < deadline, seen
        return Said(process.wait(10), "", seen)

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        own = {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "LOGNAME": self.name,
            "USER": self.name,
        }
        return {**kept, **own, **dict(self.variables)}
