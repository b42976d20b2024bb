import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.ari.parting import HUNG_UP_BY_CALLER, HUNG_UP_HERE, RELEASED_HERE
from ari_tui.snapshot import model
from ari_tui.ui.columns import BY_ID, COLUMNS, NARROW, WIDE, chosen, columns_width, fitting
from tests.ui import kit


def cell(name: str, call: model.Call) -> str:
    return BY_ID[name].text(kit.a_row(call), kit.a_frame())


def test_ids_are_unique_and_labels_fit_their_columns() -> None:
    assert len(BY_ID) == len(COLUMNS)
    for column in COLUMNS:
        assert len(column.label) <= column.width
        assert len(column.window_label) <= column.width
        assert column.help


def test_labels_tell_columns_apart() -> None:
    labels = [column.label for column in COLUMNS]
    assert len(set(labels)) == len(labels)


def test_every_column_shows_a_call_that_has_just_come_and_nothing_is_known_of() -> None:
    call = kit.a_call(
        1,
        packets=kit.packets(),
        rtt_ms=kit.NO_SPREAD,
        windows=[],
        loss_ratio=None,
        late_ratio=None,
        gone_ratio=None,
        call_id=None,
        linkedid=None,
        bridge_technology=None,
        codec=None,
        ptime_ms=None,
        ssrc=None,
        channel="",
        caller="",
        jitter_ms=model.Jitter(media=None, echo=None, hop=None),
        mos=model.Mos(session=None, now=None, worst_10s=None, plain=None, loss_from=None),
        ports=model.Ports(media_local=None, media_remote=None, echo_local=None, echo_remote=None),
    )
    row = kit.a_row(call)
    for column in COLUMNS:
        for window in (0, 10, 60):
            frame = kit.a_frame(window=window)
            assert column.text(row, frame)
            assert column.grade(row, frame) in ("ok", "none")
    for name in ("codec", "channel", "ports", "jitter", "rtt_mean_ms", "burst", "lost_outward"):
        assert cell(name, call) == "—"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mark", "!"),
        ("channel", "PJSIP/1001-01"),
        ("id", "17"),
        ("caller", "Caller 1 1001"),
        ("duration", "1:00"),
        ("state", "measuring"),
        ("codec", "PCMU"),
        ("ports", "21001/40001"),
        ("asterisk", "pbx1"),
        ("call_id", "1@10.0.0.1"),
        ("jitter", "0.5"),
        ("jitter_hop", "0.1"),
        ("burst", "10+"),
        ("lost_outward", "2"),
        ("lost_at_echo", "3"),
        ("lost_back", "4"),
        ("ptime", "20"),
        ("bridge", "simple_bridge"),
        ("reason", "—"),
        ("mode", "takeover"),
        ("ssrc", "0x00000001"),
        ("linkedid", "1795348740.1"),
        ("jitter_echo", "0.6"),
    ],
)
def test_what_a_call_is_called_is_shown_in_its_columns(name: str, expected: str) -> None:
    call = kit.a_call(
        1,
        p50=5.0,
        lost=12,
        id="1f2e3d4c.17",
        loss_runs={"1": 2, "3": 1, "9": 0, "10+": 1},
        loss_directions=model.LossDirections(outward=2, at_echo=3, back=4),
    )
    assert cell(name, call) == expected


@pytest.mark.parametrize("reason", [HUNG_UP_BY_CALLER, HUNG_UP_HERE, RELEASED_HERE])
def test_who_ended_a_call_is_said_uncut_in_the_column_of_reasons(reason: str) -> None:
    assert cell("reason", kit.a_call(1, state="ended", reason=reason)) == reason
    assert len(reason) <= BY_ID["reason"].width


def test_the_longest_run_of_losses_is_that_which_happened() -> None:
    assert cell("burst", kit.a_call(1, loss_runs={"1": 2, "3": 1, "10+": 0})) == "3"
    assert cell("burst", kit.a_call(1, loss_runs={})) == "0"


def test_a_channel_too_long_for_its_column_keeps_endpoint_and_serial_number() -> None:
    shown = cell("channel", kit.a_call(1, channel="PJSIP/carrier-west-0000002a"))
    assert shown == "PJSIP/ca…west-2a"
    assert len(shown) == BY_ID["channel"].width


def test_numbers_of_calls_are_sorted_as_numbers() -> None:
    keys = [BY_ID["id"].key(kit.a_row(kit.a_call(1, id=name))) for name in ("s.9", "s.10", "odd")]
    assert keys == [9, 10, -1]


def test_marks_are_sorted_by_how_bad_they_are() -> None:
    row = kit.a_row(kit.a_call(1))
    keys = [BY_ID["mark"].key(row._replace(mark=mark)) for mark in (" ", "?", "~", "!")]
    assert keys == [0, 1, 2, 3]
    grades = [BY_ID["mark"].grade(row._replace(mark=mark), kit.a_frame()) for mark in ("!", "~")]
    assert grades == ["fail", "near"]


def test_the_narrow_set_leaves_24_seconds_of_sparkline_at_80() -> None:
    assert fitting(chosen(NARROW), 80, 24) == chosen(NARROW)


def test_a_narrow_screen_loses_columns_from_the_right() -> None:
    kept = fitting(chosen(WIDE), 60, 10)
    assert kept == chosen(WIDE)[: len(kept)]
    assert columns_width(kept) + 1 + 10 <= 60
    assert columns_width(chosen(WIDE)[: len(kept) + 1]) + 1 + 10 > 60


def test_mark_and_channel_stay_however_little_room_there_is() -> None:
    assert [column.id for column in fitting(chosen(NARROW), 1, 10)] == ["mark", "channel"]
    assert fitting([], 80) == []


@given(
    names=st.lists(st.sampled_from(sorted(BY_ID)), unique=True),
    width=st.integers(0, 250),
    spark_min=st.integers(0, 60),
)
def test_what_fits_fits(names: list[str], width: int, spark_min: int) -> None:
    kept = fitting(chosen(names), width, spark_min)
    assert kept == chosen(names)[: len(kept)]
    needed = columns_width(kept) + (spark_min + 1 if spark_min else 0)
    assert needed <= width or len(kept) <= 2


def test_a_column_chosen_twice_is_shown_once_and_an_unknown_one_is_refused() -> None:
    assert [column.id for column in chosen(["mark", "id", "mark"])] == ["mark", "id"]
    with pytest.raises(KeyError):
        chosen(["nonsense"])
