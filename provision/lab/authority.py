"""The lab's certificate authority: it can vouch for the mirrored hosts and for no other name."""

from __future__ import annotations

from pathlib import Path

from provision.lab.host import call
from provision.lab.site import Folder
from provision.lab.workshop import making

HOSTS = ("nodejs.org", "deb.nodesource.com")
DAYS = "3650"
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def authority_files(folder: Folder) -> tuple[Path, Path, Path]:
    """The authority's certificate, the server's certificate and the server's key."""
    place = folder.keys / "authority"
    return place / "lab-ca.crt", place / "server.crt", place / "server.key"


def make_authority(folder: Folder) -> None:
    """The authority and the mirror's certificate are there."""
    place = folder.keys / "authority"
    if place.is_dir():
        return
    with making(folder, "authority") as part:
        if place.is_dir():
            return
        made = part / "made"
        made.mkdir(mode=0o700)
        _make_root(made)
        _make_server(made)
        folder.keys.mkdir(mode=0o700, exist_ok=True)
        made.rename(place)


def _make_root(place: Path) -> None:
    constraint = ",".join(f"permitted;DNS:{host}" for host in HOSTS)
    call(
        *("openssl", "req", "-x509", *NEW_KEY, "-days", DAYS, "-subj", "/CN=clawprov lab mirror"),
        *("-addext", f"nameConstraints=critical,{constraint}"),
        *("-keyout", "lab-ca.key", "-out", "lab-ca.crt"),
        cwd=place,
    )


def _make_server(place: Path) -> None:
    names = ",".join(f"DNS:{host}" for host in HOSTS)
    (place / "names").write_text(f"subjectAltName={names}\n")
    call(
        *("openssl", "req", *NEW_KEY, "-subj", "/CN=lab mirror"),
        *("-keyout", "server.key", "-out", "server.csr"),
        cwd=place,
    )
    call(
        *("openssl", "x509", "-req", "-in", "server.csr", "-CA", "lab-ca.crt"),
        *("-CAkey", "lab-ca.key", "-CAcreateserial", "-days", DAYS),
        *("-extfile", "names", "-out", "server.crt"),
        cwd=place,
    )
