"""Shared options: flags are the highest layer of the configuration."""

import logging
from pathlib import Path

import click
import pytest

from ari_tui.cli.options import (
    ASTERISK_FLAGS,
    LOG_FLAGS,
    OUTPUT_FLAGS,
    SCREEN_FLAGS,
    SECONDS,
    Start,
    check_impairment,
    prepare,
)
from ari_tui.config.settings import KEY_TYPES, is_secret
from ari_tui.core.errors import ConfigError
from ari_tui.ui.bindings import keymap

pytestmark = pytest.mark.usefixtures("bare_start")


def test_every_flag_sets_its_key_and_is_its_origin() -> None:
    given = {
        "flag_ari_url": "pbx:8088",
        "flag_ari_user": "me",
        "flag_app": "mine",
        "flag_echo": "10.0.0.1:4001",
        "flag_bind": "127.0.0.2",
        "flag_ports": "21000-21099",
        "flag_json": "-",
        "flag_interval": "2",
        "flag_status": "0",
        "flag_histograms": True,
        "flag_exit_zero": True,
        "flag_http": "127.0.0.1:0",
        "flag_profile": "seed",
        "flag_log": "here.log",
        "flag_log_level": "error",
        "flag_log_json": True,
        "flag_theme": "light",
        "flag_themes_dir": "mine",
        "flag_ascii": True,
        "flag_mouse": True,
        "flag_refresh": "4",
    }
    flags = (*ASTERISK_FLAGS, *OUTPUT_FLAGS, *LOG_FLAGS, *SCREEN_FLAGS)
    assert set(given) == {flag.parameter for flag in flags}
    settings = prepare(Start(), given)
    assert settings.asterisk.url == "pbx:8088"
    assert settings.asterisk.username == "me"
    assert settings.asterisk.app == "mine"
    assert (settings.echo.host, settings.echo.port) == ("10.0.0.1", 4001)
    assert settings.media.bind == "127.0.0.2"
    assert settings.media.port_range == (21000, 21099)
    assert (settings.output.json, settings.output.interval_s) == ("-", 2.0)
    assert (settings.output.status_s, settings.output.histograms) == (0.0, True)
    assert settings.output.exit_zero
    assert settings.http.address == ("127.0.0.1", 0)
    assert settings.sla.profile == "seed"
    assert (settings.log.file, settings.log.level, settings.log.json) == ("here.log", "error", True)
    ui = settings.ui
    assert (ui.theme, ui.themes_dir, ui.ascii, ui.mouse) == ("light", "mine", True, True)
    assert ui.refresh_hz == 4.0
    keys = [flag.key for flag in flags if flag.key != "echo"] + ["echo.host", "echo.port"]
    assert set(settings.origins) == set(keys)
    assert all(origin.startswith("--") for origin in settings.origins.values())


def test_no_flag_takes_a_secret() -> None:
    flags = (*ASTERISK_FLAGS, *OUTPUT_FLAGS, *LOG_FLAGS, *SCREEN_FLAGS)
    keys = {flag.key for flag in flags} - {"echo"}
    assert keys <= set(KEY_TYPES)
    assert not any(is_secret(key) for key in keys)


def test_a_flag_that_is_not_given_leaves_its_key_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARI_TUI_LOG_JSON", "true")
    settings = prepare(Start(), {"flag_log_json": False, "flag_app": None})
    assert settings.log.json
    assert settings.asterisk.app == "ari-tui"


@pytest.mark.parametrize(
    ("flag", "value", "told"),
    [
        ("flag_echo", "10.0.0.1", r"^echo \(--echo\): '10\.0\.0\.1' is not .* host:port"),
        ("flag_echo", "a:0", r"^echo \(--echo\): .*a port from 1 to 65535"),
        ("flag_interval", "soon", r"^output\.interval_s \(--interval\): 'soon'"),
        ("flag_http", "0.0.0.0:9090", r"^http\.bind \(--http\): .*http\.token_file"),
        ("flag_log_level", "loud", r"^log\.level \(--log-level\): .*debug"),
        ("flag_refresh", "0", r"^ui\.refresh_hz \(--refresh\): '0' .* from 0\.1 to 10"),
    ],
)
def test_a_wrong_flag_is_named(flag: str, value: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        prepare(Start(), {flag: value})


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        (
            "ARI_TUI_UI_KEYS",
            "freze=p",
            r"^ui\.keys \(ARI_TUI_UI_KEYS in the environment\): .* did you mean freeze\?",
        ),
        ("ARI_TUI_UI_COLUMNS", "mark,channle", r"^ui\.columns \(.*'channle'.* mean channel\?"),
        ("ARI_TUI_UI_COLUMNS", "0123456789", r"^ui\.columns \(.*give ids of columns$"),
    ],
)
def test_unknown_keys_and_columns_are_reported_at_every_start(
    variable: str, value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=told):
        prepare(Start(), {})


def test_keys_and_columns_are_passed_on_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARI_TUI_UI_KEYS", "freeze=p,f5 hang_up=")
    monkeypatch.setenv("ARI_TUI_UI_COLUMNS", "mark,channel")
    ui = prepare(Start(), {}).ui
    assert keymap(ui.keys) == {"freeze": "p,f5", "hang_up": ""}
    assert ui.columns == ("mark", "channel")


def test_the_log_goes_to_its_file_from_the_first_warning_on(bare_start: Path) -> None:
    prepare(Start(), {"flag_log": "my.log", "flag_bind": "0.0.0.0"})
    assert "WARNING [-] media.bind (--bind): 0.0.0.0" in (bare_start / "my.log").read_text()
    assert logging.getLogger("ari_tui").level == logging.INFO


def test_the_start_knows_when_it_is_to_print_more() -> None:
    start = Start()
    prepare(start, {})
    assert not start.debug
    prepare(start, {"flag_log_level": "debug"})
    assert start.debug


def test_without_a_parent_nothing_waits() -> None:
    assert not Start().link.parent_waits


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "x", ""])
def test_a_duration_is_a_number_of_seconds_above_zero(value: str) -> None:
    assert SECONDS.convert("2.5", None, None) == 2.5
    with pytest.raises(click.BadParameter, match="seconds above 0"):
        SECONDS.convert(value, None, None)


def test_a_wrong_impairment_is_reported_with_its_flag() -> None:
    check_impairment("impair_media", "")
    check_impairment("impair_media", "loss=1%,delay=20ms")
    with pytest.raises(ConfigError, match=r"^--impair-media: loss"):
        check_impairment("impair_media", "loss=lots")
