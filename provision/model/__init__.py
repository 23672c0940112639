"""The nouns of clawprov and the ports to the outside: pure values."""
