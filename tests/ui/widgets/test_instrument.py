"""The instrument's own health."""

from ari_tui.core.realtime import REFUSED
from ari_tui.document.model import EchoHolds, Realtime, WorkerOutage
from ari_tui.ui.widgets.instrument import InstrumentPane, render_instrument
from tests.ui.kit import NO_SPREAD
from tests.ui.widgets.frames import (
    PaneApp,
    a_bad_frame,
    a_frame,
    assert_fits_everywhere,
    changed,
    style_of,
)


def test_a_sound_instrument_is_called_so() -> None:
    text = render_instrument(a_frame(), 65, 9)
    assert style_of(text, "in order") == "ok"
    assert not {"fail", "near"} & {span.style for span in text.spans}


def test_own_delays_are_told_in_both_directions() -> None:
    told = render_instrument(a_frame(), 65, 9).plain.split("\n")
    assert told[1].split() == [
        "own",
        "delay",
        "out",
        "p50",
        "50",
        "µs",
        "p99",
        "150",
        "µs",
        "max",
        "150",
        "µs",
    ]
    assert told[2].split() == [
        "own",
        "delay",
        "back",
        "p50",
        "40",
        "µs",
        "p99",
        "120",
        "µs",
        "max",
        "120",
        "µs",
    ]


def test_a_delay_of_milliseconds_is_told_in_them_and_none_as_a_dash() -> None:
    slow = changed(a_frame().document, "instrument.dwell_out_us", max=25_300.0)
    slow = changed(slow, "instrument", dwell_back_us=NO_SPREAD)
    told = render_instrument(a_frame(slow), 65, 9).plain.split("\n")
    assert told[1].endswith("max 25.3 ms")
    assert told[2].split() == ["own", "delay", "back", "p50", "—", "p99", "—", "max", "—"]


def test_what_should_not_be_is_marked_and_the_reasons_stand_on_top() -> None:
    text = render_instrument(a_bad_frame(), 65, 12)
    assert style_of(text, "12!") == "fail"
    assert style_of(text, "1, 1 restarts~") == "near"
    assert text.plain.split("\n")[0].startswith("Instrument limited for 6 s~, not judged")
    assert text.plain.split("\n")[1].startswith("~ 6 of 60 s limited by drops at our socket")


def test_ports_that_run_out_are_marked_before_they_have() -> None:
    few = changed(a_frame().document, "instrument", ports_in_use=9, ports_total=10)
    assert "9 of 10~" in render_instrument(a_frame(few), 65, 12).plain


def test_every_figure_has_its_place_in_one_column_too() -> None:
    told = render_instrument(a_frame(), 40, 20).plain
    for name in (
        "socket drops",
        "log overflow",
        "no exact time",
        "log fill",
        "engine lag",
        "RTP ports",
        "ARI answers in",
        "buffers",
        "workers",
        "late records",
    ):
        assert f"  {name}" in told


def holds_line(*, told: bool | None, explained_late: int = 0) -> str:
    holds = EchoHolds(
        told=told,
        mean_ms=0.05,
        held=40,
        p99_ms=7.0,
        max_ms=12.3,
        explained_late=explained_late,
        uncertain=0,
        untold=0,
    )
    document = changed(a_frame().document, "instrument", echo_holds=holds)
    return render_instrument(a_frame(document), 65, 9).plain.split("\n")[3].rstrip()


def test_what_the_echo_server_held_is_told_with_what_was_late_by_it() -> None:
    plain = holds_line(told=True).split()
    assert plain == ["echo", "server", "mean", "50", "µs", "max", "12.3", "ms"]
    assert holds_line(told=True, explained_late=1200).endswith("1200 late by it alone")
    assert holds_line(told=False).endswith("does not tell what it holds")
    assert holds_line(told=None).endswith("not known yet")


def test_no_box_is_too_small() -> None:
    assert_fits_everywhere(render_instrument)


async def test_the_pane_draws_the_health() -> None:
    pane = InstrumentPane()
    async with PaneApp(pane).run_test(size=(65, 12)) as pilot:
        pane.show(a_frame())
        await pilot.pause()
        assert "own delay out" in pane.shown


def test_outages_and_scheduling_are_told_where_there_are_any() -> None:
    plain = render_instrument(a_frame(), 65, 14).plain
    assert "scheduling" not in plain
    outage = WorkerOutage(since="2026-11-23T12:04:31.000Z", seconds=10.1, what="stopped", calls=3)
    seen = changed(
        a_frame().document,
        "instrument",
        worker_outages=[outage],
        worker_outage_s=10.1,
        blind_s=2.5,
        realtime=Realtime(worker="SCHED_FIFO 1", echo=None),
    )
    told = render_instrument(a_frame(seen), 65, 14).plain
    assert "~ no worker for 10s; last stopped 12:04:31" in told
    assert "~ the engine stood still for 2.5s" in told
    assert "  scheduling worker SCHED_FIFO 1; echo server —" in told


def test_what_would_give_realtime_scheduling_is_told_to_the_end() -> None:
    seen = changed(
        a_frame().document, "instrument", realtime=Realtime(worker=REFUSED, echo="ordinary")
    )
    told = " ".join(render_instrument(a_frame(seen), 60, 20).plain.split())
    assert f"worker {REFUSED}; echo server ordinary" in told
