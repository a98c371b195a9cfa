"""How all pictures look: two widths, letters, and colors that color-blind readers can tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Spec = dict[str, Any]
Row = Mapping[str, Any]

INK: Final = "#1b1f24"
SOFT: Final = "#57606a"
LINE: Final = "#d0d7de"
# Okabe and Ito's palette without yellow, which is too light for lines on white; gray is for "other".
BLUE, ORANGE, GREEN, SKY, RED, PINK = (
    "#0072B2", "#E69F00", "#009E73", "#56B4E9", "#D55E00", "#CC79A7",
)  # fmt: skip
HUES: Final = (BLUE, RED, GREEN, PINK, ORANGE, SKY, "#000000", "#8c8c8c")
DASHES: Final = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [1, 0], [6, 3], [2, 2], [1, 3])
SHAPES: Final = (
    "circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "stroke",
)  # fmt: skip
MOST_SERIES: Final = 7


@dataclass(frozen=True)
class Look:
    """A width in pixels, and what fits in it."""

    width: int
    ticks: int
    names: int  # pixels for names beside an axis
    narrow: bool


WIDE: Final = Look(width=720, ticks=8, names=240, narrow=False)
NARROW: Final = Look(width=340, ticks=3, names=112, narrow=True)


def picture(
    look: Look, height: int, rows: Sequence[Row], layers: Sequence[Spec], *, right: int = 4
) -> Spec:
    """A Vega-Lite spec of layers over `rows`. `right`: pixels that letters need beside the frame."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": look.width,
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": {"left": 2, "right": right, "top": 4, "bottom": 2},
        "background": "#ffffff",
        "data": {"values": [dict(row) for row in rows]},
        "layer": list(layers),
        "config": _CONFIG,
    }


_FONT: Final = "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"
_CONFIG: Final[Spec] = {
    "font": _FONT,
    "aria": False,
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK, "titleColor": SOFT, "labelFontSize": 12, "titleFontSize": 12,
        "titleFontWeight": "normal", "domainColor": LINE, "tickColor": LINE, "gridColor": "#e7ebef",
        "labelOverlap": True, "titlePadding": 8,
    },
    "legend": {
        "labelColor": INK, "titleColor": SOFT, "labelFontSize": 12, "titleFontSize": 12,
        "titleFontWeight": "normal", "labelLimit": 140, "symbolSize": 70, "orient": "top", "columns": 3,
    },
    "text": {"color": INK, "fontSize": 12},
}  # fmt: skip


def names_axis(look: Look, *, limit: int | None = None) -> Spec:
    """The axis of names: as they are, cut where there is no room."""
    return {
        "title": None, "labelLimit": limit or look.names, "ticks": False, "domain": False, "labelPadding": 6,
        "labelOverlap": False,
    }  # fmt: skip


def by_order(field: str = "order") -> Spec:
    """Sorts names by a number: names themselves never stand in a spec, only in its data."""
    return {"field": field, "op": "min"}


def hue(field: str = "hue") -> Spec:
    """Color by a number from 0 to 7."""
    return {
        "field": field, "type": "ordinal", "legend": None,
        "scale": {"domain": list(range(len(HUES))), "range": list(HUES)},
    }  # fmt: skip


def dash(field: str = "hue") -> Spec:
    """Dashes by a number from 0 to 7: lines are told apart without color, too."""
    return {
        "field": field, "type": "ordinal", "legend": None,
        "scale": {"domain": list(range(len(DASHES))), "range": [list(each) for each in DASHES]},
    }  # fmt: skip


def whole_ticks(low: int, high: int, most: int) -> list[int]:
    """About `most` places between whole numbers, themselves whole: 1, 2 or 5 times a power of ten apart."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if (high - low) / step <= most:
                return list(range(-(-low // step) * step, high + 1, step))
        power *= 10


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Places moved apart, in their order, so that neighbors are at least `gap` away from each other."""
    order = sorted(range(len(places)), key=lambda i: (places[i], i))
    groups: list[tuple[list[int], float]] = []  # members, and the place of the middle
    for i in order:
        members, middle = [i], places[i]
        while groups and middle - groups[-1][1] < gap * (len(members) + len(groups[-1][0])) / 2:
            before, place = groups.pop()
            count = len(before) + len(members)
            middle = (place * len(before) + middle * len(members)) / count
            members = before + members
        groups.append((members, middle))
    moved = [0.0] * len(places)
    for members, middle in groups:
        for k, i in enumerate(members):
            moved[i] = middle + (k - (len(members) - 1) / 2) * gap
    return moved
