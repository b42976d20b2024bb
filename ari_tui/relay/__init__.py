"""The media worker: a process that forwards RTP between Asterisk and the echo server, and logs it.

Standard library only, so that a worker starts fast. No ARI, statistics, event loop or numpy.
"""
