"""The documents' fixtures: builders are tested with the same store and facts."""

from tests.document.conftest import call_facts, engine_facts, store

__all__ = ["call_facts", "engine_facts", "store"]
