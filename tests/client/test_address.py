"""Where an engine is, and in words why it is not to be reached."""

from pathlib import Path

import pytest

from ari_tui.client.address import Target, parse_target
from ari_tui.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "uri", "shown"),
    [
        ("jump:9191", "ws://jump:9191/stream", "ws://jump:9191"),
        (" 127.0.0.1:1 ", "ws://127.0.0.1:1/stream", "ws://127.0.0.1:1"),
        ("[::1]:9090", "ws://[::1]:9090/stream", "ws://[::1]:9090"),
        ("http://jump", "ws://jump:9090/stream", "ws://jump:9090"),
        ("http://jump:80/", "ws://jump:80/stream", "ws://jump:80"),
        ("ws://jump:80/stream", "ws://jump:80/stream", "ws://jump:80"),
        ("https://jump", "wss://jump:443/stream", "wss://jump:443"),
        ("wss://jump/voice/", "wss://jump:443/voice/stream", "wss://jump:443/voice"),
    ],
)
def test_urls_and_addresses_lead_to_the_stream(text: str, uri: str, shown: str) -> None:
    assert parse_target(text) == Target(uri, None, shown)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/run/user/1000/ari-tui/ari-tui.sock", "/run/user/1000/ari-tui/ari-tui.sock"),
        ("./here", "here"),
        ("mine.sock", "mine.sock"),
        ("~/x.sock", str(Path.home() / "x.sock")),
        ("/odd/user@host/a.sock", "/odd/user@host/a.sock"),
    ],
)
def test_a_path_is_a_unix_socket(text: str, path: str) -> None:
    assert parse_target(text) == Target("ws://engine/stream", path, path)


@pytest.mark.parametrize(
    "text", ["", "jump", "9090", ":9090", "jump:0", "jump:99999", "ftp://jump", "http://", "jump:x"]
)
def test_what_is_neither_is_told_in_one_line(text: str) -> None:
    with pytest.raises(ConfigError, match="no address of an engine") as refused:
        parse_target(text)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    "text", ["http://:s3cret@jump:1", "u:s3cret@jump:9090", "http://jump/?token=s3cret"]
)
def test_a_secret_in_a_url_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError, match=r"http\.token_file") as refused:
        parse_target(text)
    assert "s3cret" not in str(refused.value)


def test_what_is_shown_cannot_upset_a_terminal() -> None:
    assert parse_target("/tmp/\x1b[31m.sock").shown.isprintable()
    with pytest.raises(ConfigError) as refused:
        parse_target("\x1b]0;owned\x07")
    assert str(refused.value).isprintable()
