from __future__ import annotations

import msgspec
import pytest

from ari_tui.ari.models import AsteriskInfo, Bridge, Channel, clean_fields


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
