"""The screen on live calls: SIPp's calls through a real Asterisk, in a real terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.asterisk.lab import Asterisk, free_port
from tests.asterisk.live import media_ports
from tests.asterisk.sipp import sipp_calls
from tests.asterisk.tools import wait_until
from tests.terminal import Terminal, needs_tmux

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(300), needs_tmux]

CALLS = 3
A_ROW = r"PJSIP/\S+ .{1,18}\d:\d\d +\d+\.\d +\d+\.\d"
"""Channel, place of a fault, duration, round trips."""


@pytest.fixture
def pane(asterisk: Asterisk, tmp_path: Path) -> Iterator[Terminal]:
    """A terminal in which `ari-tui run` finds Asterisk, an echo server and its ports."""
    ports = media_ports()
    environment = {
        "ARI_URL": asterisk.ari_url,
        "ARI_USER": asterisk.username,
        "ARI_PASS": asterisk.password,
        "PORT_RANGE": f"{ports[0]}-{ports[-1]}",
        "ECHO_HOST": "127.0.0.1",
        "ECHO_PORT": str(free_port()),
    }
    terminal = Terminal(tmp_path, 80, 24, environment)
    try:
        terminal.type(
            f"{sys.executable} -m ari_tui echo --bind 127.0.0.1 --port $ECHO_PORT --quiet &"
        )
        terminal.keys("Enter")
        yield terminal
    finally:
        terminal.close()


def test_the_screen_shows_calls_of_a_real_asterisk_and_what_asterisk_says_of_one(
    asterisk: Asterisk, pane: Terminal, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        pane.run("run")
        pane.until_shown("LIVE")
        assert pane.alternate
        calls = stack.enter_context(sipp_calls(asterisk, tmp_path / "sipp", calls=CALLS))
        pane.until(f"{CALLS} rows", lambda text: len(re.findall(A_ROW, text)) == CALLS)
        assert f"{CALLS} calls" in pane.text
        pane.keys("Enter")
        pane.until_shown("Where a packet's time goes")
        pane.resize(200, 60)
        # what came from SIPp by Asterisk's own count, asked for every five seconds
        pane.until_shown(r"from caller +\d{2,}")
        shown = pane.until_shown(r"Call-ID +\d+-\d+@127\.0\.0\.1")
        assert re.search(r"codec +ulaw 30 ms", shown)
        assert re.search(r"bridge +simple_bridge", shown)
        pane.keys("Escape")
        pane.resize(80, 24)
        assert calls.finish().created == CALLS
        stack.enter_context(sipp_calls(asterisk, tmp_path / "again", calls=1))
        pane.until_shown(A_ROW)
        pane.keys("C-c")
        assert pane.until_left() == 130
        assert "ended by SIGINT" in pane.all_text
    wait_until(lambda: not asterisk.channels(), "no channel is left")
