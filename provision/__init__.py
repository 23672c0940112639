"""clawprov: from a fresh server to a proved Clawdbot or OpenClaw gateway."""

__version__ = "0.1.0"
