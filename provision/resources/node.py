"""Node.js, from a signed apt repository or from the official archive."""

from __future__ import annotations

from dataclasses import dataclass

from provision.model.facts import Facts, Probe
from provision.model.plan import Change
from provision.model.shell import Sh, joined, sh
from provision.products.engines import satisfies
from provision.resources.file import File
from provision.resources.package import install_from

SOURCES = "/etc/apt/sources.list.d/clawprov-nodejs.sources"


@dataclass(frozen=True, slots=True)
class NodePackage:
    """Node.js of a version in `engines` as Debian package from the repository at `url`.

    `key` is the armored OpenPGP key that the repository is signed with; `version` is exact, or ""
    for the newest. A Node.js that is there and suits stays, wherever it came from.
    """

    engines: str
    major: int
    url: str
    key: str
    version: str = ""

    @property
    def id(self) -> str:
        return f"node:{self.version or self.major}"

    @property
    def binary(self) -> str:
        return "/usr/bin/node"

    def suits(self, facts: Facts) -> bool:
        """Whether the Node.js that is there will do."""
        seen = facts[self.id].pairs()
        return satisfies(seen["node"], self.version or self.engines) and bool(seen["npm"])

    @property
    def _source(self) -> File:
        key = "\n".join(f" {line}" if line else " ." for line in self.key.strip().splitlines())
        return File(
            SOURCES,
            f"Types: deb\nURIs: {self.url}/node_{self.major}.x\nSuites: nodistro\n"
            f"Components: main\nSigned-By:\n{key}\n",
        )

    def probe(self) -> Probe:
        look = sh(
            'echo "node=$({} --version 2>/dev/null)"; echo "npm=$(command -v npm)"', self.binary
        )
        return Probe(self.id, joined([look, self._source.probe().script]))

    def diff(self, facts: Facts) -> Change | None:
        source = self._source
        own = source.diff(Facts({source.id: facts[self.id]}))
        seen = facts[self.id].pairs()
        have, need = seen["node"], self.version or self.engines
        if self.suits(facts):
            is_ours = seen["type"] != "absent"
            return Change(self.id, own.verb, own.commands, own.why) if own and is_ours else None
        why = f"{have or 'none'} is there, {need} is needed"
        if satisfies(have, need):
            why = "npm is missing"
        commands = (*(own.commands if own else ()), self._install())
        return Change(self.id, "update" if have else "install", commands, why, have)

    def _install(self) -> Sh:
        """The version is always said: Ubuntu Pro pins its own nodejs higher than others'."""
        package = f"nodejs={self.version or f'{self.major}.'}*"
        right = sh(
            "case $({} --version) in v{}.*) ;; *) "
            'echo "apt installed Node.js $({} --version), not {}"; exit 1 ;; esac',
            *(self.binary, self.major, self.binary, self.major),
        )
        options = ["--allow-downgrades"] if self.version else []
        return joined([install_from(SOURCES, package, *options), right])


@dataclass(frozen=True, slots=True)
class NodeArchive:
    """Node.js `version` from the official archive below `url`, in a folder of our own.

    The archive must have `sha256`, or, when that is "", the sum in SHASUMS256.txt beside it.
    """

    version: str
    url: str
    sha256: str = ""

    @property
    def id(self) -> str:
        return f"node:{self.version}"

    @property
    def _folder(self) -> str:
        return f"/opt/clawprov/node/{self.version}"

    @property
    def binary(self) -> str:
        return f"{self._folder}/bin/node"

    def probe(self) -> Probe:
        return Probe(self.id, sh('echo "node=$({} --version 2>/dev/null)"', self.binary))

    def diff(self, facts: Facts) -> Change | None:
        if facts[self.id].pairs()["node"] == f"v{self.version}":
            return None
        sums = sh("fetch {} SHASUMS256.txt", f"{self.url}/v{self.version}/SHASUMS256.txt")
        if self.sha256:
            sums = sh('echo {}"  $name" >SHASUMS256.txt', self.sha256)
        install = sh(
            "case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;;\n"
            '*) echo "no Node.js archive for $(uname -m)"; exit 1 ;; esac\n'
            "name={}$arch.tar.xz\n"
            "command -v xz >/dev/null || { apt_get update || :; apt_get install xz-utils; }\n"
            "rm -rf {}.new; mkdir -p {}.new; cd {}.new\n"
            'tell fetching $name; fetch {}/"$name" "$name"\n'
            "{}\n"
            'grep " $name\\$" SHASUMS256.txt | sha256sum --check --strict --quiet\n'
            'tell unpacking; tar --no-same-owner --strip-components=1 -xJf "$name"\n'
            'rm -f "$name" SHASUMS256.txt; cd /; rm -rf {}; mv {}.new {}',
            f"node-v{self.version}-linux-",
            *[self._folder] * 3,
            f"{self.url}/v{self.version}",
            sums,
            *[self._folder] * 3,
        )
        return Change(self.id, "install", (install,), f"from {self.url}")
