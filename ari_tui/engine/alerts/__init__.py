"""Alerts: when the SLA fails or recovers, run a command, post to a web service."""
