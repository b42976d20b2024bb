from __future__ import annotations

import pytest

from ari_tui.sim.g711 import LONGEST_FRAME, SAMPLE_RATE, alaw, tone, ulaw


@pytest.mark.parametrize(
    ("payload_type", "milliwatt"),
    [(0, "1e0b0b1e9e8b8b9e"), (8, "34212134b4a1a1b4")],
    ids=["ulaw", "alaw"],
)
def test_a_kilohertz_is_the_digital_milliwatt_of_g711(payload_type: int, milliwatt: str) -> None:
    # G.711 tables 5 and 6 start half a period later: the sign bit is the other way round
    expected = bytes(byte ^ 0x80 for byte in bytes.fromhex(milliwatt))
    assert tone(1000, payload_type)[:8] == expected


def test_silence_and_the_extremes_have_their_own_codes() -> None:
    assert [ulaw(0), ulaw(32767), ulaw(-32768)] == [0xFF, 0x80, 0x00]
    assert [alaw(0), alaw(32767), alaw(-32768)] == [0xD5, 0xAA, 0x2A]


@pytest.mark.parametrize("encode", [ulaw, alaw])
def test_louder_samples_never_get_a_quieter_code(encode: object) -> None:
    assert callable(encode)
    codes = [encode(sample) for sample in range(0, 32768, 7)]
    distinct = list(dict.fromkeys(codes))
    assert len(distinct) == len(set(codes)) == 128  # no code comes back once it was left


def test_a_tone_goes_on_seamlessly_after_its_second() -> None:
    second = tone(440, 0)
    assert len(second) == SAMPLE_RATE + LONGEST_FRAME
    assert second[SAMPLE_RATE:] == second[:LONGEST_FRAME]
