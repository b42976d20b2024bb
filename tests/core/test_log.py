"""The log: its form, what it lets through, what it masks, and where it goes."""

import io
import json
import logging
import re
from pathlib import Path

import pytest

from ari_tui.config.settings import LogSettings
from ari_tui.core import log
from ari_tui.core.errors import ConfigError
from ari_tui.core.log import JsonFormatter, LineFormatter, Masker
from ari_tui.core.text import escaped

pytestmark = pytest.mark.usefixtures("logging_restored")


def logged(settings: LogSettings | None = None, secrets: tuple[str, ...] = ()) -> io.StringIO:
    stream = io.StringIO()
    log.configure(settings or LogSettings(), secrets, stream=stream)
    return stream


def test_a_line_holds_time_level_channel_message_and_fields() -> None:
    stream = logged()
    log.get("ari").info("answered", channel="1700000000.1", attempt=2, state="Up")
    pattern = (
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 INFO \[1700000000\.1\] "
        r"answered attempt=2 state=Up\n"
    )
    assert re.fullmatch(pattern, stream.getvalue())


def test_the_time_is_utc_with_milliseconds() -> None:
    assert log.timestamp(1795356191.123) == "2026-11-22T14:03:11.123+00:00"
    assert log.timestamp(1795356191) == "2026-11-22T14:03:11.000+00:00"


def test_without_a_channel_the_brackets_hold_a_dash() -> None:
    stream = logged()
    log.get().warning("late")
    assert "WARNING [-] late\n" in stream.getvalue()


def test_a_bound_logger_writes_its_fields_on_every_line() -> None:
    stream = logged()
    logger = log.get("calls").bind(channel="c1", call=7)
    logger.info("one")
    logger.bind(leg="echo").error("two %s", "things", code=3)
    assert "[c1] one call=7\n" in stream.getvalue()
    assert "ERROR [c1] two things call=7 leg=echo code=3\n" in stream.getvalue()


def test_a_value_that_would_blur_the_line_is_quoted() -> None:
    stream = logged()
    log.get().info("x", a="two words", b='q"q', c="", d=None, e=1.5, f="k=v", g="[x]")
    assert 'a="two words" b="q\\"q" c="" d=- e=1.5 f="k=v" g="[x]"\n' in stream.getvalue()


def test_plain_logging_of_our_modules_is_logged_too() -> None:
    stream = logged()
    logging.getLogger("ari_tui.relay.anything").info("hello")
    assert "INFO [-] hello\n" in stream.getvalue()


def test_libraries_are_logged_from_warnings_up_even_at_debug() -> None:
    stream = logged(LogSettings(level="debug"))
    logging.getLogger("aiohttp.access").info("GET /")
    logging.getLogger("websockets.client").debug("> Authorization: Basic …")
    logging.getLogger("websockets.client").warning("lost")
    log.get().debug("ours")
    assert [line.split("] ")[1] for line in stream.getvalue().splitlines()] == ["lost", "ours"]


def test_the_level_is_the_configured_one() -> None:
    stream = logged(LogSettings(level="error"))
    log.get().warning("no")
    log.get().error("yes")
    assert len(stream.getvalue().splitlines()) == 1


def test_a_lone_surrogate_is_escaped() -> None:
    # formatted by hand: nothing else that reads the record could encode it
    record = logging.LogRecord("ari_tui", logging.INFO, "", 0, "a\ud800b", None, None)
    line = log.LineFormatter().format(record)
    assert line.endswith("a\\ud800b")
    line.encode()


@pytest.mark.parametrize(
    "nasty",
    [
        "\x1b[31mred",
        "a\nb",
        "a\rb",
        "\x9b2J",
        "bell\x07",
        "\u202egnp.exe",
        "\u2028",
        "zero\u200bwidth\ufeff",
        "\u3164",
        "on\ufe0f",
    ],
)
def test_controls_from_outside_are_escaped(nasty: str) -> None:
    stream = logged()
    log.get().info(nasty, channel=nasty, caller=nasty)
    (line,) = stream.getvalue().splitlines()
    assert line.isprintable()
    assert line.isascii()


