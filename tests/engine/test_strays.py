"""Nobody is left in our application without a call."""

from unittest import mock

import pytest

from ari_tui.ari.commands import OnRelease
from ari_tui.engine.events import EventLog
from ari_tui.engine.strays import Strays
from ari_tui.errors import AriError
from tests.engine.kit import texts


@pytest.mark.parametrize(
    ("on_release", "request_name"),
    [(OnRelease.CONTINUE, "continue_in_dialplan"), (OnRelease.HANGUP, "hang_up")],
)
async def test_a_late_caller_is_let_go_as_configured(
    on_release: OnRelease, request_name: str
) -> None:
    client = mock.AsyncMock()
    await Strays(client, EventLog(), on_release).send_on("170.1")
    assert [(one[0], one[1]) for one in client.mock_calls] == [(request_name, ("170.1",))]


async def test_what_stays_all_the_same_is_told() -> None:
    client, events = mock.AsyncMock(), EventLog()
    client.hang_up.side_effect = client.continue_in_dialplan.side_effect = AriError("500 no")
    strays = Strays(client, events, OnRelease.CONTINUE)
    await strays.hang_up("ari-tui.a.s.1.media")
    await strays.send_on("170.1")
    assert texts(list(events.lines)) == [
        "a leftover channel stays: 500 no",
        "a caller who came late stays: 500 no",
    ]
