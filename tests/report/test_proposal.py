"""What `calibrate` prints is configuration that can be used as it stands."""

from __future__ import annotations

from pathlib import Path

from ari_tui.analysis.calibration import propose
from ari_tui.config_layers import load
from ari_tui.config_sources import Raw
from ari_tui.engine.profiles import profile_of
from ari_tui.report.proposal import proposal_lines
from tests.analysis.test_calibration import watched


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


def test_an_instrument_that_was_limited_is_told() -> None:
    seen = watched(limited_s=12.4)
    lines = list(proposal_lines(propose(seen, "own", 1.5), seen))
    assert lines[1].startswith("# 12 s of it were limited by this machine itself")
