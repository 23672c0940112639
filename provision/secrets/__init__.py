"""Where the gateway's secret comes from on the operator's machine, and where it is kept there."""
