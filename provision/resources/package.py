"""A Debian package of the distribution."""

from __future__ import annotations

from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import Sh, joined, sh


@dataclass(frozen=True, slots=True)
class Package:
    """The package `name`, in whatever version the server's own sources have."""

    name: str

    @property
    def id(self) -> str:
        return f"package:{self.name}"

    def probe(self) -> Probe:
        return Probe(
            self.id, sh("dpkg-query -W -f '${db:Status-Status}' {} 2>/dev/null", self.name)
        )

    def diff(self, facts: Facts) -> Change | None:
        if facts[self.id].out.strip() == "installed":
            return None
        return Change(self.id, "install", (self.install,), "not there yet")

    @property
    def install(self) -> Sh:
        """The lists are fetched only where those that are there are missing or too old."""
        get = sh("apt_get --no-install-recommends install {}", self.name)
        return sh("{} || {\ntell reading the package lists\napt_get update || :; {}; }", get, get)


def install_from(source: str, package: str, *options: str) -> Sh:
    """`package` (NAME or NAME=VERSION) from the apt list at `source`, which is fetched alone first.

    All lists are fetched only where dependencies are missing.
    """
    only = sh("-o Dir::Etc::sourcelist={} -o Dir::Etc::sourceparts=-", source)
    words = joined((sh("{}", word) for word in (*options, "install", package)), " ")
    install = sh("apt_get --no-install-recommends {}", words)
    return sh(
        "tell reading the package list\n"
        "[ -e /etc/ssl/certs/ca-certificates.crt ] || "
        "{ apt_get update || :; apt_get install ca-certificates; }\n"
        "apt_get {} -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any update\n"
        "tell installing\n{} || { apt_get update || :; {}; }",
        *(only, install, install),
    )
