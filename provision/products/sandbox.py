"""The systemd sandboxes that both gateways were seen to work in, from a real systemd 252."""

from __future__ import annotations

_BALANCED = (
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "AmbientCapabilities=",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "PrivateUsers=yes",
    "PrivateIPC=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectProc=invisible",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "RemoveIPC=yes",
    "KeyringMode=private",
    "SystemCallArchitectures=native",
    "SystemCallErrorNumber=EPERM",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "IPAddressDeny=169.254.169.254 fd00:ec2::254",
)

SANDBOX: dict[str, tuple[str, ...]] = {
    "off": (),
    "balanced": (
        *_BALANCED,
        "SystemCallFilter=@system-service",
        "SystemCallFilter=~@privileged",
        "SystemCallFilter=@chown",
    ),
    "strict": (
        *_BALANCED,
        "SystemCallFilter=@system-service",
        "SystemCallFilter=~@privileged @resources",
        "ProcSubset=pid",
        "DevicePolicy=closed",
        "PrivateMounts=yes",
        "NoExecPaths=/tmp /var/tmp /dev/shm",
        "InaccessiblePaths=-/boot -/etc/ssh -/var/lib/tailscale -/var/log",
    ),
}
"""The [Service] lines of each hardening profile."""
