"""The counters of a call, in the order in which they stand in the store."""

from __future__ import annotations

from typing import Final

NAMES: Final = (
    "received",
    "sent",
    "returned",
    "delivered",
    "upstream_missing",
    "lost",
    "returned_late",
    "duplicates_media",
    "duplicates_echo",
    "reordered_media",
    "reordered_echo",
    "late_media",
    "late_echo",
    "uncertain",
    "malformed",
    "foreign",
    "ssrc_changes",
    "baseline_steps",
    "interruptions",
    "send_errors",
    "echo_refused",
    "socket_drops",
)
COUNT: Final = len(NAMES)
(
    RECEIVED,
    SENT,
    RETURNED,
    DELIVERED,
    UPSTREAM_MISSING,
    LOST,
    RETURNED_LATE,
    DUPLICATES_MEDIA,
    DUPLICATES_ECHO,
    REORDERED_MEDIA,
    REORDERED_ECHO,
    LATE_MEDIA,
    LATE_ECHO,
    UNCERTAIN,
    MALFORMED,
    FOREIGN,
    SSRC_CHANGES,
    BASELINE_STEPS,
    INTERRUPTIONS,
    SEND_ERRORS,
    ECHO_REFUSED,
    SOCKET_DROPS,
) = range(COUNT)
