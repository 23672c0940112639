"""What the tutorial's security checklist asks of a server, as far as the server can tell."""

from __future__ import annotations

from provision.model.facts import Facts, Reading
from provision.model.json5 import Json5, Json5Error
from provision.model.report import Check
from provision.model.shell import sh

CONFIG_LIMIT = 262144


def no_secret_in_config(host: str, path: str) -> Check:
    """A configuration without the gateway's secret in it, which nobody else may read."""

    def judge(reading: Reading, facts: Facts) -> str:
        mode, _, text = reading.out.partition("\n")
        if not mode.startswith("mode="):
            return f"{path} cannot be read"
        try:
            config = Json5(text)
        except Json5Error as error:
            return f"{path} makes no sense: {error}"
        said = {kind: config.read("gateway", "auth", kind) for kind in ("token", "password")}
        written = [kind for kind, value in said.items() if value and not value.startswith("${")]
        if written:
            return f"{path} holds the gateway's {' and its '.join(written)}"
        return f"others may read {path} ({mode})" if mode.strip()[-2:] != "00" else ""

    script = sh("stat -L -c mode=%a {} && head -c {} {} && echo", path, CONFIG_LIMIT, path)
    hint = f"clawprov up {host} puts the secret where it belongs; keep it out of `config:`"
    return Check("security:config", script, judge, hint, tell=lambda *_: "no secret is in it")


def ssh_by_key() -> Check:
    """An sshd that takes keys; whether it takes passwords besides is told."""

    def judge(reading: Reading, facts: Facts) -> str:
        seen = _settings(reading)
        if not seen:
            return "its sshd does not say whom it lets in (sshd -T)"
        return "its sshd takes no keys" if seen.get("pubkeyauthentication") == "no" else ""

    def tell(reading: Reading, facts: Facts) -> str:
        seen = _settings(reading)
        doors = ("passwordauthentication", "kbdinteractiveauthentication")
        too = any(seen.get(door) == "yes" for door in doors)
        return "keys let in, and passwords too" if too else "keys alone let in"

    script = sh("sshd -T 2>/dev/null | grep -E '^(pubkey|password|kbdinteractive)authentication '")
    hint = "set PubkeyAuthentication yes in /etc/ssh/sshd_config   (on the server)"
    return Check("security:ssh", script, judge, hint, tell=tell)


def _settings(reading: Reading) -> dict[str, str]:
    lines = (line.partition(" ") for line in reading.lines())
    return {key: value.strip() for key, _, value in lines if key}
