from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.relay import control

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
MESSAGES = st.lists(st.dictionaries(st.text(max_size=8), JSON, max_size=4), max_size=6)


@given(MESSAGES, st.data())
def test_messages_survive_any_cut(messages: list[control.Message], data: st.DataObject) -> None:
    stream = b"".join(control.encode(message) for message in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    decoder, found = control.FrameDecoder(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += list(decoder.feed(stream[start:end]))
    assert found == messages


def test_a_message_comes_out_with_its_last_byte_and_not_before() -> None:
    frame, decoder = control.encode({"op": "add"}), control.FrameDecoder()
    for byte in frame[:-1]:
        assert list(decoder.feed(bytes([byte]))) == []
    assert list(decoder.feed(frame[-1:])) == [{"op": "add"}]


def test_a_frame_is_its_length_and_json_without_spaces() -> None:
    body = b'{"id":1,"host":"\\u00e9"}'
    assert control.encode({"id": 1, "host": "é"}) == bytes([0, 0, 0, len(body)]) + body


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"1", b"null", b'"x"', b"\xff\xfe", b"{}{}"])
def test_a_frame_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        list(control.FrameDecoder().feed(frame(body)))


def test_a_frame_too_long_is_refused_before_its_body_comes() -> None:
    head = (control.MAX_FRAME + 1).to_bytes(4, "big")
    with pytest.raises(ValueError, match=f"{control.MAX_FRAME + 1} bytes"):
        list(control.FrameDecoder().feed(head))


def test_the_longest_frame_passes() -> None:
    body = json.dumps({"x": "y" * (control.MAX_FRAME - 9)}).encode()
    assert len(body) == control.MAX_FRAME
    (message,) = control.FrameDecoder().feed(frame(body))
    assert len(message["x"]) == control.MAX_FRAME - 9


def test_what_came_whole_before_a_broken_frame_is_still_delivered() -> None:
    messages = control.FrameDecoder().feed(control.encode({"id": 1}) + frame(b"x"))
    assert next(messages) == {"id": 1}
    with pytest.raises(ValueError):
        next(messages)
