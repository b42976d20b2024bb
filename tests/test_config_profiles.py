"""Named profiles: which limits count when one is chosen, and what is told of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from ari_tui.config import Settings
from ari_tui.config_layers import load
from ari_tui.config_slices import Sla
from ari_tui.config_sources import Raw
from ari_tui.config_text import to_environment
from ari_tui.errors import ConfigError

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
WAN = Sla(profile="wan", tiers=("100:45/60/80",), max_ms=150.0, loss_ratio=0.01)


def chosen(name: str) -> Raw:
    return Raw(key="sla.profile", value=name, origin="--profile")


def read(folder: Path, toml: str, *flags: Raw, **variables: str) -> Settings:
    file = folder / "c.toml"
    file.write_text(toml)
    return load(
        config_file=str(file),
        flags=flags,
        folder=folder,
        environment={"HOME": str(folder), **variables},
    )


def problem(folder: Path, toml: str, *flags: Raw, **variables: str) -> str:
    with pytest.raises(ConfigError) as told:
        read(folder, toml, *flags, **variables)
    return str(told.value).replace(str(folder / "c.toml"), "FILE")


def test_profiles_that_nobody_chooses_change_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, PROFILES) == Settings(file=str(tmp_path / "c.toml"))


@pytest.mark.parametrize("where", ["file", "environment", "flag"])
def test_a_profile_is_chosen_in_any_layer(where: str, tmp_path: Path) -> None:
    toml = ('[sla]\nprofile = "wan"\n' if where == "file" else "") + PROFILES
    flags = [chosen("wan")] if where == "flag" else []
    variables = {"ARI_TUI_SLA_PROFILE": "wan"} if where == "environment" else {}
    settings = read(tmp_path, toml, *flags, **variables)
    assert settings.sla == WAN
    assert settings.origin("sla.max_ms") == f"[sla.profiles.wan] in {tmp_path / 'c.toml'}"
    assert settings.origin("sla.late_ratio") == "default"


def test_a_limit_beside_the_choice_counts_more_and_one_below_it_less(tmp_path: Path) -> None:
    beside = '[sla]\nprofile = "wan"\nmax_ms = 200\nlate_ratio = 0.5\n' + PROFILES
    sla = read(tmp_path, beside).sla
    assert (sla.max_ms, sla.late_ratio, sla.loss_ratio) == (200.0, 0.5, 0.01)
    assert read(tmp_path, beside, chosen("wan")).sla == WAN
    above = read(tmp_path, beside, chosen("wan"), Raw(key="sla.max_ms", value="99", origin="--x"))
    assert above.sla.max_ms == 99.0


def test_the_originals_limits_can_be_chosen_above_a_files_own(tmp_path: Path) -> None:
    toml = '[sla]\nprofile = "mine"\nmax_ms = 500\n'
    assert read(tmp_path, toml).sla == Sla(profile="mine", max_ms=500.0)
    assert read(tmp_path, toml, chosen("seed")).sla == Sla()


def test_a_child_gets_the_limits_that_its_parent_chose(tmp_path: Path) -> None:
    parent = read(tmp_path, PROFILES, chosen("lan"))
    child = read(tmp_path, PROFILES, **to_environment(parent))
    assert child.sla == parent.sla
    assert child.sla.max_budget_s == 2
    assert load(environment=to_environment(parent), folder=tmp_path / "no").sla == parent.sla


def test_a_name_that_no_profile_has_is_a_mistake_unless_limits_go_by_it(tmp_path: Path) -> None:
    text = problem(tmp_path, PROFILES, chosen("wam"))
    assert text == (
        "sla.profile (--profile): 'wam' is not allowed; give one of seed, wan, lan (did you mean "
        "wan?), or limits beside it that go by that name"
    )
    # a file's own limits are not what was chosen above them
    assert "'wam'" in problem(tmp_path, "[sla]\nmax_ms = 50\n" + PROFILES, chosen("wam"))
    assert read(tmp_path, '[sla]\nprofile = "wam"\nmax_ms = 50\n' + PROFILES).sla.max_ms == 50


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
def test_mistakes_in_profiles_are_told_though_nobody_chooses_them(
    toml: str, told: str, tmp_path: Path
) -> None:
    assert problem(tmp_path, toml).startswith(told)
