"""The gateway of a person on the server, taken over by the service."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from pathlib import PurePosixPath

from provision.model.facts import Facts, Probe, Reading
from provision.model.plan import Change
from provision.model.product import Product
from provision.model.secret import Secret, hide
from provision.model.shell import heredoc, sh
from provision.products.installed import Installed, look_for_installed, parse_installed
from provision.products.legacy import Legacy, parse_legacy, read_legacy
from provision.products.relocation import relocate, unit_names


@dataclass(frozen=True, slots=True)
class Takeover:
    """What a person's own gateway of this product was, from now on the service's.

    It is stopped and its unit disabled; nothing of it is removed. Its configuration and secrets
    go into a record that only root reads, on which every later run builds; its state and the
    folders that its configuration names are copied, by their owner's rights, to the same places
    below the service's home. `wished` says whether one that is found is taken over, `node` where
    Node.js is.
    """

    product: Product
    wished: bool
    node: str = "/usr/bin/node"

    @property
    def id(self) -> str:
        return f"takeover:{self.product.name}"

    @property
    def record(self) -> str:
        return f"{self.product.etc}/taken-over.json"

    @property
    def _stamp(self) -> str:
        return f"/var/lib/clawprov/stamps/taken-over-{self.product.name}"

    def probe(self) -> Probe:
        service = self.product.service
        return Probe(
            self.id,
            sh(
                'echo "stamp=$(cat {} 2>/dev/null)"\n'
                "! grep -qs '^# Made by clawprov' {} || echo ours=yes\n"
                'echo "record=$(base64 -w0 {} 2>/dev/null)"\n'
                "{}",
                self._stamp,
                f"/etc/systemd/system/{service}",
                self.record,
                look_for_installed(self.product.name if self.wished else ""),
            ),
        )

    def found(self, facts: Facts) -> tuple[Installed, ...]:
        """The gateways that people have set up here, without one that lies as we left it."""
        done = self._recorded(facts)
        found = parse_installed(self._told(facts).lines())
        return tuple(
            one for one in found if not (done and one.state == done.state and not one.active)
        )

    def settled(self, facts: Facts) -> bool:
        """Whether the server has a gateway of ours already."""
        return "ours" in self._seen(facts)

    def candidates(self, facts: Facts) -> tuple[Installed, ...]:
        """Whose gateway could be taken over: those that are active, or else all that are there.

        What runs in a container has its state there, or comes back when it is ended.
        """
        ours = [one for one in self.found(facts) if one.product == self.product.name]
        able = [one for one in ours if one.state and not one.container]
        return tuple([one for one in able if one.active] or able)

    def legacy(self, facts: Facts) -> Legacy | None:
        """What the service inherits: what is recorded, or else what is about to be."""
        done = self._recorded(facts)
        if done or not self.wished or self.settled(facts):
            return done
        candidates = self.candidates(facts)
        return read_legacy(candidates[0], self.product) if len(candidates) == 1 else None

    def due(self, facts: Facts) -> Legacy | None:
        """What is to be taken over now, or the rest of which is."""
        legacy = self.legacy(facts)
        done = legacy is None or legacy.problem or legacy.state == self._seen(facts).get("stamp")
        return None if done else legacy

    def ending(self, facts: Facts) -> tuple[str, ...]:
        """The processes that a take-over ends."""
        due = self.due(facts)
        mine = [one for one in self.found(facts) if due and due.of == (one.user, one.product)]
        return tuple(pid for one in mine for pid in one.pids)

    def _recorded(self, facts: Facts) -> Legacy | None:
        text = self._seen(facts).get("record")
        return parse_legacy(b64decode(text).decode()) if text else None

    def diff(self, facts: Facts) -> Change | None:
        legacy = self.due(facts)
        if legacy is None:
            return None
        text = legacy.to_json()
        commands = (
            heredoc(sh("stage {} 600 root:root", self.record), Secret(text, shown=hide(text))),
            sh("settle {} root:root", self.record),
            *relocate(legacy, self.product, self.record, self.node),
            sh("mkdir -p {}", str(PurePosixPath(self._stamp).parent)),
            sh("echo {} >{}", legacy.state, self._stamp),
        )
        units = "".join(f"{name} disabled, " for name in unit_names(legacy))
        why = f"{legacy.user}'s: {units}{', '.join(legacy.folders)} copied; the originals stay"
        return Change(self.id, "take over", commands, why)

    def _told(self, facts: Facts) -> Reading:
        """The answer to the probe; nothing where nobody asked."""
        return facts.readings.get(self.id, Reading(0, ""))

    def _seen(self, facts: Facts) -> dict[str, str]:
        return self._told(facts).pairs()
