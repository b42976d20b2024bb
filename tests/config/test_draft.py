"""The draft: what is set, what is at its default, and how a wrong value is told."""

from ari_tui.config.draft import Draft, refusal
from ari_tui.config.settings import Settings


def test_what_no_layer_has_set_is_at_its_default() -> None:
    draft = Draft(values={"echo.port": 4001}, origins={"echo.port": "ECHO_PORT in .env"})
    assert (draft.get("echo.port"), draft.origin("echo.port")) == (4001, "ECHO_PORT in .env")
    assert draft.get("echo.host") == Settings().echo.host
    assert draft.origin("echo.host") == "default"


def test_a_refused_value_is_told_with_its_origin_and_what_is_allowed() -> None:
    draft = Draft(values={"echo.host": "a b"}, origins={"echo.host": "--echo"})
    draft.refuse("echo.host", "a host name")
    draft.refuse("media.bind", "an address")
    assert draft.problems == [
        "echo.host (--echo): 'a b' is not allowed; give a host name",
        "media.bind (default): '' is not allowed; give an address",
    ]


def test_a_refused_secret_is_not_shown() -> None:
    told = refusal("http.token", "ge heim", "here", "printable ASCII without spaces")
    assert (
        told == "http.token (here): this value is not allowed; give printable ASCII without spaces"
    )


def test_a_refused_value_is_cut_and_its_escape_sequences_are_spelled_out() -> None:
    told = refusal("echo.host", "\x1b[2J" + "x" * 500, "here", "a host name")
    assert "\x1b" not in told
    assert len(told) < 160
