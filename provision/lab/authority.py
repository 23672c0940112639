"""The lab's certificate authority: it vouches for names of the lab and for no other.

These are the mirrored hosts, by the mirror's own certificate, and the nodes of tailnets that
tests make, with their control servers.
"""

from __future__ import annotations

from pathlib import Path

from provision.lab import process
from provision.lab.host import call
from provision.lab.site import Folder
from provision.lab.workshop import making

HOSTS = ("nodejs.org", "deb.nodesource.com", "pkgs.tailscale.com")
TAILNET = "tail1abcd.ts.net"  # the gateways treat names in ts.net in a way of their own
PERMITTED = (
    *(f"DNS:{host}" for host in HOSTS),
    f"DNS:{TAILNET}",
    "IP:10.0.0.0/255.0.0.0",  # control servers have no name
)
DAYS = "3650"
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
MIRROR = "mirror-server"


def authority_files(folder: Folder) -> tuple[Path, Path, Path]:
    """The authority's certificate, the server's certificate and the server's key."""
    place = folder.keys / "authority"
    return place / "lab-ca.crt", place / "server.crt", place / "server.key"


def make_authority(folder: Folder) -> None:
    """The authority and the mirror's certificate are there, and for these names.

    Boxes of a lab that knew fewer names do not trust a new authority; they have to go.
    """
    place = folder.keys / "authority"
    if _is_made(place):
        return
    with making(folder, "authority") as part:
        if _is_made(place):
            return
        made = part / "made"
        made.mkdir(mode=0o700)
        _make_root(made)
        issue(made, made, "server", [f"DNS:{host}" for host in HOSTS])
        folder.keys.mkdir(mode=0o700, exist_ok=True)
        if place.exists():
            place.rename(part / "before")
            process.end(folder, MIRROR)  # it would go on with the certificate it has read
        made.rename(place)


def issue(authority: Path, place: Path, name: str, subjects: list[str], days: str = DAYS) -> None:
    """`name`.crt and `name`.key in `place` belong to these subjects, such as DNS:nodejs.org."""
    extensions = place / f"{name}.ext"
    extensions.write_text(
        f"subjectAltName={','.join(subjects)}\n"
        "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n"
    )
    request = place / f"{name}.csr"
    call(
        *("openssl", "req", *NEW_KEY, "-subj", f"/CN={name}"),
        *("-keyout", f"{name}.key", "-out", str(request)),
        cwd=place,
    )
    root = str(authority / "lab-ca")
    call(
        *("openssl", "x509", "-req", "-in", str(request), "-CA", f"{root}.crt"),
        *("-CAkey", f"{root}.key", "-days", days),
        *("-extfile", str(extensions), "-out", f"{name}.crt"),
        cwd=place,
    )
    request.unlink()
    extensions.unlink()


def _is_made(place: Path) -> bool:
    """The names are written last, when all the rest is there."""
    names = place / "permitted"
    return names.exists() and names.read_text() == _constraint()


def _constraint() -> str:
    return ",".join(f"permitted;{name}" for name in PERMITTED)


def _make_root(place: Path) -> None:
    call(
        *("openssl", "req", "-x509", *NEW_KEY, "-days", DAYS, "-subj", "/CN=clawprov lab mirror"),
        *("-addext", f"nameConstraints=critical,{_constraint()}"),
        *("-keyout", "lab-ca.key", "-out", "lab-ca.crt"),
        cwd=place,
    )
    (place / "permitted").write_text(_constraint())
