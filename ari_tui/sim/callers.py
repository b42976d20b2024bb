"""The simulated callers: `calls` of them at a time, each replaced when its call ends."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from ari_tui.sim.media import SimPhone
from ari_tui.sim.model import Dialplan, SimCallerId, SimChannel
from ari_tui.sim.pbx import Pbx

_NAMES: Final = (
    *("Ada Lovelace", "Zoë Müller", "José García", "Łukasz Wójcik", "Анна Петрова", "王小明"),
    *("田中 さくら", "김민수", "مريم حسن", "O'Brien, Séan", "Nguyễn Thị Hoa", "Front Desk"),
    *("", "conference room 3 (second floor)", "ΓΙΩΡΓΟΣ", "Anonymous", "🙂 Support"),
)

_NASTY: Final = (
    "\x1b[2J\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07bell",
    "[bold red]markup[/] [link=x]y[/link]",
    "[/] unbalanced [",
    "\u202eright to left\u202c",
    "\u2066isolate\u2069 \u200bzero\u200dwidth",
    "tab\tnewline\nreturn\r",
    "=1+2,\"quoted\";'x'\\",
    "e" + "\u0301" * 60,
    "long " * 800,
)


def draw_caller(random: Random, *, nasty: bool) -> SimCallerId:
    """Draw one caller; with `nasty` a third of the names are hostile to displays."""
    number = random.choice(
        (
            f"+49{random.randrange(10**9, 10**10)}",
            f"{random.randrange(1000, 10000)}",
            f"00{random.randrange(10**10, 10**12)}",
            "anonymous",
        )
    )
    if nasty and random.random() < 1 / 3:
        return SimCallerId(random.choice(_NASTY), number + random.choice(("", "\x1b[1m", ";x=[y]")))
    return SimCallerId(random.choice(_NAMES), number)


_TONES_HZ = (350, 425, 440, 480, 620, 1000, 1004)
_DIGITS = "0123456789*#"
_DIGIT_MS = (80, 120, 280)


class Callers:
    """Simulates the callers: they dial, send a tone, press digits and hang up.

    They start when the application's client first connects. Later, a call while no client is
    connected fails in the dialplan and is retried.
    """

    def __init__(self, pbx: Pbx) -> None:
        self._pbx, self._config = pbx, pbx.config
        self._dialled = 0
        self._lines: dict[str, Random] = {}
        """Random generators of the live callers, by channel in order of arrival."""
        self._started = False
        pbx.hub.on_connect.append(self._connected)
        pbx.on_ended.append(self._ended)

    @property
    def present(self) -> list[SimChannel]:
        """Return the live callers in order of arrival."""
        return [self._pbx.channels[channel_id] for channel_id in self._lines]

    def dial(self, caller: SimCallerId | None = None, **named: Any) -> SimChannel | None:
        """Place one more call; None when it failed in the dialplan.

        `named` are fields of its channel, such as `name`, `protocol_id` and `linked_id`.
        """
        pbx, config = self._pbx, self._config
        serial = self._dialled
        self._dialled += 1
        pbx.calls_started += 1
        random = config.stream("caller", serial)
        caller = caller or draw_caller(random, nasty=config.nasty_names)
        frequency_hz = random.choice(_TONES_HZ)
        packet_ms = 30 if random.random() < config.slow_packet_share else 20
        # from another stream of random numbers, so that the callers stay the same
        reports = config.stream("rtcp", serial).random() < pbx.rtcp_share
        phone = SimPhone(frequency_hz, packet_ms, reports=reports)
        endpoint = 1001 + random.randrange(200)
        names: dict[str, Any] = {
            "name": f"PJSIP/{endpoint}-{serial:08x}",
            "protocol_id": f"{random.getrandbits(64):016x}@198.51.100.{random.randrange(1, 255)}",
            **named,
        }
        channel = SimChannel(
            pbx.unique_id(),
            state="Ring",
            caller=caller,
            dialplan=Dialplan("default", "stasis", 1, "Stasis", config.app),
            phone=phone,
            **names,
        )
        pbx.add(channel)
        if not pbx.enter_stasis(channel, config.app):
            pbx.calls_failed += 1
            pbx.end(channel)
            return None
        self._lines[channel.id] = random
        self._plan(channel, random)
        return channel

    def press(self, channel: SimChannel, digit: str, duration_ms: int) -> None:
        """Press a digit: its packets are left out, and the event is sent at its end."""
        if not channel.alive or channel.phone is None:
            return
        packets = -(-duration_ms // channel.phone.packet_ms)
        for member in channel.bridge.members if channel.bridge is not None else []:
            source = self._pbx.bridging.source_of(member)
            if source is not None and source.phone is channel.phone:
                source.skip += packets

        def released() -> None:
            if channel.alive:
                self._pbx.hub.channel_event(
                    "ChannelDtmfReceived", channel, digit=digit, duration_ms=duration_ms
                )

        self._pbx.timers.later(packets * channel.phone.packet_ms / 1000, released)

    def adopt(self, old: SimChannel, new: SimChannel) -> None:
        """Replace the channel `old` of a caller by `new`, after a transfer."""
        random = self._lines.pop(old.id, None)
        if random is not None:
            self._lines[new.id] = random
            self._plan(new, random)

    def _plan(self, channel: SimChannel, random: Random) -> None:
        mean_s = self._config.call_duration_s
        if mean_s > 0:
            self._pbx.timers.later(
                mean_s * random.uniform(0.5, 1.5), lambda: self._pbx.hang_up(channel)
            )
        if random.random() < self._config.dtmf_share:
            self._press_later(channel, random)

    def _press_later(self, channel: SimChannel, random: Random) -> None:
        def press() -> None:
            if channel.alive:
                self.press(channel, random.choice(_DIGITS), random.choice(_DIGIT_MS))
                self._press_later(channel, random)

        self._pbx.timers.later(random.uniform(2, 12), press)

    def _connected(self, app: str) -> None:
        if self._started or app != self._config.app:
            return
        self._started = True
        for slot in range(self._config.calls):
            self._pbx.timers.later(slot / self._config.ramp_per_s, self._keep_dialling)

    def _keep_dialling(self) -> None:
        if self.dial() is None:
            self._redial()

    def _redial(self) -> None:
        random = self._config.stream("redial", self._dialled)
        pause_s = self._config.redial_s * random.uniform(0.5, 1.5)
        self._pbx.timers.later(pause_s, self._keep_dialling)

    def _ended(self, channel: SimChannel) -> None:
        if self._lines.pop(channel.id, None) is None:
            return
        self._pbx.calls_ended += 1
        if self._config.calls:
            self._redial()
