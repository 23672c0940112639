"""The gateway's WebSocket handshake, spoken natively over any stream of bytes."""
