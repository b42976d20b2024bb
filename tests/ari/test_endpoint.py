from __future__ import annotations

import base64
import ssl

import pytest

from ari_tui.ari.endpoint import AriEndpoint
from ari_tui.core.errors import ConfigError


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("localhost:8088", "http://localhost:8088"),
        ("pbx", "http://pbx:8088"),
        ("http://pbx", "http://pbx:8088"),
        ("https://pbx", "https://pbx:8089"),
        ("https://pbx:443/ari/", "https://pbx:443"),
        ("http://pbx/asterisk/ari", "http://pbx:8088/asterisk"),
        ("[::1]:8088", "http://[::1]:8088"),
    ],
)
def test_an_address_is_read_with_and_without_scheme(given: str, url: str) -> None:
    assert AriEndpoint(given, "u", "p").url == url


@pytest.mark.parametrize(
    "bad", ["", "ftp://pbx", "ws://pbx", "pbx:port", "pbx:0", "pbx:99999", "pbx?x=1", "http://"]
)
def test_another_address_is_refused_with_the_key_in_the_message(bad: str) -> None:
    with pytest.raises(ConfigError, match=r"asterisk\.url"):
        AriEndpoint(bad, "u", "p")


def test_a_password_in_the_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        AriEndpoint("http://ari:s3cret@pbx:8088", "u", "p")
    assert "s3cret" not in str(caught.value)


def test_credentials_are_in_the_header_alone() -> None:
    endpoint = AriEndpoint("pbx", "ari", "s3crét:x")
    kind, token = endpoint.headers["Authorization"].split()
    assert kind == "Basic"
    assert base64.b64decode(token).decode() == "ari:s3crét:x"
    shown = (repr(endpoint), endpoint.url, endpoint.rest_url(("x",)), endpoint.events_url("app"))
    assert not any("s3cr" in text or "api_key" in text for text in shown)


def test_path_parts_and_values_are_encoded_whole() -> None:
    endpoint = AriEndpoint("pbx", "u", "p")
    url = endpoint.rest_url(
        ("channels", "a/b?c#d e%", "variable"), {"variable": "CHANNEL(rtp,src)"}
    )
    assert url == (
        "http://pbx:8088/ari/channels/a%2Fb%3Fc%23d%20e%25/variable?variable=CHANNEL%28rtp%2Csrc%29"
    )


def test_events_come_over_ws_and_with_tls_over_wss() -> None:
    assert (
        AriEndpoint("pbx", "u", "p")
        .events_url("my app")
        .startswith("ws://pbx:8088/ari/events?app=my%20app")
    )
    assert AriEndpoint("https://pbx", "u", "p").events_url("a").startswith("wss://pbx:8089/ari/")


def test_tls_is_verified_unless_told_otherwise() -> None:
    assert AriEndpoint("pbx", "u", "p").tls is None
    strict = AriEndpoint("https://pbx", "u", "p").tls
    lax = AriEndpoint("https://pbx", "u", "p", tls_verify=False).tls
    assert strict is not None
    assert lax is not None
    assert strict.verify_mode is ssl.CERT_REQUIRED
    assert lax.verify_mode is ssl.CERT_NONE
