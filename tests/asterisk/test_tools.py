from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from tests.asterisk.lab import RTP_BLOCKS, SERVICE_PORTS, free_port
from tests.asterisk.live import MEDIA_BLOCKS, media_ports
from tests.asterisk.rootfs import chosen_release, root_folder
from tests.asterisk.tools import need, wait_until
from tests.engine.kit import _PORT_BLOCKS as ENGINE_BLOCKS


def test_a_missing_tool_is_a_skip_that_names_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"no-such-tool .*package no-such-package"):
        need("no-such-tool", "no-such-package")


def test_a_missing_tool_is_an_error_under_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"no-such-tool .*package no-such-package"):
        need("no-such-tool", "no-such-package")


def test_a_tool_is_found_outside_of_the_path_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert need("chroot", "coreutils").endswith("bin/chroot")


def test_what_never_comes_is_a_failure_that_names_it() -> None:
    with pytest.raises(pytest.fail.Exception, match="the moon is blue"):
        wait_until(lambda: False, "the moon is blue", timeout_s=0.1)


ROOT = Path(__file__).parents[2]


def default_media_ports() -> range:
    example = (ROOT / "config.example.toml").read_text()
    found = re.search(r'^ports = "(\d+)-(\d+)"$', example, re.MULTILINE)
    assert found
    return range(int(found[1]), int(found[2]) + 1)


def test_asterisk_and_the_engines_of_tests_share_no_port() -> None:
    ephemeral = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    pools = [
        RTP_BLOCKS,
        SERVICE_PORTS,
        MEDIA_BLOCKS,
        default_media_ports(),
        ENGINE_BLOCKS,
        range(int(ephemeral[0]), int(ephemeral[1]) + 1),
    ]
    for lower, upper in itertools.pairwise(pools):
        assert lower.stop <= upper.start


def test_ports_are_given_out_of_these_pools() -> None:
    assert free_port() in SERVICE_PORTS
    ports = media_ports()
    assert ports[0] in MEDIA_BLOCKS
    assert len(ports) == MEDIA_BLOCKS.step


def test_it_is_22_where_nothing_else_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARI_TUI_TEST_ASTERISK", raising=False)
    assert chosen_release().major == 22
    monkeypatch.setenv("ARI_TUI_TEST_ASTERISK", "")
    assert chosen_release().major == 22


def test_the_environment_asks_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARI_TUI_TEST_ASTERISK", "16")
    assert (chosen_release().major, chosen_release().suite) == (16, "bullseye")


def test_an_asterisk_that_we_have_not_is_an_error_that_names_those_we_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ARI_TUI_TEST_ASTERISK", "18")
    with pytest.raises(pytest.fail.Exception, match="ARI_TUI_TEST_ASTERISK=18: not one of 16, 22"):
        chosen_release()


def test_each_has_a_root_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are held at once, which one lock for both would forbid while one is built."""
    monkeypatch.setattr("tests.asterisk.rootfs._complete", lambda root: True)
    monkeypatch.setenv("ARI_TUI_TEST_ASTERISK", "16")
    older = chosen_release()
    monkeypatch.setenv("ARI_TUI_TEST_ASTERISK", "22")
    with root_folder(tmp_path, older) as first, root_folder(tmp_path, chosen_release()) as second:
        assert (first, second) == (tmp_path / "asterisk-16", tmp_path / "asterisk-22")
