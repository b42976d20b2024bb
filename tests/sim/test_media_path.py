"""Faults around the simulated Asterisk: what we get of them, and what it counts itself."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from itertools import pairwise

from ari_tui.reflector.fault_spec import parse_faults
from ari_tui.sim.leg_statistics import REPORT_NS
from ari_tui.sim.media import MediaPort, SimPhone, bind_rtp
from ari_tui.sim.media_path import HIDDEN, MediaPath, Spoken
from tests import rtp_packets
from tests.sim.kit import Echo, echo, lab, until

MS = 1_000_000


class Leg:
    """One phone, whose packets are pushed by hand; times in ms."""

    def __init__(self, end: Echo, *faults: str) -> None:
        self.path = MediaPath(None, parse_faults(faults), 3, 0)
        self.phone, self.end = SimPhone(440), end
        self.port = MediaPort(bind_rtp("127.0.0.1", None), ("127.0.0.1", end.port), 0)
        self.port.begin(1)
        self.path.join(self.phone)

    async def speak(self, numbers: range) -> None:
        for number in numbers:
            self.path.speak(Spoken(0, self.phone, self.port, packet(number)), number * 20 * MS)
            self.path.run(number * 20 * MS)
            if number % 50 == 49:  # the kernel's buffer holds a few hundred
                await until(lambda: len(self.end.received) == self.port.sent)

    async def got(self, count: int) -> list[rtp_packets.RtpHeader]:
        await until(lambda: len(self.end.received) >= count)
        return self.end.headers()


def packet(number: int) -> bytes:
    return rtp_packets.build(b"x", sequence=number & 0xFFFF, timestamp=160 * number, ssrc=1)


@contextlib.asynccontextmanager
async def leg(*faults: str) -> AsyncIterator[Leg]:
    async with echo() as end:
        end.returns = False
        made = Leg(end, *faults)
        yield made
        made.port.close()


def holes(headers: list[rtp_packets.RtpHeader]) -> int:
    return sum(after.sequence - before.sequence - 1 for before, after in pairwise(headers))


def lost_times(headers: list[rtp_packets.RtpHeader]) -> int:
    steps = [after.timestamp - before.timestamp for before, after in pairwise(headers)]
    return sum(step // 160 - 1 for step in steps)


async def test_losses_before_asterisk_are_holes_that_it_counts_at_its_reports() -> None:
    async with leg("caller-in:loss=10%") as one:
        await one.speak(range(400))
        headers = await one.got(one.phone.sent)
        lost = holes(headers)
        assert lost == lost_times(headers) > 20
        assert one.phone.sent == len(headers)
        one.phone.read_reports(400 * 20 * MS)
        early = one.phone.lost_in
        one.phone.read_reports(400 * 20 * MS + REPORT_NS)
        assert early < one.phone.lost_in == lost


async def test_losses_behind_asterisk_are_holes_that_it_does_not_count() -> None:
    async with leg("asterisk-engine:loss=10%") as one:
        await one.speak(range(400))
        assert one.phone.sent == 400
        await until(lambda: len(one.end.received) == one.port.sent)
        assert holes(one.end.headers()) > 20
        one.phone.read_reports(REPORT_NS * 2)
        assert one.phone.lost_in == 0


async def test_transcoding_makes_the_sequence_whole_and_leaves_the_holes_in_the_timestamps() -> (
    None
):
    async with leg("caller-in:loss=10%", "asterisk:transcode,after=2s") as one:
        await one.speak(range(400))
        headers = await one.got(one.phone.sent)
        late = [one for one in headers if one.timestamp > 101 * 160]
        assert holes(late) == 0
        assert lost_times(late) > 15
        early = [one for one in headers if one.timestamp <= 99 * 160]
        assert holes(early) == lost_times(early) > 3


async def test_a_hole_of_over_a_hundred_packets_is_hidden() -> None:
    async with leg("caller-in:silence=2100ms,after=1s", "caller-in:silence=1s,after=6s") as one:
        await one.speak(range(400))
        headers = await one.got(one.phone.sent)
        assert lost_times(headers) == 105 + 50
        assert 50 < HIDDEN < 105
        assert holes(headers) == 50


async def test_the_phone_counts_what_its_leg_lost_and_the_holes_that_reach_it() -> None:
    async with leg("caller-out:loss=10%") as one:
        for number in range(400):
            if number % 20 != 3:
                one.phone.receive(packet(number), number * 20 * MS)
                one.path.run(number * 20 * MS)
        one.phone.read_reports(400 * 20 * MS + REPORT_NS)
        assert one.phone.received == 380
        assert one.phone.outward.received < 360
        # packets lost at the very end are not missed by any later one
        assert 0 <= 400 - one.phone.outward.received - one.phone.lost_out <= 8


async def test_digits_are_not_lost_to_asterisk() -> None:
    async with lab() as room, echo() as end:
        caller = await room.caller()
        await room.connect(caller, end)
        phone = room.sim.pbx.channels[caller].phone
        assert phone is not None
        await until(lambda: phone.received > 5)
        room.control.press_digit(0)
        await room.ari.event("ChannelDtmfReceived", caller)
        await until(lambda: phone.received > 15)
        phone.read_reports(1 << 62)
        assert phone.lost_in == 0
        assert phone.sent > phone.received


async def test_some_phones_send_no_reports() -> None:
    async with lab(faults=("caller-out:rtcp=off",)) as room:
        caller = await room.caller()
        phone = room.sim.pbx.channels[caller].phone
        assert phone is not None
        phone.lost_out = 5
        _, stats = await room.ari.call("GET", f"/channels/{caller}/rtp_statistics")
        assert (stats["txploss"], stats["rtt"], stats["rxjitter"]) == (0, 0, 0)


async def test_a_stalled_asterisk_sends_the_overdue_packets_at_once() -> None:
    async with lab(faults=("asterisk:stall=300ms,after=700ms",)) as room, echo() as end:
        end.returns = False
        caller = await room.caller()
        await room.connect(caller, end)
        phone = room.sim.pbx.channels[caller].phone
        assert phone is not None
        # a stall of 300 ms, then 15 packets of 20 ms (10 of 30 ms) in one turn of the loop
        await until(lambda: phone.sent_jitter_ns > 10 * MS)
        assert holes(end.headers()) == 0


async def test_a_restarted_asterisk_has_lost_all_calls_and_serves_on_the_same_port() -> None:
    async with lab(faults=("asterisk:restart=100ms,after=500ms",)) as room:
        await room.caller()
        first, port = room.sim.pbx, room.sim.port
        assert first.channels
        await until(lambda: room.sim.pbx is not first and room.sim.listening)
        assert not room.sim.pbx.channels
        assert room.sim.port == port
