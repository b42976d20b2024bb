"""The slices: what a part is handed, and that no text of one holds a secret."""

import pytest

from ari_tui.config import KEY_TYPES, Settings
from ari_tui.config_slices import Asterisk, Http, Media, is_secret


def test_the_text_of_a_slice_masks_its_secrets() -> None:
    settings = Settings(asterisk=Asterisk(password="geheim"), http=Http(token="t0ken"))
    assert "geheim" not in repr(settings)
    assert "t0ken" not in repr(settings)
    assert "password=********" in repr(settings.asterisk)


def test_a_slice_cannot_be_changed() -> None:
    media = Media()
    with pytest.raises(AttributeError):
        media.workers = 2  # type: ignore[misc]  # that it is refused is the point


def test_only_the_secrets_themselves_count_as_secret() -> None:
    assert {key for key in KEY_TYPES if is_secret(key)} == {
        "asterisk.password",
        "http.token",
        "alerts.webhook",
        "alerts.webhook_token",
    }


def test_port_ranges_are_read_and_an_empty_echo_range_is_the_kernels_choice() -> None:
    media = Media(ports="4500-50000")
    assert media.port_range == (4500, 50000)
    assert media.echo_port_range is None
    assert Media(echo_ports="30000").echo_port_range == (30000, 30000)


def test_a_door_has_an_address_when_it_is_open() -> None:
    assert Http(bind="localhost:1").address == ("localhost", 1)
    assert Http().address is None
