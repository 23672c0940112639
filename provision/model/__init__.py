"""The nouns of clawprov and the ports to the outside; pure values that import nothing but errors."""
