"""The wishes of one start: plain and frozen."""

import pytest

from ari_tui.config.run_options import DemoOptions, RunOptions
from ari_tui.config.settings import Settings


def test_a_run_goes_on_until_a_signal_unless_told_otherwise() -> None:
    assert RunOptions().duration_s is None
    assert not RunOptions().stay


def test_a_demo_leaves_packets_alone_unless_told_otherwise() -> None:
    options = DemoOptions(settings=Settings())
    assert (options.impair, options.impair_media, options.seed) == ("", "", None)
    assert options.calls == 20


def test_options_cannot_be_changed() -> None:
    options = DemoOptions(settings=Settings())
    with pytest.raises(AttributeError):
        options.calls = 3  # type: ignore[misc]  # that it is refused is the point
