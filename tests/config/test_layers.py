"""The layers: which one wins, what each is told when it is wrong."""

from pathlib import Path

import pytest

from ari_tui.config.layers import load
from ari_tui.config.settings import Settings
from ari_tui.config.sources import Raw
from ari_tui.core.errors import ConfigError


@pytest.fixture(autouse=True)
def no_user_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-such-folder"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def read(tmp_path: Path, toml: str = "", env: str = "", *flags: Raw, **variables: str) -> Settings:
    if env:
        (tmp_path / ".env").write_text(env)
    file = tmp_path / "c.toml"
    file.write_text(toml)
    return load(
        config_file=str(file) if toml else None, flags=flags, environment=variables, folder=tmp_path
    )


def problems(tmp_path: Path, toml: str = "", env: str = "", **variables: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, toml, env, **variables)
    assert caught.value.exit_code == 2
    return str(caught.value).splitlines()


def test_without_any_layer_everything_is_at_its_default(tmp_path: Path) -> None:
    assert read(tmp_path) == Settings()


def test_flags_go_before_environment_before_dot_env_before_file(tmp_path: Path) -> None:
    flag = Raw(key="echo.port", value="4", origin="--echo")
    toml, env = "[echo]\nport = 1", "ECHO_PORT=2"
    assert read(tmp_path, toml).echo.port == 1
    assert read(tmp_path, toml, env).echo.port == 2
    assert read(tmp_path, toml, env, ECHO_PORT="3").echo.port == 3
    settings = read(tmp_path, toml, env, flag, ECHO_PORT="3")
    assert settings.echo.port == 4
    assert settings.origin("echo.port") == "--echo"
    assert settings.origin("echo.host") == "default"


def test_each_origin_names_its_layer(tmp_path: Path) -> None:
    settings = read(
        tmp_path, "[log]\njson = true", "APP_NAME=one", ARI_TUI_MEDIA_WORKERS="2", ARI_USER="u"
    )
    assert settings.origins == {
        "log.json": str(tmp_path / "c.toml"),
        "asterisk.app": "APP_NAME in .env",
        "media.workers": "ARI_TUI_MEDIA_WORKERS in the environment",
        "asterisk.username": "ARI_USER in the environment",
    }


def test_dot_env_is_read_without_touching_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ARI_PASS", raising=False)
    (tmp_path / ".env").write_text("ARI_PASS=geheim\nexport APP_NAME='my-app'  # ours\nOTHER=1\n")
    monkeypatch.chdir(tmp_path)
    settings = load()
    assert settings.asterisk.password == "geheim"
    assert settings.asterisk.app == "my-app"
    import os

    assert "ARI_PASS" not in os.environ


def test_a_dot_env_with_all_of_the_originals_variables_works(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        env="""
ARI_URL=pbx.example:8088
ARI_USER=old
ARI_PASS=old-secret
ASTERISK_USERNAME=rest
ASTERISK_PASSWORD=rest-secret
APP_NAME=ari-app
BIND_IP=0.0.0.0
PORT_RANGE=21000-21999
ECHO_HOST=10.1.2.3
ECHO_PORT=4001
METRICS_INTERVAL_SEC=5
SERVICE_PORT=9090
LOAD_TEST_CONCURRENT_CALLS=10
LOAD_TEST_ENDPOINT=Local/echo@ari-context
""",
    )
    assert settings.asterisk.url == "pbx.example:8088"
    assert (settings.asterisk.username, settings.asterisk.password) == ("rest", "rest-secret")
    assert settings.asterisk.app == "ari-app"
    assert settings.media.bind == ""
    assert settings.media.port_range == (21000, 21999)
    assert (settings.echo.host, settings.echo.port) == ("10.1.2.3", 4001)
    assert settings.output.status_s == 5
    assert settings.http.bind == "127.0.0.1:9090"
    assert any("0.0.0.0 cannot be an external_host" in text for text in settings.warnings)


def test_our_own_variable_goes_before_the_originals_and_may_empty_a_text(tmp_path: Path) -> None:
    toml = '[media]\nadvertise = "pbx"'
    settings = read(tmp_path, toml, "", ARI_URL="a:1", ARI_TUI_ASTERISK_URL="b:2")
    assert settings.asterisk.url == "b:2"
    assert read(tmp_path, toml, "", ARI_TUI_MEDIA_ADVERTISE="").media.advertise == ""


