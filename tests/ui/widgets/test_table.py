"""What the lines of the table of calls read, at every width and in every state."""

from rich.cells import cell_len
from rich.style import Style
from textual.theme import Theme

from ari_tui.client.source import Link
from ari_tui.ui.columns import WIDE, chosen
from ari_tui.ui.frame import Frame
from ari_tui.ui.rows import rows_of
from ari_tui.ui.theme_variables import DARK_VARIABLES
from ari_tui.ui.view_state import NARROW
from tests.ui import kit
from tests.ui.widgets.table_stage import (
    CALM,
    LIMITS,
    TableApp,
    TableHarness,
    a_table,
    calls,
    changed,
)


async def test_a_line_holds_mark_channel_figures_and_sparkline() -> None:
    async with a_table() as harness:
        bad = kit.a_call(1, p50=10.0, lost=30, where=kit.FAULTY)
        await harness.show([bad, *calls(1, first=2)], {"call-1": kit.a_course((3.0, 30.0), {0: 2})})
        header, first, second, *rest = harness.lines()
        assert header.split() == [
            "CHANNEL",
            "WHERE",
            "DUR",
            "RTT",
            "P95",
            "MAX",
            "LATE",
            "LOST",
            "GAP",
            "RTT",
            "0..22ms",
        ]
        assert first.startswith("!▸PJSIP/1001-01 ")
        shown = ["echo", "out!", "1:00", "10.0", "20.0", "30.0", "0", "30", "—"]
        assert first.split()[1:10] == shown
        assert first.endswith("▂^▂^▂×")
        assert second.startswith("  PJSIP/1002-02 ")
        assert second.endswith(" " * 12), "no second of it is known"
        assert {line.strip() for line in rest} == {""}


async def test_the_header_shows_what_rows_are_sorted_by() -> None:
    async with a_table() as harness:
        harness.table.sort, harness.table.reverse = "rtt_p95_ms", True
        await harness.show(calls(2))
        assert "P95▼" in harness.lines()[0]
        harness.table.sort, harness.table.reverse = "channel", False
        assert await harness.show(calls(2)) == 1, "only the header"
        assert "CHANNEL▲" in harness.lines()[0]
        assert "▼" not in harness.lines()[0]


async def test_a_storm_of_sizes_leaves_every_line_as_wide_as_the_screen() -> None:
    async with a_table() as harness:
        shown = calls(60)
        await harness.show(shown, columns=WIDE)
        await harness.press(*["down"] * 30)
        sizes = [(200, 50), (80, 24), (10, 5), (1, 1), (40, 12), (11, 2), (120, 1), (79, 23)]
        for width, height in sizes * 2:
            await harness.resize(width, height)
            strips = harness.strips()
            assert len(strips) == height
            assert {strip.cell_length for strip in strips} == {width}
            assert {cell_len(strip.text) for strip in strips} == {width}
            if height > 1 and width > 1:
                assert any(line[1] == "▸" for line in harness.lines()), (width, height)
        assert harness.table.selected == "call-31"


async def test_narrow_screens_lose_columns_from_the_right() -> None:
    async with a_table(40, 12) as harness:
        await harness.show(calls(5))
        assert harness.lines()[0].split()[:2] == ["CHANNEL", "WHERE"]
        assert "P95" not in harness.lines()[0]
        await harness.resize(10, 12)
        assert harness.lines()[1] == " ▸PJSIP/10"


async def test_an_ended_call_is_dimmed_and_says_so() -> None:
    async with a_table() as harness:
        over = changed(calls(1)[0], ended_at="2026-11-22T12:00:00.000+00:00", state="ended")
        await harness.show([over, *calls(1, first=2)])
        _, first, second, *_ = harness.strips()
        assert first.text.endswith("▂▂ ended")
        assert all(segment.style is not None and segment.style.dim for segment in first)
        assert not any(segment.style is not None and segment.style.dim for segment in second)


async def test_a_lost_engine_turns_the_rows_stale() -> None:
    async with a_table() as harness:
        shown = calls(2)
        await harness.show(shown)
        assert await harness.show(shown, link=Link("lost", "refused")) == 2
        style = next(iter(harness.strips()[2])).style
        assert style is not None
        assert style.color is not None
        assert style.color.name == DARK_VARIABLES["stale"]


async def test_a_failing_figure_has_a_mark_and_a_colour() -> None:
    async with a_table() as harness:
        await harness.show([*calls(1), kit.a_call(2, p50=10.0, where=kit.FAULTY)])
        strip = harness.strips()[2]
        assert strip.text.startswith("! ")
        styles: dict[str, Style | None] = {segment.text: segment.style for segment in strip}
        failing = styles["20.0"]
        assert failing is not None
        assert failing.bold
        assert failing.color is not None
        assert failing.color.name == DARK_VARIABLES["sla-fail"]


