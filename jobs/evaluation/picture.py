"""Small pictures of figures as inline SVG. Made from numbers alone: no text from outside can get in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any, Final

_SIDE: Final = 260.0  # of the square plot
_LEFT, _TOP, _RIGHT, _BOTTOM = 44.0, 12.0, 12.0, 44.0


def reliability_svg(bins: Sequence[Mapping[str, Any]]) -> str:
    """Share that is true against mean probability: one dot a bin, its area by the number of cases."""
    dots = [
        (float(each["mean_probability"]), float(each["share_true"]), int(each["n"]))
        for each in bins
        if each["n"]
    ]
    most = max((n for _, _, n in dots), default=1)
    parts = [*_frame()]
    path = " ".join(f"{_x(p):.1f},{_y(true):.1f}" for p, true, _ in dots)
    parts.append(f'<polyline class="line" points="{path}"/>')
    for p, true, n in dots:
        told = f"{p:.3f} told, {true:.3f} true, {n:,} cases"
        radius = 3 + 6 * sqrt(n / most)
        parts.append(
            f'<circle class="dot" cx="{_x(p):.1f}" cy="{_y(true):.1f}" r="{radius:.1f}">'
            f"<title>{told}</title></circle>"
        )
    width, height = _LEFT + _SIDE + _RIGHT, _TOP + _SIDE + _BOTTOM
    return (
        f'<svg class="reliability" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'aria-label="Reliability: how often answers of a probability are true, in {len(dots)} bins">'
        + "".join(parts)
        + "</svg>"
    )


def strip_svg(strip: tuple[float, float, float]) -> str:
    """A figure and its interval on a line from 0 to 1."""
    value, low, high = (100 * min(max(each, 0.0), 1.0) for each in strip)
    return (
        '<svg class="strip" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<line class="rail" x1="0" y1="4" x2="100" y2="4"/>'
        f'<line class="range" x1="{low:.1f}" y1="4" x2="{max(high, low + 0.5):.1f}" y2="4"/>'
        f'<line class="tick" x1="{value:.1f}" y1="0" x2="{value:.1f}" y2="8"/></svg>'
    )


def _x(share: float) -> float:
    return _LEFT + _SIDE * share


def _y(share: float) -> float:
    return _TOP + _SIDE * (1 - share)


def _frame() -> list[str]:
    """Grid, numbers at both axes, the diagonal on which probabilities are true, names of the axes."""
    parts = []
    for tick in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        x, y = _x(tick), _y(tick)
        parts.append(
            f'<line class="grid" x1="{x:.1f}" y1="{_y(0):.1f}" x2="{x:.1f}" y2="{_y(1):.1f}"/>'
            f'<line class="grid" x1="{_x(0):.1f}" y1="{y:.1f}" x2="{_x(1):.1f}" y2="{y:.1f}"/>'
            f'<text x="{x:.1f}" y="{_y(0) + 16:.1f}" text-anchor="middle">{tick:g}</text>'
            f'<text x="{_x(0) - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{tick:g}</text>'
        )
    middle = _TOP + _SIDE / 2
    parts.append(
        f'<line class="diagonal" x1="{_x(0):.1f}" y1="{_y(0):.1f}" x2="{_x(1):.1f}" y2="{_y(1):.1f}"/>'
        f'<text x="{_x(0.5):.1f}" y="{_y(0) + 36:.1f}" text-anchor="middle">probability told</text>'
        f'<text x="14" y="{middle:.1f}" text-anchor="middle" transform="rotate(-90 14 {middle:.1f})">'
        "share that is true</text>"
    )
    return parts
