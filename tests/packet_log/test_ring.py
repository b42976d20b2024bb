from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ari_tui.core.errors import WorkerError
from ari_tui.packet_log.ring import RingReader, RingWriter, create_ring
from ari_tui.wire.record import FIELDS, RECORD, RECORD_SIZE, pack
from tests.relay.kit import WAIT_S, until


def fields(number: int) -> tuple[int, ...]:
    """A record in which every field tells the number, so that a torn one is seen."""
    return tuple(number % (1 << 8 * struct.calcsize(code) - 1) for _, code, _ in FIELDS)


def record(number: int) -> bytes:
    names = [name for name, _, _ in FIELDS]
    return pack(**dict(zip(names, fields(number), strict=True)))


def numbers(data: bytes) -> list[int]:
    """The numbers of whole records; fails on a torn one."""
    found = []
    for row in RECORD.iter_unpack(data):
        assert row == fields(row[0])
        found.append(row[0])
    return found


@contextmanager
def ring(capacity: int) -> Iterator[tuple[RingWriter, RingReader]]:
    fd = create_ring(capacity)
    writer, reader = RingWriter(fd), RingReader(fd)
    os.close(fd)
    try:
        yield writer, reader
    finally:
        writer.close()
        reader.close()


class RingAgainstModel(RuleBasedStateMachine):
    """A ring of a few records beside a deque: the same records, order, overflow and fill."""

    @initialize(capacity=st.integers(1, 7))
    def make(self, capacity: int) -> None:
        fd = create_ring(capacity)
        self.writer, self.reader = RingWriter(fd), RingReader(fd)
        self.fd, self.capacity = fd, capacity
        self.model: deque[int] = deque()
        self.next, self.overflow = 0, 0

    @rule(count=st.integers(1, 10))
    def write(self, count: int) -> None:
        for _ in range(count):
            self.writer.append(record(self.next))
            if len(self.model) < self.capacity:
                self.model.append(self.next)
            else:
                self.overflow += 1
            self.next += 1

    @rule()
    def read(self) -> None:
        assert numbers(self.reader.read()) == list(self.model)
        self.model.clear()

    @rule()
    def attach_the_writer_again(self) -> None:
        self.writer.close()
        self.writer = RingWriter(self.fd)

    @rule()
    def attach_the_reader_again(self) -> None:
        self.reader.close()
        self.reader = RingReader(self.fd)

    @rule(moment=st.integers(0, (1 << 63) - 1))
    def watermark(self, moment: int) -> None:
        self.writer.set_watermark(moment)
        assert self.reader.watermark_ns == moment

    @invariant()
    def counts_agree(self) -> None:
        if hasattr(self, "model"):
            assert self.reader.overflow == self.overflow
            assert self.reader.fill == len(self.model) / self.capacity

    def teardown(self) -> None:
        if hasattr(self, "model"):
            self.writer.close()
            self.reader.close()
            os.close(self.fd)


TestRingAgainstModel = RingAgainstModel.TestCase
TestRingAgainstModel.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, database=None
)


def test_an_empty_ring_reads_as_nothing() -> None:
    with ring(4) as (_, reader):
        assert reader.read() == b""
        assert (reader.fill, reader.overflow, reader.watermark_ns) == (0.0, 0, 0)
        assert reader.capacity == 4


def test_a_full_ring_keeps_the_oldest_and_goes_on_after_it_is_read() -> None:
    with ring(3) as (writer, reader):
        for n in range(5):
            writer.append(record(n))
        assert reader.fill == 1.0
        assert numbers(reader.read()) == [0, 1, 2]
        writer.append(record(5))
        assert numbers(reader.read()) == [5]
        assert reader.overflow == 2


def test_what_was_read_is_a_copy_that_later_records_do_not_change() -> None:
    with ring(2) as (writer, reader):
        writer.append(record(1))
        data = reader.read()
        for n in range(2, 4):
            writer.append(record(n))
        assert numbers(data) == [1]


def test_a_ring_of_another_version_or_record_size_is_refused() -> None:
    for cell, value in ((0, 99), (1, RECORD_SIZE + 8)):
        fd = create_ring(4)
        os.pwrite(fd, struct.pack("=Q", value), cell * 8)
        for end in (RingReader, RingWriter):
            with pytest.raises(WorkerError, match=str(value)):
                end(fd)
        os.close(fd)


def test_a_ring_leaves_no_file_behind_and_is_not_inherited_by_accident() -> None:
    fd = create_ring(4)
    assert not os.get_inheritable(fd)
    assert os.fstat(fd).st_nlink == 0
    os.close(fd)


WRITER = """
import struct, sys
from ari_tui.packet_log.ring import RingWriter
from ari_tui.wire.record import FIELDS, pack
writer = RingWriter(int(sys.argv[1]))
limits = {name: 1 << 8 * struct.calcsize(code) - 1 for name, code, _ in FIELDS}
for number in range(int(sys.argv[2])):
    writer.append(pack(**{name: number % limit for name, limit in limits.items()}))
writer.set_watermark(1)
"""


@pytest.mark.parametrize("capacity", [7, 1 << 17], ids=["it overflows", "it has room"])
def test_between_two_processes_records_arrive_whole_in_order_and_lost_ones_are_counted(
    capacity: int,
) -> None:
    fd, total = create_ring(capacity), 60_000
    reader = RingReader(fd)
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(fd), str(total)], pass_fds=[fd], stderr=subprocess.PIPE
    )
    os.close(fd)
    found: list[int] = []

    def read_all() -> bool:
        done = reader.watermark_ns == 1
        found.extend(numbers(reader.read()))
        return done

    until(read_all, "the writer")
    _, words = process.communicate(timeout=WAIT_S)
    assert (process.returncode, words) == (0, b"")
    assert found == sorted(set(found))
    assert len(found) + reader.overflow == total
    if capacity > total:
        assert reader.overflow == 0
    reader.close()
