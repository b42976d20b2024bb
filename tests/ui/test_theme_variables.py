"""The colours of themes that come with the program: eyes can read them and tell them apart."""

import itertools
from pathlib import Path

import pytest
from textual.app import App
from textual.color import Color

from ari_tui.ui.theme_variables import DARK_VARIABLES, LIGHT_VARIABLES, plain_theme
from ari_tui.ui.themes import Themes
from tests.ui.colors import contrast, distance

OURS = Themes([Path(__file__).parents[2] / "themes"])
COLORED = [name for name, file in OURS.files.items() if not file.theme.ansi]
GROUNDS = ("background", "surface", "panel", "block-cursor-background")


def variables(name: str) -> dict[str, str]:
    theme = OURS.files[name].theme
    return {**theme.to_color_system().generate(), **theme.variables}


def solid(value: str) -> str:
    color = Color.parse(value)
    assert color.a == 1, value
    return color.hex6.lower()


@pytest.mark.parametrize("name", COLORED)
def test_every_text_of_ours_is_legible_on_every_ground(name: str) -> None:
    found = variables(name)
    texts = {"foreground": found["foreground"], "cursor": found["block-cursor-foreground"]}
    texts |= {key: found[key] for key in DARK_VARIABLES}
    needed = 7.0 if name == "high-contrast" else 4.5
    for text, ground in itertools.product(texts, GROUNDS):
        ratio = contrast(solid(texts[text]), solid(found[ground]))
        assert ratio >= needed, f"{text} on {ground}: {ratio:.2f}"


@pytest.mark.parametrize("defaults", [DARK_VARIABLES, LIGHT_VARIABLES])
def test_what_a_theme_leaves_out_is_legible_on_its_ground(defaults: dict[str, str]) -> None:
    ground = "#111418" if defaults is DARK_VARIABLES else "#f8f8f6"
    assert all(contrast(color, ground) >= 4.5 for color in defaults.values())


@pytest.mark.parametrize(
    ("name", "sight"),
    [
        ("deuteranopia", "deuteranopia"),
        ("deuteranopia", "protanopia"),
        ("tritanopia", "tritanopia"),
    ],
)
def test_verdicts_stay_apart_to_the_eyes_that_a_theme_is_for(name: str, sight: str) -> None:
    found = variables(name)
    verdicts = [found[key] for key in ("sla-ok", "sla-near", "sla-fail")]
    sparks = [found[key] for key in ("spark-lo", "spark-hi", "lost")]
    for colors in (verdicts, sparks):
        for one, other in itertools.combinations(colors, 2):
            assert distance(one, other, sight) >= 35, f"{one} {other}"


def test_the_usual_colors_are_what_such_eyes_confuse() -> None:
    # without this the distances above would prove nothing
    found = variables("dark")
    apart = distance(found["sla-ok"], found["sla-fail"], "deuteranopia")
    assert apart < 35
    assert distance(found["sla-near"], found["sla-fail"], "tritanopia") < 35


def test_the_terminals_own_colors_are_all_that_ansi_has() -> None:
    theme = OURS.files["ansi"].theme
    assert theme.ansi
    assert all(Color.parse(value).ansi is not None for value in theme.variables.values())


def test_without_color_the_terminals_two_are_all_that_is_left() -> None:
    theme = plain_theme()
    colors = [value for key, value in theme.variables.items() if not key.endswith("style")]
    assert set(colors) == {"ansi_default"}
    assert theme.ansi


async def test_textual_takes_every_theme() -> None:
    app: App[None] = App()
    for theme in [*(file.theme for file in OURS.files.values()), plain_theme()]:
        app.register_theme(theme)
    async with app.run_test() as pilot:
        for name in [*OURS.names, "plain"]:
            app.theme = name
            await pilot.pause()
            assert app.current_theme.name == name
