"""A gateway that was taken over, given back to the person whose it was."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.product import Product
from provision.model.shell import Sh, joined, sh
from provision.products.legacy import Legacy, parse_legacy
from provision.products.relocation import asking, unit_names

USUAL = 18789
START_S = 120


@dataclass(frozen=True, slots=True)
class Restitution:
    """What was taken over of this product runs as its owner had it, and our service does not.

    Nothing is copied back: what the service has, and its secrets, are moved aside on the server and
    kept, once theirs listens. Where it does not, though it did when it was taken over, ours goes
    on; what never was a gateway that runs is given back as it was.
    """

    product: Product

    @property
    def id(self) -> str:
        return f"restitution:{self.product.name}"

    @property
    def _stamp(self) -> str:
        return f"/var/lib/clawprov/stamps/taken-over-{self.product.name}"

    def probe(self) -> Probe:
        return Probe(
            self.id,
            sh(
                'echo "record=$(base64 -w0 {} 2>/dev/null)"\n'
                "cd {} 2>/dev/null && echo \"since=$(find . -newer {} -type f ! -path './tmp/*' "
                "! -path './.npm/*' ! -path './.cache/*' ! -path '*.kept-*' 2>/dev/null | wc -l)\"",
                f"{self.product.etc}/taken-over.json",
                self.product.home,
                self._stamp,
            ),
        )

    def legacy(self, facts: Facts) -> Legacy | None:
        """What was taken over, None where nothing was."""
        text = facts[self.id].pairs().get("record")
        return parse_legacy(b64decode(text).decode()) if text else None

    def diff(self, facts: Facts) -> Change | None:
        legacy = self.legacy(facts)
        if legacy is None:
            return None
        since = facts[self.id].pairs().get("since") or "?"
        units = ", ".join(unit_names(legacy)) or "no unit, so start it as before"
        if legacy.units:
            units += (
                "; ours again if it does not listen"
                if legacy.listened
                else ", which was not seen to listen before"
            )
        return Change(
            self.id,
            "give back",
            (*asking(legacy), self._swap(), _await(legacy), self._tidy(legacy)),
            f"{legacy.user}'s {legacy.state} runs again ({units}); {since} files that our service "
            f"has written since stay on the server, below {self.product.home} (*.kept-*)",
        )

    def _swap(self) -> Sh:
        """Theirs in the place of ours, whose watch is quiet meanwhile; and the way back."""
        service, timer = self.product.service, f"{self.product.name}-watch.timer"
        return sh(
            "# ours WHY: ours again\n"
            'ours() {\n  echo "$1: journalctl _UID=$(id -u "$user"); ours goes on" >&2\n'
            '  for unit in $units; do ask disable --now --quiet "$unit" || :; done\n'
            "  systemctl enable --now --quiet {}\n"
            "  ! systemctl is-enabled --quiet {} 2>/dev/null || systemctl start {}\n"
            "  exit 1\n}\n"
            "systemctl stop --quiet {} 2>/dev/null || :\n"
            "systemctl disable --now --quiet {} 2>/dev/null || :\n"
            "for unit in $units; do\n"
            '  ask enable --now --quiet "$unit" || ours "$unit of $user does not start"\ndone',
            *(service, timer, timer, timer, service),
        )

    def _tidy(self, legacy: Legacy) -> Sh:
        """Nothing of ours in the way: a later take-over finds the server as the first one did."""
        wrapper = f"/usr/local/bin/{self.product.name}"
        watch = f"{self.product.name}-watch"
        folders = [sh("{}", f"{self.product.home}/{name}") for name in legacy.folders]
        owner = f"{self.product.name}:{self.product.name}"
        return sh(
            "systemctl disable --now --quiet {} 2>/dev/null || :\n"
            "discard {} {} {} {}; rm -f {}; systemctl daemon-reload\n"
            "[ ! -e {} ] || cp -a {} {}\n"
            "at=$(date -u +%Y%m%dT%H%M%SZ)\n"
            "# by the rights of the service's user, who may have put links there\n"
            "for folder in {}; do\n"
            '  [ ! -e "$folder" ] || as {} mv "$folder" "$folder.kept-$at"\n'
            '  rm -rf "/var/lib/clawprov/written$folder"\ndone\n'
            "mv {} {}.kept-$at; discard {}",
            f"{watch}.timer",
            f"/etc/systemd/system/{watch}.timer",
            f"/etc/systemd/system/{watch}.service",
            f"/etc/systemd/system/{self.product.service}",
            wrapper,
            self._stamp,
            f"/var/lib/clawprov/originals{wrapper}",
            f"/var/lib/clawprov/originals{wrapper}",
            wrapper,
            joined(folders, " "),
            owner,
            *(self.product.etc,) * 3,
        )


def read_port(legacy: Legacy) -> int:
    """The port on which a person's gateway listens, by its configuration."""
    gateway = legacy.config.get("gateway")
    port = gateway.get("port") if isinstance(gateway, dict) else None
    return port if isinstance(port, int) else USUAL


def _await(legacy: Legacy) -> Sh:
    """Until theirs listens, or has fallen twice: a first start compiles for most of a minute.

    Then ours again where theirs listened once and does not now.
    """
    if not legacy.units:
        return sh(":")
    port = read_port(legacy)
    listens = sh('ss -Hltn "sport = :"{} | grep -q .', port)
    awaited = sh(
        "waited=0\n"
        "until [ $waited -ge {} ] || {} ||\n"
        '    ask show -p NRestarts $units | grep -q "=[2-9]"; do\n'
        '  tell "waiting for the gateway of $user, $waited s"; sleep 1; waited=$((waited + 1))\n'
        "done",
        START_S,
        listens,
    )
    or_ours = sh('{} || ours "the gateway of $user does not listen on port "{}', listens, port)
    return joined([awaited, or_ours]) if legacy.listened else awaited
