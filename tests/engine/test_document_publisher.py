"""Documents say what the engine knows, and a new reader gets the last five minutes."""

import msgspec

from ari_tui.document.live import SECONDS, Live
from ari_tui.document.model import encode
from tests.engine.kit import EchoRun, Pbx, engine, until
from tests.schemas import decode


async def test_a_document_tells_all_of_a_call(pbx: Pbx, echo: EchoRun) -> None:
    async with engine(pbx, echo.port) as run:
        channel = pbx.call()
        (call,) = await run.up(1)
        await until(lambda: call.linkedid)
        document = run.parts.publisher.build()
        assert decode(encode(document)) == document
        (told,) = document.calls
        first, last = run.settings.media.port_range
        assert told.id == f"{run.parts.session}.1"
        assert (told.channel_id, told.linkedid, told.state) == (channel, channel, "up")
        assert told.channel.startswith("PJSIP/")
        assert told.call_id
        assert (told.mode, told.bridge_technology) == ("takeover", "simple_bridge")
        assert told.ports.media_local == f"127.0.0.1:{call.port}"
        assert call.port in range(first, last + 1)
        assert told.ports.echo_remote == f"127.0.0.1:{echo.port}"
        assert told.ports.echo_local
        assert told.ports.media_remote
        assert (told.codec, told.ptime_ms, told.ended_at) == ("ulaw", 20, None)
        assert document.asterisks[0].version == "22.10.1"
        assert document.asterisks[0].connected is True
        instrument = document.instrument
        assert (instrument.workers, instrument.worker_restarts) == (1, 0)
        assert (instrument.ports_in_use, instrument.ports_total) == (1, last - first + 1)
        assert instrument.receive_buffer_bytes
        assert (document.sla.verdict, document.sla.profile) == ("inconclusive", "seed")
        assert told.rtt_histogram is None
        await run.end()
    final = run.final
    assert (final.calls[0].state, final.calls[0].reason) == ("ended", "engine: SIGINT")
    assert final.session.ended_at is not None


async def test_before_the_first_packet_there_is_null_and_never_nought(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port, output={"histograms": True}) as run:
        pbx.call()
        pbx.control.hold(0)
        await until(lambda: run.calls and run.calls[0].up_at)
        (told,) = run.parts.publisher.build().calls
        assert (told.codec, told.ptime_ms, told.ssrc, told.loss_ratio) == (None,) * 4
        assert (told.rtt_ms.min, told.rtt_ms.p99, told.longest_interruption_ms) == (None,) * 3
        assert told.jitter_ms.media is None
        assert told.rtt_histogram == []
        await run.end()


async def test_the_history_holds_five_minutes_of_each_call_and_the_newest_seconds_are_in_it(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        pbx.call()
        await run.up(1)
        publisher = run.parts.publisher
        second = publisher.history().last_second
        await until(lambda: publisher.history().last_second > second + 1)
        history, live = publisher.history(), publisher.live()
        assert msgspec.json.decode(msgspec.json.encode(history), type=Live) == history
        assert (history.seconds, live.seconds) == (SECONDS, 1 + 3)  # a loss is known after 1 s
        (course,) = history.calls.values()
        assert len(course.sent) == len(history.all.sent) == SECONDS
        assert sum(value or 0 for value in course.sent) > 20
        assert sum(value or 0 for value in history.all.sent) >= sum(one or 0 for one in course.sent)
        assert course.rtt_p95_us[0] is None  # five minutes ago there was no call
        assert any(course.rtt_p95_us)
        assert sum(count for _, count in history.rtt_histogram) > 20
        assert set(live.calls) == set(history.calls) == {run.calls[0].id}
        await run.end()


async def test_the_longest_lag_is_of_the_time_since_the_last_document(
    pbx: Pbx, echo: EchoRun
) -> None:
    async with engine(pbx, echo.port) as run:
        publisher = run.parts.publisher
        publisher.tick_lag_ms = 123.4567
        assert publisher.build().instrument.tick_lag_ms == 123.457
        assert publisher.build().instrument.tick_lag_ms == 0
        await run.end()
