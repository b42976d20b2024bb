"""Formats of the wire and of the packet log: RTP header, log record, status query.

Bytes and numbers only: no socket, clock, event loop or numpy.
"""
