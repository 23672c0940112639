"""A bare server becomes a node of a tailnet: by a key, by a person; and what goes wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from machines import await_in

from provision.checks.causes import find_cause
from provision.engine.gather import Stack
from provision.engine.run import Converged
from provision.errors import ApplyError, UnsupportedError
from provision.lab import Box, Lab
from provision.model.access import AuthKey, TailscaleSpec
from provision.model.secret import Secret
from provision.model.spec import BasicsSpec, Host
from provision.model.tailnet import Node
from provision.stacks.basics import build_basics
from provision.stacks.tailnet import build_tailnet
from tests.box.bare import Diary, Owner
from tests.tailnet.headscale import Headscale
from tests.tailnet.members import JOINED, NEEDS_LOGIN, name_of, out

TAG = "tag:gateway"
AFRESH = (
    "systemctl stop tailscaled; rm -rf /var/lib/tailscale/*\n"
    "systemctl reset-failed tailscaled; systemctl start tailscaled"
)


@dataclass
class Person(Diary):
    """Whoever is asked to log a server in, and does it or not."""

    login: Callable[[str], None] = lambda url: None
    asked: list[str] = field(default_factory=list)

    def ask(self, words: str, url: str) -> None:
        self.asked.append(url)
        self.login(url)


@dataclass
class Newcomer:
    """A server that is to be in a tailnet, and whose stack is nothing but that."""

    box: Box
    tailnet: Headscale
    lab: Lab

    def up(
        self,
        key: str = "",
        *,
        person: Person | None = None,
        limit_s: int = 20,
        firewall: bool = False,
        **spec: object,
    ) -> Converged:
        given = {"login_server": self.tailnet.url, "key": self.signer, **spec}
        made = TailscaleSpec(AuthKey(value=Secret(key) if key else None), **given)  # type: ignore[arg-type]
        host = Host(
            self.box.name,
            self.box.address,
            tailscale=made,
            access=("tailscale-serve",),
            basics=BasicsSpec(firewall=firewall),
        )
        parts, basics = build_tailnet(host, time.time), build_basics(host)
        join = replace(parts.join, limit_s=limit_s)
        resources = (*basics.first, parts.package, join, *basics.last)
        owner = Owner(self.box, diary=person or Person())
        return owner.converge(Stack(host.name, parts.preflight, resources, parts.checks))

    @property
    def signer(self) -> str:
        mirror = self.lab.folder.mirror / "deb.nodesource.com/gpgkey/nodesource-repo.gpg.key"
        return mirror.read_text()

    def node(self, result: Converged) -> Node:
        return build_tailnet(Host("x", "x"), time.time).join.node(result.seen.facts)

    def fail(self, key: str = "", **spec: object) -> str:
        """What is said of a step that fails; afterwards the server is in no tailnet."""
        with pytest.raises(ApplyError) as caught:
            self.up(key, **spec)  # type: ignore[arg-type]
        assert '"NeedsLogin"' in out(self.box, "tailscale status --json --peers=false")
        cause = find_cause(caught.value.log)
        assert cause
        return cause.what

    def expire(self, name: str) -> None:
        """It has to log in again, and knows it."""
        self.tailnet.expire(name)
        await_in(self.box, NEEDS_LOGIN)

    def forget(self) -> None:
        """As if Tailscale had just been installed, and nobody had ever heard of the server."""
        for node in self.tailnet.nodes():
            if node["given_name"].startswith(("vps", self.box.name)):
                self.tailnet.delete(node["given_name"])
        out(self.box, AFRESH)


@pytest.fixture(scope="module")
def bare(make_box: Callable[..., Box], binaries: object) -> Box:
    return make_box()


@pytest.fixture
def newcomer(bare: Box, tailnet: Headscale, lab: Lab) -> Iterator[Newcomer]:
    """Tailscale is there, and has never been in a tailnet."""
    made = Newcomer(bare, tailnet, lab)
    if bare.run("command -v tailscale").returncode:
        with pytest.raises(ApplyError):
            made.up("no-such-key")
    yield made
    made.forget()


def names(result: Converged) -> list[str]:
    return [outcome.resource for outcome in result.outcomes]


def test_a_bare_server_joins_with_a_key_and_leaves_no_trace_of_it(
    bare: Box, tailnet: Headscale, lab: Lab
) -> None:
    newcomer, key = Newcomer(bare, tailnet, lab), tailnet.key(tags=(TAG,))
    result = newcomer.up(key, tags=(TAG,), hostname="vps1")
    assert names(result) == ["tailscale:package", "tailnet:join"]
    node = newcomer.node(result)
    assert (node.name, node.tags, node.joined) == (name_of("vps1"), (TAG,), True)
    assert [verdict.problem for verdict in result.seen.verdicts if not verdict.ok] == []
    found = bare.run(
        f"journalctl -q | grep -c {key}; grep -rslF {key} /run /var /etc /root /tmp /home"
    ).stdout
    assert found == "0\n"
    again = Person()
    assert names(newcomer.up(key, person=again, tags=(TAG,), hostname="vps1")) == []
    assert again.steps == ["connect", "look"]
    newcomer.forget()


def test_a_key_is_in_no_process_list_while_it_is_used(newcomer: Newcomer) -> None:
    box, key = newcomer.box, newcomer.tailnet.key()
    watch = "while :; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null; done"
    out(box, f'systemd-run -q --collect --unit=watcher sh -c \'{watch} | tr "\\0" "\\n" >/seen\'')
    try:
        newcomer.up(key)
    finally:
        out(box, "systemctl stop watcher")
    assert "--auth-key=file:/dev/stdin" in out(box, "grep -a auth-key /seen")
    assert box.run(f"grep -acF {key} /seen").stdout == "0\n"
    out(box, "rm /seen")


def test_settings_of_others_stay_when_one_is_changed(newcomer: Newcomer) -> None:
    newcomer.up(newcomer.tailnet.key(), hostname="vps2")
    out(newcomer.box, "tailscale set --operator=nobody --accept-dns=false")
    result = newcomer.up(hostname="vps3")
    assert names(result) == ["tailnet:join"]
    node = newcomer.node(result)
    assert (node.hostname, node.operator, node.prefs["CorpDNS"]) == ("vps3", "nobody", False)
    assert node.name == name_of("vps3")
    assert newcomer.tailnet.node("vps3")["name"]


def test_what_was_taken_down_or_stopped_comes_back_with_its_settings(newcomer: Newcomer) -> None:
    newcomer.up(newcomer.tailnet.key())
    out(newcomer.box, "tailscale set --accept-dns=false; tailscale down")
    assert names(newcomer.up()) == ["tailnet:join"]
    out(newcomer.box, "systemctl disable -q --now tailscaled")
    result = newcomer.up()
    assert names(result) == ["tailscale:package"]
    assert newcomer.node(result).joined
    assert newcomer.node(result).prefs["CorpDNS"] is False


def test_a_tag_is_given_to_a_node_that_is_there(newcomer: Newcomer) -> None:
    newcomer.up(newcomer.tailnet.key())
    result = newcomer.up(newcomer.tailnet.key(tags=(TAG,)), tags=(TAG,))
    assert names(result) == ["tailnet:join"]
    assert newcomer.node(result).tags == (TAG,)


def test_a_person_logs_it_in_and_up_goes_on_by_itself(newcomer: Newcomer) -> None:
    person = Person(login=newcomer.tailnet.register)
    result = newcomer.up(person=person)
    assert newcomer.node(result).joined
    assert newcomer.node(result).user == "alice"
    assert len(person.asked) == 1
    assert person.asked[0].startswith(f"{newcomer.tailnet.url}/register/")
    mode = out(newcomer.box, "stat -c '%a %U' /run/clawprov/*.log").splitlines()
    assert set(mode) == {"600 root"}


def test_a_login_that_has_expired_is_renewed_for_the_same_node(newcomer: Newcomer) -> None:
    before = newcomer.node(newcomer.up(newcomer.tailnet.key(), hostname="vps4"))
    out(newcomer.box, "tailscale set --accept-dns=false")
    newcomer.expire("vps4")
    person = Person(login=newcomer.tailnet.register)
    after = newcomer.node(newcomer.up(person=person, hostname="vps4"))
    assert (after.name, after.ips) == (before.name, before.ips)
    assert after.prefs["CorpDNS"] is False
    newcomer.expire("vps4")
    after = newcomer.node(newcomer.up(newcomer.tailnet.key(), hostname="vps4"))
    assert (after.name, after.ips) == (before.name, before.ips)


def test_a_url_that_nobody_opens_ends_in_time_and_the_next_run_goes_on(newcomer: Newcomer) -> None:
    person, began = Person(), time.monotonic()
    what = newcomer.fail(person=person, limit_s=3)
    assert what == "nobody has opened the login URL in time"
    assert time.monotonic() - began < 45
    assert newcomer.box.run("pgrep -x tailscale").stdout == ""
    newcomer.tailnet.register(person.asked[0])  # too late for that run, and not for the next
    await_in(newcomer.box, JOINED)
    late = Person()
    assert names(newcomer.up(person=late)) == []
    assert late.asked == []


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("malformed", "the tailnet does not know the auth key"),
        ("unknown", "the tailnet does not know the auth key"),
        ("expired", "the auth key has expired"),
        ("used", "the auth key was good for one machine, and has been used"),
    ],
)
def test_a_bad_key_is_told_in_one_sentence(newcomer: Newcomer, kind: str, what: str) -> None:
    key = {"malformed": "hskey-auth-x", "unknown": "rubbish"}.get(kind)
    if kind == "used":
        key = newcomer.tailnet.key()
        newcomer.up(key)
        newcomer.forget()
    assert newcomer.fail(key or newcomer.tailnet.key(expired=True)) == what


def test_a_key_without_the_tag_lets_nobody_in(newcomer: Newcomer) -> None:
    what = newcomer.fail(newcomer.tailnet.key(), tags=(TAG,))
    assert what.startswith("the auth key does not give the tags that are wished")
    assert what.endswith(TAG)


def test_a_node_of_another_tailnet_is_left_there(newcomer: Newcomer) -> None:
    newcomer.up(newcomer.tailnet.key())
    result = newcomer.up("tskey-auth-1", login_server="https://head.example.org")
    assert names(result) == []
    told = [verdict.problem for verdict in result.seen.verdicts if not verdict.ok]
    url = newcomer.tailnet.url
    assert told == [f"it is in a tailnet of alice at {url}, not at https://head.example.org"]
    with pytest.raises(UnsupportedError, match="it is in a tailnet of alice"):
        newcomer.up("tskey-auth-1", login_server="https://head.example.org", firewall=True)


def test_somebody_elses_list_of_the_repository_is_no_conflict(newcomer: Newcomer) -> None:
    box, theirs = newcomer.box, "/etc/apt/sources.list.d/tailscale.list"
    out(
        box,
        "curl -fsSo /usr/share/keyrings/t.gpg https://pkgs.tailscale.com/stable/debian/"
        "$(. /etc/os-release; echo $VERSION_CODENAME).noarmor.gpg",
    )
    line = "deb [signed-by=/usr/share/keyrings/t.gpg] https://pkgs.tailscale.com/stable/debian"
    out(box, f'. /etc/os-release; echo "{line} $VERSION_CODENAME main" >{theirs}')
    try:
        newcomer.up(newcomer.tailnet.key(), version="1.102.2")
        assert out(box, "tailscale version | head -n 1") == "1.102.2"
        out(box, "apt-get update")
    finally:
        out(box, f"rm {theirs}")
    newcomer.up(version="1.102.3")
    assert out(box, "tailscale version | head -n 1") == "1.102.3"


def test_a_firewall_lets_a_tailnet_in_and_nothing_else(newcomer: Newcomer, peer: Box) -> None:
    box = newcomer.box
    newcomer.up(newcomer.tailnet.key(), firewall=True, hostname="vps5")
    out(box, "systemd-run -q --collect --unit=web python3 -m http.server 18789")
    try:
        out(box, "tailscale serve --bg --yes --http=80 text:hello </dev/null")
        fetch = f"curl -sS --max-time 4 http://{name_of('vps5')}"
        arrive = f"for i in 1 2 3 4 5; do {fetch} && exit; sleep 1; done; exit 1"
        assert out(peer, arrive) == "hello"
        patient = "curl -sS --max-time 4 --retry 10 --retry-delay 1 --retry-connrefused"
        assert out(box, f"{patient} http://127.0.0.1:18789 | head -n 1")
        assert "timed out" in peer.run(f"{fetch}:18789").stderr
        assert "timed out" in peer.run(f"curl -sS --max-time 4 http://{box.address}:18789").stderr
        assert f"via {box.address}:41641" in out(peer, "tailscale ping --until-direct -c 5 vps5")
    finally:
        out(box, "systemctl stop web; systemctl disable -q --now clawprov-firewall")
        out(box, "tailscale serve reset")
