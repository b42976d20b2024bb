"""Complete sessions: engine and screen, demo and load test on loopback, calibration."""
