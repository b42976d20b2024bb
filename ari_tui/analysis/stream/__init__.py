"""One way of a call: sequence, timestamps, jitter, lateness and gaps of a single RTP stream.

What needs a second stream (round trip, loss, direction) belongs to `roundtrip`, limits to `sla`.
One import crosses that wall: `media_leg` writes sending times into `roundtrip.in_flight`.
"""
