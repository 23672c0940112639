"""Questions that ride with the probes, one function per question; they cost no round trip."""
