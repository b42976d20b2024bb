"""Pairs of packets, sent to the echo server and received back: RTT, loss, direction, intervals.

Built on `stream`: jitter, floor and clock of one stream belong there.
"""
