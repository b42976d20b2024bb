"""A single RTP stream: sequence, timestamps, jitter, lateness and gaps.

What needs two streams (round trip, loss, direction) is in `roundtrip`, limits in `sla`. One
exception: `media_leg` writes sending times into `roundtrip.in_flight`.
"""
