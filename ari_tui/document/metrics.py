"""One definition per metric: name and meaning of its column, JSON key and Prometheus family.

`path` is the attribute path in `model.Figures`; the Prometheus name is derived from id and kind.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from ari_tui.document.model import Figures

COUNTER, GAUGE = "counter", "gauge"


class Metric(NamedTuple):
    """One number of a call, or of all calls together."""

    id: str
    label: str
    unit: str
    help: str
    path: str
    kind: str = COUNTER

    def value(self, figures: Figures) -> float | None:
        """Return the number; None without samples."""
        found: object = figures
        for name in self.path.split("."):
            found = getattr(found, name)
        if found is None or isinstance(found, (int, float)):
            return found
        raise TypeError(f"{self.path} is no number")

    @property
    def prometheus_name(self) -> str:
        """Return the family's name without the `_total` that the library adds to counters."""
        name = f"{self.id.removesuffix('_ms')}_seconds" if self.unit == "ms" else self.id
        return f"ari_tui_{name}"

    def prometheus_value(self, figures: Figures) -> float | None:
        """Return the number in Prometheus' base unit; None without samples."""
        value = self.value(figures)
        return value / 1000 if value is not None and self.unit == "ms" else value


def _packets(name: str, label: str, text: str, kind: str = COUNTER) -> Metric:
    return Metric(f"packets_{name}", label, "", text, f"packets.{name}", kind)


def _loss_bursts(name: str, label: str, text: str) -> Metric:
    return Metric(f"loss_{name}", label, "", text, f"loss_bursts.{name}", GAUGE)


METRICS: Final = (
    _packets("received", "RECV", "RTP packets received from Asterisk, duplicates included"),
    _packets("sent", "SENT", "Distinct packets forwarded to the echo server"),
    _packets("returned", "BACK", "Distinct packets back from the echo server in time"),
    _packets("delivered", "DELIV", "Returned packets sent back to Asterisk"),
    _packets("in_flight", "FLY", "Packets sent that are neither back nor lost", GAUGE),
    _packets("overdue", "DUE", "Packets in flight for more than 500 ms", GAUGE),
    _packets("lost", "LOST", "Packets not back within the loss time-out"),
    _packets("returned_late", "XLATE", "Lost packets that came back after the loss time-out"),
    # a gauge, since it falls when a packet comes out of order
    _packets(
        "upstream_missing", "MISS", "Packets missing in the sequence that Asterisk sends", GAUGE
    ),
    _packets("duplicates_media", "DUPM", "Further copies of packets from Asterisk"),
    _packets("duplicates_echo", "DUP", "Further copies of packets from the echo server"),
    _packets("reordered_media", "REOM", "Packets from Asterisk out of order (RFC 4737)"),
    _packets("reordered_echo", "REORD", "Packets from the echo server out of sending order"),
    _packets("late_media", "LATEM", "Packets from Asterisk above the path's floor by late_ms"),
    _packets("late_echo", "LATE", "Round trips above the path's floor by late_ms"),
    _packets(
        "late_fixed_anchor",
        "LATEO",
        "Late from Asterisk, by the first packet's time alone",
    ),
    _packets("discarded", "DISC", "Round trips above the floor by more than the jitter buffer"),
    _packets("uncertain", "UNSURE", "Packets returned whose departure is not known to 0.5 ms"),
    _packets("malformed", "BAD", "Datagrams that are not RTP, not forwarded"),
    _packets("foreign", "FOREIGN", "Packets of another source or stream, not measured"),
    _packets("ssrc_changes", "SSRC", "Changes of the stream's SSRC"),
    _packets("reanchors", "ANCH", "Lasting jumps of the RTP timestamp"),
    _packets("baseline_steps", "STEP", "Lasting steps of a path's floor"),
    # a gauge, since an open gap may still be explained
    _packets("interruptions", "GAPS", "Arrival gaps over 200 ms", GAUGE),
    _packets("send_errors", "ERR", "Packets that could not be sent or received"),
    _packets(
        "echo_refused", "REFUS", "Packets that the echo address refused: nothing listens there"
    ),
    _packets("socket_drops", "DROP", "Packets that the kernel dropped: receive buffer full"),
    Metric("loss_ratio", "LOSS", "", "Lost of settled packets", "loss_ratio", GAUGE),
    Metric("late_ratio", "LATE%", "", "Late of settled packets", "late_ratio", GAUGE),
    Metric("gone_ratio", "GONE", "", "Lost or discarded of settled packets", "gone_ratio", GAUGE),
    _loss_bursts("burst_ratio", "BURSTR", "Mean run of losses over that of random ones"),
    # gauges, since an open burst may join the one before
    _loss_bursts("bursts", "BURSTS", "Bursts of losses (RFC 3611)"),
    _loss_bursts("mean_burst", "BLEN", "Mean length of a burst, in packets"),
    _loss_bursts("burst_density", "BDENS", "Share lost within bursts"),
    _loss_bursts("gaps", "LGAPS", "Stretches between bursts"),
    _loss_bursts("mean_gap", "GLEN", "Mean length of a stretch between bursts, in packets"),
    _loss_bursts("gap_density", "GDENS", "Share lost between bursts"),
    Metric("rtt_count", "RTTS", "", "Round trips measured", "rtt_ms.count"),
    Metric("rtt_min_ms", "MIN", "ms", "Shortest round trip", "rtt_ms.min", GAUGE),
    Metric("rtt_mean_ms", "RTT", "ms", "Mean round trip", "rtt_ms.mean", GAUGE),
    Metric("rtt_p50_ms", "P50", "ms", "Median round trip", "rtt_ms.p50", GAUGE),
    Metric("rtt_p95_ms", "P95", "ms", "95th percentile of the round trip", "rtt_ms.p95", GAUGE),
    Metric("rtt_p99_ms", "P99", "ms", "99th percentile of the round trip", "rtt_ms.p99", GAUGE),
    Metric("rtt_max_ms", "MAX", "ms", "Longest round trip", "rtt_ms.max", GAUGE),
    Metric(
        "longest_interruption_ms",
        "GAP",
        "ms",
        "Longest arrival gap over 200 ms",
        "longest_interruption_ms",
        GAUGE,
    ),
    Metric("mos", "MOS", "", "MOS-CQ est., this hop, session", "mos.session", GAUGE),
    Metric("mos_now", "MOSN", "", "MOS-CQ est., this hop, last 10 s", "mos.now", GAUGE),
    Metric("mos_worst_10s", "MOSW", "", "MOS-CQ est., worst 10 s", "mos.worst_10s", GAUGE),
    Metric("mos_plain", "MOSP", "", "MOS-CQ est. without concealment", "mos.plain", GAUGE),
    Metric(
        "missing_explained",
        "MEXPL",
        "",
        "Missing from Asterisk, explained by digits, hold or comfort noise",
        "missing_explained",
    ),
    Metric("dead_air_seconds", "DEAD", "s", "Silence in all interruptions", "dead_air_s", GAUGE),
)
