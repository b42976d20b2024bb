"""Alerts: when the SLA fails or recovers, a command or a web service is told."""
