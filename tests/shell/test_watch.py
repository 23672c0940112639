"""The script that looks after a gateway on its server, in every shell."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from place import Place

from provision.model.spec import Host
from provision.products import find_product
from provision.stacks.watch import build_script

CHALLENGE = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x7e\x00\x60"
    b'{"type":"event","event":"connect.challenge","payload":{"nonce":"a","ts":1}}'
)


@pytest.fixture
def gateway() -> Iterator[int]:
    """A port on which somebody speaks as a gateway does."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer, suppress(OSError):
                    peer.sendall(CHALLENGE)
                    while peer.recv(4096):
                        """Until the visitor leaves."""

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.fixture
def server(place: Place, gateway: int) -> Place:
    """A server that is well; what is told goes to the file `heard`."""
    (place.root / "notify").write_text(f"cat >>{place.root}/heard")
    place.environment["PORT"] = str(gateway)
    unit(place)
    place.fake("df", 'printf "F S U A Use%% M\\n/dev/a 1 1 1 40%% /\\n/dev/a 1 1 1 40%% /\\n"')
    place.fake("tailscale", "exit 1")
    write(place, "ours", "as it was\n")
    return place


def unit(place: Place, state: str = "active", restarts: int = 0, age: int = 9000) -> None:
    up = float(Path("/proc/uptime").read_text().split()[0])
    started = int((up - age) * 1e6)
    told = f"ActiveState={state}\\nNRestarts={restarts}\\nExecMainStartTimestampMonotonic={started}"
    place.fake(
        "systemctl",
        f'case $1 in show) printf "{told}\\n" ;; is-enabled) exit 0 ;;\n'
        "is-active) [ -e $ROOT/working ] ;; esac",
    )


def write(place: Place, name: str, text: str) -> Path:
    """A file as clawprov has written it."""
    file = place.root / name
    file.write_text(text)
    record = Path(f"{place.root}/var/written{file}")
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(f"{hashlib.sha256(text.encode()).hexdigest()}  -\n")
    return file


def script(place: Place, product: str = "clawdbot") -> str:
    host = Host("vps1", "192.0.2.1", gateway_port=int(place.environment["PORT"]))
    made = build_script(host, find_product(product)).replace("df -P / /var /opt", "df")
    for path in (f"/etc/{product}/watch.notify", f"/var/lib/{product}/.{product}/{product}.json"):
        made = made.replace(path, f"{place.root}/{path.rpartition('/')[2].removeprefix('watch.')}")
    return made


def found(place: Place, product: str = "clawdbot") -> list[str]:
    """What one look finds, without being told of."""
    text = script(place, product).replace('[ "${1-}" = --print ]', "true")
    return [line.split("\t")[1] for line in place.run(text).splitlines()]


def heard(place: Place) -> str:
    """What was told by one more run."""
    file = place.root / "heard"
    file.unlink(missing_ok=True)
    place.run(script(place))
    return file.read_text() if file.exists() else ""


def test_a_server_that_is_well_gives_nothing_to_tell(server: Place) -> None:
    assert found(server) == []
    assert heard(server) == ""


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"state": "failed"}, ["clawdbot-gateway.service is failed"]),
        ({"state": "inactive"}, ["clawdbot-gateway.service is inactive"]),
        ({"state": "activating", "restarts": 40, "age": 3},
         ["clawdbot-gateway.service keeps falling: 40 restarts"]),
        ({"restarts": 1, "age": 3}, []),
        ({"restarts": 40}, []),
    ],
)  # fmt: skip
def test_a_unit_that_does_not_run_is_told(
    server: Place, how: dict[str, object], told: list[str]
) -> None:
    unit(server, **how)  # type: ignore[arg-type]
    assert found(server) == told


@pytest.mark.parametrize(("age", "ill"), [(9000, True), (30, False)])
def test_one_that_runs_and_does_not_answer_has_time_to_start(
    server: Place, age: int, ill: bool
) -> None:
    unit(server, age=age)
    with socket.create_server(("127.0.0.1", 0)) as free:
        server.environment["PORT"] = str(free.getsockname()[1])
    port = server.environment["PORT"]
    assert found(server) == ([f"no gateway answers on port {port}"] if ill else [])


def test_a_changed_and_a_missing_file_of_ours_are_told(server: Place) -> None:
    (server.root / "ours").write_text("somebody was here\n")
    write(server, "with a space", "x").unlink()
    assert found(server) == [
        f"somebody has changed {server.root}/ours",
        f"{server.root}/with a space is gone",
    ]


