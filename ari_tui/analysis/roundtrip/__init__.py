"""Packets sent to the echo server and received back: RTT, loss, direction, intervals.

Uses `stream` for the jitter, floor and clock of a single stream.
"""
