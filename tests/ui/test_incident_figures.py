from ari_tui.snapshot import model
from ari_tui.ui.incident_figures import figures, tenths
from ari_tui.ui.limits import Limits
from tests.ui import kit

LIMITS = Limits.of(kit.an_sla())


def line(lines: list[str], name: str) -> list[str]:
    (found,) = (text for text in lines if text.startswith(name))
    return found.removeprefix(name).split()


def test_the_whole_call_stands_beside_its_windows_and_its_limit() -> None:
    call = kit.a_call(
        1,
        p50=5.0,
        lost=30,
        late=3,
        windows=[kit.window(10, kit.a_spread(1.0), lost=1), kit.window(60, kit.a_spread(2.0))],
    )
    lines = figures(call, LIMITS)
    assert line(lines, "round trip p95, ms") == ["10.0", "4.0", "2.0", "12.0"]
    assert line(lines, "round trip max, ms") == ["15.0", "6.0", "3.0", "22.0"]
    assert line(lines, "round trip min, ms") == ["2.5", "1.0", "0.5", "-"]
    assert line(lines, "lost, share") == ["1.00%", "0.00%", "0.20%", "0.20%"]
    assert line(lines, "late, share") == ["0.10%", "0.00%", "0.00%", "0.10%"]
    assert line(lines, "sent to echo") == ["3000", "3000", "500", "-"]
    assert line(lines, "lost  ") == ["30", "0", "1", "-"]


def test_no_sample_is_a_dash() -> None:
    call = kit.a_call(1, rtt_ms=kit.NO_SPREAD, loss_ratio=None, windows=[])
    lines = figures(call, Limits())
    assert line(lines, "round trip mean, ms") == ["-"] * 4
    assert line(lines, "lost, share") == ["-"] * 4
    assert tenths(None) == "-"


def test_where_and_how_packets_were_lost_is_told() -> None:
    call = kit.a_call(
        1,
        loss_directions=model.LossDirections(outward=3, at_echo=2, back=1),
        loss_runs={"1": 4, "2": 1, "3": 0},
        missing_explained=5,
        packets=kit.packets(received=100, upstream_missing=7, late_media=9, in_flight=2, overdue=1),
    )
    text = "\n".join(figures(call, LIMITS))
    assert "lost where: outward 3, at echo 2, back 1; runs of losses: 4 of 1, 1 of 2" in text
    assert "from Asterisk: received 100, missing 7 (5 explained), late 9" in text
    assert "in flight 2, overdue 1" in text
    assert "from Asterisk 0.5, from echo 0.6, echo path alone 0.1" in text
    assert "MOS-CQ est., this hop: 4.40, worst 10 s 4.30" in text


def test_what_is_not_known_of_losses_is_said() -> None:
    assert any(
        "lost where: not known; runs of losses: none" in text
        for text in figures(kit.a_call(1), LIMITS)
    )
