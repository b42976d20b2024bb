from __future__ import annotations

from ari_tui.analysis.jury import Stretch
from ari_tui.analysis.sla_profiles import SEED_PROFILE
from ari_tui.loadtest.stage import Stage


def test_a_stage_keeps_its_peak_and_ends_once() -> None:
    stage = Stage(3, Stretch(SEED_PROFILE, 100))
    for up in (1, 3, 2):
        stage.note(up)
    stage.end()
    ended_ns, until = stage.ended_ns, stage.stretch.until_second
    stage.note(9)
    stage.end()
    assert (stage.reached, stage.ended_ns, stage.stretch.until_second) == (3, ended_ns, until)
    assert ended_ns is not None
    assert until == ended_ns // 10**9
