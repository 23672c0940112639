"""A tailnet for tests: a control server of this session, and nodes that are boxes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from persons import Person

from provision.errors import UnsupportedError
from provision.lab import Box, Lab
from provision.lab.workshop import remove
from tests.box.conftest import lab  # noqa: F401, the same lab
from tests.box.up.conftest import laptop, make_box  # noqa: F401, the same boxes and persons
from tests.tailnet.funnel import FunnelControl, make_funnel_control
from tests.tailnet.gateways import Gateway, own
from tests.tailnet.headscale import Headscale, make_headscale
from tests.tailnet.members import certify, install, join
from tests.tailnet.packages import make_packages


@pytest.fixture(scope="session")
def binaries(lab: Lab) -> Path:  # noqa: F811
    """Tailscale and the control servers, also as packages that boxes can install."""
    try:
        return make_packages(lab.folder, print)
    except UnsupportedError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def tailnet(lab: Lab, binaries: Path) -> Iterator[Headscale]:  # noqa: F811
    """A tailnet with certificates; whoever changes its policy sets it back."""
    made = make_headscale(lab.folder, lab.site, binaries, f"t-{secrets.token_hex(3)}")
    made.start()
    yield made
    made.server.stop()
    remove(made.place)


@pytest.fixture(scope="session")
def funnel_control(lab: Lab, binaries: Path) -> Iterator[FunnelControl]:  # noqa: F811
    """A tailnet that allows Funnel."""
    made = make_funnel_control(lab.folder, lab.site, binaries, f"f-{secrets.token_hex(3)}")
    made.server.start()
    yield made
    made.server.stop()
    remove(made.server.log.parent)


@pytest.fixture(scope="session")
def peer(make_box: Callable[..., Box], tailnet: Headscale) -> Box:  # noqa: F811
    """Another machine of the tailnet, alice's."""
    box = make_box()
    install(box)
    join(box, tailnet.url, tailnet.key())
    return box


@pytest.fixture(scope="session")
def visitor(make_box: Callable[..., Box], funnel_control: FunnelControl) -> Box:  # noqa: F811
    """Another machine of the tailnet with Funnel, on which a relay can run."""
    box = make_box()
    install(box)
    join(box, funnel_control.url)
    return box


@pytest.fixture(scope="session")
def node(make_box: Callable[..., Box], lab: Lab, binaries: Path) -> Box:  # noqa: F811
    """A bare machine with the certificate of its name, which has not joined yet."""
    box = make_box()
    certify(lab.folder, box)
    return box


@pytest.fixture(scope="session")
def clawdbot(
    make_box: Callable[..., Box],  # noqa: F811
    laptop: Callable[[], Person],  # noqa: F811
    tailnet: Headscale,
    peer: Box,
) -> Gateway:
    """A Clawdbot gateway on the tailnet, by `access: tailscale-serve`.

    A test that needs it there says `clawdbot.joined()`, since others may have thrown it out.
    """
    box = make_box()
    certify(box.folder, box, box.name, f"{box.name}-1", f"{box.name}-new")
    return own(box, laptop(), tailnet, peer).joined()


@pytest.fixture(scope="session")
def openclaw(
    make_box: Callable[..., Box],  # noqa: F811
    laptop: Callable[[], Person],  # noqa: F811
    tailnet: Headscale,
    peer: Box,
) -> Gateway:
    """An OpenClaw gateway on the tailnet, which publishes itself."""
    box = make_box(image="trixie", majors=(24,))
    certify(box.folder, box, box.name, f"{box.name}-new")
    return own(box, laptop(), tailnet, peer, product="openclaw").joined()


@pytest.fixture
def trusting(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """The tests themselves trust the certificates of the lab, as browsers trust the real ones."""
    monkeypatch.setenv("SSL_CERT_FILE", str(lab.folder.keys / "authority/lab-ca.crt"))
