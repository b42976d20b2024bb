"""The packet log's records as a numpy array, from the one field table in `wire.record`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ari_tui.wire.record import NUMPY_FIELDS

Records = npt.NDArray[Any]
"""A structured array of RECORD_DTYPE, one element a record."""
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

RECORD_DTYPE = np.dtype(NUMPY_FIELDS)


def from_bytes(data: bytes) -> Records:
    """View the bytes of whole records as an array, without copying; read-only."""
    return np.frombuffer(data, dtype=RECORD_DTYPE)
