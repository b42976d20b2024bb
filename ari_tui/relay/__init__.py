"""The media worker: a process that forwards RTP between Asterisk and the echo server, and logs it.

Standard library only, for a fast start: no ARI, statistics, event loop or numpy.
"""
