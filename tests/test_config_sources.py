"""Where settings come from: which file is read, which variables count, what is told of others."""

from pathlib import Path

import pytest

from ari_tui.config import KEY_TYPES
from ari_tui.config_sources import (
    ORIGINAL_VARIABLES,
    VARIABLES,
    Layer,
    Raw,
    find_file,
    read_dot_env,
    read_file,
    read_variables,
)
from ari_tui.errors import ConfigError


def layer_of(folder: Path, toml: str) -> Layer:
    file = folder / "c.toml"
    file.write_text(toml)
    return read_file(file, rank=0)


def variables(**named: str) -> Layer:
    return read_variables(named, "in .env", rank=1)


# -- the file --------------------------------------------------------------------------------


def test_a_file_is_read_into_values_that_keep_their_types_and_say_whence(tmp_path: Path) -> None:
    layer = layer_of(tmp_path, "[media]\nworkers = 2\nlearn_networks = []\n[log]\njson = true")
    origin = str(tmp_path / "c.toml")
    assert layer.values == [
        Raw(key="media.workers", value=2, origin=origin, typed=True),
        Raw(key="media.learn_networks", value=[], origin=origin, typed=True),
        Raw(key="log.json", value=True, origin=origin, typed=True),
    ]
    assert layer.problems == []


def test_a_key_outside_its_section_is_told_where_it_belongs(tmp_path: Path) -> None:
    told = layer_of(tmp_path, 'dscp = 46\nmedia = 3\nhorst = "x"').problems
    assert told[0].endswith("stands in no section: put it below [media]")
    assert told[1].endswith("is a section: write [media] and its keys below")
    assert "unknown key horst in" in told[2]


def test_a_key_in_a_wrong_section_is_told_its_own(tmp_path: Path) -> None:
    (told,) = layer_of(tmp_path, "[echo]\nworkers = 2").problems
    assert told.endswith("did you mean media.workers?")


def test_limits_of_a_profile_are_kept_apart_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    layer = layer_of(tmp_path, "[sla.profiles.wan]\nmax_ms = 150\nloss_ration = 0.1")
    place = f"[sla.profiles.wan] in {tmp_path / 'c.toml'}"
    assert layer.values == []
    assert layer.profiles == {
        "wan": {"sla.max_ms": Raw(key="sla.max_ms", value=150, origin=place, typed=True)}
    }
    assert layer.problems == [
        f"unknown key loss_ration below {place}: did you mean loss_ratio?",
    ]


def test_a_named_file_that_is_not_there_is_an_error_that_says_who_named_it(
    tmp_path: Path,
) -> None:
    with pytest.raises(ConfigError, match=r"^--config: there is no file .*/absent\.toml$"):
        find_file("absent.toml", {}, tmp_path)
    with pytest.raises(ConfigError, match=r"^ARI_TUI_CONFIG: there is no file .*/absent\.toml$"):
        find_file(None, {"ARI_TUI_CONFIG": "absent.toml"}, tmp_path)


def test_the_file_is_the_flags_then_the_variables_then_the_users_then_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: tmp_path / "user")
    assert find_file(None, {}, tmp_path) is None
    (tmp_path / "user").mkdir()
    for name in ("user/config.toml", "variable.toml", "flag.toml"):
        (tmp_path / name).touch()
    environment = {"ARI_TUI_CONFIG": "variable.toml"}
    assert find_file(None, {}, tmp_path) == tmp_path / "user/config.toml"
    assert find_file(None, environment, tmp_path) == tmp_path / "variable.toml"
    assert find_file("flag.toml", environment, tmp_path) == tmp_path / "flag.toml"


@pytest.mark.parametrize("content", [b"[media\n", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_a_file_that_is_not_toml_is_told_with_its_path(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"bad\.toml is not TOML"):
        read_file(tmp_path / "bad.toml", rank=0)


# -- variables -------------------------------------------------------------------------------


def test_there_is_a_variable_for_every_key() -> None:
    assert set(VARIABLES.values()) == set(KEY_TYPES)
    assert VARIABLES["ARI_TUI_ASTERISK_PASSWORD_FILE"] == "asterisk.password_file"


def test_every_variable_of_the_originals_is_that_of_a_key() -> None:
    assert set(ORIGINAL_VARIABLES.values()) <= KEY_TYPES.keys()


def test_an_empty_variable_of_the_originals_counts_as_unset() -> None:
    assert variables(**dict.fromkeys(ORIGINAL_VARIABLES, "")).values == []


def test_the_originals_port_of_its_service_is_a_door_on_loopback() -> None:
    assert variables(SERVICE_PORT="9090").values == [
        Raw(key="http.bind", value="127.0.0.1:9090", origin="SERVICE_PORT in .env")
    ]


def test_the_variables_of_child_processes_are_no_keys() -> None:
    assert variables(ARI_TUI_READY_FD="3", ARI_TUI_LIFELINE_FD="4") == Layer(rank=1)


def test_what_an_alerts_command_is_told_is_no_setting_of_an_ari_tui_that_it_runs() -> None:
    assert variables(ARI_TUI_ALERT_STATE="fail", ARI_TUI_ALERT_RULES="p95") == Layer(rank=1)
    (line,) = variables(ARI_TUI_ALERTS_COMAND="page").problems
    assert line.endswith("did you mean ARI_TUI_ALERTS_COMMAND?")


def test_a_dot_env_that_cannot_be_read_is_told_and_one_that_is_not_there_is_empty(
    tmp_path: Path,
) -> None:
    file = tmp_path / ".env"
    assert read_dot_env(file) == {}
    file.write_text("ECHO_PORT=4000\nUNSET\n")
    assert read_dot_env(file) == {"ECHO_PORT": "4000"}
    file.write_bytes(b"ECHO_PORT=\xff\n")
    with pytest.raises(ConfigError, match=r"^cannot read .*/\.env: "):
        read_dot_env(file)
