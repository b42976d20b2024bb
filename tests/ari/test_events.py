from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.ari.events import (
    ApplicationReplaced,
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelEnteredBridge,
    Dial,
    Event,
    StasisStart,
    decode_event,
)
from ari_tui.ari.models import AsteriskInfo, Bridge, Channel, clean_fields
from ari_tui.core.errors import MalformedEventError

# as Asterisk 22 sends it
STASIS_START: dict[str, Any] = {
    "type": "StasisStart",
    "timestamp": "2026-11-22T14:03:11.123+0000",
    "args": ["one", "\x1b[1mtwo"],
    "channel": {
        "id": "1763820191.4",
        "name": "PJSIP/sipp-00000001",
        "state": "Ring",
        "protocol_id": "1-4711@127.0.0.1",
        "caller": {"name": "\x1b]0;owned\x07Mallory", "number": "100"},
        "connected": {"name": "", "number": ""},
        "accountcode": "",
        "dialplan": {
            "context": "lab",
            "exten": "stasis",
            "priority": 2,
            "app_name": "Stasis",
            "app_data": "ari-tui",
        },
        "creationtime": "2026-11-22T14:03:11.120+0000",
        "language": "en",
    },
    "asterisk_id": "0e:79:e0:78:29:85",
    "application": "ari-tui",
}


def _with(path: tuple[str, ...], value: object) -> bytes:
    message = json.loads(json.dumps(STASIS_START))
    inner = message
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return json.dumps(message).encode()


def test_a_stasis_start_is_read_and_its_text_is_cleaned() -> None:
    event = decode_event(json.dumps(STASIS_START).encode())
    assert isinstance(event, StasisStart)
    assert event.args == ("one", "two")
    assert event.channel.id == "1763820191.4"
    assert event.channel.caller.name == "Mallory"
    assert event.channel.protocol_id == "1-4711@127.0.0.1"
    assert event.channel.dialplan.app_name == "Stasis"
    assert event.replace_channel is None
    assert event.timestamp == "2026-11-22T14:03:11.123+0000"


def test_a_transfer_carries_the_channel_that_was_replaced() -> None:
    event = decode_event(_with(("replace_channel",), {"id": "old"}))
    assert isinstance(event, StasisStart)
    assert event.replace_channel == Channel("old")


def test_unknown_fields_are_ignored_on_every_level() -> None:
    event = decode_event(_with(("channel", "a_field_of_tomorrow"), {"x": [1, 2]}))
    assert isinstance(event, StasisStart)


@pytest.mark.parametrize("kind", ["ChannelVarset", "SomethingOfTomorrow", ""])
def test_an_unknown_type_is_none_whatever_its_body(kind: str) -> None:
    assert decode_event(json.dumps({"type": kind, "channel": 17}).encode()) is None


@pytest.mark.parametrize(
    ("path", "value"),
    [(("channel", "id"), 17), (("channel", "dialplan", "app_name"), 17), (("args",), "x")],
)
def test_a_broken_body_is_an_error_that_names_type_and_field(
    path: tuple[str, ...], value: object
) -> None:
    with pytest.raises(MalformedEventError, match="StasisStart") as caught:
        decode_event(_with(path, value))
    assert "$." + ".".join(path) in str(caught.value)


def test_a_missing_channel_is_named() -> None:
    with pytest.raises(MalformedEventError, match=r"ChannelDestroyed.*channel"):
        decode_event(b'{"type": "ChannelDestroyed"}')


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"[1]", b'{"type": 3}', b"[" * 100_000])
def test_what_is_no_event_at_all_is_a_broken_event(data: bytes) -> None:
    with pytest.raises(MalformedEventError):
        decode_event(data)


def test_a_name_in_latin_1_does_not_cost_the_event() -> None:
    data = json.dumps(STASIS_START).replace("sipp-00000001", "CAFE").encode()
    event = decode_event(data.replace(b"CAFE", b"caf\xe9"))
    assert isinstance(event, StasisStart)
    assert event.channel.name == "PJSIP/caf\N{REPLACEMENT CHARACTER}"


