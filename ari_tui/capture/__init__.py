"""Captures (pcap, pcapng) as input: their RTP streams through the same fold as a live call.

Nothing here captures: it reads files.
"""
