"""A simulated Asterisk over real HTTP, WebSocket and UDP. Nothing of it is used by the engine."""
