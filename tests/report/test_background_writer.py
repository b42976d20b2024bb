"""Output to readers that read, that do not, and that have gone."""

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator

import pytest

from ari_tui.report.background_writer import MAX_QUEUED, BackgroundWriter

WAIT_S = 20.0
BIG = b"x" * 70_000  # more than a pipe of one page holds


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    yield reading, writing
    for fd in (reading, writing):
        with contextlib.suppress(OSError):
            os.close(fd)


def test_what_is_written_is_read_whole_and_in_order(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    found = bytearray()

    def read() -> None:
        while data := os.read(reading, 65536):
            found.extend(data)

    reader = threading.Thread(target=read)
    reader.start()
    writer = BackgroundWriter(writing)
    pieces = [b"%d " % n + BIG for n in range(5)]
    for piece in pieces:
        writer.write(piece)
        writer.flush()
    writer.close()
    os.close(writing)
    reader.join(WAIT_S)
    assert bytes(found) == b"".join(pieces)
    assert writer.dropped == 0


def test_a_reader_that_is_stuck_holds_nobody_up_and_the_oldest_are_dropped(
    pipe: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    reading, writing = pipe
    writer = BackgroundWriter(writing, close_timeout_s=0.05)
    for _ in range(MAX_QUEUED + 10):
        writer.write(BIG)  # none of these waits, or the test would never end
    assert 9 <= writer.dropped <= 10  # one may be in the thread's hands
    writer.close()
    assert "did not keep up" in caplog.text
    os.close(reading)  # which lets the thread go
    writer._thread.join(WAIT_S)
    assert not writer._thread.is_alive()


def test_a_reader_that_has_gone_is_told_of_at_the_next_write_and_at_the_end(
    pipe: tuple[int, int],
) -> None:
    reading, writing = pipe
    os.close(reading)
    writer = BackgroundWriter(writing)
    writer.write(b"unread")
    writer._thread.join(WAIT_S)
    with pytest.raises(BrokenPipeError):
        writer.write(b"more")
    with pytest.raises(BrokenPipeError):
        writer.close()
