"""Secrets from files: which of value and file counts, and who else can read them."""

from pathlib import Path

import pytest

from ari_tui.config import Settings
from ari_tui.config_layers import load
from ari_tui.config_text import to_environment
from ari_tui.errors import ConfigError


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


def test_a_password_of_a_higher_layer_goes_before_a_file_of_a_lower(tmp_path: Path) -> None:
    settings = read(tmp_path, "[asterisk]\npassword_file = 'absent'", ARI_PASS="other")
    assert settings.asterisk.password == "other"
    assert settings.asterisk.password_file == ""


def test_a_file_of_a_higher_layer_goes_before_a_password_of_a_lower(
    tmp_path: Path, secret_file: Path
) -> None:
    settings = read(
        tmp_path,
        "[asterisk]\npassword = 'other'",
        ARI_TUI_ASTERISK_PASSWORD_FILE=str(secret_file),
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
def test_a_file_that_holds_no_secret_is_told_with_its_key_and_path(
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