def test_a_line_of_somebody_s_own_beside_the_secret_is_no_drift(server: Place) -> None:
    file = write(server, "gateway.env", "CLAWDBOT_GATEWAY_TOKEN=x\n")
    file.write_text("CLAWDBOT_GATEWAY_TOKEN=x\nHTTP_PROXY=http://x\n")
    assert found(server) == []
    file.unlink()
    assert found(server) == [f"{file} is gone"]


def test_a_full_disk_is_told_once(server: Place) -> None:
    server.fake("df", 'printf "F S U A Use%% M\\n/dev/a 1 1 1 91%% /\\n/dev/a 1 1 1 91%% /\\n"')
    assert found(server) == ["the disk at / is 91 % full"]


NAME = "vps1.net.ts.net"


def serving(place: Place, *, funnel: str = "", port: int = 0) -> dict[str, object]:
    """What is served as up has it: the gateway over https, by this `port` of its own."""
    target = f"http://127.0.0.1:{port or place.environment['PORT']}"
    return {
        "TCP": {"443": {"HTTPS": True}},
        "Web": {f"{NAME}:443": {"Handlers": {"/": {"Proxy": target}}}},
        "AllowFunnel": {funnel: True} if funnel else {f"{NAME}:443": False},
    }


def tailscale(
    place: Place,
    served: object = None,
    *,
    days: float = 90,
    state: str = "Running",
    name: str = NAME,
) -> None:
    ends = (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    me = {"DNSName": f"{name}.", "KeyExpiry": ends}
    said = json.dumps({"BackendState": state, "Self": me}, indent=1) if state else ""
    place.fake(
        "tailscale",
        f"case $1 in serve) cat <<'E'\n{json.dumps(served or {}, indent=1)}\nE\n;;\n"
        f"ip) echo 100.64.0.1 ;; status) cat <<'E'\n{said}\nE\nesac",
    )
    place.fake("sleep", "echo $1 >>$ROOT/slept")
    place.fake("openssl", "exit 1")


def own_way(place: Place, *ways: str) -> None:
    """What an `up` leaves where it has made these ways over the tailnet."""
    (place.root / "var/stamps").mkdir(exist_ok=True)
    (place.root / "var/funnel").mkdir(exist_ok=True)
    for way in ways:
        path, _, text = way.partition("=")
        (place.root / path).write_text(f"{text}\n".replace(",", "\n"))


@pytest.mark.parametrize("held", [False, True])
def test_an_open_funnel_is_told_unless_it_is_wished(server: Place, held: bool) -> None:
    served = serving(server, funnel=f"{NAME}:443")
    tailscale(server, {"Foreground": {"s1": served}} if held else served)
    told = ["a Funnel is open: the whole internet can knock"]
    assert found(server) == told
    own_way(server, "var/funnel/record=port=443,asked=a1b2")
    assert found(server) == told
    own_way(server, "var/funnel/record=port=443,asked=inventory")
    assert found(server) == []
    tailscale(server, serving(server))
    assert found(server) == ["Funnel shows it to nobody on port 443"]
    (server.root / "var/funnel/record").unlink()
    assert found(server) == []


@pytest.mark.parametrize("way", ["var/stamps/serve", "var/stamps/forward", ""])
@pytest.mark.parametrize("state", ["Stopped", "NeedsLogin", ""])
def test_a_tailscale_that_is_away_is_told_where_a_way_leads_through_it(
    server: Place, way: str, state: str
) -> None:
    tailscale(server, state=state)
    own_way(server, *filter(None, [way]))
    told = [f"nobody gets in over the tailnet: its Tailscale says {state or 'nothing'}"]
    assert found(server) == (told if way else [])
    slept = (server.root / "slept").read_text().split()
    assert slept == (["0", "2", "8"] if way else ["0"])


def test_a_tailscale_that_is_gone_altogether_is_told_where_it_is_needed(server: Place) -> None:
    server.fake("sleep", ":")
    server.fake("tailscale", "exit 127")
    assert found(server) == []
    own_way(server, "var/stamps/serve")
    assert found(server) == ["nobody gets in over the tailnet: its Tailscale says nothing"]


def test_a_tailscale_that_has_only_just_started_is_waited_for(server: Place) -> None:
    tailscale(server, serving(server))
    own_way(server, "var/stamps/serve")
    real = (server.fakes / "tailscale").read_text().partition("\nROOT=")[2].partition("\n")[2]
    starting = 'echo \'{"BackendState": "Starting"}\''
    server.fake(
        "tailscale", f"[ $1 != status ] || [ -e $ROOT/slept ] || {{ {starting}; exit; }}\n{real}"
    )
    server.fake("sleep", "[ $1 = 0 ] || : >$ROOT/slept")
    assert found(server) == []


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("as made", []),
        ("of another program", [f"https://{NAME}/ leads nowhere"]),
        ("gone", [f"https://{NAME}/ leads nowhere"]),
        ("not answered", []),
        ("renamed", ["https://new.net.ts.net/ leads nowhere"]),
    ],
)
def test_a_way_over_https_that_leads_nowhere_is_told(
    server: Place, how: str, told: list[str]
) -> None:
    served = {
        "gone": {},
        "of another program": serving(server, port=3000),
        "not answered": "",
    }.get(how, serving(server))
    tailscale(server, served, name="new.net.ts.net" if how == "renamed" else NAME)
    if how == "not answered":
        text = (server.fakes / "tailscale").read_text().replace("serve)", "serve) exit 1;;\nno)")
        (server.fakes / "tailscale").write_text(text)
    assert found(server) == []
    own_way(server, f"var/stamps/serve={NAME} http://127.0.0.1:1")
    assert found(server) == told


