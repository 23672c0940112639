"""What a gateway's last words mean, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Cause:
    """A known reason of a failure: `pattern` is searched in the log lines.

    What `details` finds there, group by group, completes the sentence.
    """

    pattern: re.Pattern[str]
    what: str
    hint: str
    details: re.Pattern[str] | None = None


def _cause(pattern: str, what: str, hint: str, details: str = "") -> Cause:
    found = re.compile(details, re.MULTILINE) if details else None
    return Cause(re.compile(pattern), what, hint, found)


_NEW_KEY = "make a new auth key in the tailnet's console, export TS_AUTHKEY=..., then run it again"
TAILNET = (
    _cause(
        r"authkey already used",
        "the auth key was good for one machine, and has been used",
        _NEW_KEY,
    ),
    _cause(r"authkey expired|key .*has expired", "the auth key has expired", _NEW_KEY),
    _cause(
        r"invalid pre auth key|parse auth-key|backend error: invalid key|validate API key",
        "the tailnet does not know the auth key",
        _NEW_KEY,
    ),
    _cause(
        r"[Rr]equested tags|tags? .*not (permitted|allowed)|it got no tag:",
        "the auth key does not give the tags that are wished, or the tailnet does not permit them",
        "make a key with these tags, name their owner under tagOwners, or correct `tags:`",
        r"requested tags \[(.*?)\]|it got no (.*) in the tailnet$",
    ),
    _cause(
        r"oauth2: |oauth authkeys require",
        "the tailnet does not accept the OAuth client's secret",
        "make one that may write auth keys and has the wished tags, then run it again",
    ),
    _cause(
        r"To approve your machine|waits for an admin",
        "an admin of the tailnet has to approve the server first",
        "approve it in the admin console, then run the same command again",
    ),
    _cause(
        r"nobody has answered at \S+ within",
        "nobody has opened the login URL in time",
        "run the same command again and open it, or set TS_AUTHKEY to an auth key",
    ),
    _cause(
        r"no answer from the control server|timeout waiting for Tailscale service",
        "the tailnet's control server does not answer",
        "check `login_server`, and the server's network and DNS; then run it again",
    ),
)
CAUSES = (
    _cause(
        r"EADDRINUSE|another gateway instance is already listening|gateway already running",
        "another process has the gateway's port",
        "ss -ltnp   (on the server), then end that process or choose another gateway_port",
    ),
    _cause(
        r"Config invalid|Invalid config at|Unrecognized key|JSON5 parse failed|config is invalid",
        "the gateway does not accept its configuration",
        "correct `config:` in the inventory",
        r'^ *"path": "(.*)",\n *"message": "(.*)"$|^ *- ([\w.<>-]+): (.*)$',  # one of each product
    ),
    _cause(
        r"database schema\(s\) are newer than this build",
        "a newer version of the gateway has written its data, which this one refuses",
        "take the newer version again, or restore what was there before it",
    ),
    _cause(
        r"-gateway\.service:\d+: ",
        "systemd does not understand a line of its unit",
        "correct `unit:` in the inventory; the gateway runs as before",
    ),
    _cause(
        r"JavaScript heap out of memory|code=killed, status=9/KILL|oom-kill|Out of memory",
        "it ran out of memory",
        "add swap, or take a larger server: a first start needs 1.3 GB",
    ),
    _cause(
        r"setMyCommands failed|\[telegram\].*(failed|HttpError)"
        r"|\[telegram\].* starting provider\n(.*\n){0,5}.*rejection: TypeError: fetch failed",
        "it cannot reach Telegram",
        "curl -sI https://api.telegram.org   (on the server), or disable the channel",
    ),
    _cause(
        r"ENOSPC|No space left on device",
        "the disk is full",
        "df -h   (on the server), make room, then run the same command again",
    ),
    _cause(
        r"npm error code ETARGET",
        "the server's npm registry lacks a version that is needed",
        "npm config get registry   (on the server, and here: is it the same, and up to date?)",
    ),
    _cause(
        r"EINTEGRITY",
        "a package from the registry is not the one that the lock file knows",
        "run it again; if it stays so, do not trust that registry",
    ),
    _cause(
        r"(npm error code|attempt \d+ failed with) "
        r"(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH)",
        "the npm registry cannot be reached from the server",
        "check the server's network and DNS, then run the same command again",
    ),
    *TAILNET,
    _cause(
        r"is not signed|NO_PUBKEY|EXPKEYSIG|invalid signature",
        "the package repository is not signed with the key it should be",
        "check `url` and `key`, below `node` or `tailscale`, in the inventory",
    ),
    _cause(
        r"Could not resolve|Temporary failure in name resolution|Failed to fetch",
        "a package repository cannot be reached from the server",
        "check the server's network and DNS, then run the same command again",
    ),
    _cause(
        r"Could not get lock",
        "another package manager has been at work for more than 5 minutes",
        "wait for it (often unattended-upgrades), then run the same command again",
    ),
)


def find_cause(lines: Iterable[str]) -> Cause | None:
    """The first known cause that the lines speak of, with its details."""
    text = "\n".join(lines)
    cause = next((cause for cause in CAUSES if cause.pattern.search(text)), None)
    if cause is None or cause.details is None:
        return cause
    found = (": ".join(filter(None, match.groups())) for match in cause.details.finditer(text))
    told = "; ".join(dict.fromkeys(found)).replace('\\"', '"')
    return replace(cause, what=f"{cause.what}: {told}") if told else cause
