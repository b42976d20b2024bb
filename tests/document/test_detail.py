from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from ari_tui.analysis.store import Store
from ari_tui.building.detail import detail_of
from ari_tui.document.detail import CallDetail, CallerStatistics


def test_an_answer_reads_back_as_it_was_sent(store: Store) -> None:
    sent = detail_of(store, 1, "s.1", until_ns=1_700_000_001_000_000_000, events=[])
    assert msgspec.json.decode(msgspec.json.encode(sent), type=CallDetail) == sent


@pytest.mark.parametrize("kind", [CallDetail, CallerStatistics])
def test_an_answer_that_lacks_something_is_refused(kind: type[msgspec.Struct]) -> None:
    with pytest.raises(msgspec.ValidationError, match="missing required field"):
        msgspec.json.decode(b"{}", type=kind)


def test_the_screen_can_read_answers_without_numpy() -> None:
    program = "import sys, ari_tui.document.detail; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
