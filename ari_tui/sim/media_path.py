"""The way of the packets through the simulated Asterisk: caller → Asterisk → us, and back.

With faults in the legs: before Asterisk, which then counts what is missing; between Asterisk and
us; and on the way to the phone, whose reports tell. Asterisk passes on the sequence numbers that it
receives, holes included, but hides a hole of over 100 packets. When it transcodes, its own sequence
is whole, and only the timestamps have the holes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from ari_tui.reflector.fault_spec import FaultSpec
from ari_tui.reflector.faulty_leg import FaultyLeg, leg_of
from ari_tui.reflector.impairment import Impairment
from ari_tui.sim.media import MediaPort, SimPhone
from ari_tui.wire.rtp import sequence_of, signed_difference

HIDDEN: Final = 100
"""Packets of the longest hole that Asterisk passes on."""


class Spoken(NamedTuple):
    """A packet of a phone, by the number of its source."""

    number: int
    phone: SimPhone
    port: MediaPort
    packet: bytes


class _Relay:
    """The sequence numbers of one stream from Asterisk to us."""

    def __init__(self) -> None:
        self._highest: int | None = None
        self._own = 0

    def renumber(self, packet: bytes, *, transcoded: bool) -> bytes:
        """Return the packet as Asterisk sends it on."""
        sequence = sequence_of(packet)
        own = self._of(sequence, transcoded=transcoded)
        return packet if own == sequence else packet[:2] + own.to_bytes(2, "big") + packet[4:]

    def _of(self, sequence: int, *, transcoded: bool) -> int:
        if self._highest is None:
            self._highest = self._own = sequence
            return sequence
        step = signed_difference(sequence, self._highest, 16)
        if step <= 0 and not transcoded:
            return (self._own + step) & 0xFFFF
        self._highest = sequence if step > 0 else self._highest
        self._own = (self._own + (1 if transcoded or step > HIDDEN else step)) & 0xFFFF
        return self._own


class MediaPath:
    """All legs of all calls. `clock` calls `speak`, and `run` when something is due."""

    def __init__(
        self,
        impairment: Impairment[int, Spoken] | None,
        faults: Sequence[FaultSpec],
        seed: int,
        started_ns: int,
    ) -> None:
        self.impairment = impairment
        self.undelivered = 0
        """Packets that the impairment released after their channel was closed."""
        self._in: FaultyLeg[int, Spoken] | None = leg_of(["caller-in"], faults, seed, started_ns)
        self._to_us: FaultyLeg[int, Spoken] | None = leg_of(
            ["asterisk-engine"], faults, seed, started_ns
        )
        self._out: FaultyLeg[int, tuple[SimPhone, bytes]] | None = leg_of(
            ["caller-out"], faults, seed, started_ns
        )
        self._transcoding = [fault for fault in faults if fault.transcode]
        self._started_ns = started_ns
        self._relays: dict[int, _Relay] = {}
        self.wake: Callable[[], None] = lambda: None
        """Called when something became due outside of `run`."""

    def speak(self, spoken: Spoken, now_ns: int) -> None:
        """Take a packet from its phone."""
        if self._in is None:
            self._at_asterisk(spoken, now_ns)
        else:
            self._in.push(spoken.number, sequence_of(spoken.packet), spoken, now_ns)

    def join(self, phone: SimPhone) -> None:
        """Let the packets to a phone take the leg with the faults, if there is one."""
        phone.leg_out = self._to_phone if self._out is not None else None

    def forget(self, number: int) -> None:
        """Drop the state of a source that was stopped."""
        self._relays.pop(number, None)
        for leg in (self.impairment, self._in, self._to_us):
            if leg is not None:
                leg.forget(number)

    def next_due_ns(self) -> int | None:
        """Return when `run` has something to do; None for nothing."""
        legs = (self.impairment, self._in, self._to_us, self._out)
        dues = [due for leg in legs if leg is not None and (due := leg.next_due_ns()) is not None]
        return min(dues, default=None)

    def run(self, now_ns: int) -> None:
        """Move on every packet that is due."""
        for spoken in self._in.pop_due(now_ns) if self._in is not None else ():
            self._at_asterisk(spoken, now_ns)
        for one in self.impairment.pop_due(now_ns) if self.impairment is not None else ():
            self._to_engine(one, now_ns)
        for one in self._to_us.pop_due(now_ns) if self._to_us is not None else ():
            self._deliver(one)
        for phone, packet in self._out.pop_due(now_ns) if self._out is not None else ():
            phone.outward.receive(packet, now_ns)

    def _at_asterisk(self, spoken: Spoken, now_ns: int) -> None:
        """Let Asterisk count a packet and pass it on."""
        number, phone, port, packet = spoken
        phone.inward.receive(packet, now_ns)
        relay = self._relays.setdefault(number, _Relay())
        elapsed_ns = now_ns - self._started_ns
        transcoded = any(fault.active(elapsed_ns) for fault in self._transcoding)
        own = Spoken(number, phone, port, relay.renumber(packet, transcoded=transcoded))
        port.expect(own.packet)
        if self.impairment is None:
            self._to_engine(own, now_ns)
        else:
            self.impairment.push(number, sequence_of(own.packet), own, now_ns)

    def _to_engine(self, spoken: Spoken, now_ns: int) -> None:
        if self._to_us is None:
            self._deliver(spoken)
        else:
            self._to_us.push(spoken.number, sequence_of(spoken.packet), spoken, now_ns)

    def _deliver(self, spoken: Spoken) -> None:
        self.undelivered += spoken.port.closed
        spoken.port.send(spoken.packet)

    def _to_phone(self, phone: SimPhone, packet: bytes, now_ns: int) -> None:
        if self._out is not None:
            self._out.push(id(phone), sequence_of(packet), (phone, packet), now_ns)
            self.wake()
