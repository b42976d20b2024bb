from __future__ import annotations

import msgspec
import pytest

from ari_tui.document.model import LossDirections
from ari_tui.ui.widgets.detail_facts import asterisk_says, counts, facts
from tests.ui.detail_kit import (
    HOSTILE,
    WIDTHS,
    a_view,
    assert_fits,
    counted,
    plain,
    statistics,
)
from tests.ui.kit import a_call


def told(text: str) -> dict[str, str]:
    return {line[:12].strip(): line[12:].strip() for line in text.splitlines()}


def test_a_call_is_told_by_every_name_that_others_know_it_by() -> None:
    call = a_call(1, channel_id="1795348740.9")
    found = told(plain(facts(a_view(call), 80)))
    assert found["caller"] == "Caller 1 1001"
    assert (found["Call-ID"], found["linkedid"]) == ("1@10.0.0.1", "1795348740.1")
    assert found["uniqueid"] == "1795348740.9"
    assert found["codec"] == "PCMU 20 ms  SSRC 0x00000001"
    assert found["Asterisk"] == "127.0.0.1:10001 - 127.0.0.1:21001"
    assert found["echo"] == "127.0.0.1:40001 - 127.0.0.1:4000"
    assert found["started"] == "11:59:00 UTC on pbx1  takeover"


def test_a_uniqueid_that_is_the_linkedid_is_not_told_twice() -> None:
    assert "uniqueid" not in told(plain(facts(a_view(a_call(1)), 80)))


def test_counters_are_told_with_where_packets_were_lost() -> None:
    call = a_call(
        1,
        lost=25,
        late=3,
        missing_explained=7,
        loss_directions=LossDirections(outward=20, at_echo=0, back=5),
    )
    call = counted(call, upstream_missing=27, interruptions=1, duplicates_echo=4)
    found = told(plain(counts(a_view(call), 80)))
    assert found["lost"] == "25 (0.83%!)  out 20, at echo 0, back 5"
    assert found["late"] == "3 (0.10%~)"
    assert found["upstream"].startswith("20 missing  1 over 200 ms silent")
    assert found["disorder"] == "twice 0/4  reordered 0/0"
    assert found["floor"] == "4.20 ms round trip  clocks -12.3 ppm"


def test_asterisks_figures_are_told_by_what_they_mean() -> None:
    text = plain(asterisk_says(a_view(statistics=statistics()), 80))
    found = told(text)
    assert text.startswith("Asterisk says at 12:00:00")
    assert (found["channel"], found["bridge"]) == ("Up", "simple_bridge  2 channels")
    assert found["from caller"] == "3,000  lost 0  jitter 0.310 ms"
    assert found["to caller"] == "2,990  lost 0  jitter 0.620 ms by RTCP"
    assert found["its RTT"] == "— ms by RTCP"
    unheard = statistics(sent_lost=None, sent_jitter_ms=None)
    found = told(plain(asterisk_says(a_view(statistics=unheard), 80)))
    assert found["to caller"] == "2,990  no RTCP report of it yet"


def test_a_bridge_that_mixes_is_marked() -> None:
    view = a_view(statistics=statistics(bridge="softmix", members=3))
    assert told(plain(asterisk_says(view, 80)))["bridge"] == "softmix~ re-clocks media  3 channels"


def test_what_is_missing_is_said_in_words() -> None:
    assert plain(asterisk_says(a_view(), 80)).splitlines()[1:] == ["asking"]
    failed = a_view(statistics_trouble="Asterisk did not answer within 5 s")
    assert plain(asterisk_says(failed, 80)).splitlines()[1:] == [
        "! Asterisk did not answer within 5 s"
    ]
    local = statistics(note="Asterisk keeps no RTP statistics of this channel")
    local = msgspec.structs.replace(local, rtp=None)
    text = plain(asterisk_says(a_view(statistics=local), 80))
    assert "keeps no RTP statistics" in text
    assert "from caller" not in text


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("ascii_only", [False, True])
def test_they_fit_every_width_whatever_the_outside_says(width: int, ascii_only: bool) -> None:
    call = a_call(1, caller=HOSTILE, call_id=HOSTILE, linkedid=HOSTILE, codec=HOSTILE)
    view = a_view(call, ascii_only=ascii_only, statistics=statistics(bridge=HOSTILE, state=HOSTILE))
    for block in (facts, counts, asterisk_says):
        assert_fits(block(view, width), width, ascii_only=ascii_only)
