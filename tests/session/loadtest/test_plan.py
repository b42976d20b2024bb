"""."""

from __future__ import annotations

from pathlib import Path

import pytest

from ari_tui.config.settings import AsteriskSettings, LoadtestSettings, Settings
from ari_tui.core.errors import ConfigError
from ari_tui.document.model import encode
from ari_tui.session.loadtest.plan import (
    check_safety_limits,
    emergency_number,
    engine_settings,
    is_local,
    plan_of,
    variables_of,
)
from ari_tui.sim.dialplan import extension


def test_the_plan_names_variables_and_keeps_their_values_to_itself() -> None:
    wanted = LoadtestSettings(variables=("PIN=s3cr3t", "EMPTY=", "TWO=a=b, c"))
    plan = plan_of(wanted, simulated=False)
    assert plan.variables == ["PIN", "EMPTY", "TWO"]
    assert b"s3cr3t" not in encode(plan)
    assert variables_of(wanted) == {"PIN": "s3cr3t", "EMPTY": "", "TWO": "a=b, c"}


def test_with_tiers_the_last_one_is_how_many_calls_there_are() -> None:
    plan = plan_of(LoadtestSettings(calls=10, tiers=("30", "100", "150")), simulated=True)
    assert (plan.calls, plan.tiers, plan.simulated) == (150, [30, 100, 150], True)
    assert plan_of(LoadtestSettings(calls=10), simulated=False).calls == 10


def test_the_engine_beside_has_an_application_of_its_own_and_hangs_up() -> None:
    settings = engine_settings(Settings(asterisk=AsteriskSettings(app="measure")))
    assert (settings.asterisk.app, settings.asterisk.on_release) == ("measure-load", "hangup")
    longest = engine_settings(Settings(asterisk=AsteriskSettings(app="a" * 64)))
    assert longest.asterisk.app == "a" * 59 + "-load"


def test_the_default_endpoint_sends_a_tone_in_the_shipped_dialplan_and_in_the_simulator() -> None:
    (endpoint,) = LoadtestSettings().endpoints
    name, context = endpoint.removeprefix("Local/").split("@")
    shipped = Path("contrib/asterisk/extensions.conf")
    text = (Path(__file__).parents[3] / shipped).read_text()
    lines = text.partition(f"[{context}]\n")[2].partition("\n[")[0].splitlines()
    assert [line.partition(",")[2] if "exten" in line else line for line in lines[:2]] == [
        "1,Answer()",
        " same => n,Milliwatt()",
    ]
    assert lines[0].startswith(f"exten => {name},")
    found = extension(name)
    assert found.frequency_hz > 0
    assert (found.cause, found.tone_s) == (None, None)
    check_safety_limits(LoadtestSettings())


ANYTHING = ("*",)


@pytest.mark.parametrize(
    "endpoint",
    [
        "Local/112@lab",
        "Local/911@lab/n",
        "PJSIP/112@trunk",
        "PJSIP/trunk/sip:112@192.0.2.1",
        "PJSIP/trunk/sip:+112@host",
        "DAHDI/g1/9w911",
        "DAHDI/1/9911",
        "IAX2/peer/0112",
        "SIP/999",
        "Local/9-1-1@lab",
        "Local/#31#110@lab",
        "Local/000@lab",
        "Local/0000@lab",
        "PJSIP/118@trunk",
        "PJSIP/100/sip:112;phone-context=x@h",
        "Motif/a/(112)",
        "Local/119",
    ],
)
def test_an_emergency_number_is_never_called_in_whatever_form(endpoint: str) -> None:
    assert emergency_number(endpoint)
    with pytest.raises(ConfigError, match="emergency number"):
        check_safety_limits(
            LoadtestSettings(endpoints=("Local/tone@lab", endpoint), allow=ANYTHING)
        )


@pytest.mark.parametrize(
    "endpoint",
    [
        "Local/tone@lab",
        "PJSIP/1000",
        "PJSIP/9000",
        "Local/1120@lab",
        "Local/2112@lab",
        "PJSIP/alice112",
        "Local/100@ctx-911",
        "PJSIP/100@112.example.org",
        "PJSIP/4991123456",
    ],
)
def test_an_extension_that_looks_a_little_like_one_may_be_called(endpoint: str) -> None:
    assert emergency_number(endpoint) == ""
    check_safety_limits(LoadtestSettings(endpoints=(endpoint,), allow=ANYTHING))


def test_only_local_channels_are_called_unless_the_configuration_allows_more() -> None:
    check_safety_limits(LoadtestSettings())
    with pytest.raises(ConfigError, match=r"loadtest\.allow.*Local/\*"):
        check_safety_limits(LoadtestSettings(endpoints=("PJSIP/100",)))
    check_safety_limits(LoadtestSettings(endpoints=("PJSIP/100",), allow=("Local/*", "PJSIP/1??")))


def test_a_pattern_does_not_care_for_the_case_of_a_file_system_but_for_its_own() -> None:
    with pytest.raises(ConfigError):
        check_safety_limits(LoadtestSettings(endpoints=("local/tone@lab",)))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"calls": 201}, "201 calls at once: loadtest.max_calls allows 200"),
        ({"tiers": ("30", "500")}, "500 calls at once"),
        ({"ramp_cps": 11.0}, "11 new calls a second: loadtest.max_cps allows 10"),
        ({"endpoints": ()}, "give one at least"),
    ],
)
def test_too_much_is_refused_before_anything_starts(changes: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        check_safety_limits(LoadtestSettings(**changes))  # type: ignore[arg-type]  # fields by name


def test_tiers_take_the_place_of_the_number_of_calls() -> None:
    check_safety_limits(LoadtestSettings(calls=2000, tiers=("30",)))


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("localhost:8088", True),
        ("http://127.0.0.1:8088", True),
        ("127.3.2.1", True),
        ("https://[::1]:8089", True),
        ("pbx:8088", False),
        ("http://10.0.0.1:8088", False),
        ("localhost.example.org:8088", False),
        ("", False),
    ],
)
def test_loopback_is_told_from_another_machine(url: str, ours: bool) -> None:
    assert is_local(url) is ours
