"""A channel's variables, functions and RTP statistics."""

from __future__ import annotations

import time

from ari_tui.core.errors import SimRefusalError
from ari_tui.sim.model import Json, SimChannel

_PAYLOAD_BYTES_PER_MS = 8


def read_variable(channel: SimChannel, name: str) -> str:
    """Return the value of a channel variable or dialplan function.

    Raises SimRefusalError as Asterisk 22 does: 404 for a variable that is not set, 500 for a
    function that cannot be read.
    """
    if not name.endswith(")"):
        if name not in channel.variables:
            raise SimRefusalError(404, "Provided variable was not found")
        return channel.variables[name]
    value = _functions(channel).get(name.replace(" ", ""))
    if value is None:
        raise SimRefusalError(500, "Unable to read provided function")
    return value


def _functions(channel: SimChannel) -> dict[str, str]:
    functions = {
        "CALLERID(name)": channel.caller.name,
        "CALLERID(num)": channel.caller.number,
        "CHANNEL(linkedid)": channel.linked_id,
        "CHANNEL(name)": channel.name,
        "CHANNEL(state)": channel.state,
        "CHANNEL(uniqueid)": channel.id,
    }
    if channel.is_sip:
        _, _, host = channel.protocol_id.partition("@")
        # documentation addresses (RFC 5737): the phone's own leg is not simulated
        functions["CHANNEL(rtp,src)"] = "192.0.2.1:10000"
        functions["CHANNEL(rtp,dest)"] = f"{host}:6000"
        functions["CHANNEL(pjsip,call-id)"] = channel.protocol_id
    return functions


def rtp_statistics(channel: SimChannel) -> Json:
    """Return ARI's RTPstat of a simulated PJSIP leg.

    Asterisk calls the jitter of what it receives `txjitter`, and what the far end reports
    `rxjitter` (res_rtp_asterisk.c); both are in seconds.
    Raises SimRefusalError: 404 for a UnicastRTP channel, 403 for a Local one.
    """
    phone = channel.phone
    if channel.media is not None:
        raise SimRefusalError(404, "RTP info not found")
    if phone is None or not channel.is_sip:
        raise SimRefusalError(403, "Unsupported channel type")
    phone.read_reports(time.monotonic_ns())
    octets = phone.packet_ms * _PAYLOAD_BYTES_PER_MS
    zeros = dict.fromkeys(
        [
            *("rtt", "maxrtt", "minrtt", "normdevrtt", "stdevrtt"),
            *(
                f"{side}_{kind}{what}"
                for what in ("jitter", "rxploss")
                for side in ("remote", "local")
                for kind in ("max", "min", "normdev", "stdev")
            ),
        ],
        0.0,
    )
    return {
        "txcount": phone.received,
        "rxcount": phone.sent,
        "txploss": phone.lost_out if phone.reports else 0,
        "rxploss": phone.lost_in,
        "txjitter": phone.sent_jitter_ns / 1e9,
        "rxjitter": phone.received_jitter_ns / 1e9 if phone.reports else 0.0,
        "local_ssrc": 0,
        "remote_ssrc": 0,
        "txoctetcount": phone.received * octets,
        "rxoctetcount": phone.sent * octets,
        "channel_uniqueid": channel.id,
        **zeros,
    }
