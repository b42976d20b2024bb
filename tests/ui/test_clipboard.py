import base64
import re
import stat
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.ui.clipboard import LARGEST, clipboard_caveat, copy, osc52

NOW = datetime(2026, 11, 22, 12, 0, 1, tzinfo=timezone.utc)


def taken(sequence: str) -> bytes:
    """Return what a terminal puts on its clipboard."""
    match = re.fullmatch(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07", sequence)
    assert match is not None
    assert len(match[1]) <= LARGEST
    return base64.b64decode(match[1], validate=True)


@given(text=st.text(max_size=300))
def test_the_clipboard_gets_the_text(text: str) -> None:
    found = osc52(text)
    assert not found.cut
    assert taken(found.sequence) == text.encode("utf-8", "replace")


def test_as_much_goes_as_terminals_take() -> None:
    most = LARGEST // 4 * 3
    assert osc52("x" * most) == (osc52("x" * most).sequence, False)
    longer = osc52("x" * (most + 1))
    assert longer.cut
    assert taken(longer.sequence) == b"x" * most


def test_a_cut_falls_on_the_end_of_a_line() -> None:
    text = "a line of text\n" * 5000
    got = taken(osc52(text).sequence).decode()
    assert text.startswith(got)
    assert got.endswith("\n")
    assert len(got) > LARGEST // 4 * 3 - 15


@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), min_size=10, max_size=60),
    largest=st.integers(4, 40),
)
def test_a_cut_halves_no_character(text: str, largest: int) -> None:
    found = osc52(text, largest)
    (payload,) = re.findall(r";c;(.*)\x07", found.sequence)
    assert len(payload) <= largest
    assert text.startswith(base64.b64decode(payload).decode())


def test_a_copy_is_a_file_as_well(tmp_path: Path) -> None:
    copied = copy("text — ×\n", "incident", folder=tmp_path, now=NOW, environment={})
    assert copied.path == tmp_path / "ari-tui-incident-20261122T120001Z.txt"
    assert copied.path.read_text(encoding="utf-8") == "text — ×\n"
    assert stat.S_IMODE(copied.path.stat().st_mode) == 0o600
    assert taken(copied.sequence).decode() == "text — ×\n"
    assert copied.message == f"incident copied; also in {copied.path}"


def test_what_is_cut_is_whole_in_the_file(tmp_path: Path) -> None:
    text = "x" * 100_000
    copied = copy(text, "row", folder=tmp_path, now=NOW, environment={})
    assert copied.path is not None
    assert copied.path.read_text() == text
    assert copied.message == f"row cut, then copied; all of it in {copied.path}"


def test_without_a_file_the_clipboard_still_gets_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    copied = copy("text", "row", folder=tmp_path / "file", now=NOW, environment={})
    assert copied.path is None
    assert taken(copied.sequence) == b"text"
    assert "row copied; cannot write" in copied.message


def test_half_a_character_from_outside_stops_no_copy(tmp_path: Path) -> None:
    copied = copy("a\ud800b", "row", folder=tmp_path, now=NOW, environment={})
    assert copied.path is not None
    assert copied.path.read_text() == "a?b"


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"TMUX": "/run/tmux,1,0", "TERM": "tmux-256color"}, "set -s set-clipboard on"),
        ({"STY": "1.pts"}, "screen"),
        ({"TERM": "linux"}, "console"),
        ({"TERM": "xterm-256color", "TMUX": ""}, ""),
        ({}, ""),
    ],
)
def test_what_keeps_it_from_the_terminal_is_said(environment: dict[str, str], said: str) -> None:
    note = clipboard_caveat(environment)
    assert said in note
    assert bool(note) == bool(said)


def test_the_obstacle_is_part_of_what_is_said(tmp_path: Path) -> None:
    copied = copy("text", "row", folder=tmp_path, now=NOW, environment={"TMUX": "x"})
    assert copied.message.endswith("(tmux passes it on only with: set -s set-clipboard on)")
