import inspect

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ari_tui.wire import record

DTYPE = np.dtype(record.NUMPY_FIELDS)
NAMES = [name for name, _, _ in record.FIELDS]


def whole_range(code: str) -> st.SearchStrategy[int]:
    limits = np.iinfo(np.dtype(code))
    return st.integers(int(limits.min), int(limits.max))


def test_a_record_has_48_bytes_in_both_renderings() -> None:
    assert record.RECORD_SIZE == record.RECORD.size == DTYPE.itemsize == 48


def test_the_layout_is_the_documented_one() -> None:
    offsets = {name: int(DTYPE.fields[name][1]) for name in NAMES} if DTYPE.fields else {}
    assert offsets == {
        "rx_ns": 0,
        "tx_ns": 8,
        "bracket_ns": 16,
        "timestamp": 20,
        "ssrc": 24,
        "call": 28,
        "sequence": 32,
        "length": 34,
        "marker_pt": 36,
        "kind": 37,
        "flags": 38,
        "tos": 40,
        "ttl": 41,
        "errno": 42,
        "aux": 44,
    }


@given(st.tuples(*(whole_range(code) for _, _, code in record.FIELDS)))
def test_what_the_worker_packs_the_analysis_reads(values: tuple[int, ...]) -> None:
    (row,) = np.frombuffer(record.RECORD.pack(*values), DTYPE)
    assert tuple(int(row[name]) for name in NAMES) == values


def test_records_are_little_endian_whatever_the_machine() -> None:
    packed = record.RECORD.pack(*range(1, len(NAMES) + 1))
    assert packed[:9] == b"\x01\0\0\0\0\0\0\0\x02"


def constants(prefix: str) -> dict[str, int]:
    return {name: value for name, value in vars(record).items() if name.startswith(prefix)}


def test_every_kind_is_its_own_number_and_fits_its_field() -> None:
    kinds = constants("KIND_")
    assert len(set(kinds.values())) == len(kinds) == 9
    assert all(0 < kind < 256 for kind in kinds.values())


def test_every_flag_is_a_bit_of_its_own() -> None:
    flags = constants("FLAG_")
    assert sum(flags.values()) == (1 << len(flags)) - 1
    assert all(flag.bit_count() == 1 and flag < 1 << 16 for flag in flags.values())


def test_pack_takes_the_fields_of_the_table_in_its_order() -> None:
    parameters = list(inspect.signature(record.pack).parameters)
    assert parameters == NAMES
    values = dict(zip(NAMES, range(1, len(NAMES) + 1), strict=True))
    assert record.RECORD.unpack(record.pack(**values)) == tuple(values.values())
