"""Who has which ports: Asterisk and engines of different tests may run side by side."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from tests.asterisk.lab import RTP_BLOCKS, SERVICE_PORTS, free_port
from tests.asterisk.live import MEDIA_BLOCKS, media_ports
from tests.engine.kit import _PORT_BLOCKS as ENGINE_BLOCKS

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
