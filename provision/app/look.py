"""`plan` and `render`: looking without touching."""

from __future__ import annotations

from provision.app.operator import Operator, nonces
from provision.app.secret import recall
from provision.app.server import build_wish, wished
from provision.engine.gather import Seen, gather
from provision.engine.job import apply_script, read_job
from provision.errors import UsageError
from provision.model.secret import MASK
from provision.model.shell import Sh
from provision.model.spec import Host


def plan(host: Host, operator: Operator) -> Seen:
    """What `up` would find and change."""
    with wished(recall(host), operator, "plan") as (session, wish):
        return gather(session, wish.gateway.stack)


def build_script(seen: Seen, operator: Operator) -> Sh:
    """The script that `up` would run for this plan."""
    serial = read_job(seen.facts).serial
    return apply_script(seen.plan, serial=serial, who=operator.who, verb="up", nonce=next(nonces()))


def render_files(host: Host, path: str = "") -> dict[str, str]:
    """The files that `up` would write, by their path on the server; secrets are masked.

    With `path`, that file alone; raises UsageError when there is none of that name.
    """
    wish = build_wish(host)
    gateway, product = wish.gateway, wish.product
    texts = {file.path: str(file.content) for file in gateway.files}
    credential = gateway.credential
    names = [credential.variable, *(name for name, _ in credential.more)]
    texts[credential.path] = "".join(f"{name}={MASK}\n" for name in names)
    if product.credential:
        texts[product.credential_path] = f"{MASK}\n"
    if not path:
        return texts
    found = {
        name: text for name, text in texts.items() if name == path or name.endswith(f"/{path}")
    }
    if not found:
        raise UsageError(f"no file {path} is rendered", hint=f"choose from {', '.join(texts)}")
    return found