async def test_ascii_is_all_that_an_ascii_frame_draws() -> None:
    async with a_table() as harness:
        harness.table.sort, harness.table.reverse = "rtt_p95_ms", True
        long = changed(calls(1)[0], channel="PJSIP/" + "x" * 80)
        over = changed(calls(2)[1], ended_at="2026-11-22T12:00:00.000+00:00", state="ended")
        courses = {"call-1": kit.a_course((3.0, 30.0, None), {4: 1}), "call-2": CALM}
        await harness.show([long, over], courses, ascii=True)
        text = "".join(harness.lines())
        assert text.isascii()
        assert " >PJSIP/" in text
        assert "P95v" in text


async def test_wide_characters_are_cut_by_cells() -> None:
    async with a_table() as harness:
        shown = [changed(call, channel="電話" * 20, caller="電" * 40) for call in calls(3)]
        await harness.show(shown, columns=("mark", "channel", "caller", "rtt_mean_ms"))
        for strip in harness.strips()[1:4]:
            assert cell_len(strip.text) == 80
            assert "電話" in strip.text
            assert "…" in strip.text
        plain = calls(1)
        await harness.show([*shown, *plain], columns=("mark", "channel", "caller", "rtt_mean_ms"))
        at = {cell_len(line[: line.index(" 3.0")]) for line in harness.lines()[1:5]}
        assert len(at) == 1, "figures stand in one column"


async def test_hostile_names_stay_text() -> None:
    async with a_table(120, 10) as harness:
        hostile = [
            "[bold]",
            "[/]",
            "[@click=app.quit]x",
            "\x1b[2J\x1b[31m",
            "a\nb\tc\r",
            "\u202eevil",
            "x" * 65536,
            "\u0301" * 65536,
            "",
        ]
        shown = [
            changed(call, caller=name, channel=f"PJSIP/{call.channel[6:10]}")
            for call, name in zip(calls(len(hostile)), hostile, strict=True)
        ]
        await harness.show(shown, columns=("mark", "channel", "caller", "rtt_mean_ms"))
        text = "\n".join(harness.lines())
        for name in ("[bold]", "[/]", "[@click=app.q…", r"\x1b[2J\x1b[3…", r"a\nb\tc\r"):
            assert name in text
        assert not {"\x1b", "\t", "\r", "\u202e"} & set(text)
        # accents on accents take no cell of their own
        assert {strip.cell_length for strip in harness.strips()} == {120}


async def test_an_empty_table_says_why() -> None:
    async with a_table() as harness:
        assert {line.strip() for line in harness.lines()} == {""}, "nothing was heard yet"
        await harness.show([])
        assert harness.lines()[1].strip() == "no calls"
        document = kit.a_document(calls(7))
        frame = Frame(document, kit.a_history({}), (), LIMITS, Link("live"), 0.4)
        harness.table.show([], chosen(NARROW), frame)
        await harness.painted()
        assert harness.lines()[1].strip() == "none of 7 calls fits the filter"


async def test_a_window_has_its_own_headings_and_figures() -> None:
    async with a_table() as harness:
        shown = calls(2)
        await harness.show(shown)
        assert " P95 " in harness.lines()[0]
        await harness.show(shown, window=10)
        assert " P95s " in harness.lines()[0]


async def test_another_theme_is_drawn_in_its_colours() -> None:
    async with a_table() as harness:
        await harness.show(calls(3))
        theme = Theme(
            name="other",
            primary="#112233",
            background="#000011",
            variables={**DARK_VARIABLES, "spark-lo": "#00aa00"},
        )
        harness.app.register_theme(theme)
        harness.app.theme = "other"
        await harness.pilot.pause()
        await harness.painted()
        colours = {
            segment.style.color.name
            for segment in harness.strips()[2]
            if segment.style is not None and segment.style.color is not None
        }
        assert "#00aa00" in colours
        assert DARK_VARIABLES["spark-lo"] not in colours


async def test_what_was_shown_before_mounting_is_drawn() -> None:
    app = TableApp()
    document = kit.a_document(calls(3))
    history = kit.a_history({})
    frame = Frame(document, history, (), LIMITS, Link("live"), 0.4)
    app.table.show(rows_of(document, history), chosen(NARROW), frame)
    async with app.run_test(size=(80, 24)) as pilot:
        harness = TableHarness(app, pilot)
        await harness.painted()
        assert harness.lines()[1].startswith(" ▸PJSIP/1001")