def test_ordinary_text_passes_and_long_text_is_cut() -> None:
    assert escaped("Jürgen 日本 – ok") == "Jürgen 日本 – ok"
    assert escaped("x" * 5000) == "x" * 1999 + "…"
    assert escaped("abcdef", 4) == "abc…"


def test_a_secret_is_masked_in_message_arguments_fields_channel_and_traceback() -> None:
    stream = logged(secrets=("geheim1",))
    try:
        raise ValueError("bad: geheim1")
    except ValueError:
        log.get().exception("in %s", "geheim1", channel="geheim1", url="http://u:geheim1@h")
    assert "geheim1" not in stream.getvalue()
    assert stream.getvalue().count("********") == 5  # the traceback: source and text


def test_a_secret_that_a_cut_would_split_is_masked_before() -> None:
    secret = "s" * 40
    stream = logged(secrets=(secret,))
    log.get().info("x" * 1980 + secret)
    assert "sss" not in stream.getvalue()


def test_the_longer_of_two_overlapping_secrets_is_masked_whole() -> None:
    assert Masker(["geheim", "geheimer"])("a geheimer b geheim") == "a ******** b ********"


def test_a_very_short_secret_is_masked_as_a_word_only() -> None:
    assert Masker(["abc"])("abc abcd =abc;") == "******** abcd =********;"
    assert Masker([""])("untouched") == "untouched"


def test_json_lines_hold_the_same_as_objects() -> None:
    stream = logged(LogSettings(json=True), ("geheim1",))
    try:
        raise ValueError("geheim1\x1b")
    except ValueError:
        log.get("x").bind(channel="c1").exception(
            "say \x1b geheim1", count=3, share=0.5, bad=float("nan"), none=None, name='q"', time="x"
        )
    document = json.loads(stream.getvalue())
    traceback = document.pop("traceback")
    assert traceback[0].startswith("Traceback")
    assert traceback[-1] == "ValueError: ********\\x1b"
    assert re.fullmatch(r".*T.*\+00:00", document.pop("time"))
    assert document == {
        "level": "ERROR",
        "channel": "c1",
        "message": "say \\x1b ********",
        "count": 3,
        "share": 0.5,
        "bad": None,
        "none": None,
        "name": 'q"',
    }


def test_a_traceback_follows_on_indented_lines() -> None:
    record = logging.LogRecord("n", logging.ERROR, "p", 1, "m", None, None)
    assert LineFormatter().format(record).endswith("ERROR [-] m")
    assert JsonFormatter().format(record).endswith('"message": "m"}')
    stream = logged()
    try:
        raise ValueError("why")
    except ValueError:
        log.get().exception("failed")
    first, *rest = stream.getvalue().splitlines()
    assert first.endswith("failed")
    assert all(line.startswith("    ") for line in rest)


def test_a_second_configuration_takes_the_first_ones_place() -> None:
    first, second = logged(), logged()
    log.get().info("once")
    assert (first.getvalue(), len(second.getvalue().splitlines())) == ("", 1)


def test_a_log_file_is_private_to_its_owner_and_is_appended_to(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("before\n")
    file.chmod(0o644)
    log.configure(LogSettings(file=str(file)))
    log.get().info("after")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().startswith("before\n")
    assert file.read_text().endswith("after\n")


def test_a_rotated_log_file_is_opened_anew(tmp_path: Path) -> None:
    file = tmp_path / "log"
    log.configure(LogSettings(file=str(file)))
    log.get().info("one")
    file.rename(tmp_path / "log.1")
    log.get().info("two")
    assert file.read_text().endswith("two\n")
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_log_file_that_cannot_be_opened_is_a_mistake_of_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"log\.file: cannot open .*/absent/log: No such file"):
        log.configure(LogSettings(file=str(tmp_path / "absent" / "log")))
