"""A simulated Asterisk over real HTTP, WebSocket and UDP; the engine does not import it."""
