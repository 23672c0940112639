"""Ratios measured in one run on one machine, printed as the tables of docs/benchmarks.md."""
