"""Settings as text: what is shown to a person, and what a child is handed."""

import sys
from pathlib import Path

from ari_tui.config.dump import printed, to_environment
from ari_tui.config.layers import load
from ari_tui.config.settings import (
    KEY_TYPES,
    SECTIONS,
    AsteriskSettings,
    HttpSettings,
    LoadtestSettings,
    LogSettings,
    MediaSettings,
    OutputSettings,
    Settings,
    SlaSettings,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

UNUSUAL = Settings(
    asterisk=AsteriskSettings(password='ge"heim', app="other", verify_tls=False, sweep_s=1.5),
    media=MediaSettings(learn_networks=("10.0.0.0/8", "192.168.0.0/16"), workers=3, late_ms=0.1),
    sla=SlaSettings(profile="own", tiers=("10:1/2.5/3",), loss_ratio=0.00005),
    http=HttpSettings(bind="127.0.0.1:9090", token="t0ken"),
    output=OutputSettings(json="-", exit_zero=True),
    log=LogSettings(level="debug"),
)


def test_the_print_is_toml_that_reads_back_as_the_settings_but_for_secrets() -> None:
    document = tomllib.loads("\n".join(printed(UNUSUAL)))
    found = {f"{section}.{name}" for section, body in document.items() for name in body}
    assert found == set(KEY_TYPES)
    assert document["media"]["learn_networks"] == ["10.0.0.0/8", "192.168.0.0/16"]
    assert document["asterisk"]["verify_tls"] is False
    assert document["media"]["late_ms"] == 0.1
    assert document["asterisk"]["password"] == "********"
    assert document["http"]["token"] == "********"


def test_the_print_holds_no_secret_and_shows_an_empty_one_as_empty() -> None:
    text = "\n".join(printed(UNUSUAL))
    assert "heim" not in text
    assert "t0ken" not in text
    assert 'token = ""  # default' in list(printed(Settings()))


def test_each_printed_value_says_where_it_came_from(tmp_path: Path) -> None:
    settings = load(environment={"ECHO_PORT": "4001"}, folder=tmp_path)
    lines = list(printed(settings))
    assert "port = 4001  # ECHO_PORT in the environment" in lines
    assert 'host = "127.0.0.1"  # default' in lines


def test_a_child_with_this_environment_gets_exactly_these_settings(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('[asterisk]\npassword_file = "absent"\n[media]\nadvertise = "pbx"\nworkers = 9')
    child = load(
        config_file=str(file),
        environment={**to_environment(UNUSUAL), "ASTERISK_PASSWORD": "stray", "APP_NAME": "stray"},
        folder=tmp_path,
    )
    for section in SECTIONS:
        assert getattr(child, section) == getattr(UNUSUAL, section)


def test_a_secret_that_came_from_a_file_reaches_the_child_by_value(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("geheim")
    secret.chmod(0o600)
    parent = load(environment={"ARI_TUI_ASTERISK_PASSWORD_FILE": str(secret)}, folder=tmp_path)
    secret.unlink()
    child = load(environment=to_environment(parent), folder=tmp_path)
    assert child.asterisk.password == "geheim"


def test_entries_with_blanks_and_commas_reach_a_child_whole(tmp_path: Path) -> None:
    loadtest = LoadtestSettings(
        variables=("A=1, 2", "B=[x]", "C= y"), endpoints=("Local/a@b", "PJSIP/1")
    )
    child = load(environment=to_environment(Settings(loadtest=loadtest)), folder=tmp_path)
    assert child.loadtest == loadtest
