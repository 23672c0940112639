"""The layer between image and box: what makes TLS and apt work from inside as they do here.

A company's inspecting proxy is trusted by this machine, so the boxes must trust it too; the
lab's own authority vouches for the Node mirror. A layer is named by its content and never
changes, because running boxes stand on it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from provision.lab.authority import authority_files
from provision.lab.host import call
from provision.lab.site import Folder
from provision.lab.workshop import making

LOCAL = Path("usr/local/share/ca-certificates")
BUNDLE = Path("etc/ssl/certs/ca-certificates.crt")
APT = Path("etc/apt/apt.conf.d/90lab")
APT_SETTINGS = ("http::Proxy ", "https::Proxy ", "Check-Valid-Until ", "Check-Date ")
VARIABLE = f"NODE_EXTRA_CA_CERTS=/{BUNDLE}"  # Node does not read the system's bundle by itself


def make_layer(folder: Folder, image: Path) -> Path:
    """The layer of an image, as of this machine's certificates and apt settings today."""
    certificates = [*sorted((Path("/") / LOCAL).glob("*.crt")), authority_files(folder)[0]]
    content = b"".join(path.read_bytes() for path in certificates)
    apt = _apt_settings()
    content += (image / BUNDLE).read_bytes() + f"{VARIABLE}\n{apt}".encode()
    layer = folder.layers / f"{image.name}-{hashlib.sha256(content).hexdigest()[:12]}"
    if layer.is_dir():
        return layer
    with making(folder, f"layer-{image.name}") as part:
        if layer.is_dir():
            return layer
        made = part / "made"
        _fill(made, image, certificates)
        if apt:
            (made / APT).parent.mkdir(parents=True)
            (made / APT).write_text(apt)
        folder.layers.mkdir(exist_ok=True)
        made.rename(layer)
    return layer


def _fill(layer: Path, image: Path, certificates: list[Path]) -> None:
    bundle = layer / BUNDLE
    bundle.parent.mkdir(parents=True)
    (layer / LOCAL).mkdir(parents=True)
    trusted = (image / BUNDLE).read_bytes()
    for path in certificates:
        trusted += path.read_bytes().rstrip() + b"\n"
        (layer / LOCAL / path.name).write_bytes(path.read_bytes())
        pem = bundle.parent / f"{path.stem}.pem"
        pem.symlink_to(Path("/") / LOCAL / path.name)
        digest = call("openssl", "x509", "-hash", "-noout", "-in", str(path)).strip()
        (bundle.parent / f"{digest}.0").symlink_to(pem.name)
    bundle.write_bytes(trusted)
    (layer / "etc/environment").write_text(VARIABLE + "\n")  # logins
    for manager in ("system", "user"):  # services
        drop_in = layer / f"etc/systemd/{manager}.conf.d/lab-ca.conf"
        drop_in.parent.mkdir(parents=True)
        drop_in.write_text(f"[Manager]\nDefaultEnvironment={VARIABLE}\n")


def _apt_settings() -> str:
    """How this machine's apt reaches its mirrors and judges their dates."""
    starts = tuple(f"Acquire::{name}" for name in APT_SETTINGS)
    lines = call("apt-config", "dump").splitlines()
    return "".join(f"{line}\n" for line in lines if line.startswith(starts))
