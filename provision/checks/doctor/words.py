"""What a gateway says in its log, and what that means."""

from __future__ import annotations

from provision.checks.doctor.config import is_unread
from provision.checks.doctor.saying import build_saying
from provision.checks.doctor.tailnet import is_unrouted
from provision.model.shell import joined, sh

TELEGRAM = (
    r"setMyCommands failed|\[telegram\].*(?:failed|HttpError)"
    r"|\[telegram\].* starting provider\n(?:.*\n){0,5}.*rejection: TypeError: fetch failed"
)
SAYINGS = (
    build_saying(
        "config:invalid",
        r"Config invalid|Invalid config at|JSON5 parse failed|config reload skipped \(invalid",
        (
            "the gateway does not accept its configuration",
            "a key that this version does not know, or a typing error",
            "correct it (`config:` in the inventory), then clawprov up {host}",
        ),
        detail=r"^ *- ([\w.<>-]+: .*)$|[\w.]+\.json:\d+ . (.*)$|\(invalid config\): (.*)$",
        fact=is_unread,
    ),
    build_saying(
        "config:mode",
        r"Gateway start blocked:|Missing config\. Run",
        (
            "the gateway refuses to start",
            "its configuration lacks gateway.mode, or there is none where it looks",
            'set gateway.mode to "local": clawprov up {host}',
        ),
    ),
    build_saying(
        "config:no-secret",
        r"auth is set to (?:token|password), but no (?:token|password) is configured"
        r"|required secrets are unavailable|Missing env var \"[A-Z_]*(?:TOKEN|PASSWORD)\"",
        (
            "the gateway refuses to start without its secret",
            "a variable of your own shell does not reach a service",
            "clawprov up {host}, or put it into an EnvironmentFile= of {unit}, 0600",
        ),
    ),
    build_saying(
        "config:funnel-token",
        r"tailscale funnel requires gateway auth mode=password",
        (
            "the gateway refuses to start",
            "Funnel opens it to the world, and for that it wants a password, not a token",
            "clawprov up {host} --auth password, or leave Funnel off",
        ),
    ),
    build_saying(
        "config:lan",
        r"Refusing to bind gateway to \w+ without auth",
        (
            "the gateway refuses to start",
            "gateway.bind would open it to others, and it has no secret",
            'set gateway.bind to "loopback": clawprov up {host}',
        ),
    ),
    build_saying(
        "data:newer",
        r"database schema\(s\) are newer than this build",
        (
            "the gateway refuses its own data",
            "a newer version has written it, and there is no way back from that",
            "clawprov up {host} --product {product}@NEWER, or restore a backup",
        ),
    ),
    build_saying(
        "memory:heap",
        r"JavaScript heap out of memory",
        (
            "the gateway runs out of memory and dies",
            "Node.js reached its own limit (--max-old-space-size)",
            "raise NODE_OPTIONS of {unit}; a first start needs 1.3 GB",
        ),
    ),
    build_saying(
        "memory:killed",
        r"killed by the OOM killer|Failed with result 'oom-kill'"
        r"|Main process exited, code=killed, status=9/KILL",
        (
            "the gateway was killed",
            "somebody sent it SIGKILL, which is mostly the kernel when memory runs out",
            "free -m; journalctl -k -g 'out of memory'   (on the server); add swap: "
            "`basics: {{swap: 2G}}`",
        ),
    ),
    build_saying(
        "service:sandbox",
        r"openat2 .*Function not implemented|status=31/SYS|status=5/TRAP",
        (
            "the gateway does not survive its own sandbox",
            "a directive of its unit that it cannot live with: RestrictSUIDSGID=, "
            "MemoryDenyWriteExecute= or a SystemCallFilter=",
            "systemctl cat {unit}   (on the server): take it out",
        ),
    ),
    build_saying(
        "channel:telegram",
        TELEGRAM,
        (
            "the gateway dies each time it has started",
            "it cannot reach Telegram, and does not survive that",
            "curl -sI https://api.telegram.org   (on the server), or disable the channel",
        ),
    ),
    build_saying(
        "model:key",
        r"No API key found for provider|HTTP 401 authentication_error|invalid x-api-key"
        r"|Incorrect API key provided",
        (
            "the agent cannot answer",
            "by its log, its model's provider has no API key here, or refuses it",
            "`keys:` in the inventory, then clawprov up {host}",
        ),
        severity="serious",
        detail=r"No API key found for (provider \"[\w-]+\")",
        fact=lambda unit, facts: True,  # nothing but the log knows it
    ),
    build_saying(
        "tailscale:operator",
        r"serve config denied|sudo tailscale set --operator|sudo -n \S*tailscale (?:serve|funnel)",
        (
            "the gateway has no Tailscale route",
            "its user may not set one: it is not Tailscale's operator",
            "tailscale set --operator={user}; systemctl restart {unit}   (on the server)",
        ),
        severity="serious",
        fact=is_unrouted,
        fix=lambda unit: joined(
            [sh("tailscale set --operator={}", unit.seen.get("user", "root")), unit.restart]
        ),
    ),
    build_saying(
        "tailscale:not-enabled",
        r"(?:Serve|Funnel) is not enabled on your tailnet|error enabling https feature"
        r"|Funnel not available; HTTPS must be enabled",
        (
            "the gateway has no Tailscale route",
            "the tailnet has HTTPS or Serve switched off",
            "switch on HTTPS certificates in the tailnet's DNS settings (an admin's work); until "
            "then clawprov up {host}, which starts it without",
        ),
        severity="serious",
        fact=is_unrouted,
    ),
    build_saying(
        "tailscale:route-lost",
        r"serve route claim exited; managed Tailscale ingress is unavailable",
        (
            "the gateway has lost its Tailscale route",
            "tailscaled was restarted, and OpenClaw does not claim its route again by itself",
            "systemctl restart {unit}   (on the server)",
        ),
        severity="serious",
        fact=is_unrouted,
        fix=lambda unit: unit.restart,
    ),
    build_saying(
        "port:lost",
        r"EADDRINUSE|another gateway instance is already listening|gateway already running",
        (
            "the gateway falls, since its port was held by somebody",
            "two gateways that end each other, or one that a restart has left behind",
            "ss -ltnp; systemctl restart {unit}   (on the server)",
        ),
    ),
)
