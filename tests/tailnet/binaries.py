"""Real Tailscale and real control servers, built once on this machine from Go modules.

Two versions of Tailscale differ in their stamp only: one is there so that a pin means something.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from provision.errors import ApplyError, UnsupportedError
from provision.lab.host import call
from provision.lab.site import Folder
from provision.lab.workshop import Say, environment, making, told

VERSION, OLDER = "1.102.3", "1.102.2"
HEADSCALE = "github.com/juanfont/headscale@v0.29.2"
HEADSCALE_SUM = "h1:eW7zz5yiVlSP1+5zUgPM2YWOoSNkzgX0wBMt5T4zF9g="
SOURCES = Path(__file__).parent / "go"
LIMIT_S = 3600  # 6 minutes on two idle cores

# Headscale never says which certificates a node may have; Tailscale's own servers do, and again
# when the node is renamed. Each is a file, a line of it, and what comes after that.
ADDED = (
    (
        "hscontrol/mapper/mapper.go",
        "\tdnsConfig := cfg.CloneTailcfgDNSConfig()\n",
        "\tif name, err := node.GetFQDN(cfg.BaseDomain); err == nil && dnsConfig != nil {\n"
        '\t\tdnsConfig.CertDomains = []string{strings.TrimSuffix(name, ".")}\n\t}\n',
    ),
    (
        "hscontrol/mapper/builder.go",
        "\tb.resp.Node = tailnode\n",
        "\tb.WithDNSConfig()\n",
    ),
)


def make_binaries(folder: Folder, say: Say) -> Path:
    """The folder with VERSION/, OLDER/, `headscale` and `funnel`.

    Raises UnsupportedError without Go. A build takes 6 minutes of two cores, and seconds when
    Go's own cache has it.
    """
    if shutil.which("go") is None:
        raise UnsupportedError("Tailscale cannot be built, there is no Go", hint="install Go 1.26")
    place = folder.root / "tailnet" / _digest()
    if place.is_dir():
        return place
    with making(folder, "tailnet") as part:
        if place.is_dir():
            return place
        made = part / "made"
        made.mkdir()
        marked = {**environment(folder, "tailnet"), "CGO_ENABLED": "0"}
        with told(say, "Tailscale and its control servers: building, once on this machine"):
            for version in (VERSION, OLDER):
                _build_tailscale(made / version, version, marked)
            _go("build", "-o", str(made), "./funnel", cwd=SOURCES, env=marked)
            _build_headscale(part / "headscale", made, marked)
        place.parent.mkdir(exist_ok=True)
        made.rename(place)
    return place


def sources_of_tailscale() -> Path:
    """Where Go keeps the source of Tailscale, with its unit and what its packages run."""
    module = ("go", "list", "-m", "-f", "{{.Dir}}", "tailscale.com")
    return Path(call(*module, cwd=SOURCES).strip())


def _build_tailscale(target: Path, version: str, env: Mapping[str, str]) -> None:
    target.mkdir()
    stamp = "tailscale.com/version"
    flags = f"-s -w -X {stamp}.shortStamp={version} -X {stamp}.longStamp={version}-lab"
    programs = ("tailscale.com/cmd/tailscale", "tailscale.com/cmd/tailscaled")
    _go("build", "-ldflags", flags, "-o", str(target), *programs, cwd=SOURCES, env=env)


def _build_headscale(source: Path, target: Path, env: Mapping[str, str]) -> None:
    """From its own module, whose go.sum pins all it is made of, with four lines added."""
    got = json.loads(call("go", "mod", "download", "-json", HEADSCALE, env=env, seconds=LIMIT_S))
    if got["Sum"] != HEADSCALE_SUM:
        raise ApplyError(f"{HEADSCALE} is not what it was: {got['Sum']}", where="this machine")
    for name in ("go.mod", "go.sum", "swagger.go", "cmd", "gen", "hscontrol"):
        _copy(Path(got["Dir"]) / name, source / name)
    for name, before, added in ADDED:
        text = (source / name).read_text()
        if text.count(before) != 1:
            raise ApplyError(f"{name} of {HEADSCALE} has changed", where="this machine")
        (source / name).write_text(text.replace(before, before + added))
    program = ("-ldflags", "-s -w", "-o", str(target), "./cmd/headscale")
    _go("build", *program, cwd=source, env=env)


def _copy(source: Path, target: Path) -> None:
    """Go's cache is read-only; tests, with 300 MB of what they need, stay there."""
    if source.is_dir():
        unwanted = shutil.ignore_patterns("*_test.go", "testdata")
        shutil.copytree(source, target, ignore=unwanted, copy_function=shutil.copyfile)
        for path in [target, *target.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
    else:
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, target)


def _go(verb: str, *arguments: str, cwd: Path, env: Mapping[str, str]) -> None:
    """Other tests run meanwhile, and have the right of way."""
    words = ("nice", "-n", "10", "go", verb, "-trimpath", "-buildvcs=false", *arguments)
    call(*words, cwd=cwd, env=env, seconds=LIMIT_S)


def _digest() -> str:
    files = [Path(__file__), *sorted(path for path in SOURCES.rglob("*") if path.is_file())]
    content = b"".join(path.read_bytes() for path in files) + call("go", "version").encode()
    return hashlib.sha256(content).hexdigest()[:12]
