"""What runs: Node.js and the gateway's release."""

from __future__ import annotations

from provision.errors import UnsupportedError
from provision.model.product import Product
from provision.model.spec import NODEJS, NODESOURCE, Host
from provision.products import count_packages, read_key
from provision.products.engines import NODES, satisfies
from provision.resources.node import NodeArchive, NodePackage
from provision.resources.release import Release


def build_node(host: Host, product: Product) -> NodePackage | NodeArchive:
    """Node.js as the host wishes it; raises UnsupportedError when that is none for the product."""
    spec = host.node
    if not satisfies(spec.version or product.node_version, product.engines):
        raise UnsupportedError(
            f"{product.name} {product.version} needs Node.js {product.engines}, "
            + (f"not {spec.version}" if spec.version else f"and we have {', '.join(NODES)}"),
            where=host.name,
            hint="correct `node: {version: ...}` in the inventory, or take another version of it",
        )
    if spec.source == "tarball":
        return NodeArchive(spec.version or product.node_version, spec.url or NODEJS, spec.sha256)
    major = int(spec.version.partition(".")[0] or product.node_major)
    key = spec.key or read_key("nodesource")
    return NodePackage(product.engines, major, spec.url or NODESOURCE, key, spec.version)


def build_release(
    product: Product, package: str, lock: str, node: NodePackage | NodeArchive
) -> Release:
    return Release(
        product.name,
        product.release,
        package,
        lock,
        count_packages(lock),
        node.binary,
        product.scripts,
        product.integrity,
    )
