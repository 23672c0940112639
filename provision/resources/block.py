"""Lines of ours at the top of a file that is somebody else's."""

from __future__ import annotations

from dataclasses import dataclass

from provision.model.facts import Facts, Probe, Reading
from provision.model.plan import Change
from provision.model.report import Check
from provision.model.shell import sh


@dataclass(frozen=True, slots=True)
class Block:
    """`comment` and `line` at the top of the file at `path`; not `wished`, nowhere in it.

    All else in it stays byte for byte, as do its mode and the links that lead to it; its line
    ends are ours, too. A line that somebody put there themselves does as well, before any that
    starts with one of the words `before`. A file that held nothing else goes with the lines.
    """

    path: str
    comment: str
    line: str
    before: tuple[str, ...]
    wished: bool = True

    @property
    def id(self) -> str:
        return f"block:{self.path}"

    def probe(self) -> Probe:
        """Whether the lines are there: `line` is a number, 0 when it comes too late."""
        return Probe(
            self.id,
            sh(
                'file=$(real {}); [ -e "$file" ] || { echo type=absent; exit 0; }\n'
                '[ -r "$file" ] || { echo type=unreadable; exit 0; }\n'
                "echo type=file\n"
                "tr -d '\\r' <\"$file\" | awk -v line={} -v comment={} -v words={} '\n"
                "  { first = tolower($1) }\n"
                '  $0 == comment { print "ours=" NR }\n'
                '  index(" " words " ", " " first " ") && first != "" { late = 1 }\n'
                '  $0 == line && !late { print "line=" NR }\'\n'
                '[ -w "$file" ] || echo readonly=yes',
                self.path,
                self.line,
                self.comment,
                " ".join(self.before),
            ),
        )

    def writable(self) -> Check:
        """A file that its owner lets us change, where it has to be."""
        hint = f"chmod u+rw {self.path}"
        if self.wished:
            hint += f", or put this at its top yourself: {self.line}"
        return Check("laptop:ssh-config", sh(":"), self._judge, hint)

    def _judge(self, reading: Reading, facts: Facts) -> str:
        seen = facts[self.id].pairs()
        if seen["type"] == "unreadable":
            return f"{self.path} cannot be read" if self.wished else ""
        return f"{self.path} is read-only" if "readonly" in seen and self.diff(facts) else ""

    def diff(self, facts: Facts) -> Change | None:
        seen = facts[self.id].pairs()
        if seen["type"] == "unreadable":
            return None  # `writable` says so
        if self.wished:
            return None if "line" in seen else self._insert(seen["type"])
        return self._remove() if "ours" in seen else None

    def _insert(self, kind: str) -> Change:
        verb = "create" if kind == "absent" else "update"
        why = "not there yet" if kind == "absent" else f"lacks {self.line}"
        command = sh(
            "file=$(real {}); cr=\n"
            'mkdir -p "${file%/*}"\n'
            '[ ! -s "$file" ] || cr=$(head -n 1 "$file" | tr -dc \'\\r\')\n'
            '{ printf "%s\\n" {}"$cr" {}"$cr"; [ ! -e "$file" ] || cat "$file"; } |\n'
            'rewrite "$file"',
            self.path,
            self.comment,
            self.line,
        )
        return Change(self.id, verb, (command,), why, after=f"{self.comment}\n{self.line}\n")

    def _remove(self) -> Change:
        command = sh(
            "file=$(real {})\n"
            "while at=$(tr -d '\\r' <\"$file\" | grep -n -x -F -- {}); do\n"
            "at=${at%%:*}\n"
            'next=$(sed -n "$((at + 1))p" "$file" | tr -d \'\\r\')\n'
            'if [ "$next" = {} ]; then rest=$((at + 2)); else rest=$((at + 1)); fi\n'
            '{ [ "$at" = 1 ] || head -n $((at - 1)) "$file"; tail -n +$rest "$file"; } |\n'
            'rewrite "$file"\n'
            "done\n"
            '[ -s "$file" ] || rm -f "$file"',
            self.path,
            self.comment,
            self.line,
        )
        before = f"{self.comment}\n{self.line}\n"
        return Change(self.id, "remove", (command,), "no longer needed", before)
