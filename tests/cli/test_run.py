"""`run` and `demo`: what they hand to the engine and to the demo, and how the code comes back."""

import io
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ari_tui.cli.main import execute
from ari_tui.cli.run_options import exit_code
from ari_tui.config.run_options import DemoOptions, RunOptions
from ari_tui.config.settings import OutputSettings, Settings
from ari_tui.core.errors import ChildFailedError
from ari_tui.core.process import ParentLink
from ari_tui.core.runtime_folder import bind_unix, socket_path
from ari_tui.report.headless import HeadlessReport

pytestmark = pytest.mark.usefixtures("bare_start")


class Called:
    """Stands where the engine or the demo is started; remembers what it was handed."""

    def __init__(self, code: int = 0) -> None:
        self.code = code
        self.arguments: tuple[Any, ...] = ()

    async def __call__(self, *arguments: Any, **_: Any) -> int:
        self.arguments = arguments
        return self.code


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Called:
    called = Called()
    module = ModuleType("ari_tui.engine.service")
    module.run_engine = called  # type: ignore[attr-defined]  # the one name that is imported
    monkeypatch.setitem(sys.modules, "ari_tui.engine.service", module)
    return called


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> Called:
    called = Called()
    module = ModuleType("ari_tui.session.loopback")
    module.run_demo = called  # type: ignore[attr-defined]  # the one name that is imported
    monkeypatch.setitem(sys.modules, "ari_tui.session.loopback", module)
    return called


@pytest.mark.parametrize("command", [["run"], []])
def test_run_passes_settings_options_and_link_to_the_engine(
    command: list[str], engine: Called, bare_start: Path
) -> None:
    (bare_start / ".env").write_text("ARI_PASS=geheim1")
    arguments = [
        "--headless",
        "--duration",
        "2.5",
        "--stay",
        "--take-over",
        "--json",
        "-",
        "--ari-url",
        "pbx:1",
        "--echo",
        "10.0.0.1:4",
    ]
    assert execute([*command, *arguments]) == 0
    settings, options, link, (report,) = engine.arguments
    assert isinstance(report, HeadlessReport)
    assert options == RunOptions(headless=True, duration_s=2.5, stay=True, take_over=True)
    assert isinstance(settings, Settings)
    assert (settings.asterisk.url, settings.asterisk.password) == ("pbx:1", "geheim1")
    assert (settings.echo.host, settings.echo.port) == ("10.0.0.1", 4)
    assert settings.output.json == "-"
    assert isinstance(link, ParentLink)


def test_demo_passes_its_options_on(demo: Called) -> None:
    arguments = [
        "demo",
        "--headless",
        "--calls",
        "3",
        "--call-duration",
        "4",
        "--impair",
        "loss=5%,dup=1%",
        "--impair-media",
        "jitter=2ms",
        "--seed",
        "7",
        "--duration",
        "15",
        "--json",
        "-",
        "--fault",
        "caller-in:loss=3%",
        "--fault",
        "engine:stall=1s",
    ]
    assert execute(arguments) == 0
    options, _ = demo.arguments
    assert isinstance(options, DemoOptions)
    assert options.run == RunOptions(headless=True, duration_s=15.0)
    assert (options.calls, options.call_duration_s, options.seed) == (3, 4.0, 7)
    assert (options.impair, options.impair_media) == ("loss=5%,dup=1%", "jitter=2ms")
    assert options.faults == ("caller-in:loss=3%", "engine:stall=1s")
    assert options.settings.output.json == "-"


@pytest.mark.parametrize(
    "wrong",
    [
        ["--calls", "-1"],
        ["--calls", "many"],
        ["--impair", "loss=101%"],
        ["--impair-media", "los=1%"],
        ["--seed", "x"],
        ["--call-duration", "0"],
        ["--fault", "caller-in"],
        ["--fault", "nowhere:loss=1%"],
    ],
)
def test_a_wrong_option_stops_the_demo_before_anything_is_started(
    wrong: list[str], demo: Called, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["demo", "--headless", *wrong]) == 2
    assert demo.arguments == ()
    (line,) = capsys.readouterr().err.splitlines()
    assert wrong[0] in line


@pytest.mark.parametrize("code", [0, 1, 3, 4, 130, 143])
def test_the_engines_code_is_the_programs(code: int, engine: Called) -> None:
    engine.code = code
    assert execute(["run", "--headless"]) == code


def test_exit_zero_hides_the_verdict_and_nothing_else() -> None:
    hidden = Settings(output=OutputSettings(exit_zero=True))
    assert [exit_code(code, hidden) for code in (0, 1, 2, 3, 4, 130)] == [0, 0, 2, 3, 0, 130]
    assert [exit_code(code, Settings()) for code in (0, 1, 4)] == [0, 1, 4]


def test_exit_zero_works_from_the_command_line(engine: Called, demo: Called) -> None:
    engine.code, demo.code = 1, 4
    assert execute(["run", "--headless", "--exit-zero"]) == 0
    assert execute(["demo", "--headless", "--exit-zero"]) == 0


def test_a_wrong_configuration_starts_nothing(
    engine: Called, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["run", "--headless", "--ports", "5-1"]) == 2
    assert engine.arguments == ()
    assert capsys.readouterr().err.startswith("ari-tui: media.ports (--ports): '5-1'")


