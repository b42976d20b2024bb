"""The diagnosis as lines: what stands first, what belongs to it, and what is not said twice."""

from __future__ import annotations

from ari_tui.document.where import NOTHING_YET
from ari_tui.document.where_text import NOT_TOLD, Told, faulty, line_of, told
from tests.ui.kit import CLEAN, ECHO_LOSS, a_call, a_finding, a_where, an_unknown

SLOW = "echo server: held up to 40 ms since 11:59:20 (likely)"


def test_each_ground_follows_its_finding_and_what_is_not_known_comes_last() -> None:
    first = a_finding(evidence=["its counters"], against=["a short stretch"])
    second = a_finding(SLOW, place="echo-server", confidence="likely", evidence=["its holds"])
    assert list(told(a_where(first, second, unknown=[an_unknown()]))) == [
        Told("line", ECHO_LOSS, "!"),
        Told("evidence", "its counters"),
        Told("against", "a short stretch"),
        Told("finding", SLOW, "~"),
        Told("evidence", "its holds"),
        Told("unknown", "Asterisk's leg out to the caller: the far end sends no reports"),
    ]


def test_no_more_findings_are_told_than_a_surface_shows() -> None:
    findings = [a_finding(f"fault {number}") for number in range(5)]
    shown = [line.text for line in told(a_where(*findings)) if line.kind in ("line", "finding")]
    assert shown == ["fault 0", "fault 1", "fault 2"]


def test_trouble_of_unknown_place_is_marked_and_not_said_twice() -> None:
    trouble = an_unknown(place="caller-in", text="a silence of 3 s", why="no counts of Asterisk")
    first, why = told(a_where(unknown=[trouble]))
    assert (first.text, first.mark) == ("a silence of 3 s", "~")
    assert why.words == "  not known: no counts of Asterisk"


def test_trouble_beside_a_finding_is_named() -> None:
    trouble = an_unknown(place="caller-in", text="a silence of 3 s", why="no counts of Asterisk")
    last = list(told(a_where(a_finding(), unknown=[trouble])))[-1]
    assert last == Told("unknown", "a silence of 3 s: no counts of Asterisk", "~")


def test_a_line_that_is_no_finding_is_never_proved() -> None:
    first, second, *_ = told(a_where(a_finding(), line="several faults"))
    assert (first.mark, second.text, second.mark) == ("~", ECHO_LOSS, "!")


def test_a_clean_call_says_so_and_an_older_engine_told_nothing() -> None:
    assert line_of(a_where()) == f"WHERE {CLEAN}"
    assert list(told(a_where())) == [Told("line", CLEAN, " ")]
    assert line_of(None) == f"WHERE {NOT_TOLD}"
    assert [line.words for line in told(None)] == [f"WHERE {NOT_TOLD}"]


def test_the_mark_is_of_the_worst_that_is_known() -> None:
    likely = a_finding(confidence="likely")
    assert a_where(likely, a_finding()).mark == "!"
    assert a_where(likely).mark == "~"
    assert a_where(unknown=[an_unknown(text="a silence of 3 s")]).mark == "~"
    assert a_where(unknown=[an_unknown()]).mark == " "
    assert NOTHING_YET.mark == "?"
    assert a_where(unknown=[an_unknown()], clean=False).mark == "?"


def test_calls_with_a_fault_are_named_proved_ones_first_then_the_longest() -> None:
    short, long = a_finding("short", seconds=2.0), a_finding("long", seconds=40.0)
    likely = a_finding("likely", confidence="likely", seconds=300.0)
    trouble = an_unknown(text="a silence of 3 s", seconds=3.0)
    calls = [
        a_call(1, where=a_where(likely)),
        a_call(2, where=a_where(short)),
        a_call(3, where=a_where(long)),
        a_call(4, where=a_where(unknown=[an_unknown()])),
        a_call(5, where=None),
        a_call(6, where=NOTHING_YET),
        a_call(7, where=a_where(unknown=[trouble])),
    ]
    named = [
        (calls[2].channel, "long"),
        (calls[1].channel, "short"),
        (calls[0].channel, "likely"),
        (calls[6].channel, "a silence of 3 s"),
    ]
    assert faulty(calls, 9) == named
    assert faulty(calls, 2) == named[:2]
