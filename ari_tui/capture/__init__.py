"""Reads capture files (pcap, pcapng): their RTP streams pass the same fold as a live call."""
