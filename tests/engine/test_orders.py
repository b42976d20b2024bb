"""Every command of a call machine is carried out by the request that it names."""

from typing import Any, get_args
from unittest import mock

import pytest

from ari_tui.ari import commands as do
from ari_tui.engine.orders import Orders

REQUESTS: dict[do.Command, tuple[str, tuple[Any, ...]]] = {
    do.Answer("c"): ("answer", ("c",)),
    do.GetVariable("c", "v"): ("channel_variable", ("c", "v")),
    do.CreateBridge("b"): ("create_bridge", ("b",)),
    do.AddToBridge("b", ("c", "m")): ("add_to_bridge", ("b", ("c", "m"))),
    do.GetBridge("b"): ("bridge", ("b",)),
    do.DeleteBridge("b"): ("delete_bridge", ("b",)),
    do.HangupChannel("m"): ("hang_up", ("m",)),
    do.ContinueChannel("c"): ("continue_in_dialplan", ("c",)),
    do.CreateExternalMedia("m", "127.0.0.1:5"): ("external_media", ("m",)),
    do.AddMedia(): ("add", ("call",)),
    do.ConnectMedia("h", 5): ("connect", ("call", "h", 5)),
    do.DrainMedia(): ("drain", ("call",)),
    do.RemoveMedia(): ("remove", ("call",)),
}


OF_MEDIA = {"add", "connect", "drain", "remove"}


@pytest.mark.parametrize("command", REQUESTS, ids=lambda command: type(command).__name__)
def test_a_command_becomes_its_request(command: do.Command) -> None:
    client, media = mock.Mock(), mock.Mock()
    media.media.format = "alaw"
    call: Any = "call"
    name, arguments = REQUESTS[command]
    result: object = Orders(client, media, "app").execute(call, command)
    (asked,) = (*client.mock_calls, *media.mock_calls)
    assert (asked[0], asked[1]) == (name, arguments)
    assert result is getattr(media if name in OF_MEDIA else client, name).return_value
    if name == "external_media":
        assert asked[2] == {"app": "app", "external_host": "127.0.0.1:5", "media_format": "alaw"}


def test_no_command_is_forgotten() -> None:
    known = {type(command) for command in REQUESTS}
    assert known == set(get_args(do.Command)) - {do.StartTimer, do.Finished}


def test_what_is_the_shells_own_is_refused() -> None:
    with pytest.raises(TypeError, match="no way to run"):
        _ = Orders(mock.Mock(), mock.Mock(), "app").execute(mock.Mock(), do.StartTimer("x", 1.0))
