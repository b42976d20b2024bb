"""From a file to its document: names, times, and files that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ari_tui import __version__
from ari_tui.errors import ConfigError
from ari_tui.pcap.report import analyze_file

if TYPE_CHECKING:
    from tests.pcap.conftest import Kit


def test_the_file_is_described(kit: Kit) -> None:
    wire = kit.wire()
    wire.stream(51)
    found = kit.analyze(wire)
    assert (found.version, found.late_ms, found.loss_timeout_ms) == (__version__, 3.0, 3000.0)
    file = found.file
    assert (file.name, file.format, file.frames) == ("test.pcapng", "pcapng", 51)
    assert file.first_at == "2023-11-14T22:13:20.123+00:00"
    assert (file.duration_s, file.damage) == (1.0, None)


def test_a_file_that_breaks_off_is_read_up_to_there(kit: Kit) -> None:
    wire = kit.wire()
    wire.stream(51)
    path = kit.folder / "cut.pcapng"
    path.write_bytes(kit.writer.pcapng(wire.frames)[:-10])
    found = analyze_file(path, kit.options())
    assert found.streams[0].packets.received == 50
    assert "cut short at byte" in str(found.file.damage)


def test_a_file_that_is_not_there_or_a_folder_is_told_with_its_name(kit: Kit) -> None:
    for path, why in ((kit.folder / "none.pcap", "No such file"), (kit.folder, "Is a directory")):
        with pytest.raises(ConfigError, match=f"cannot read {path}: {why}") as caught:
            analyze_file(path, kit.options())
        assert caught.value.exit_code == 2


def test_a_file_s_name_cannot_command_a_terminal(kit: Kit) -> None:
    path = kit.folder / "a\x1b[2J\nb.pcap"
    path.write_bytes(kit.writer.pcap([]))
    assert analyze_file(path, kit.options()).file.name == "a b.pcap"
