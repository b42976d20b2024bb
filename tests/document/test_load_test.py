from __future__ import annotations

import inspect

import msgspec
import pytest

from ari_tui.document import load_test as load
from ari_tui.document.model import Base

PARTS = [kind for _, kind in inspect.getmembers(load, inspect.isclass) if issubclass(kind, Base)]


def test_every_part_of_a_report_is_frozen_and_named_by_keyword() -> None:
    assert len(PARTS) > 6
    for part in PARTS:
        assert part.__struct_config__.frozen, part
        with pytest.raises(TypeError):
            part("a value without its name")


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"schema":"ari-tui.stats/1"}'])
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        load.decode_load(data)


def test_the_steps_are_in_the_order_in_which_a_call_takes_them() -> None:
    assert load.STEPS == (
        "accepted",
        "ringing",
        "answered",
        "bridged",
        "media_out",
        "media_back",
    )
