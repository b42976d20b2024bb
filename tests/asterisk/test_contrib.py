"""The lines for ari.conf, http.conf and extensions.conf: read by Asterisk as they are shipped."""

from __future__ import annotations

import re

import pytest

from tests.asterisk.lab import CONTRIB, Asterisk
from tests.asterisk.raw_ari import raw_ari

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(600)]


def test_asterisk_has_read_the_shipped_files_unchanged(asterisk: Asterisk) -> None:
    names = sorted(path.name for path in CONTRIB.iterdir())
    assert names == ["ari.conf", "extensions.conf", "http.conf"]
    for name in names:
        assert (asterisk.outside / "contrib" / name).read_bytes() == (CONTRIB / name).read_bytes()
        include = f'#include "{asterisk.folder}/contrib/{name}"'
        assert include in (asterisk.outside / name).read_text().splitlines()


def test_the_dialplan_that_runs_is_the_shipped_one(asterisk: Asterisk) -> None:
    shipped = (CONTRIB / "extensions.conf").read_text()
    for context in re.findall(r"^\[(.+)\]$", shipped, re.MULTILINE):
        body = shipped.partition(f"[{context}]\n")[2].partition("\n[")[0]
        wanted = re.findall(r"(?:exten => \w+,1|same => n),(.+)$", body, re.MULTILINE)
        shown = asterisk.rx(f"dialplan show {context}")
        assert re.findall(r"\d+\. (\S+)", shown) == wanted


def test_http_listens_on_loopback_alone(asterisk: Asterisk) -> None:
    assert f"Bound to 127.0.0.1:{asterisk.http_port}" in asterisk.rx("http show status")
    assert re.search(r"^bindport = 8088$", (CONTRIB / "http.conf").read_text(), re.MULTILINE)


async def test_the_shipped_user_may_write_and_its_shipped_password_is_not_the_one_in_use(
    asterisk: Asterisk,
) -> None:
    # the columns: read-only; on 22 also whether the user is kept to addresses (ACL)
    row = r"^No +No +ari-tui$" if asterisk.major >= 22 else r"^No +ari-tui$"
    assert re.search(row, asterisk.rx("ari show users"), re.MULTILINE)
    async with raw_ari(asterisk) as ari:
        assert (await ari.request("GET", "/asterisk/ping"))[0] == 200
    async with raw_ari(asterisk, "ari-tui", "choose-one") as ari:
        assert (await ari.request("GET", "/asterisk/ping"))[0] == 401


async def test_the_load_tests_endpoint_sends_audio(asterisk: Asterisk) -> None:
    """Its other half has to be in Stasis: that is what `ari-tui loadtest` asks for."""
    from tests.asterisk.media_port import media_port
    from tests.asterisk.raw_ari import new_id
    from tests.asterisk.stage import empty_stage

    async with empty_stage(asterisk) as stage, media_port() as port:
        caller = new_id("call")
        status, body = await stage.ari.request(
            "POST",
            "/channels",
            endpoint="Local/tone@ari-tui-loadtest",
            app=stage.app,
            channelId=caller,
        )
        assert status == 200, body
        media = await stage.external_media(port)
        await stage.bridge(caller, media["id"])
        packets = await port.receive_rtp(20)
    assert {len(payload) for _, payload in packets} == {160}
