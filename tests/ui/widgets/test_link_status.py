"""How the link and the verdict are told in a word."""

from typing import Any

import pytest

from ari_tui.client.source import Link
from ari_tui.ui.widgets.line_canvas import Part
from ari_tui.ui.widgets.link_status import connection, verdict
from tests.document.test_alert import standing
from tests.ui.kit import an_sla
from tests.ui.widgets.frames import a_frame


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, ("● LIVE", "ok")),
        ({"age_s": 4.2}, ("● LIVE 4s old", "stale")),
        ({"link": Link("lost"), "age_s": 3.0}, ("○ LOST 3s", "fail")),
        ({"link": Link("connecting")}, ("○ CONNECTING", "stale")),
        ({"link": Link("ended")}, ("■ ENDED", "stale")),
        ({"frozen_s": 12.0}, ("‖ FROZEN 12s", "frozen")),
    ],
)
def test_the_connection_is_told_in_words(changes: dict[str, Any], told: Part) -> None:
    assert connection(a_frame(**changes)) == told


@pytest.mark.parametrize(
    ("judged", "state", "now", "told"),
    [
        ("inconclusive", None, None, "INCONCLUSIVE"),
        ("inconclusive", "inconclusive", "inconclusive", "INCONCLUSIVE"),
        ("inconclusive", "no_traffic", "no_traffic", "NO TRAFFIC"),
        ("inconclusive", "inconclusive", "no_traffic", "NO TRAFFIC"),
        ("pass", "pass", "no_traffic", "PASS"),
        ("fail", "fail", "no_traffic", "FAIL"),
        ("pass", "pass", "fail", "PASS"),
    ],
)
def test_no_traffic_is_told_where_nothing_is_proven(
    judged: str, state: str | None, now: str | None, told: str
) -> None:
    sla = an_sla(judged, state=state, now=None if now is None else standing(now))
    assert verdict(sla)[0] == told
