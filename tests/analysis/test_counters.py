from __future__ import annotations

from ari_tui.analysis import counters as c
from ari_tui.document.model import Packets


def test_every_counter_has_its_own_place_under_its_own_name() -> None:
    places = [getattr(c, name.upper()) for name in c.NAMES]
    assert places == list(range(c.COUNT))


def test_a_documents_packets_are_the_counters_and_what_is_under_way() -> None:
    assert set(Packets.__struct_fields__) == {*c.NAMES, "in_flight", "overdue"}