def test_events_carry_their_own_fields() -> None:
    channel = {"id": "c"}
    dtmf = _read(
        {"type": "ChannelDtmfReceived", "channel": channel, "digit": "5", "duration_ms": 90}
    )
    assert isinstance(dtmf, ChannelDtmfReceived)
    assert dtmf.duration_ms == 90
    assert "5" not in repr(dtmf)  # a PIN: it is not even decoded
    ended = _read({"type": "ChannelDestroyed", "channel": channel, "cause": 16, "cause_txt": "Bye"})
    assert isinstance(ended, ChannelDestroyed)
    assert (ended.cause, ended.cause_txt) == (16, "Bye")
    bridge = {"id": "b", "technology": "softmix\x1b[2J", "channels": ["c", "d"]}
    entered = _read({"type": "ChannelEnteredBridge", "channel": channel, "bridge": bridge})
    assert isinstance(entered, ChannelEnteredBridge)
    assert entered.bridge.technology == "softmix"
    assert entered.bridge.channels == ("c", "d")
    assert isinstance(_read({"type": "Dial", "peer": channel, "dialstatus": "BUSY"}), Dial)
    assert isinstance(_read({"type": "ApplicationReplaced"}), ApplicationReplaced)


_NASTY = "\x1b]0;owned\x07\u202e\u200b\x9b31mfine" + "\x1b[31m" * 9000
_RAW = {"id", "channels", "channelvars"}
"""Ids go back into URLs, and variables are read as what they are: cleaned where they are shown."""


def _nasty(kind: type[msgspec.Struct]) -> dict[str, object]:
    """Return the JSON of a structure whose every text is nasty."""
    body: dict[str, object] = {}
    for field in msgspec.structs.fields(kind):
        kinds = getattr(field.type, "__args__", (field.type,))
        held = next((one for one in kinds if hasattr(one, "__struct_fields__")), None)
        if held is not None:
            body[field.name] = _nasty(held)
        elif field.type is str:
            body[field.name] = _NASTY
        elif str in kinds and field.name not in _RAW:
            body[field.name] = [_NASTY]
    return body


def _texts(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a structure with its field's name."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, tuple):
        for held in value:
            yield from _texts(held, name)
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from _texts(getattr(value, field), field)


@pytest.mark.parametrize("kind", Event.__subclasses__(), ids=lambda kind: kind.__name__)
def test_every_text_of_every_event_is_cleaned_but_ids(kind: type[Event]) -> None:
    event = _read({"type": kind.__name__, **_nasty(kind)})
    assert isinstance(event, kind)
    texts = [(name, text) for name, text in _texts(event) if text and name not in _RAW]
    # these two are told by nobody
    shown = {text for name, text in texts if name not in {"application", "timestamp"}}
    assert shown <= {"fine"}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    st.sampled_from(
        [
            ("channel",),
            ("channel", "caller"),
            ("channel", "caller", "name"),
            ("channel", "channelvars"),
            ("args",),
            ("type",),
            ("replace_channel",),
        ]
    ),
    _JSON,
)
def test_any_value_in_any_field_is_read_ignored_or_named_as_broken(
    path: tuple[str, ...], value: object
) -> None:
    event: Event | None = None
    with contextlib.suppress(MalformedEventError):
        event = decode_event(_with(path, value))
    assert event is None or (isinstance(event, StasisStart) and "\x1b" not in event.channel.name)


def _read(message: dict[str, object]) -> Event | None:
    return decode_event(json.dumps(message).encode())


def read_channel(**fields: object) -> Channel:
    return msgspec.json.decode(msgspec.json.encode({"id": "c", **fields}), type=Channel)


def test_the_version_of_asterisk_is_read_from_its_info() -> None:
    data = b'{"build": {}, "system": {"version": "22.10.0", "entity_id": "x"}, "config": {}}'
    assert msgspec.json.decode(data, type=AsteriskInfo).system.version == "22.10.0"


def test_a_field_is_cut_at_its_limit_and_a_call_id_later_than_a_name() -> None:
    channel = read_channel(name="n" * 300, protocol_id="p" * 300)
    assert (len(channel.name), len(channel.protocol_id)) == (128, 255)


def test_an_id_stays_as_it_is_because_it_goes_back_into_urls() -> None:
    raw = "caller/1 \x1b[31m"
    assert read_channel(id=raw).id == raw


def test_a_channel_without_an_id_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="id"):
        msgspec.json.decode(b'{"name": "PJSIP/1"}', type=Channel)


def test_only_the_fields_that_are_named_are_cleaned() -> None:
    bridge = Bridge("b", channels=("raw\x1b[2J",))
    clean_fields(bridge, "technology")
    assert bridge.channels == ("raw\x1b[2J",)
