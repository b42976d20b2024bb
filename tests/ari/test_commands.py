from __future__ import annotations

import dataclasses
import typing

import pytest

from ari_tui.ari import commands


def test_every_command_is_a_frozen_value_that_can_be_matched_with_its_outcome() -> None:
    for kind in typing.get_args(commands.Command):
        names = [field.name for field in dataclasses.fields(kind)]
        one, same = kind(**dict.fromkeys(names, "x")), kind(**dict.fromkeys(names, "x"))
        assert one == same
        assert hash(one) == hash(same)
        if names:
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(one, names[0], "y")


def test_configured_words_name_what_becomes_of_the_caller() -> None:
    assert commands.OnRelease("continue") is commands.OnRelease.CONTINUE
    assert commands.OnRelease("hangup") is commands.OnRelease.HANGUP
