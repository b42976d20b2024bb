"""The packet log: a shared-memory ring of records, one writer (a worker), one reader (the engine).

Layout: a header of 64-bit cells, then `capacity` records of `wire.record.RECORD_SIZE` bytes. The
writer advances `head` after the record is whole and never waits: when the ring is full the record
is dropped and `overflow` counted. The reader advances `tail` after it has copied. Both counters
only grow; a slot is a counter modulo the capacity. A cell is written by one 8-byte store, so the
other side never reads half a number.

The memory is an anonymous file handed on by descriptor: nothing is left behind by a SIGKILL.
"""

from __future__ import annotations

import mmap
import os
import struct
import tempfile
from typing import Final

from ari_tui.core.errors import WorkerError
from ari_tui.wire.record import RECORD_SIZE

VERSION: Final = 2
_VERSION, _RECORD_SIZE, _CAPACITY, _HEAD, _TAIL, _OVERFLOW, _WATERMARK, _ALIVE = range(8)
_HEADER_SIZE: Final = 64
DEFAULT_CAPACITY: Final = 1 << 17
"""131,072 records (6 MB): 4 s of 150 calls at 20 ms, both ways, with room to spare."""


def create_ring(capacity: int = DEFAULT_CAPACITY) -> int:
    """Make the shared memory of a ring and return its descriptor, which the caller closes."""
    size = _HEADER_SIZE + capacity * RECORD_SIZE
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("ari-tui-packet-log")
    else:  # macOS: a file that is unlinked before anyone could open it
        fd, path = tempfile.mkstemp(prefix="ari-tui-")
        os.unlink(path)
    os.ftruncate(fd, size)
    header = struct.pack("=3Q", VERSION, RECORD_SIZE, capacity)
    os.pwrite(fd, header, 0)
    return fd


class _Ring:
    """What writer and reader share: the mapping and its header cells."""

    def __init__(self, fd: int) -> None:
        self._memory = mmap.mmap(fd, 0)
        self._view = memoryview(self._memory)
        self._cells = self._view[:_HEADER_SIZE].cast("Q")
        found = (self._cells[_VERSION], self._cells[_RECORD_SIZE])
        if found != (VERSION, RECORD_SIZE):
            self.close()
            raise WorkerError(f"packet log has version and record size {found}, not ours")
        self.capacity = self._cells[_CAPACITY]

    def close(self) -> None:
        """Unmap the ring."""
        self._cells.release()
        self._view.release()
        self._memory.close()


class RingWriter(_Ring):
    """The worker's end. One thread only."""

    def __init__(self, fd: int) -> None:
        super().__init__(fd)
        self._head = self._cells[_HEAD]
        self._limit = self._cells[_TAIL] + self.capacity

    def append(self, record: bytes) -> None:
        """Log one record, as `wire.record.pack` makes it. Never blocks."""
        head = self._head
        if head >= self._limit:
            self._limit = self._cells[_TAIL] + self.capacity
            if head >= self._limit:
                self._cells[_OVERFLOW] += 1
                return
        offset = _HEADER_SIZE + (head % self.capacity) * RECORD_SIZE
        self._memory[offset : offset + RECORD_SIZE] = record
        self._head = head = head + 1
        self._cells[_HEAD] = head

    def set_watermark(self, now_ns: int) -> None:
        """Promise that every packet stamped before `now_ns` (CLOCK_REALTIME) has been logged."""
        self._cells[_WATERMARK] = now_ns

    def set_alive(self, now_ns: int) -> None:
        """Say that the worker runs at `now_ns` (CLOCK_REALTIME)."""
        self._cells[_ALIVE] = now_ns


class RingReader(_Ring):
    """The engine's end. One thread only."""

    def read(self) -> bytes:
        """Copy out every record logged so far, in order, and free their room; b"" for none."""
        head, tail = self._cells[_HEAD], self._cells[_TAIL]
        if head == tail:
            return b""
        start, end = tail % self.capacity, head % self.capacity
        if start < end:
            data = bytes(self._records(start, end))
        else:
            data = b"".join((self._records(start, self.capacity), self._records(0, end)))
        self._cells[_TAIL] = head
        return data

    def _records(self, start: int, end: int) -> memoryview:
        return self._view[_HEADER_SIZE + start * RECORD_SIZE : _HEADER_SIZE + end * RECORD_SIZE]

    @property
    def overflow(self) -> int:
        """Records that found no room since the ring was made."""
        return self._cells[_OVERFLOW]

    @property
    def fill(self) -> float:
        """Share of the ring in use, 0 to 1."""
        return (self._cells[_HEAD] - self._cells[_TAIL]) / self.capacity

    @property
    def watermark_ns(self) -> int:
        """Time (CLOCK_REALTIME, ns) up to which the log is complete; 0 before the first."""
        return self._cells[_WATERMARK]

    @property
    def alive_ns(self) -> int:
        """Time (CLOCK_REALTIME, ns) at which the worker last ran; 0 before the first."""
        return self._cells[_ALIVE]
