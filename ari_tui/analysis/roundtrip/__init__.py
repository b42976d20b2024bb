"""Pairs of packets, sent to the echo server and back: round trip, loss, direction, intervals."""
