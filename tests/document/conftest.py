"""Documents under test come from the builders: their fixtures are those of `tests/building`."""

from tests.building.conftest import call_facts, engine_facts, store

__all__ = ["call_facts", "engine_facts", "store"]
