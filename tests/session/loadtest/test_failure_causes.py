from __future__ import annotations

import pytest

from ari_tui.core.errors import AriError
from ari_tui.session.loadtest import failure_causes as causes


@pytest.mark.parametrize(
    ("cause", "words"), [(17, "busy"), (19, "nobody answered"), (34, "congestion"), (3, "no route")]
)
def test_a_cause_is_told_in_words_and_by_number(cause: int, words: str) -> None:
    why = causes.ended(cause, "As Asterisk says")
    assert words in why.reason
    assert f"(cause {cause}, As Asterisk says)" in why.reason


def test_a_cause_that_nobody_knows_is_told_by_number() -> None:
    assert causes.ended(126, "").reason == "ended by cause 126 (cause 126)"
    assert causes.ended(126, "").hint is None


def test_what_dial_says_is_told_too_and_unknown_is_no_word() -> None:
    assert causes.ended(3, "Unknown", "CHANUNAVAIL").reason.endswith("(cause 3, CHANUNAVAIL)")


def test_where_the_cause_says_little_dial_knows_better() -> None:
    assert causes.ended(0, "Unknown", "BUSY").reason == "busy (cause 0, BUSY)"
    assert causes.ended(16, "", "NOANSWER").reason.startswith("rang, nobody answered")
    assert causes.ended(21, "", "BUSY").reason.startswith("call rejected")


def test_a_channel_that_cannot_be_made_has_a_hint_and_another_refusal_has_none() -> None:
    assert causes.refused(AriError("POST /channels: 500 Allocation failed")).hint
    assert causes.refused(AriError("POST /channels: 400")).hint is None


def test_a_silent_endpoint_is_told_what_sends() -> None:
    assert "Milliwatt" in (causes.NO_MEDIA_OUT.hint or "")
    assert "127.0.0.1:4000" in (causes.no_media_back("127.0.0.1:4000").hint or "")
