"""What eyes make of colours: contrast (WCAG 2), CIELAB, and colour-blind sight (Machado 2009)."""

from __future__ import annotations

from typing import NamedTuple

SIGHTS = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""Machado, Oliveira, Fernandes 2009, severity 1.0, for linear RGB."""


class Linear(NamedTuple):
    red: float
    green: float
    blue: float

    @property
    def luminance(self) -> float:
        return 0.2126 * self.red + 0.7152 * self.green + 0.0722 * self.blue


def linear(text: str) -> Linear:
    """Read `#rrggbb` into linear light, 0 to 1."""
    assert len(text) == 7, text
    shares = [int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return Linear(*(s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2)."""
    low, high = sorted((linear(one).luminance, linear(other).luminance))
    return (high + 0.05) / (low + 0.05)


def seen(color: Linear, sight: str) -> Linear:
    """Return a colour as such eyes see it."""
    mixed = (sum(w * c for w, c in zip(row, color, strict=True)) for row in SIGHTS[sight])
    return Linear(*(min(1.0, max(0.0, share)) for share in mixed))


def lab(color: Linear) -> tuple[float, float, float]:
    """Return CIELAB (D65)."""
    x = (0.4124 * color.red + 0.3576 * color.green + 0.1805 * color.blue) / 0.9505
    y = color.luminance
    z = (0.0193 * color.red + 0.1192 * color.green + 0.9505 * color.blue) / 1.089
    fx, fy, fz = (
        t ** (1 / 3) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in (x, y, z)
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def distance(one: str, other: str, sight: str) -> float:
    """Return how far apart two colours are to such eyes (CIE76; 2.3 can just be told apart)."""
    pairs = zip(lab(seen(linear(one), sight)), lab(seen(linear(other), sight)), strict=True)
    return float(sum((a - b) ** 2 for a, b in pairs) ** 0.5)
