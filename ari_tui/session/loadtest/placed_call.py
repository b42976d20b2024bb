"""One call of a load test: the steps that it reached, and its outcome.

A call is good when packets came from Asterisk and came back from the echo server, and neither
way was silent for longer than `SILENCE_S` from then to its end. Hold, digits and comfort noise do
not count as silence. Silence from Asterisk is the call's longest interruption, measured per
packet; silence from the echo server is the time between the newest packet back and the newest one
from Asterisk, sampled several times a second.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ari_tui.core.number_format import iso
from ari_tui.document.load_test import STEPS, LoadCall
from ari_tui.document.model import Call, Spread
from ari_tui.engine.measured_call import MeasuredCall
from ari_tui.session.loadtest import failure_causes
from ari_tui.session.loadtest.failure_causes import FailureCause

SILENCE_S: Final = 1.0
HELD: Final = "held"
NO_SAMPLES: Final = Spread(count=0, min=None, mean=None, p50=None, p95=None, p99=None, max=None)


@dataclass(eq=False)
class PlacedCall:
    """One call, from its originate request on. Times in s are monotonic, in ns wall clock time."""

    number: int
    endpoint: str
    tier: int
    channel_id: str
    started_s: float
    started_ns: int
    steps: dict[str, float] = field(default_factory=dict)
    """Milliseconds from the start to each step that was reached."""
    channel: str | None = None
    dialstatus: str = ""
    measured: MeasuredCall | None = None
    call_id: str | None = None
    failed_at: str | None = None
    why: FailureCause | None = None
    back_silent_s: float = 0.0
    """Longest time without packets back while packets were sent."""
    silent_s: float = 0.0
    """Longest time without media in either direction; set at the end."""
    hung_up_s: float | None = None
    """Time of the hang-up request; None before."""
    gone: bool = False
    """Whether its channel has ended, or was never created."""
    record: LoadCall | None = None
    """Its entry in the report; None until it has ended."""

    def reach(self, step: str, milliseconds: float) -> None:
        """Record the first time that a step is reached; it implies the steps before it."""
        for earlier in STEPS[: STEPS.index(step)]:
            if earlier != "ringing":
                self.steps.setdefault(earlier, milliseconds)
        self.steps.setdefault(step, milliseconds)

    def fail(self, step: str, why: FailureCause) -> None:
        """Record the step that failed; only the first failure counts."""
        if self.failed_at is None:
            self.failed_at, self.why = step, why

    @property
    def flows(self) -> bool:
        """Whether media flow both ways."""
        return "media_back" in self.steps and self.active

    @property
    def active(self) -> bool:
        """Whether it is up or being set up: not ended and not hung up."""
        return self.record is None and not self.gone and self.hung_up_s is None

    def close(self, found: Call | None, held_s: float) -> LoadCall:
        """Judge the call; `found` is the engine's measurement, None without one."""
        self._judge_end(found)
        outcome = "good" if "media_back" in self.steps else "cut"
        if self.failed_at is not None:
            outcome = "failed"
        reached = [step for step in STEPS if step in self.steps]
        self.record = LoadCall(
            number=self.number,
            endpoint=self.endpoint,
            tier=self.tier,
            channel=self.channel,
            channel_id=self.channel_id,
            call_id=self.call_id,
            sip_call_id=found.call_id if found else None,
            started_at=iso(self.started_ns),
            step=reached[-1] if reached else None,
            outcome=outcome,
            failed_at=self.failed_at,
            reason=self._reason(found),
            hint=self.why.hint if self.why else None,
            set_up_ms={step: round(self.steps[step], 3) for step in reached},
            held_s=round(held_s, 3),
            silent_s=round(self.silent_s, 3),
            sent=found.packets.sent if found else 0,
            returned=found.packets.returned if found else 0,
            lost=found.packets.lost if found else 0,
            late=found.packets.late_echo if found else 0,
            rtt_ms=found.rtt_ms if found else NO_SAMPLES,
            mos=found.mos.session if found else None,
            where=found.where if found else None,
        )
        return self.record

    def _judge_end(self, found: Call | None) -> None:
        if found is None:
            return
        if "media_back" not in self.steps:
            if self.hung_up_s is None:
                missing = next(step for step in STEPS[2:] if step not in self.steps)
                reason = found.reason or "no reason given"
                self.fail(missing, FailureCause(f"ended too soon: {reason}"))
            return
        out_s = (found.longest_interruption_ms or 0.0) / 1000
        self.silent_s = max(out_s, self.back_silent_s)
        for way, silent_s in (("out", out_s), ("back", self.back_silent_s)):
            if silent_s > SILENCE_S:
                self.fail(HELD, failure_causes.silence(SILENCE_S, way))

    def _reason(self, found: Call | None) -> str | None:
        if self.why is not None:
            return self.why.reason
        return found.reason if found else None
