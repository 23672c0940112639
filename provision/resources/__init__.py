"""One noun of a machine per file: how to look at it, and what would have to change."""
