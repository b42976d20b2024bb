"""/metrics: text that Prometheus reads, names that it accepts, and nobody's name in it."""

import re

from prometheus_client.parser import text_string_to_metric_families

from ari_tui.analysis import counters
from ari_tui.analysis.store import Store
from ari_tui.engine.prometheus import renderer
from ari_tui.snapshot.metrics import COUNTER, METRICS
from tests.engine.kit import call_facts, document


def test_the_text_parses_and_every_metric_of_the_table_is_in_it() -> None:
    text = renderer(document)().decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    for metric in METRICS:
        family = families[metric.prometheus_name]
        assert family.type == ("counter" if metric.kind == COUNTER else "gauge")
        assert family.documentation == metric.help


def test_names_are_legal_and_counters_end_in_total() -> None:
    text = renderer(document)().decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            assert re.fullmatch(r"ari_tui_[a-z0-9_]+", sample.name)
            assert sample.name.endswith("_total") == (family.type == "counter"), sample.name


def test_numbers_are_those_of_the_newest_document_and_no_sample_is_no_line() -> None:
    store = Store(loss_timeout_ns=10**9, late_ns=3_000_000)
    row = store.add_call(1)
    render = renderer(lambda: document(call_facts(1), store=store))
    assert value_of(render(), "ari_tui_packets_sent_total") == 0
    assert value_of(render(), "ari_tui_rtt_p99_ms") is None
    assert value_of(render(), "ari_tui_loss_ratio") is None
    store.counters[row, counters.SENT] = store.counters[row, counters.LOST] = 7
    assert value_of(render(), "ari_tui_packets_sent_total") == 7
    assert value_of(render(), "ari_tui_loss_ratio") == 1
    assert value_of(render(), "ari_tui_calls_active") == 1
    assert value_of(render(), "ari_tui_asterisk_up") == 1


def value_of(text: bytes, name: str) -> float | None:
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            if sample.name == name:
                return float(sample.value)
    return None


def test_no_caller_is_named() -> None:
    store = Store(loss_timeout_ns=10**9, late_ns=3_000_000)
    store.add_call(1)
    text = renderer(lambda: document(call_facts(1, caller="Secret Ann 4711"), store=store))()
    assert b"Ann" not in text
    assert b"4711" not in text
    assert b"PJSIP" not in text
