"""Snapshots as text and JSON lines. Draws; decides nothing."""
