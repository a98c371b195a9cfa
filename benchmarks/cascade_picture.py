"""The curves of benchmarks/cascade_curve.py as SVG: a panel for each cascade. Made from its figures alone.

Colors are of Okabe and Ito (Color Universal Design, 2008), and lines differ by dashes and marks besides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from math import ceil, floor
from typing import Any, Final

_W, _H = 320.0, 270.0  # of a plot
_LEFT, _TOP, _GAP, _BOTTOM, _RIGHT = 62.0, 66.0, 58.0, 122.0, 22.0
_BLUE, _ORANGE, _GRAY = "#0072B2", "#D55E00", "#555555"
_TITLES: Final = {
    "emotion words": "The model is the better one",
    "student": "The student is the better one",
}
_STYLE: Final = (
    "text{font-family:system-ui,sans-serif;font-size:12px;fill:#222}"
    ".title{font-size:14px;font-weight:600}.small{font-size:11px;fill:#444}"
    ".grid{stroke:#e2e2e2;stroke-width:1}.axis{stroke:#444;stroke-width:1}"
)
Place = Callable[[float, float], tuple[float, float]]


def picture(found: dict[str, Any]) -> str:
    """The SVG of what cascade_curve.py found. Both panels have one scale of macro-F1."""
    cascades = found["cascades"]
    low, high = _range(cascades)
    width = _LEFT + len(cascades) * _W + (len(cascades) - 1) * _GAP + _RIGHT
    height = _TOP + _H + _BOTTOM
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"',
        f'viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-labelledby="cascade-title cascade-desc">',
        '<title id="cascade-title">Quality of cascades against their cost</title>',
        f'<desc id="cascade-desc">{escape(_told(found))}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="#fff"/>',
    ]
    for number, cascade in enumerate(cascades):
        parts += _panel(cascade, _LEFT + number * (_W + _GAP), low, high)
    middle = _TOP + _H / 2
    parts.append(
        f'<text x="16" y="{middle:.0f}" text-anchor="middle" transform="rotate(-90 16 {middle:.0f})">'
        f"macro-F1 on {found['rows']:,} rows</text>"
    )
    parts += _legend(width, height)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(cascade: dict[str, Any], left: float, low: float, high: float) -> list[str]:
    def place(share: float, value: float) -> tuple[float, float]:
        return left + _W * share, _TOP + _H * (high - value) / (high - low)

    points = cascade["points"]
    first, second = cascade["first"], cascade["second"]
    title = _TITLES.get(first, "")
    parts = [
        f'<text class="title" x="{left:.0f}" y="24">{escape(first)}, then {escape(second)}</text>',
        f'<text class="small" x="{left:.0f}" y="42">{title}</text>',
        *_frame(place, points, low, high),
    ]
    for how, color in (("average", _ORANGE), ("replace", _BLUE)):
        if how not in points[0]:
            continue
        shares = [point["budget"] for point in points]
        spans = [point[how]["interval"] for point in points]
        edge = [(x, top) for x, (_, top) in zip(shares, spans, strict=True)]
        edge += [(x, end) for x, (end, _) in reversed(list(zip(shares, spans, strict=True)))]
        parts.append(f'<polygon points="{_path(place, edge)}" fill="{color}" fill-opacity="0.1"/>')
    for how, color in (("average", _ORANGE), ("replace", _BLUE)):
        if how in points[0]:
            random = [(point["budget"], point[how]["at_random"]) for point in points]
            parts.append(_line(place, random, color, "2 4", 1.5))
            curve = [(point["budget"], point[how]["macro_f1"]) for point in points]
            parts.append(_line(place, curve, color, "" if how == "replace" else "8 3", 2.2))
            parts += [
                _mark(*place(*at), color, how)
                + f"<title>{how}: {at[0]:.0%} of the rows asked, macro-F1 {at[1]:.3f}</title></path>"
                for at in curve[::2]
            ]
    return parts


def _frame(place: Place, points: Sequence[dict[str, Any]], low: float, high: float) -> list[str]:
    """Grid, numbers at the axes, their names. The second row of numbers below is the cost in seconds."""
    parts = []
    for step in range(round((high - low) / 0.05) + 1):
        value = low + 0.05 * step
        (x0, y), (x1, _) = place(0, value), place(1, value)
        parts.append(
            f'<line class="grid" x1="{x0:.1f}" y1="{y:.1f}" x2="{x1:.1f}" y2="{y:.1f}"/>'
            f'<text x="{x0 - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{value:.2f}</text>'
        )
    x0, bottom = place(0, low)
    x1, top = place(1, high)
    by_budget = {point["budget"]: point for point in points}
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, _ = place(share, low)
        cost = by_budget[share]["server_seconds_per_1000"]
        parts.append(
            f'<line class="grid" x1="{x:.1f}" y1="{bottom:.1f}" x2="{x:.1f}" y2="{top:.1f}"/>'
            f'<text x="{x:.1f}" y="{bottom + 16:.1f}" text-anchor="middle">{share:.0%}</text>'
            f'<text class="small" x="{x:.1f}" y="{bottom + 48:.1f}" text-anchor="middle">{cost:.1f} s</text>'
        )
    middle = (x0 + x1) / 2
    parts.append(
        f'<path class="axis" d="M{x0:.1f} {top:.1f}V{bottom:.1f}H{x1:.1f}" fill="none"/>'
        f'<text x="{middle:.1f}" y="{bottom + 32:.1f}" text-anchor="middle">share of rows asked</text>'
        f'<text class="small" x="{middle:.1f}" y="{bottom + 64:.1f}" text-anchor="middle">'
        "seconds of the server for 1,000 rows</text>"
    )
    return parts


def _legend(width: float, height: float) -> list[str]:
    kinds = (
        ("the model's answer instead", _BLUE, "", "replace"),
        ("mean of both", _ORANGE, "8 3", "average"),
        ("as many rows at random", _GRAY, "2 4", None),
    )
    x, y, parts = _LEFT, height - 26, []
    for name, color, dash, mark in kinds:
        parts.append(
            f'<path d="M{x:.0f} {y:.0f}h34" stroke="{color}" stroke-width="2.2" stroke-dasharray="{dash or "none"}"/>'
        )
        if mark:
            parts.append(_mark(x + 17, y, color, mark) + "</path>")
        parts.append(f'<text x="{x + 42:.0f}" y="{y + 4:.0f}">{name}</text>')
        x += 62 + 6.6 * len(name)
    parts.append(
        f'<text class="small" x="{width - _RIGHT:.0f}" y="{y + 4:.0f}" text-anchor="end">bands: 95 %</text>'
    )
    return parts


def _line(
    place: Place, values: Sequence[tuple[float, float]], color: str, dash: str, width: float
) -> str:
    return (
        f'<polyline points="{_path(place, values)}" fill="none" stroke="{color}" stroke-width="{width}" '
        f'stroke-dasharray="{dash or "none"}" stroke-linejoin="round"/>'
    )


def _path(place: Place, values: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*value) for value in values))


def _mark(x: float, y: float, color: str, how: str) -> str:
    """A dot or a square, left open for a title."""
    if how == "replace":
        shape = f"M{x - 3.5:.1f} {y:.1f}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z"
    else:
        shape = f"M{x - 3:.1f} {y - 3:.1f}h6v6h-6z"
    return f'<path d="{shape}" fill="{color}">'


def _range(cascades: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Of all intervals, in steps of .05."""
    bounds = [
        bound
        for cascade in cascades
        for point in cascade["points"]
        for how in ("replace", "average")
        if how in point
        for bound in point[how]["interval"]
    ]
    return floor(min(bounds) * 20) / 20, ceil(max(bounds) * 20) / 20


def _told(found: dict[str, Any]) -> str:
    """What the picture shows, in words."""
    told = []
    for cascade in found["cascades"]:
        ends = {point["budget"]: point for point in cascade["points"]}
        for how in ("replace", "average"):
            if how in ends[0.0]:
                values = ", ".join(
                    f"{share:.0%}: {ends[share][how]['macro_f1']:.3f}"
                    for share in (0.0, 0.25, 0.5, 0.75, 1.0)
                )
                told.append(
                    f"{cascade['first']}, then {cascade['second']} ({how}), macro-F1 by share of rows asked: {values}."
                )
    return " ".join(told)
