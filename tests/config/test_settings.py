"""The slices: what a part is handed, and that no text of one holds a secret."""

import re
import sys
from pathlib import Path

import msgspec
import pytest

from ari_tui.config.run_options import DemoOptions, RunOptions
from ari_tui.config.settings import (
    KEY_TYPES,
    SECTIONS,
    T0_RING_ENTRIES,
    AsteriskSettings,
    Draft,
    HttpSettings,
    MediaSettings,
    Settings,
    describe_allowed,
    is_secret,
    refusal,
)
from ari_tui.config.text_values import parse_host_port, parse_ports, parse_tier


def test_the_text_of_a_group_masks_its_secrets() -> None:
    settings = Settings(
        asterisk=AsteriskSettings(password="geheim"), http=HttpSettings(token="t0ken")
    )
    assert "geheim" not in repr(settings)
    assert "t0ken" not in repr(settings)
    assert "password=********" in repr(settings.asterisk)


def test_a_group_cannot_be_changed() -> None:
    media = MediaSettings()
    with pytest.raises(AttributeError):
        media.workers = 2  # type: ignore[misc]  # that it is refused is the point


def test_only_the_secrets_themselves_count_as_secret() -> None:
    assert {key for key in KEY_TYPES if is_secret(key)} == {
        "asterisk.password",
        "http.token",
        "alerts.webhook",
        "alerts.webhook_token",
    }


def test_port_ranges_are_read_and_an_empty_echo_range_is_the_kernels_choice() -> None:
    media = MediaSettings(ports="4500-50000")
    assert media.port_range == (4500, 50000)
    assert media.echo_port_range is None
    assert MediaSettings(echo_ports="30000").echo_port_range == (30000, 30000)


def test_an_http_server_has_an_address_when_it_is_enabled() -> None:
    assert HttpSettings(bind="localhost:1").address == ("localhost", 1)
    assert HttpSettings().address is None


if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


def flat(text: str) -> dict[str, object]:
    return {
        f"{section}.{name}": value
        for section, body in tomllib.loads(text).items()
        for name, value in body.items()
    }


def defaults() -> dict[str, object]:
    found = {key: Settings().get(key) for key in KEY_TYPES}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()}


def test_the_example_as_it_stands_equals_the_defaults() -> None:
    example = flat(EXAMPLE.read_text())
    assert example == {key: value for key, value in defaults().items() if key in example}


def test_the_example_with_its_optional_keys_names_every_key_with_its_default() -> None:
    uncommented = re.sub(r"^# (\w+ = )", r"\1", EXAMPLE.read_text(), flags=re.MULTILINE)
    assert flat(uncommented) == defaults()


def test_what_the_example_comments_out_is_what_is_empty_by_default() -> None:
    empty = {key for key, value in defaults().items() if value in ("", [])}
    assert KEY_TYPES.keys() - flat(EXAMPLE.read_text()).keys() == empty


def test_every_key_of_the_example_has_a_comment_above_it_or_above_its_neighbours() -> None:
    lines = EXAMPLE.read_text().splitlines()
    blocks = "\n".join(lines).split("\n\n")
    assert len(blocks) == len(SECTIONS) + 1
    for block in blocks[1:]:
        first_key = block.splitlines()[1:]
        assert first_key[0].startswith("# "), block.splitlines()[0]


def test_every_section_is_a_group_of_settings_and_every_default_passes_its_own_type() -> None:
    settings = Settings()
    for section, slice_type in SECTIONS.items():
        value = getattr(settings, section)
        assert type(value) is slice_type
        assert msgspec.convert(msgspec.structs.asdict(value), slice_type) == value


def test_secrets_come_also_as_headers_and_urls_would_hold_them() -> None:
    secrets = Settings(asterisk=AsteriskSettings(password="a/b c")).secrets
    # base64 of "ari:a/b c"
    assert set(secrets) == {"a/b c", "a%2Fb%20c", "YXJpOmEvYiBj"}


def test_the_well_known_default_password_is_no_secret() -> None:
    assert Settings().secrets == ()


def test_the_longest_loss_timeout_is_what_the_t0_ring_holds_at_ten_milliseconds() -> None:
    allowed = describe_allowed("media.loss_timeout_ms")
    assert f"to {T0_RING_ENTRIES * 10} " in allowed
    assert "10 ms packets" in allowed


def test_what_is_allowed_is_described_for_every_key() -> None:
    told = {key: describe_allowed(key) for key in KEY_TYPES}
    assert told["media.workers"] == "a whole number from 1 to 64"
    assert told["asterisk.sweep_s"] == "a number above 0 to 86400"
    assert told["asterisk.on_release"] == "one of continue, hangup"
    assert told["media.learn_networks"] == "a list of texts"
    assert all(told.values())


def test_what_no_layer_has_set_is_at_its_default() -> None:
    draft = Draft(values={"echo.port": 4001}, origins={"echo.port": "ECHO_PORT in .env"})
    assert (draft.get("echo.port"), draft.origin("echo.port")) == (4001, "ECHO_PORT in .env")
    assert draft.get("echo.host") == Settings().echo.host
    assert draft.origin("echo.host") == "default"


def test_a_refused_value_is_reported_with_its_origin_and_what_is_allowed() -> None:
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


def test_a_refused_value_is_cut_and_its_escape_sequences_are_escaped() -> None:
    told = refusal("echo.host", "\x1b[2J" + "x" * 500, "here", "a host name")
    assert "\x1b" not in told
    assert len(told) < 160


@pytest.mark.parametrize(
    "text", ["", "x", "1-", "-2", "0-10", "10-5", "1-65536", "1-2-3", " 1-2", "1_0-20", "٣-٤"]
)
def test_what_is_no_port_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"port|first"):
        parse_ports(text)


def test_host_and_port_are_read_with_ipv6_in_brackets() -> None:
    assert parse_host_port("127.0.0.1:9090") == ("127.0.0.1", 9090)
    assert parse_host_port("[::1]:0") == ("::1", 0)


@pytest.mark.parametrize("text", ["", "9090", ":9090", "host:", "host:x", "host:65536", "::1:80"])
def test_what_is_no_host_and_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"port|brackets"):
        parse_host_port(text)


def test_a_tier_is_read() -> None:
    assert parse_tier("30:8/12.5/18") == (30, 8.0, 12.5, 18.0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "30",
        "30:8/12",
        "30:8/12/18/22",
        "-1:8/12/18",
        "x:8/12/18",
        "30:8/12/nan",
        "30: 8/12/18",
        "٣:8/12/18",
    ],
)
def test_what_is_no_tier_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as 30:8/12/18"):
        parse_tier(text)


def test_a_run_goes_on_until_a_signal_by_default() -> None:
    assert RunOptions().duration_s is None
    assert not RunOptions().stay


def test_a_demo_leaves_packets_alone_by_default() -> None:
    options = DemoOptions(settings=Settings())
    assert (options.impair, options.impair_media, options.seed) == ("", "", None)
    assert options.calls == 20


def test_options_cannot_be_changed() -> None:
    options = DemoOptions(settings=Settings())
    with pytest.raises(AttributeError):
        options.calls = 3  # type: ignore[misc]  # that it is refused is the point
