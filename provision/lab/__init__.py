"""Disposable real boxes on this machine: Debian, systemd and sshd, up in under a second."""

from provision.lab.box import Box
from provision.lab.host import missing, require
from provision.lab.lab import Lab
from provision.lab.link import Link
from provision.lab.site import Site

__all__ = ["Box", "Lab", "Link", "Site", "missing", "require"]
