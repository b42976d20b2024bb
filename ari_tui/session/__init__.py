"""Whole sessions put together: the engine under a screen, everything on loopback, calibration."""