def test_every_unknown_key_of_every_layer_is_reported_at_once_with_the_nearest_name(
    tmp_path: Path,
) -> None:
    told = problems(
        tmp_path,
        '[media]\nworker = 1\n[asterisc]\nurl = "x"\n[echo]\nprot = 1\n[log]\nzzqy = 1',
        "ARI_TUI_MEDIA_PORT=1",
        ARI_TUI_ECHO_HOTS="x",
    )
    where = tmp_path / "c.toml"
    assert told == [
        f"unknown key media.worker in {where}: did you mean media.workers?",
        f"unknown section asterisc in {where}: did you mean asterisk?",
        f"unknown key echo.prot in {where}: did you mean echo.port?",
        f"unknown key log.zzqy in {where}",
        "unknown variable ARI_TUI_MEDIA_PORT in .env: did you mean ARI_TUI_MEDIA_PORTS?",
        "unknown variable ARI_TUI_ECHO_HOTS in the environment: did you mean ARI_TUI_ECHO_HOST?",
    ]


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ("[media]\nworkers = 'two'", "media.workers"),
        ("[media]\nworkers = 0", "a whole number from 1 to 64"),
        ("[media]\nworkers = true", "a whole number from 1 to 64"),
        ("[media]\ndscp = 64", "a whole number from 0 to 63"),
        ("[media]\nlate_ms = nan", "a number above 0 to 10000"),
        ("[media]\nlate_ms = 0", "a number above 0 to 10000"),
        ("[media]\nloss_timeout_ms = 10241", "10 ms packets"),
        ("[media]\nformat = 'opus'", "one of alaw, ulaw"),
        ("[media]\nlearn_networks = '10.0.0.0/8'", "a list of texts"),
        ("[asterisk]\nverify_tls = 'false'", "true or false"),
        ("[asterisk]\nurl = 8088", "a text"),
        ("[asterisk]\nurl = 2026-11-22", "a text"),
        ("[output]\ninterval_s = -1", "a number from 0.25 to 86400"),
    ],
)
def test_a_value_of_the_wrong_kind_is_reported_with_key_file_and_what_is_allowed(
    tmp_path: Path, toml: str, expected: str
) -> None:
    (told,) = problems(tmp_path, toml)
    section, name = toml.split("]\n")[0][1:], toml.split("\n")[1].split(" ")[0]
    assert told.startswith(f"{section}.{name} ({tmp_path / 'c.toml'}): ")
    assert expected in told


def test_texts_of_variables_become_each_keys_type(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        ARI_TUI_MEDIA_WORKERS="3",
        ARI_TUI_MEDIA_LATE_MS="2.5",
        ARI_TUI_ASTERISK_VERIFY_TLS="no",
        ARI_TUI_LOG_JSON="True",
        ARI_TUI_MEDIA_LEARN_NETWORKS="10.0.0.0/8, 192.168.0.0/16",
        ARI_TUI_LOG_LEVEL="debug",
    )
    assert settings.media.workers == 3
    assert settings.media.late_ms == 2.5
    assert settings.asterisk.verify_tls is False
    assert settings.log.json is True
    assert settings.media.learn_networks == ("10.0.0.0/8", "192.168.0.0/16")
    assert settings.log.level == "debug"


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("ECHO_PORT", "four", "echo.port"),
        ("METRICS_INTERVAL_SEC", "inf", "output.status_s"),
        ("ARI_TUI_LOG_JSON", "maybe", "log.json"),
        ("ARI_TUI_MEDIA_WORKERS", "", "media.workers"),
        ("SERVICE_PORT", "http", "http.bind"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, name: str, value: str, key: str) -> None:
    (told,) = problems(tmp_path, **{name: value})
    assert told.startswith(f"{key} ({name} in the environment): ")


def test_a_wrong_value_is_reported_even_where_a_higher_layer_overrides_it(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "[echo]\nport = 'x'", ECHO_PORT="4000")
    assert told.startswith(f"echo.port ({tmp_path / 'c.toml'})")


def test_a_wrong_secret_is_reported_without_the_secret(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "[asterisk]\npassword = ['geheim']")
    assert "asterisk.password" in told
    assert "geheim" not in told


def test_escape_sequences_in_names_and_values_are_escaped(tmp_path: Path) -> None:
    told = problems(tmp_path, '[media]\n"a\\u001b[31m" = 1\nformat = "\\u001b[2J"')
    assert not any("\x1b" in line for line in told)


def test_dot_env_may_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "here.toml").write_text("[echo]\nport = 7000")
    settings = read(tmp_path, env="ARI_TUI_CONFIG=here.toml")
    assert settings.echo.port == 7000
    assert settings.file == str(tmp_path / "here.toml")


def test_a_commands_arguments_come_as_words_or_as_json(tmp_path: Path) -> None:
    plain = read(tmp_path, ARI_TUI_ALERTS_COMMAND="page --to oncall")
    assert plain.alerts.command == ("page", "--to", "oncall")
    exact = read(tmp_path, ARI_TUI_ALERTS_COMMAND='["page", "on call, please"]')
    assert exact.alerts.command == ("page", "on call, please")
