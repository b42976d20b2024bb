"""Readers of an engine's `/stream`: addresses, connection, newest document, actions. No numpy."""
