"""Where a server keeps the gateway's secrets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from provision.model.facts import Facts
from provision.model.product import Product
from provision.model.secret import Secret
from provision.model.spec import AUTH_KINDS, Host
from provision.products.channels import CHANNELS, check_channels
from provision.resources.credential import Credential
from provision.resources.directory import Directory
from provision.resources.handover import Handover
from provision.resources.takeover import Takeover
from provision.resources.token import Token
from provision.stacks.config import token_path


def build_credential(host: Host, product: Product, fresh: Secret, takeover: Takeover) -> Credential:
    variables = {kind: f"{product.env_prefix}_GATEWAY_{kind.upper()}" for kind in AUTH_KINDS}
    variable = variables.pop(host.auth.kind)
    retired = tuple(variables.values())
    more = [(key.variable, key.value) for key in host.keys]
    for name, spec in host.channels.items():
        if not CHANNELS[name].file_key:
            names = CHANNELS[name].tokens
            more += [(names[key], token.value) for key, token in spec.tokens.items()]
    path, auth = product.secret_path, host.auth

    def inherited(facts: Facts) -> Mapping[str, str]:
        legacy = takeover.legacy(facts)
        return legacy.env if legacy else {}

    return Credential(
        path, variable, auth.secret, fresh, retired, tuple(more), auth.spare, inherited
    )


def build_handover(product: Product, credential: Credential) -> list[Handover]:
    """Of a product that reads a credential of systemd's, that credential's file."""
    return [Handover(product.credential_path, credential)] if product.credential else []


def build_tokens(host: Host, product: Product) -> dict[str, Token]:
    """Of each channel that reads its token from a file, that file."""
    check_channels(host.name, product, host.channels)
    owner = f"{product.name}:{product.name}"
    return {
        name: Token(token_path(product, name), owner, spec.tokens["token"].value)
        for name, spec in host.channels.items()
        if CHANNELS[name].file_key
    }


def build_token_folders(product: Product, tokens: Mapping[str, Token]) -> set[Directory]:
    owner = f"{product.name}:{product.name}"
    parents = {str(PurePosixPath(token.path).parent) for token in tokens.values()}
    return {Directory(parent, "700", owner) for parent in parents}
