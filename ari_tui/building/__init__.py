"""Builds documents from the metrics store. Reads the store, changes nothing in it."""
