"""The callers' names and numbers: as varied as those of the world, some of them hostile."""

from __future__ import annotations

from random import Random
from typing import Final

from ari_tui.sim.model import CallerId

_NAMES: Final = (
    "Ada Lovelace",
    "Zoë Müller",
    "José García",
    "Łukasz Wójcik",
    "Анна Петрова",
    "王小明",
    "田中 さくら",
    "김민수",
    "مريم حسن",
    "O'Brien, Séan",
    "Nguyễn Thị Hoa",
    "Front Desk",
    "",
    "conference room 3 (second floor)",
    "ΓΙΩΡΓΟΣ",
    "Anonymous",
    "🙂 Support",
)

_NASTY: Final = (
    "\x1b[2J\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07bell",
    "[bold red]markup[/] [link=x]y[/link]",
    "[/] unbalanced [",
    "\u202eright to left\u202c",
    "\u2066isolate\u2069 \u200bzero\u200dwidth",
    "tab\tnewline\nreturn\r",
    "=1+2,\"quoted\";'x'\\",
    "e" + "\u0301" * 60,
    "long " * 800,
)


def draw_caller(random: Random, *, nasty: bool) -> CallerId:
    """Draw one caller; with `nasty` a third of the names try to break whatever shows them."""
    number = random.choice(
        (
            f"+49{random.randrange(10**9, 10**10)}",
            f"{random.randrange(1000, 10000)}",
            f"00{random.randrange(10**10, 10**12)}",
            "anonymous",
        )
    )
    if nasty and random.random() < 1 / 3:
        return CallerId(random.choice(_NASTY), number + random.choice(("", "\x1b[1m", ";x=[y]")))
    return CallerId(random.choice(_NAMES), number)
