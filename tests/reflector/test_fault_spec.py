"""."""

from __future__ import annotations

from functools import partial

import pytest

from ari_tui.core.errors import ConfigError
from ari_tui.document.where import PLACES
from ari_tui.reflector.fault_spec import KEYS, FaultSpec, parse_fault, parse_faults

S = 1_000_000_000


def test_the_places_are_those_of_the_documents() -> None:
    assert list(KEYS) == list(PLACES)


def test_every_key_is_read_in_its_unit() -> None:
    found = parse_fault(
        "caller-in:delay=20ms,loss=3%,burst=2,stall=300ms,every=2s,after=5s,for=20s"
    )
    assert (found.place, found.impairment.delay_ns, found.impairment.loss) == (
        *("caller-in", 20_000_000),
        0.03,
    )
    assert (found.stall_ns, found.every_ns, found.after_ns, found.for_ns) == (
        *(300_000_000, 2 * S),
        *(5 * S, 20 * S),
    )
    assert parse_fault("asterisk:transcode").transcode
    assert parse_fault("caller-out:rtcp=off").rtcp_share == 0
    assert parse_fault("caller-out:rtcp=50%,calls=2").rtcp_share == 0.5
    assert [one.place for one in parse_faults(("engine:stall=1s", "echo-out:loss=1%"))] == [
        *("engine", "echo-out"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("caler-in:loss=1%", "unknown place 'caler-in': did you mean caller-in"),
        ("caller-in", "give PLACE:SPEC"),
        ("asterisk:loss=1%", "asterisk allows stall, restart, every, transcode"),
        ("engine:restart=1s", "engine allows stall, every"),
        ("caller-in:loss=1%,loss=2%", "loss is given twice"),
        ("caller-in:loss=lots", "give a percentage"),
        ("caller-in:stall=300", "give a time with its unit"),
        ("caller-in:stall", "give loss=3%,after=10s"),
        ("asterisk:transcode=yes", "give stall=300ms,every=2s"),
        ("caller-in:every=2s", "every is the time between"),
        ("caller-in:stall=2s,every=1s", "every must be longer than stall"),
        ("caller-in:stall=2s,silence=1s,every=3s", "in a --fault of its own"),
        ("caller-in:stall=11s", "at most 10s"),
        ("caller-in:stall=0s", "more than 0"),
        ("caller-in:loss=1%,calls=0", "give a whole number from 1"),
    ],
)
def test_what_is_wrong_is_named_with_the_flag_and_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_fault(text)
    assert str(error.value).startswith(f"--fault {text}: ")
    assert said in str(error.value)


fault = partial(FaultSpec, "caller-in", "")


def test_a_fault_lasts_from_its_begin_for_its_length() -> None:
    some = fault(after_ns=5 * S, for_ns=10 * S)
    assert [some.active(at * S) for at in (0, 4, 5, 14, 15)] == [False, False, True, True, False]
    assert fault().active(0)


def test_episodes_come_every_so_often_within_it() -> None:
    some = fault(stall_ns=S, every_ns=4 * S, after_ns=2 * S, for_ns=6 * S)
    ends = [some.episode_end(some.stall_ns, at * S) for at in (1, 2, 3, 6, 7, 10)]
    assert ends == [None, 3 * S, None, 7 * S, None, None]
    assert [some.next_episode(at * S) for at in (0, 2, 3, 6, 7)] == [
        *(2 * S, 2 * S, 6 * S, 6 * S),
        None,
    ]
    once = fault(stall_ns=S)
    assert (once.next_episode(0), once.next_episode(1)) == (0, None)
    assert (once.episode_end(S, 0), once.episode_end(S, S)) == (S, None)
