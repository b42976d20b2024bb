"""The echo server: returns each RTP packet unchanged, optionally impaired.

No ARI, no statistics, no numpy.
"""
