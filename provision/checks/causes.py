"""What a gateway's last words mean, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """A known reason of a failure: `pattern` is searched in the log lines."""

    pattern: re.Pattern[str]
    what: str
    hint: str


def _cause(pattern: str, what: str, hint: str) -> Cause:
    return Cause(re.compile(pattern), what, hint)


CAUSES = (
    _cause(
        r"EADDRINUSE|another gateway instance is already listening|gateway already running",
        "another process has the gateway's port",
        "ss -ltnp   (on the server), then end that process or choose another gateway_port",
    ),
    _cause(
        r"Config invalid|Invalid config at|Unrecognized key|JSON5 parse failed|config is invalid",
        "the gateway does not accept its configuration",
        "correct `config:` in the inventory; the gateway names the key",
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
    _cause(
        r"is not signed|NO_PUBKEY|EXPKEYSIG|invalid signature",
        "the package repository is not signed with the key it should be",
        "check node.url and node.key in the inventory",
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
    """The first known cause that the lines speak of."""
    text = "\n".join(lines)
    return next((cause for cause in CAUSES if cause.pattern.search(text)), None)
