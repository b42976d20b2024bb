"""`calibrate`: what is asked for, what is printed, and the code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ari_tui.analysis.sla.calibration import PathSample, propose
from ari_tui.cli.calibrate import proposal_lines
from ari_tui.cli.main import execute
from ari_tui.config.layers import load
from ari_tui.config.sources import Raw
from ari_tui.engine.assembly import profile_of
from ari_tui.session import calibrate
from tests.analysis.sla.test_calibration import watched

pytestmark = pytest.mark.usefixtures("bare_start")


class Watching:
    """Stands where an engine is watched."""

    def __init__(self, found: PathSample, code: int = 0) -> None:
        self.found, self.code = found, code
        self.asked: tuple[Any, ...] = ()
        self.take_over: bool | None = None

    async def __call__(self, *arguments: Any, take_over: bool) -> tuple[PathSample, int]:
        self.asked, self.take_over = arguments, take_over
        return self.found, self.code


def given(monkeypatch: pytest.MonkeyPatch, found: PathSample, code: int = 0) -> Watching:
    watching = Watching(found, code)
    monkeypatch.setattr(calibrate, "watch_engine", watching)
    return watching


@pytest.mark.parametrize("flag", ["--duration", "--for"])
def test_a_profile_is_printed_and_nothing_else(
    flag: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    watching = given(monkeypatch, watched())
    arguments = ["/run/x.sock", flag, "12", "--name", "wan", "--headroom", "2"]
    assert execute(["calibrate", *arguments]) == 0
    target, _, seconds = watching.asked
    assert (target, seconds) == ("/run/x.sock", 12.0)
    out = capsys.readouterr().out
    assert "[sla.profiles.wan]\n" in out
    assert "max_ms = 80.0\n" in out


def test_without_a_target_and_an_engine_one_is_started(
    monkeypatch: pytest.MonkeyPatch, bare_start: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(bare_start))
    watching = given(monkeypatch, watched())
    assert execute(["calibrate", "--app", "nobody", "--take-over"]) == 0
    assert watching.take_over
    assert watching.asked[0] == ""
    assert watching.asked[1].asterisk.app == "nobody"
    assert watching.asked[2] == 60.0


def test_too_little_to_tell_is_inconclusive_with_nothing_on_stdout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given(monkeypatch, watched(histogram={}))
    assert execute(["calibrate", "/run/x.sock"]) == 4
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "nothing to propose: 0 round trips in 60 s" in captured.err


def test_a_signals_code_wins_and_what_was_seen_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given(monkeypatch, watched(), code=130)
    assert execute(["calibrate", "/run/x.sock"]) == 130
    assert "[sla.profiles.own]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--name", "seed"], "the original's limits have that name"),
        (["--name", "a b"], "letters, digits"),
        (["--headroom", "0.5"], "0.5"),
        (["--for", "0"], "above 0"),
    ],
)
def test_wrong_use_is_one_line_with_code_2(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["calibrate", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_the_lines_read_back_as_the_proposed_profile(tmp_path: Path) -> None:
    seen = watched(lost=0, late=3)
    proposal = propose(seen, "my-wan", 1.5)
    file = tmp_path / "c.toml"
    file.write_text("\n".join(proposal_lines(proposal, seen)))
    choice = Raw(key="sla.profile", value="my-wan", origin="--profile")
    settings = load(config_file=str(file), flags=[choice], environment={}, folder=tmp_path)
    assert profile_of(settings.sla) == proposal.profile


def test_every_limit_has_its_reason_above_it() -> None:
    seen = watched()
    proposal = propose(seen, "own", 1.5)
    lines = list(proposal_lines(proposal, seen))
    assert lines[0] == "# Proposed from 60 s: 4 calls, 12,000 round trips."
    for key, reason in proposal.reasons.items():
        (place,) = [number for number, line in enumerate(lines) if line.startswith(f"{key} = ")]
        assert lines[place - 1] == f"# {reason}"


def test_an_instrument_that_was_limited_is_reported() -> None:
    seen = watched(limited_s=12.4)
    lines = list(proposal_lines(propose(seen, "own", 1.5), seen))
    assert lines[1].startswith("# In 12 s of it this machine was too slow")
