"""Where settings come from: which file is read, which variables count, what is told of others."""

from __future__ import annotations

from pathlib import Path

import pytest

from ari_tui.config.dump import to_environment
from ari_tui.config.layers import load
from ari_tui.config.settings import KEY_TYPES, Settings, SlaSettings
from ari_tui.config.sources import (
    ORIGINAL_VARIABLES,
    VARIABLES,
    Layer,
    Raw,
    find_file,
    read_dot_env,
    read_file,
    read_variables,
)
from ari_tui.core.errors import ConfigError


def layer_of(folder: Path, toml: str) -> Layer:
    file = folder / "c.toml"
    file.write_text(toml)
    return read_file(file, rank=0)


def variables(**named: str) -> Layer:
    return read_variables(named, "in .env", rank=1)


# -- the file --------------------------------------------------------------------------------


def test_a_file_is_read_into_values_that_keep_their_types_and_origin(tmp_path: Path) -> None:
    layer = layer_of(tmp_path, "[media]\nworkers = 2\nlearn_networks = []\n[log]\njson = true")
    origin = str(tmp_path / "c.toml")
    assert layer.values == [
        Raw(key="media.workers", value=2, origin=origin, typed=True),
        Raw(key="media.learn_networks", value=[], origin=origin, typed=True),
        Raw(key="log.json", value=True, origin=origin, typed=True),
    ]
    assert layer.problems == []


def test_a_key_outside_its_section_is_reported_with_its_section(tmp_path: Path) -> None:
    told = layer_of(tmp_path, 'dscp = 46\nmedia = 3\nhorst = "x"').problems
    assert told[0].endswith("stands in no section: put it below [media]")
    assert told[1].endswith("is a section: write [media] and its keys below")
    assert "unknown key horst in" in told[2]


def test_a_key_in_a_wrong_section_is_reported_with_its_own(tmp_path: Path) -> None:
    (told,) = layer_of(tmp_path, "[echo]\nworkers = 2").problems
    assert told.endswith("did you mean media.workers?")


def test_limits_of_a_profile_are_kept_apart_and_a_wrong_one_is_reported(tmp_path: Path) -> None:
    layer = layer_of(tmp_path, "[sla.profiles.wan]\nmax_ms = 150\nloss_ration = 0.1")
    place = f"[sla.profiles.wan] in {tmp_path / 'c.toml'}"
    assert layer.values == []
    assert layer.profiles == {
        "wan": {"sla.max_ms": Raw(key="sla.max_ms", value=150, origin=place, typed=True)}
    }
    assert layer.problems == [f"unknown key loss_ration below {place}: did you mean loss_ratio?"]


def test_a_named_file_that_is_not_there_is_an_error_with_what_named_it(tmp_path: Path) -> None:
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
def test_a_file_that_is_not_toml_is_reported_with_its_path(tmp_path: Path, content: bytes) -> None:
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


def test_the_originals_port_of_its_service_is_an_http_server_on_loopback() -> None:
    assert variables(SERVICE_PORT="9090").values == [
        Raw(key="http.bind", value="127.0.0.1:9090", origin="SERVICE_PORT in .env")
    ]


def test_the_variables_of_child_processes_are_no_keys() -> None:
    assert variables(ARI_TUI_READY_FD="3", ARI_TUI_LIFELINE_FD="4") == Layer(rank=1)


def test_the_variables_of_an_alerts_command_are_no_settings_of_an_ari_tui_that_it_runs() -> None:
    assert variables(ARI_TUI_ALERT_STATE="fail", ARI_TUI_ALERT_RULES="p95") == Layer(rank=1)
    (line,) = variables(ARI_TUI_ALERTS_COMAND="page").problems
    assert line.endswith("did you mean ARI_TUI_ALERTS_COMMAND?")


def test_a_dot_env_that_cannot_be_read_is_reported_and_one_that_is_not_there_is_empty(
    tmp_path: Path,
) -> None:
    file = tmp_path / ".env"
    assert read_dot_env(file) == {}
    file.write_text("ECHO_PORT=4000\nUNSET\n")
    assert read_dot_env(file) == {"ECHO_PORT": "4000"}
    file.write_bytes(b"ECHO_PORT=\xff\n")
    with pytest.raises(ConfigError, match=r"^cannot read .*/\.env: "):
        read_dot_env(file)


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text("geheim\n")
    file.chmod(0o600)
    return file


def read(folder: Path, toml: str = "", **variables: str) -> Settings:
    file = folder / "c.toml"
    file.write_text(toml)
    file.chmod(0o600)
    return load(config_file=str(file), environment=variables, folder=folder.parent)


