"""The state of the stream from the echo server, of every call."""

from __future__ import annotations

from typing import Final

import numpy as np

from ari_tui.analysis import histogram
from ari_tui.analysis.rows import RowArrays, column

_NONE: Final = np.iinfo(np.int64).max


class EchoLeg(RowArrays):
    """State of the stream from the echo server, of every call."""

    order_max = column(np.int64, -1)  # sending order of the newest packet that is back
    last_ext = column(np.int64, -1)
    first_rx = column(np.int64)  # of the call's first packet back; 0 before
    last_rx = column(np.int64)
    last_units = column(np.int64)
    last_sent = column(np.int64)
    last_voice = column(np.bool_)  # the newest packet was neither event nor comfort noise
    jitter_ns = column(np.float64)  # against RTP timestamps, as Wireshark has it
    hop_jitter_ns = column(np.float64)  # against our sending times: the hop alone
    jitter_count = column(np.int64)
    rtt_min = column(np.int64, _NONE)
    rtt_max = column(np.int64)
    rtt_sum = column(np.int64)
    rtt_count = column(np.int64)
    rtt = column(np.uint32, 0, (histogram.BUCKETS,))
