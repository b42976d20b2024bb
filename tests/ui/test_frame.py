"""A frame: what a repaint is drawn from."""

from ari_tui.ui.frame import Frame
from ari_tui.ui.limits import Limits
from tests.ui.kit import a_frame


def test_a_frame_is_live_whole_and_in_blocks_unless_it_says_otherwise() -> None:
    required = a_frame()[:6]
    frame = Frame(*required)
    assert (frame.frozen_s, frame.window, frame.ascii) == (None, 0, False)
    assert frame._replace(frozen_s=3.0, window=10)[:6] == required


def test_a_frame_has_the_limits_of_its_own_documents_verdict() -> None:
    frame = a_frame()
    assert frame.limits == Limits.of(frame.document.sla) != Limits()
