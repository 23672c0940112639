"""Ubuntu 22.04 has the oldest tools of all systems that are supported; no box can boot it here."""

from __future__ import annotations

import re

import pytest
from fresh_box import WISHES, Wish, name_of

from provision.model.secret import reveal

SYSTEMD = 249
SINCE = {
    "After": 201, "AmbientCapabilities": 229, "CapabilityBoundingSet": 1, "Description": 201,
    "DevicePolicy": 208, "Environment": 1, "EnvironmentFile": 1, "ExecStart": 1, "ExecStartPre": 1,
    "Group": 1, "IPAddressDeny": 235, "InaccessiblePaths": 231, "KeyringMode": 235, "KillMode": 187,
    "LoadCredential": 247, "LockPersonality": 235, "NoExecPaths": 248, "NoNewPrivileges": 187,
    "PrivateDevices": 209, "PrivateIPC": 248, "PrivateMounts": 239, "PrivateTmp": 1,
    "OOMPolicy": 243, "OOMScoreAdjust": 1,
    "PrivateUsers": 232, "ProcSubset": 247, "ProtectClock": 245, "ProtectControlGroups": 232,
    "ProtectHome": 214, "ProtectHostname": 242, "ProtectKernelLogs": 244,
    "ProtectKernelModules": 232, "ProtectKernelTunables": 232, "ProtectProc": 247,
    "ProtectSystem": 214, "RemoveIPC": 232, "Restart": 1, "RestartPreventExitStatus": 189,
    "RestartSec": 1, "RestrictAddressFamilies": 211, "RestrictNamespaces": 233,
    "RestrictRealtime": 231, "RestrictSUIDSGID": 242, "RuntimeDirectory": 211,
    "RuntimeDirectoryMode": 234, "StartLimitIntervalSec": 230,
    "StateDirectory": 235, "StateDirectoryMode": 235, "SuccessExitStatus": 189,
    "SystemCallArchitectures": 209, "SystemCallErrorNumber": 209, "SystemCallFilter": 187,
    "TimeoutStopSec": 188, "Type": 1, "UMask": 1, "UnsetEnvironment": 235, "User": 1,
    "WantedBy": 201, "Wants": 201, "WorkingDirectory": 1,
}  # fmt: skip
"""By directive the version of systemd that brought it; from the manual pages of 257 and NEWS."""


@pytest.mark.parametrize("wish", WISHES, ids=name_of)
def test_every_line_of_the_unit_is_known_to_its_systemd(wish: Wish) -> None:
    (unit,) = [f for f in wish.gateway.files if f.path.endswith(".service")]
    names = re.findall(r"^([A-Z]\w+)=", reveal(unit.content), re.MULTILINE)
    assert len(names) > len({"Type", "User", "ExecStart"})
    assert {name: SINCE.get(name) for name in names if SINCE.get(name, 999) > SYSTEMD} == {}
