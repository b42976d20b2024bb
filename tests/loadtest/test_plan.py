from __future__ import annotations

import msgspec

from ari_tui.config import Settings
from ari_tui.config_slices import Asterisk, Loadtest
from ari_tui.loadtest.plan import engine_settings, on_simulator, plan_of, variables_of
from ari_tui.snapshot.model import encode


def test_the_plan_names_variables_and_keeps_their_values_to_itself() -> None:
    wanted = Loadtest(variables=("PIN=s3cr3t", "EMPTY=", "TWO=a=b, c"))
    plan = plan_of(wanted, simulated=False)
    assert plan.variables == ["PIN", "EMPTY", "TWO"]
    assert b"s3cr3t" not in encode(plan)
    assert variables_of(wanted) == {"PIN": "s3cr3t", "EMPTY": "", "TWO": "a=b, c"}


def test_with_tiers_the_last_one_is_how_many_calls_there_are() -> None:
    plan = plan_of(Loadtest(calls=10, tiers=("30", "100", "150")), simulated=True)
    assert (plan.calls, plan.tiers, plan.simulated) == (150, [30, 100, 150], True)
    assert plan_of(Loadtest(calls=10), simulated=False).calls == 10


def test_the_engine_beside_has_an_application_of_its_own_and_hangs_up() -> None:
    settings = engine_settings(Settings(asterisk=Asterisk(app="measure")))
    assert (settings.asterisk.app, settings.asterisk.on_release) == ("measure-load", "hangup")
    longest = engine_settings(Settings(asterisk=Asterisk(app="a" * 64)))
    assert longest.asterisk.app == "a" * 59 + "-load"


def test_on_the_simulator_the_default_is_an_endpoint_that_sends() -> None:
    assert on_simulator(Settings()).loadtest.endpoints == ("Local/tone@sim",)
    chosen = msgspec.structs.replace(Settings(), origins={"loadtest.endpoints": "--endpoint"})
    assert on_simulator(chosen).loadtest.endpoints == Loadtest().endpoints
