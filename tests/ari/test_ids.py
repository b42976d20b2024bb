from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.ari.ids import (
    OwnedId,
    build_id,
    call_ids,
    check_names,
    is_own_caller,
    new_session,
    parse_id,
)
from ari_tui.core.errors import ConfigError

_APPS = st.text(st.characters(categories=["L", "N"], include_characters=".-_/"), min_size=1)
_SESSIONS = st.text("0123456789abcdef", min_size=1, max_size=12)


@given(_APPS, _SESSIONS, st.integers(0, 10**9))
def test_an_id_is_read_back_whatever_dots_the_application_has(
    app: str, session: str, number: int
) -> None:
    assert parse_id(build_id(app, session, number, "media")) == OwnedId(
        app, session, number, "media"
    )


def test_an_application_whose_name_is_a_prefix_of_another_does_not_own_its_ids() -> None:
    text = build_id("a.b", "c0ffee", 3, "bridge")
    assert text == "ari-tui.a.b.c0ffee.3.bridge"
    owned = parse_id(text)
    assert owned is not None
    assert (owned.app, owned.session) == ("a.b", "c0ffee")


@pytest.mark.parametrize(
    "foreign",
    [
        "1553.4",
        "",
        "ari-tui",
        "ari-tui.app.s.1",
        "ari-tui.app.s.1.callee",
        "ari-tui.app.s.1.caller;2",
        "ari-tui.app.s.one.media",
        "ari-tui.app.s.².media",
        "ari-tui..s.1.media",
        "ari-tui.app..1.media",
        "other.app.s.1.media",
    ],
)
def test_an_id_of_others_is_not_ours(foreign: str) -> None:
    assert parse_id(foreign) is None


def test_a_call_names_its_media_channel_and_its_bridge() -> None:
    ids = call_ids("app", "5e55", 7)
    assert ids.media == "ari-tui.app.5e55.7.media"
    assert ids.bridge == "ari-tui.app.5e55.7.bridge"


@pytest.mark.parametrize("app", ["", "a,b", "a b", "a\n", "a&b", "x" * 200])
def test_an_application_name_that_asterisk_would_misread_is_refused(app: str) -> None:
    with pytest.raises(ConfigError, match=r"asterisk\.app"):
        check_names(app, "5e55")


def test_the_longest_accepted_name_still_fits_asterisks_unique_id() -> None:
    session = new_session()
    longest = max(size for size in range(1, 150) if _accepted("x" * size, session))
    assert len(build_id("x" * longest, session, 9_999_999_999, "bridge")) == 149


def test_session_names_differ_and_hold_no_dots() -> None:
    names = {new_session() for _ in range(100)}
    assert len(names) == 100
    assert all(name.isalnum() for name in names)
    with pytest.raises(ConfigError, match="session"):
        check_names("app", "a.b")


def _accepted(app: str, session: str) -> bool:
    try:
        check_names(app, session)
    except ConfigError:
        return False
    return True


def test_a_call_that_we_place_has_an_id_of_ours_that_is_its_sessions_alone() -> None:
    text = build_id("app", "now", 3, "caller")
    assert text == "ari-tui.app.now.3.caller"
    assert is_own_caller(text, "app", "now")
    assert not is_own_caller(text, "app", "old")
    assert not is_own_caller(text, "other", "now")
    assert not is_own_caller(build_id("app", "now", 3, "media"), "app", "now")
    assert not is_own_caller("1553.4", "app", "now")
