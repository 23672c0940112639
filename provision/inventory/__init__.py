"""Inventories and host words: text in, hosts out, every mistake with its place."""

from provision.inventory.parse import parse_inventory
from provision.inventory.target import parse_target

__all__ = ["parse_inventory", "parse_target"]
