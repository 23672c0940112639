"""The npm registry that the npm of this machine asks, too."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from typing import Any

from provision.errors import RegistryError
from provision.products import working
from provision.products.published import Published, no_such_version, parse_published

TIMEOUT_S = 15
LIMIT = 64 * 1024**2


def ask_registry(name: str, version: str) -> Published:
    """What the registry says of a package's version, or of the one that a tag names.

    Raises RegistryError when it gives no answer, UnsupportedError when there is no such version.
    """
    registry = find_registry(os.environ, _ask_npm)
    document = _get(registry, f"{name}/{version}")
    if document is None:
        index = _get(registry, name) or {}
        raise no_such_version(name, version, working(name, index.get("versions", ())))
    return parse_published(name, document)


def find_registry(environment: Mapping[str, str], ask_npm: Callable[[], str]) -> str:
    """The registry's address, as npm itself says or would read it from the environment."""
    names = {name.lower(): value for name, value in environment.items()}
    found = names.get("npm_config_registry") or ask_npm()
    if not found:
        raise RegistryError(
            "no npm on this machine tells which registry to ask about a version unknown here",
            hint="install npm, export npm_config_registry=URL, or leave out the version",
        )
    scheme, mark, rest = found.rstrip("/").partition("://")
    if mark and scheme in ("http", "https"):
        return f"{scheme}://{rest.rpartition('@')[2]}"
    raise RegistryError(
        "the npm registry's address is no http or https URL",
        where="npm_config_registry or ~/.npmrc",
        hint="npm config set registry https://...",
    )


def _ask_npm() -> str:
    """What the npm of this machine is set to, "" without one."""
    try:
        done = subprocess.run(
            ["npm", "config", "get", "registry"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _get(registry: str, path: str) -> dict[str, Any] | None:
    """A document of the registry's, None where there is none."""
    from http.client import HTTPException
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    accept = {"Accept": "application/vnd.npm.install-v1+json, application/json"}
    request = Request(f"{registry}/{path}", headers=accept)  # noqa: S310 - http(s), see above
    try:
        with urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            document = json.loads(answer.read(LIMIT))
    except HTTPError as error:
        if error.code == 404:
            return None
        raise _silent(registry, path, f"{error.code} {error.reason}") from error
    except (OSError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise _silent(registry, path, getattr(reason, "strerror", None) or str(reason)) from error
    if not isinstance(document, dict):
        raise _silent(registry, path, "it does not speak as one")
    return document


def _silent(registry: str, path: str, why: str) -> RegistryError:
    return RegistryError(
        f"the npm registry {registry} does not tell of {path}: {why}",
        hint="check this machine's network, or leave out the version: clawprov knows a good one",
    )
