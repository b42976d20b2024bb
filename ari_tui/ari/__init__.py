"""Asterisk's REST interface: models, client, events and the sans-I/O call machine."""
