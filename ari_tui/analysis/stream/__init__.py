"""One way of a call: sequence, timestamps, jitter, lateness, gaps of a single RTP stream."""
