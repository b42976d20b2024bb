from __future__ import annotations

from ari_tui.report.load_text import load_report
from tests.loadtest.kit import load


async def test_the_text_says_verdict_steps_and_why_calls_failed() -> None:
    async with load("tone", "busy", calls=2, duration_s=1.2) as run:
        report = await run.ended()
    text = load_report(report)
    assert text.startswith("LOAD TEST   FAIL\n")
    assert "failed at answered: busy (cause 17, User busy)" in text
    assert "fewer at once" in text
    assert f"{report.progress.started} started, {report.progress.good} good" in text
    for step in report.set_up_ms:
        assert f"\n  {step} " in text
    assert "tier 2" in text


async def test_what_comes_from_outside_cannot_steer_the_terminal() -> None:
    async with load("tone", "busy", calls=2, duration_s=1.2) as run:
        report = await run.ended()
    report.reasons[0] = "\x1b[31mred\x1b[0m\nsecond line"
    report.plan.endpoints[0] = "Local/\x1b]0;title\x07@x"
    assert "\x1b" not in load_report(report)
