"""Events are told once, cleaned, and kept within bounds."""

import pytest

from ari_tui.document.model import EventLine
from ari_tui.engine.event_log import KEPT, EventLog


def test_an_event_reaches_the_list_the_log_and_every_listener(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[EventLine] = []
    log = EventLog()
    log.listeners.add(heard.append)
    log.add("error", "worker", "it died", call="s.1", channel="PJSIP/1")
    (line,) = heard
    assert list(log.lines) == [line]
    assert (line.level, line.kind, line.call, line.channel, line.text) == (
        "error",
        "worker",
        "s.1",
        "PJSIP/1",
        "it died",
    )
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("ERROR", "it died")


def test_what_is_quoted_from_outside_is_cleaned_and_cut() -> None:
    log = EventLog()
    log.add("info", "x", "a\x1b[31mred\x07\r\n\u202etxt" + "z" * 9999)
    (line,) = log.lines
    assert line.text.startswith("ared txtzzz")
    assert len(line.text) <= 600


def test_a_percent_sign_is_no_format() -> None:
    log = EventLog()
    log.add("info", "x", "100 %s of %d")
    assert log.lines[0].text == "100 %s of %d"


def test_what_repeats_is_told_once_in_a_while_for_each_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr("ari_tui.engine.event_log.time.monotonic", lambda: now)
    log = EventLog()
    for call in ("s.1", "s.1", "s.2", None, None):
        log.add("warning", "gap", "again", call=call, rate_limited=True)
    assert [line.call for line in log.lines] == ["s.1", "s.2", None]
    now += log.RATE_LIMIT_S
    log.add("warning", "gap", "again", call="s.1", rate_limited=True)
    log.add("warning", "gap", "not rare", call="s.1")
    assert len(log.lines) == 5


def test_memory_does_not_grow_with_events_or_calls() -> None:
    log = EventLog()
    for number in range(3 * KEPT):
        log.add("info", "gap", "again", call=f"s.{number}", rate_limited=True)
    assert len(log.lines) == KEPT
    assert len(log._last_added) <= KEPT + 1
