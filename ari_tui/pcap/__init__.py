"""Captures (pcap, pcapng) as input: their RTP streams through the same fold as a live call.

Reads files alone: no sockets, no engine. `dpkt`, which knows the formats, is imported here and
nowhere else.
"""
