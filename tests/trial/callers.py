"""The callers: SIPp, which plays a recording made here, or a second Asterisk, which sends RTCP."""

from __future__ import annotations

import contextlib
import random
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.asterisk.lab import Asterisk, running_asterisk
from tests.trial.network import inside

NEAR, FAR = "198.18.71.1", "198.18.71.2"
"""The ends of the callers' trunk: Asterisk's and theirs."""
SIP_PORT = 5060
"""Of the callers; Asterisk's own is the lab's."""
PAYLOAD_TYPES = {"ulaw": (0, "PCMU"), "alaw": (8, "PCMA")}
PACKET_S = 0.02
_SAMPLES = 160
_LENGTH_S = 120.0
_SCENARIO = Path(__file__).with_name("call.xml")
_PRIORITY = "5"
"""SIPp is the outside world: a busy machine must not make its callers late."""

NEAR_PJSIP = f"""
[trial]
type = transport
protocol = udp
bind = {NEAR}:@SIP_PORT@

[caller]
type = endpoint
context = lab
disallow = all
allow = ulaw,alaw
direct_media = no
media_address = {NEAR}
bind_rtp_to_media_address = yes

[caller]
type = identify
endpoint = caller
match = {FAR}
"""
_FAR_PJSIP = f"""
[trial]
type = transport
protocol = udp
bind = {FAR}:{SIP_PORT}

[near]
type = endpoint
transport = trial
context = lab
disallow = all
allow = %(codec)s
direct_media = no
media_address = {FAR}
bind_rtp_to_media_address = yes
aors = near

[near]
type = aor
contact = sip:{NEAR}:%(port)d
"""


def write_recording(
    path: Path, payload_type: int, *, silent_s: float = 0.0, every_s: float = 10.0, from_s: float
) -> None:
    """Write a pcap file of RTP in 20 ms packets.

    From `from_s` on the first `silent_s` of each `every_s` are left out as a phone with silence
    suppression leaves them out: the sequence goes on, the timestamps jump.
    """
    noise = random.Random(1)
    records = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    sequence = 0
    for number in range(round(_LENGTH_S / PACKET_S)):
        at_s = number * PACKET_S
        if at_s >= from_s and (at_s - from_s) % every_s < silent_s:
            continue
        header = struct.pack("!BBHII", 0x80, payload_type, sequence, number * _SAMPLES, 0x5EED)
        frame = _frame(header + noise.randbytes(_SAMPLES))
        second, part = divmod(round(at_s * 1_000_000), 1_000_000)
        records += [struct.pack("<IIII", second, part, len(frame), len(frame)), frame]
        sequence = (sequence + 1) & 0xFFFF
    path.write_bytes(b"".join(records))


def _frame(rtp: bytes) -> bytes:
    """Return RTP in UDP in IPv4 in Ethernet; SIPp takes the payload and the ports anew."""
    udp = struct.pack("!HHHH", 6000, 6000, 8 + len(rtp), 0) + rtp
    address = bytes((127, 0, 0, 1))
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, address, address)
    return bytes(12) + b"\x08\x00" + ip + udp


@contextlib.contextmanager
def sipp_callers(
    asterisk: Asterisk,
    folder: Path,
    *,
    namespace: str,
    calls: int,
    codec: str,
    silent_s: float = 0.0,
    silent_from_s: float = 0.0,
) -> Iterator[None]:
    """Let SIPp place calls that talk until the block is left."""
    payload_type, encoding = PAYLOAD_TYPES[codec]
    folder.mkdir()
    write_recording(folder / "voice.pcap", payload_type, silent_s=silent_s, from_s=silent_from_s)
    arguments = {
        "-sf": _SCENARIO,
        "-s": "stasis",
        "-i": FAR,
        "-p": SIP_PORT,
        "-mi": FAR,
        "-mp": 16_000,
        "-m": calls,
        "-l": calls,
        "-r": 2,
        "-key payload_type": payload_type,
        "-key encoding": encoding,
    }
    words = [word for pair in arguments.items() for word in (*pair[0].split(), str(pair[1]))]
    sipp = ["chrt", "-f", _PRIORITY, "sipp", f"{NEAR}:{asterisk.sip_port}", "-nostdin", *words]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            inside(namespace, *sipp),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def asterisk_callers(
    asterisk: Asterisk, *, namespace: str, calls: int, codec: str
) -> Iterator[None]:
    """Let a second Asterisk place calls: its RTCP tells what it heard of us."""
    pjsip = _FAR_PJSIP % {"codec": codec, "port": asterisk.sip_port}
    with running_asterisk(
        asterisk.root, added={"pjsip.conf": pjsip}, namespace=f"aritui-{namespace}"
    ) as far:
        for _ in range(calls):
            far.rx("channel originate PJSIP/stasis@near application Milliwatt")
        yield
