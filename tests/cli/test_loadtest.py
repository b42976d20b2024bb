"""`loadtest`: what it refuses, what it hands to the engine or the loopback, and the exit code."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ari_tui.cli import loadtest
from ari_tui.cli.main import execute
from ari_tui.config.run_options import RunOptions
from ari_tui.config.settings import Settings
from ari_tui.session.loadtest.originator import LoadTest
from tests.engine.kit import document
from tests.terminal import Terminal, needs_tmux

pytestmark = pytest.mark.usefixtures("bare_start")
HEADLESS = ["loadtest", "--headless"]


class Called:
    """Stands where an engine is started; remembers what it was handed."""

    def __init__(self, code: int = 0) -> None:
        self.code, self.final = code, False
        self.arguments: tuple[Any, ...] = ()
        self.named: dict[str, Any] = {}

    async def __call__(self, *arguments: Any, **named: Any) -> int:
        self.arguments, self.named = arguments, named
        if self.final:
            self.test.take(document(final=True))
        return self.code

    @property
    def settings(self) -> Settings:
        settings = self.arguments[0]
        assert isinstance(settings, Settings)
        return settings

    @property
    def test(self) -> LoadTest:
        test = self.arguments[4]
        assert isinstance(test, LoadTest)
        return test


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str, function: str) -> Called:
    called, module = Called(), ModuleType(name)
    setattr(module, function, called)
    monkeypatch.setitem(sys.modules, name, module)
    return called


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Called:
    return stand_in(monkeypatch, "ari_tui.engine.service", "run_engine")


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> Called:
    return stand_in(monkeypatch, "ari_tui.session.loopback", "run_on_loopback")


def test_flags_become_the_plan(engine: Called) -> None:
    flags = (
        "--calls=7 --duration=9 --call-duration=3 --ramp=2.5 --endpoint=Local/a@x,Local/b@x "
        "--tiers=2,7 --ring=11 --max-failed=1 --app-args=one,two"
    )
    more = ["--caller-id", "Load <1>", "--variable", "A=1, 2", "--variable", "B=x y"]
    assert execute([*HEADLESS, *flags.split(), *more]) == 0
    plan = engine.test.plan
    assert (plan.calls, plan.duration_s, plan.call_duration_s, plan.ramp_cps) == (7, 9, 3, 2.5)
    assert (plan.endpoints, plan.tiers) == (["Local/a@x", "Local/b@x"], [2, 7])
    assert (plan.ring_s, plan.max_failed, plan.caller_id) == (11, 1, "Load <1>")
    assert (plan.app_args, plan.variables, plan.simulated) == (["one", "two"], ["A", "B"], False)
    assert engine.test._variables == {"A": "1, 2", "B": "x y"}
    assert engine.settings.asterisk.on_release == "hangup"
    assert engine.settings.asterisk.app == "ari-tui-load"


def test_the_originals_flags_are_taken_verbatim_and_a_password_there_is_reported(
    engine: Called, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    report = tmp_path / "reports" / "load.json"
    flags = (
        "--concurrent 20 --duration 30 --call-duration 15 --endpoint Local/echo@ari-context "
        f"--report-file {report} --ari-url localhost:8088 --ari-user me --ari-pass s3cr3t "
        "--app-name theirs"
    )
    assert execute([*HEADLESS, *flags.split()]) == 0
    plan, asterisk = engine.test.plan, engine.settings.asterisk
    assert (plan.calls, plan.duration_s, plan.call_duration_s) == (20, 30, 15)
    assert (asterisk.username, asterisk.password, asterisk.app) == ("me", "s3cr3t", "theirs-load")
    assert engine.settings.loadtest.report == (str(report),)
    told = capsys.readouterr()
    assert "ARI_PASS" in told.err
    assert "s3cr3t" not in told.err + told.out


def test_the_originals_variables_are_read(engine: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "CONCURRENT_CALLS": "12",
        "DURATION_SECONDS": "61",
        "CALL_DURATION_SECONDS": "31",
        "ENDPOINT": "Local/x@y",
        "REPORT": "r/l.json",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"LOAD_TEST_{name}", value)
    assert execute(HEADLESS) == 0
    plan = engine.test.plan
    assert (plan.calls, plan.duration_s, plan.call_duration_s) == (12, 61, 31)
    assert plan.endpoints == ["Local/x@y"]
    assert engine.settings.loadtest.report == ("r/l.json",)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--endpoint", "Local/112@x"], "emergency number"),
        (["--endpoint", "PJSIP/100"], "loadtest.allow"),
        (["--calls", "201"], "max_calls"),
        (["--ramp", "50"], "max_cps"),
        (["--tiers", "30,many"], "numbers of calls"),
        (["--variable", "novalue"], "NAME=value"),
        (["--report", "report.pdf"], ".json"),
        (["--impair", "loss=1%"], "--sim"),
        (["--sim", "--impair", "nonsense"], "--impair"),
        (["--ari-url", "pbx.example.org:8088"], "add --yes"),
    ],
)
def test_what_may_not_be_is_refused_before_anything_is_started(
    arguments: list[str],
    told: str,
    engine: Called,
    loopback: Called,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert execute([*HEADLESS, *arguments]) == 2
    assert engine.arguments == loopback.arguments == ()
    error = capsys.readouterr().err
    assert told in error
    assert "internal error" not in error


def test_beyond_loopback_yes_is_enough(engine: Called) -> None:
    assert execute([*HEADLESS, "--ari-url", "pbx.example.org:8088", "--yes"]) == 0


def test_on_the_simulator_everything_is_a_child_and_the_default_endpoint_sends(
    loopback: Called, engine: Called
) -> None:
    arguments = ["--sim", "--impair", "loss=1%", "--seed", "5", "--calls", "30"]
    assert execute([*HEADLESS, *arguments]) == 0
    assert engine.arguments == ()
    settings, named = loopback.settings, loopback.named
    assert settings.loadtest.endpoints == ("Local/tone@ari-tui-loadtest",)
    assert settings.loadtest.calls == 30
    assert named["echo"][-2:] == ["--impair=loss=1%", "--seed=5"]
    assert named["sim"] == ["sim", "--quiet", "--port=0", "--calls=0", "--seed=5"]
    assert named["engine"] == ["loadtest", "--headless", "--yes", "--simulated"]


@pytest.mark.parametrize(("code", "expected"), [(0, 4), (1, 4), (130, 130)])
def test_the_exit_code_is_the_reports_verdict_unless_a_signal_came(
    code: int, expected: int, engine: Called, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.code, engine.final = code, True
    report = tmp_path / "new" / "r.json"
    assert execute([*HEADLESS, "--report", str(report)]) == expected  # nothing was measured
    assert report.stat().st_mode & 0o777 == 0o600
    assert '"ari-tui.loadtest/1"' in report.read_text()
    out = capsys.readouterr().out
    assert "\nINCONCLUSIVE, " in out
    assert out.count("packets     sent") == 1


def test_with_json_on_stdout_the_report_goes_to_stderr(
    engine: Called, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.final = True
    assert execute([*HEADLESS, "--json", "-", "--exit-zero"]) == 0
    told = capsys.readouterr()
    assert "Load test of " in told.err
    assert "Load test of " not in told.out


def test_the_engine_leaves_the_report_to_the_load_test(engine: Called) -> None:
    assert execute(HEADLESS) == 0
    output = io.StringIO()
    headless = engine.arguments[3][0]
    headless._text = output
    headless.take(document(final=True))
    assert output.getvalue().startswith("p50=")
    assert len(output.getvalue().splitlines()) == 1


def test_the_exit_code_of_the_simulation_is_the_childs(loopback: Called) -> None:
    loopback.code = 1
    assert execute([*HEADLESS, "--sim"]) == 1
    assert execute([*HEADLESS, "--sim", "--exit-zero"]) == 0


def test_without_a_terminal_there_is_no_screen(
    engine: Called, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["loadtest"]) == 2
    assert "add --headless" in capsys.readouterr().err


def test_a_screen_has_the_report_come_back_in_a_file_that_is_removed_afterwards(
    monkeypatch: pytest.MonkeyPatch, bare_start: Path
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(bare_start))
    shown: list[tuple[list[str], Settings]] = []

    def show(arguments: list[str], settings: Settings, _: RunOptions) -> int:
        shown.append((arguments, settings))
        Path(settings.loadtest.report[-1]).write_text("{}")
        return 1

    monkeypatch.setattr(loadtest, "show", show)
    assert execute(["loadtest", "--sim", "--seed", "3", "--report", "mine.html"]) == 1
    ((arguments, settings),) = shown
    assert arguments == ["loadtest", "--yes", "--sim", "--seed=3"]
    mine, way_back = settings.loadtest.report
    assert (mine, Path(way_back).suffix) == ("mine.html", ".json")
    assert list((bare_start / "ari-tui").iterdir()) == []


def sections(text: str) -> list[str]:
    """Return the headings of reports in a text: a report has each of them once."""
    return re.findall(rf"^({'|'.join(ONE_REPORT)}|ari-tui \d)", text, re.MULTILINE)


ONE_REPORT = ["Load test of", "The test", "Measured calls", "Worst calls", "Environment"]
SHORT = ("loadtest", "--sim", "--calls", "2", "--ramp", "10", "--duration", "2", "--yes")


@pytest.mark.system
@needs_tmux
@pytest.mark.parametrize("screen", [True, False])
def test_in_a_terminal_one_report_is_printed_and_all_of_it(screen: bool, tmp_path: Path) -> None:
    pane = Terminal(tmp_path, 120, 40)
    try:
        pane.run(*SHORT, *([] if screen else ["--headless"]))
        assert pane.until_left() in (0, 1, 4)
        text = pane.all_text
    finally:
        pane.close()
    assert sections(text) == ONE_REPORT
    assert len(re.findall(r"^packets +sent \d", text, re.MULTILINE)) == 1
    for told in ("2 good, 0 failed, 0 cut", "media back from the echo", "Late packets", "SLA  "):
        assert told in text
    assert not list((tmp_path / "ari-tui").glob("*.json"))