def problem(folder: Path, toml: str = "", **variables: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(folder, toml, **variables)
    (line,) = str(caught.value).splitlines()
    return line


@pytest.mark.usefixtures("secret_file")
def test_a_secret_is_read_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    settings = read(tmp_path, "[asterisk]\npassword_file = 'secret'\n[http]\ntoken_file = 'secret'")
    assert settings.asterisk.password == "geheim"
    assert settings.http.token == "geheim"
    assert settings.origin("asterisk.password").startswith(f"{tmp_path / 'secret'}, named by ")
    assert settings.warnings == ()


def test_only_the_line_end_is_taken_off(tmp_path: Path, secret_file: Path) -> None:
    secret_file.write_text(" ge heim \r\n")
    settings = read(tmp_path, ARI_TUI_ASTERISK_PASSWORD_FILE=str(secret_file))
    assert settings.asterisk.password == " ge heim "


def test_a_password_of_a_higher_layer_wins_over_a_file_of_a_lower(tmp_path: Path) -> None:
    settings = read(tmp_path, "[asterisk]\npassword_file = 'absent'", ARI_PASS="other")
    assert settings.asterisk.password == "other"
    assert settings.asterisk.password_file == ""


def test_a_file_of_a_higher_layer_wins_over_a_password_of_a_lower(
    tmp_path: Path, secret_file: Path
) -> None:
    settings = read(
        tmp_path, "[asterisk]\npassword = 'other'", ARI_TUI_ASTERISK_PASSWORD_FILE=str(secret_file)
    )
    assert settings.asterisk.password == "geheim"


def test_value_and_file_in_one_layer_are_a_mistake(tmp_path: Path) -> None:
    line = problem(tmp_path, "[asterisk]\npassword = 'other'\npassword_file = 'secret'")
    assert line.startswith("asterisk.password (")
    assert "and asterisk.password_file (" in line
    assert line.endswith("give one")
    assert "other" not in line.replace(str(tmp_path), "")


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file"), (b"", "is empty"), (b"\n", "is empty"), (b"\xff", "not UTF-8")],
)
def test_a_file_that_holds_no_secret_is_reported_with_its_key_and_path(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    line = problem(tmp_path, "[asterisk]\npassword_file = 'secret'")
    assert line.startswith("asterisk.password_file (")
    assert why in line


def test_a_file_of_several_lines_is_refused_without_being_shown(
    tmp_path: Path, secret_file: Path
) -> None:
    secret_file.write_text("geheim\nzeile\n")
    line = problem(tmp_path, "[asterisk]\npassword_file = 'secret'")
    assert "one line" in line
    assert "geheim" not in line


def test_files_that_others_can_read_are_warned_of(tmp_path: Path, secret_file: Path) -> None:
    secret_file.chmod(0o644)
    settings = read(tmp_path, "[asterisk]\npassword_file = 'secret'")
    assert settings.warnings == (
        f"asterisk.password_file: {secret_file} can be read by others; chmod 600 it",
    )
    file = tmp_path / "open.toml"
    file.write_text("[http]\ntoken = 'geheim'")
    file.chmod(0o644)
    settings = load(config_file=str(file), environment={}, folder=tmp_path)
    assert settings.warnings == (
        f"{file} holds http.token and can be read by others; chmod 600 it",
    )


def test_a_webhooks_url_and_token_are_secrets_that_files_may_hold(
    tmp_path: Path, secret_file: Path
) -> None:
    (tmp_path / "url").write_text("https://chat.example/services/T000\n")
    (tmp_path / "url").chmod(0o600)
    settings = read(tmp_path, "[alerts]\nwebhook_file = 'url'\nwebhook_token_file = 'secret'")
    assert settings.alerts.webhook == "https://chat.example/services/T000"
    assert settings.alerts.webhook_token == "geheim"
    assert {"https://chat.example/services/T000", "geheim"} <= set(settings.secrets)
    assert "T000" not in repr(settings.alerts)
    child = load(environment=to_environment(settings), folder=tmp_path / "no")
    assert child.alerts.webhook_token == "geheim"
    assert child.alerts.webhook_file == ""


PROFILES = """
[sla.profiles.wan]
tiers = ["100:45/60/80"]
max_ms = 150
loss_ratio = 0.01
[sla.profiles.lan]
tiers = ["50:1/2/3"]
max_ms = 4.5
max_budget_s = 2
"""
WAN = SlaSettings(profile="wan", tiers=("100:45/60/80",), max_ms=150.0, loss_ratio=0.01)


def chosen(name: str) -> Raw:
    return Raw(key="sla.profile", value=name, origin="--profile")


def read_profiles(folder: Path, toml: str, *flags: Raw, **variables: str) -> Settings:
    file = folder / "c.toml"
    file.write_text(toml)
    return load(
        config_file=str(file),
        flags=flags,
        folder=folder,
        environment={"HOME": str(folder), **variables},
    )


def profile_problem(folder: Path, toml: str, *flags: Raw, **variables: str) -> str:
    with pytest.raises(ConfigError) as told:
        read_profiles(folder, toml, *flags, **variables)
    return str(told.value).replace(str(folder / "c.toml"), "FILE")


def test_profiles_that_are_not_chosen_change_nothing(tmp_path: Path) -> None:
    assert read_profiles(tmp_path, PROFILES) == Settings(file=str(tmp_path / "c.toml"))


@pytest.mark.parametrize("where", ["file", "environment", "flag"])
def test_a_profile_is_chosen_in_any_layer(where: str, tmp_path: Path) -> None:
    toml = ('[sla]\nprofile = "wan"\n' if where == "file" else "") + PROFILES
    flags = [chosen("wan")] if where == "flag" else []
    variables = {"ARI_TUI_SLA_PROFILE": "wan"} if where == "environment" else {}
    settings = read_profiles(tmp_path, toml, *flags, **variables)
    assert settings.sla == WAN
    assert settings.origin("sla.max_ms") == f"[sla.profiles.wan] in {tmp_path / 'c.toml'}"
    assert settings.origin("sla.late_ratio") == "default"


def test_a_limit_beside_the_choice_counts_more_and_one_below_it_less(tmp_path: Path) -> None:
    beside = '[sla]\nprofile = "wan"\nmax_ms = 200\nlate_ratio = 0.5\n' + PROFILES
    sla = read_profiles(tmp_path, beside).sla
    assert (sla.max_ms, sla.late_ratio, sla.loss_ratio) == (200.0, 0.5, 0.01)
    assert read_profiles(tmp_path, beside, chosen("wan")).sla == WAN
    above = read_profiles(
        tmp_path, beside, chosen("wan"), Raw(key="sla.max_ms", value="99", origin="--x")
    )
    assert above.sla.max_ms == 99.0


def test_the_originals_limits_can_be_chosen_above_a_files_own(tmp_path: Path) -> None:
    toml = '[sla]\nprofile = "mine"\nmax_ms = 500\n'
    assert read_profiles(tmp_path, toml).sla == SlaSettings(profile="mine", max_ms=500.0)
    assert read_profiles(tmp_path, toml, chosen("seed")).sla == SlaSettings()


def test_a_child_gets_the_limits_that_its_parent_chose(tmp_path: Path) -> None:
    parent = read_profiles(tmp_path, PROFILES, chosen("lan"))
    child = read_profiles(tmp_path, PROFILES, **to_environment(parent))
    assert child.sla == parent.sla
    assert child.sla.max_budget_s == 2
    assert load(environment=to_environment(parent), folder=tmp_path / "no").sla == parent.sla


def test_a_name_that_no_profile_has_is_a_mistake_unless_limits_go_by_it(tmp_path: Path) -> None:
    text = profile_problem(tmp_path, PROFILES, chosen("wam"))
    assert text == (
        "sla.profile (--profile): 'wam' is not allowed; give one of seed, wan, lan (did you mean "
        "wan?), or limits beside it that go by that name"
    )
    # a file's own limits are not what was chosen above them
    assert "'wam'" in profile_problem(tmp_path, "[sla]\nmax_ms = 50\n" + PROFILES, chosen("wam"))
    assert (
        read_profiles(tmp_path, '[sla]\nprofile = "wam"\nmax_ms = 50\n' + PROFILES).sla.max_ms == 50
    )


@pytest.mark.parametrize(
    ("toml", "told"),
    [
        (
            "[sla.profiles.wan]\nmax = 1",
            "unknown key max below [sla.profiles.wan] in FILE: did you mean max_ms?",
        ),
        (
            "[sla.profiles.seed]\nmax_ms = 1.0",
            "[sla.profiles.seed] in FILE: the original's limits have that name; give these another",
        ),
        (
            '[sla.profiles."a b"]\nmax_ms = 1.0',
            "[sla.profiles.a b] in FILE: give it a name of letters, digits, - and _, at most 40",
        ),
        ("[sla.profiles]\nwan = 5", "[sla.profiles.wan] in FILE: give it limits, as [sla] has"),
        ("[sla]\nprofiles = 5", "unknown key sla.profiles in FILE: did you mean sla.profile?"),
        (
            "[sla.profiles.wan]\nmax_ms = -1",
            "sla.max_ms ([sla.profiles.wan] in FILE): -1 is not "
            "allowed; give a number above 0 to 10000",
        ),
        (
            '[sla.profiles.wan]\ntiers = ["x"]',
            "sla.tiers ([sla.profiles.wan] in FILE): 'x' is not "
            "allowed; give calls:p50/p95/p99 in ms, such as 30:8/12/18",
        ),
        (
            '[sla.profiles.wan]\nprofile = "x"',
            "unknown key profile below [sla.profiles.wan] in FILE",
        ),
    ],
)
def test_mistakes_in_profiles_that_are_not_chosen_are_reported_too(
    toml: str, told: str, tmp_path: Path
) -> None:
    assert profile_problem(tmp_path, toml).startswith(told)
