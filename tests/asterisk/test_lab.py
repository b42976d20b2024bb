"""The laboratory itself: it starts, twice, and leaves nothing, even when it is killed."""

from __future__ import annotations

import itertools
import os
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

from tests.asterisk.lab import RTP_BLOCKS, SERVICE_PORTS, Asterisk, free_port, running_asterisk
from tests.asterisk.live import MEDIA_BLOCKS, media_ports
from tests.asterisk.rootfs import chosen_release, root_folder
from tests.asterisk.tools import need, wait_until
from tests.engine.kit import _PORT_BLOCKS as ENGINE_BLOCKS

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(600)]


def test_the_version_is_the_one_that_was_asked_for(asterisk: Asterisk) -> None:
    assert asterisk.major == chosen_release().major, asterisk.version


def test_every_module_that_was_asked_for_runs(asterisk: Asterisk) -> None:
    conf = (asterisk.outside / "modules.conf").read_text()
    wanted = {line.split()[-1] for line in conf.splitlines() if line.startswith("load")}
    rows = (line.split() for line in asterisk.rx("module show").splitlines())
    running = {row[0] for row in rows if "Running" in row}
    assert wanted
    assert not wanted - running


def test_it_listens_on_loopback_only(asterisk: Asterisk) -> None:
    assert f"127.0.0.1:{asterisk.sip_port}" in asterisk.rx("pjsip show transports")
    assert f"127.0.0.1:{asterisk.http_port}" in asterisk.rx("http show status")


def test_a_second_run_beside_the_first_leaves_nothing(asterisk: Asterisk) -> None:
    for _ in range(2):
        with running_asterisk(asterisk.root) as second:
            assert second.folder != asterisk.folder
            assert second.channels() == []
            assert second.leftovers()  # its processes: the look finds what is there
        assert second.leftovers() == []
        assert not second.outside.exists()
    assert asterisk.rx("core show uptime")


def test_a_killed_run_takes_asterisk_with_it_and_the_next_one_tidies(asterisk: Asterisk) -> None:
    program = (
        "import sys, pathlib\n"
        "from tests.asterisk.lab import running_asterisk\n"
        "with running_asterisk(pathlib.Path(sys.argv[1])) as asterisk:\n"
        "    print(asterisk.folder, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    victim = subprocess.Popen(
        [sys.executable, "-c", program, str(asterisk.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    with victim:
        assert victim.stdout is not None
        assert select.select([victim.stdout], [], [], 60)[0], "the run did not start"
        folder = Path(victim.stdout.readline().strip())
        killed = Asterisk(asterisk.root, folder, http_port=0, sip_port=0, rtp_ports=range(0))
        assert killed.leftovers()
        victim.kill()
    wait_until(lambda: not killed.leftovers(), "Asterisk ended with the process that was killed")
    assert killed.outside.exists()
    with running_asterisk(asterisk.root):
        assert not killed.outside.exists()


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