def test_a_route_that_openclaw_holds_itself_has_time_to_come(server: Place) -> None:
    """What stays in the background is not its own, and it answers nobody there."""
    (server.root / "openclaw.json").write_text('{"gateway": {"tailscale": {\n"mode": "serve"}}}')
    tailscale(server, {"Foreground": {"s1": serving(server, port=40123)}})
    assert found(server, "openclaw") == []
    tailscale(server, serving(server))
    told = [f"https://{NAME}/ leads nowhere"]
    assert found(server, "openclaw") == told
    unit(server, age=30)
    assert found(server, "openclaw") == []
    unit(server)
    (server.root / "openclaw.json").write_text('{"gateway": {"tailscale": {"mode": "off"}}}')
    assert found(server, "openclaw") == []


def test_a_bare_port_that_leads_nowhere_is_told(server: Place) -> None:
    port = server.environment["PORT"]
    own_way(server, f"var/stamps/forward={port}")
    tailscale(server, {"TCP": {port: {"TCPForward": f"127.0.0.1:{port}"}}})
    assert found(server) == []
    tailscale(server, {"TCP": {port: {"TCPForward": "127.0.0.1:22"}}})
    assert found(server) == [f"port {port} of its tailnet address leads nowhere"]


@pytest.mark.parametrize(("days", "ill"), [(90, False), (14.5, False), (13.5, True), (-3, True)])
def test_a_key_that_ends_soon_is_told(server: Place, days: float, ill: bool) -> None:
    tailscale(server, days=days)
    told = found(server)
    assert bool(told) == ill
    assert all(text.startswith("its key to the tailnet ends 20") for text in told)


@pytest.mark.parametrize(("days", "ill"), [(60, False), (6, True)])
def test_a_certificate_that_ends_soon_is_told(server: Place, days: int, ill: bool) -> None:
    tailscale(server, serving(server))
    ends = (datetime.now(UTC) + timedelta(days=days)).strftime("%b %d %H:%M:%S %Y GMT")
    server.fake("openssl", f'[ "$1" = s_client ] || echo "notAfter={ends}"')
    told = found(server)
    assert told == ([f"the certificate of vps1.net.ts.net ends {ends}"] if ill else [])
    server.fake("openssl", "exit 1")
    assert found(server) == []


def test_news_are_told_once_and_again_when_they_are_over(server: Place) -> None:
    unit(server, "failed")
    assert heard(server) == (
        "vps1: 1 problem\n\n- clawdbot-gateway.service is failed\n  next: clawprov doctor vps1\n"
    )
    assert heard(server) == ""
    (server.root / "ours").unlink()
    assert heard(server).startswith(f"vps1: 2 problems\n\n- {server.root}/ours is gone\n")
    unit(server)
    write(server, "ours", "new\n")
    assert heard(server) == (
        "vps1: all is well again\n\n+ no more: clawdbot-gateway.service is failed\n\n"
        f"+ no more: {server.root}/ours is gone\n"
    )
    assert heard(server) == ""


def test_a_message_that_does_not_get_through_is_sent_again(server: Place) -> None:
    unit(server, "failed")
    (server.root / "notify").write_text("cat >/dev/null; exit 3")
    assert "it is sent again next time" in server.run(script(server))
    (server.root / "notify").write_text(
        f'echo "$CLAWPROV_HOST $CLAWPROV_SUBJECT" >{server.root}/heard'
    )
    assert heard(server) == "vps1 vps1: 1 problem\n"


def test_while_clawprov_is_at_work_nothing_is_told(server: Place) -> None:
    unit(server, "failed")
    (server.root / "working").touch()
    assert heard(server) == ""
    assert not (server.root / "var/watch").exists()