@pytest.mark.parametrize("more", [["--headless"], []])
@pytest.mark.parametrize("command", [["run"], ["loadtest", "--endpoint", "Local/a@b"]])
def test_media_on_an_address_of_another_machine_is_refused_before_anything_starts(
    more: list[str],
    command: list[str],
    engine: Called,
    bare_start: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (bare_start / "config.toml").write_text('[media]\nbind = "192.0.2.77"\n')
    for flags, origin in (
        (["--bind", "192.0.2.78"], "(--bind): 192.0.2.78"),
        (["--config", "config.toml"], "config.toml): 192.0.2.77"),
    ):
        assert execute([*command, *more, *flags]) == 3
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("ari-tui: media.bind (")
        assert f"{origin} is no address of this machine, which has 127.0.0.1" in line
    assert engine.arguments == ()


# -- on a screen -----------------------------------------------------------------------------


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch, bare_start: Path) -> Called:
    called = Called()
    monkeypatch.setenv("XDG_STATE_HOME", str(bare_start / "state"))
    monkeypatch.setattr("ari_tui.session.onscreen.check_terminal", lambda: None)
    monkeypatch.setattr("ari_tui.session.onscreen.run_on_screen", called)
    monkeypatch.setattr("ari_tui.session.onscreen.attach", called)
    return called


def test_on_a_screen_the_engine_is_a_headless_child_with_the_same_settings(
    screen: Called, bare_start: Path
) -> None:
    screen.code = 4
    arguments = ["--duration", "9", "--ari-url", "pbx:1", "--theme", "light", "--stay"]
    assert execute(["run", *arguments]) == 4
    command, settings, environment = screen.arguments
    assert command == ["run", "--headless", "--duration", "9.0", "--stay"]
    assert environment["ARI_TUI_ASTERISK_URL"] == settings.asterisk.url == "pbx:1"
    assert environment["ARI_TUI_OUTPUT_STATUS_S"] == "0"
    assert settings.ui.theme == "light"
    log = bare_start / "state" / "ari-tui" / "ari-tui.log"
    assert environment["ARI_TUI_LOG_FILE"] == settings.log.file == str(log)
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.parent.stat().st_mode & 0o777 == 0o700


def test_a_demo_on_a_screen_passes_its_own_options_to_the_one_without(screen: Called) -> None:
    assert execute(["demo", "--calls", "3", "--impair", "loss=5%", "--seed", "7"]) == 0
    command, *_ = screen.arguments
    assert command == ["demo", "--calls=3", "--impair=loss=5%", "--seed=7", "--headless"]


def test_a_log_file_of_ones_own_is_found_from_any_folder(screen: Called, bare_start: Path) -> None:
    assert execute(["run", "--log", "mine.log"]) == 0
    _, settings, _ = screen.arguments
    assert settings.log.file == str(bare_start / "mine.log")


class Refused:
    """Stands where an engine finds its application held by another client."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []

    async def __call__(self, command: list[str], *_: Any, **__: Any) -> int:
        self.commands.append(list(command))
        if "--take-over" not in command:
            raise ChildFailedError("it is held", 3, question="It is held. Take it over?")
        return 0


@pytest.mark.parametrize("command", [["run"], ["loadtest", "--endpoint", "Local/a@b"]])
@pytest.mark.parametrize(("answer", "code", "starts"), [("y", 0, 2), ("n", 3, 1), ("", 3, 1)])
def test_a_person_is_asked_before_an_application_is_taken_over(
    answer: str,
    code: int,
    starts: int,
    command: list[str],
    screen: Called,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    refused = Refused()
    monkeypatch.setattr("ari_tui.session.onscreen.run_on_screen", refused)
    monkeypatch.setattr("sys.stdin", io.StringIO(answer + "\n"))
    assert execute(command) == code
    assert len(refused.commands) == starts
    assert refused.commands[-1][-1] == ("--take-over" if code == 0 else "--headless")
    said = capsys.readouterr().err
    assert said.startswith("It is held. Take it over? [y/N]:")
    assert ("ari-tui: it is held" in said) == (code == 3)


def test_with_take_over_nobody_is_asked(
    screen: Called, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = Refused()
    monkeypatch.setattr("ari_tui.session.onscreen.run_on_screen", refused)
    assert execute(["run", "--take-over"]) == 0
    assert refused.commands == [["run", "--headless", "--take-over"]]
    assert capsys.readouterr().err == ""


def test_documents_on_stdout_and_a_screen_do_not_go_together(
    screen: Called, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["run", "--json", "-"]) == 2
    assert "--json -" in capsys.readouterr().err
    assert screen.arguments == ()


def test_attach_without_a_target_takes_the_only_engine_that_runs(
    screen: Called,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert execute(["attach"]) == 2
    assert "no engine of application ari-tui runs here, nor any other" in capsys.readouterr().err
    with bind_unix(socket_path("one")):
        assert execute(["attach"]) == 0
        assert screen.arguments[0] == str(socket_path("one"))
        with bind_unix(socket_path("two")):
            assert execute(["attach"]) == 2
            told = capsys.readouterr().err
            assert "ari-tui attach" in told
            assert str(socket_path("one")) in told
            assert str(socket_path("two")) in told
            with bind_unix(socket_path("ari-tui")):
                assert execute(["attach"]) == 0
                assert screen.arguments[0] == str(socket_path("ari-tui"))
    assert execute(["attach", "10.0.0.1:9090"]) == 0
    assert screen.arguments[0] == "10.0.0.1:9090"
