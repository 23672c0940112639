"""One line in a list of keys that may log in; all other lines are other people's."""

from __future__ import annotations

from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import Sh, joined, sh


@dataclass(frozen=True, slots=True)
class AuthorizedKey:
    """The key `public` ("TYPE BASE64") with `options` in the list at `path`, which is root's.

    Its line ends with the word `comment`, by which it is known: a new key takes the place of the
    old one. Without `public` there is no such line.
    """

    path: str
    comment: str
    public: str = ""
    options: str = ""

    @property
    def id(self) -> str:
        return f"authorized-key:{self.comment}"

    @property
    def _line(self) -> str:
        return f"{self.options} {self.public} {self.comment}".lstrip()

    def probe(self) -> Probe:
        own = sh("awk -v own={} '$NF == own' {} 2>/dev/null", self.comment, self.path)
        return Probe(self.id, own)

    def diff(self, facts: Facts) -> Change | None:
        seen = facts[self.id].out.strip()
        if not self.public:
            gone = (self._rewrite(sh(":")),)
            return Change(self.id, "remove", gone, "no longer needed", seen) if seen else None
        if seen == self._line:
            return None
        write = (self._rewrite(sh("printf '%s\\n' {}", self._line)),)
        if not seen:
            return Change(self.id, "create", write, "not there yet", after=self._line)
        why = "with other options" if f" {self.public} " in f" {seen} " else "another key"
        return Change(self.id, "update", write, why, seen, self._line)

    def _rewrite(self, line: Sh) -> Sh:
        others = sh(
            "[ ! -e {} ] || awk -v own={} '$NF != own' {}", self.path, self.comment, self.path
        )
        place = sh(
            "stage {} 644 root:root && mv -fT {} {}", self.path, f"{self.path}.new", self.path
        )
        return joined([sh("{ {}\n{}; } |", others, line), place], " ")
