"""Widgets that draw a `Frame`, without I/O and without state of calls."""
