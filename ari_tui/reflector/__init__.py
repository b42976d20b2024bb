"""The echo server: returns each RTP packet unchanged, impaired where that is asked for.

No ARI, no statistics, no numpy.
"""
