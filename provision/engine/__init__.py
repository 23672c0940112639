"""Gather, plan, apply, and again until nothing is left to do."""
