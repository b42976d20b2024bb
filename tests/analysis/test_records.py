from __future__ import annotations

import numpy as np
import pytest

from ari_tui.analysis.records import RECORD_DTYPE, from_bytes, pick
from ari_tui.wire.record import FIELDS, RECORD, RECORD_SIZE

LARGEST = {"q": 2**63 - 1, "I": 2**32 - 1, "H": 2**16 - 1, "B": 2**8 - 1}


def test_the_dtype_lies_on_the_struct_byte_for_byte() -> None:
    assert RECORD_DTYPE.itemsize == RECORD_SIZE == 48
    values = [LARGEST[code] - place for place, (_, code, _) in enumerate(FIELDS)]
    (record,) = from_bytes(RECORD.pack(*values))
    assert [int(record[name]) for name, _, _ in FIELDS] == values


def test_bytes_are_viewed_and_not_copied() -> None:
    data = bytes(3 * RECORD_SIZE)
    records = from_bytes(data)
    assert len(records) == 3
    assert not records.flags.writeable
    assert np.shares_memory(records, np.frombuffer(data, dtype=np.uint8))


def test_no_bytes_are_no_records() -> None:
    assert len(from_bytes(b"")) == 0


def test_part_of_a_record_is_an_error() -> None:
    with pytest.raises(ValueError, match="size"):
        from_bytes(bytes(RECORD_SIZE + 1))


def test_records_are_picked_by_place_or_by_mask_as_copies() -> None:
    records = np.zeros(4, dtype=RECORD_DTYPE)
    records["call"], records["rx_ns"] = [5, 6, 7, 8], [1, 2, 3, 2**62]
    assert pick(records, np.array([3, 0, 3]))["call"].tolist() == [8, 5, 8]
    marked = pick(records, np.array([False, True, False, True]))
    assert marked["rx_ns"].tolist() == [2, 2**62]
    marked["call"] = 0
    assert records["call"].tolist() == [5, 6, 7, 8]
    assert len(pick(records, np.zeros(4, dtype=np.bool_))) == 0
    assert pick(from_bytes(records.tobytes())[::2], np.array([1]))["call"].tolist() == [7]
