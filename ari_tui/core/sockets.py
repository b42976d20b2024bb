"""UDP sockets with kernel receive timestamps: all socket options and ancillary data are here.

Python does not name these Linux options, whose numbers hold on every 64-bit Linux; elsewhere
(macOS) there are no kernel timestamps and callers read the clock.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import ipaddress
import os
import socket
import struct
import sys
from typing import Any, Final

from ari_tui.core.errors import BindError

LINUX: Final = sys.platform.startswith("linux")
_SO_TIMESTAMPNS: Final = 35
_SO_MEMINFO: Final = 55
_SO_RCVBUFFORCE: Final = 33
_SO_SNDBUFFORCE: Final = 32
_IP_RECVTTL: Final = 12
_IP_TTL: Final = 2

_TIMESPEC: Final = struct.Struct("@ll")
_MEMINFO: Final = struct.Struct("@9I")
_MEMINFO_DROPS: Final = 8

ANCILLARY_SIZE: Final = socket.CMSG_SPACE(16) + 2 * socket.CMSG_SPACE(4)
"""Size of ancillary data for `recvmsg`: a timestamp, a TOS byte and a TTL."""

Address = tuple[Any, ...]
"""A socket address: host, port, and for IPv6 flow label and scope."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Ancillary = list[tuple[int, int, bytes]]


def family_of(host: str) -> socket.AddressFamily:
    """Return the family of an IP address. Raises BindError for a host name."""
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        raise BindError(f"{host!r} is no IP address: give one of this machine's") from None
    return socket.AF_INET6 if version == 6 else socket.AF_INET


def open_udp(
    host: str, port: int, *, dscp: int = 0, buffer_bytes: int = 2 << 20, hint: str = ""
) -> socket.socket:
    """Open a non-blocking UDP socket bound to `host`:`port`, stamped by the kernel.

    Timestamps are enabled before bind: a packet queued earlier would be stamped when read
    (measured). `dscp` is the six-bit code point (RFC 2474) of what is sent, `buffer_bytes` the
    requested size of each buffer; `granted_buffers` returns the granted ones. Raises BindError,
    with `hint` appended to its message.
    """
    sock = socket.socket(family_of(host), socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        _enable_timestamps(sock)
        _set_buffers(sock, buffer_bytes)
        if dscp:
            _set_dscp(sock, dscp)
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise BindError(_bind_message(host, port, error, hint)) from error
    except BaseException:  # such as an OverflowError for a port that cannot be
        sock.close()
        raise
    return sock


def _bind_message(host: str, port: int, error: OSError, hint: str) -> str:
    reason = {
        errno.EADDRINUSE: "in use",
        errno.EADDRNOTAVAIL: "no address of this machine",
        errno.EACCES: "not permitted (a port below 1024 needs root)",
    }.get(error.errno or 0, os.strerror(error.errno or 0).lower())
    return f"cannot bind {host}:{port}: {reason}" + (f" ({hint})" if hint else "")


def port_in_use(error: BindError) -> bool:
    """Return whether `open_udp` failed because the port is in use."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE


def _enable_timestamps(sock: socket.socket) -> None:
    if LINUX:
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        if sock.family == socket.AF_INET:
            sock.setsockopt(socket.IPPROTO_IP, _IP_RECVTTL, 1)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)


def _set_buffers(sock: socket.socket, size: int) -> None:
    for plain, force in ((socket.SO_RCVBUF, _SO_RCVBUFFORCE), (socket.SO_SNDBUF, _SO_SNDBUFFORCE)):
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, plain, size)
        if LINUX:
            # beyond the system's limit, with CAP_NET_ADMIN
            with contextlib.suppress(PermissionError):
                sock.setsockopt(socket.SOL_SOCKET, force, size)


def _set_dscp(sock: socket.socket, dscp: int) -> None:
    if sock.family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, dscp << 2)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, dscp << 2)


def granted_buffers(sock: socket.socket) -> tuple[int, int]:
    """Return the receive and send buffer in bytes; the kernel grants twice what was requested."""
    return (
        sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF),
        sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF),
    )


def socket_drops(sock: socket.socket) -> int:
    """Return how many datagrams the kernel dropped because this socket's buffer was full.

    By SO_MEMINFO, which counts at once; SO_RXQ_OVFL comes with the next packet only. 0 where the
    system has neither.
    """
    if not LINUX:
        return 0
    fields = _MEMINFO.unpack(sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))
    return int(fields[_MEMINFO_DROPS])


def receive_stamp(ancillary: Ancillary) -> int:
    """Return the kernel's receive stamp in ns of CLOCK_REALTIME, 0 when there is none."""
    for level, kind, data in ancillary:
        if kind == _SO_TIMESTAMPNS and level == socket.SOL_SOCKET:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            return int(seconds * 1_000_000_000 + nanoseconds)
    return 0


def receive_ancillary(ancillary: Ancillary) -> tuple[int, int, int]:
    """Return the kernel's receive stamp (ns, 0 for none), the TOS byte and the TTL (0 unknown).

    One pass over the control data of one datagram: this runs for every packet.
    """
    stamp = tos = ttl = 0
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET:
            if kind == _SO_TIMESTAMPNS:
                seconds, nanoseconds = _TIMESPEC.unpack(data)
                stamp = seconds * 1_000_000_000 + nanoseconds
        elif kind == _IP_TTL:
            ttl = data[0]
        elif kind == socket.IP_TOS:
            tos = data[0]
    return stamp, tos, ttl


def normal_endpoint(host: str, port: int) -> Address:
    """Return an endpoint as `recvmsg` writes sources. Raises ValueError for a host name."""
    return str(ipaddress.ip_address(host)), port


def endpoint_text(host: str, port: int) -> str:
    """Return `10.0.0.1:4000` or `[::1]:4000`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def same_endpoint(address: Address, peer: Address) -> bool:
    """Return whether two socket addresses have the same host and port; scopes are ignored."""
    return bool(address[:2] == peer[:2])


def max_datagrams(sock: socket.socket) -> int:
    """Return how many datagrams the receive buffer can hold at most.

    Each counts with the kernel's overhead: at least 768 bytes on Linux (measured).
    """
    return granted_buffers(sock)[0] // 512


def disconnect(sock: socket.socket) -> None:
    """Disconnect a UDP socket, so that it receives from every source again; keep its port.

    By connect(2) to AF_UNSPEC, which Python's connect does not offer. A port chosen by the kernel
    is lost by that and bound again. Raises OSError.
    """
    bound = sock.getsockname()
    libc = ctypes.CDLL(None, use_errno=True)
    unspecified = struct.pack("@H14x", socket.AF_UNSPEC)
    if libc.connect(sock.fileno(), unspecified, len(unspecified)) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    if sock.getsockname()[1] != bound[1]:
        sock.bind(bound)
