"""Bars: one number for each name, written at its bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jobs.report.charts.look import (
    BLUE,
    RED,
    Look,
    Row,
    Spec,
    by_order,
    names_axis,
    picture,
    whole_ticks,
)

_STEP, _HIGH_STEP = 24, 40
_LETTER = 6.6  # pixels, about


def bars(rows: Sequence[Row], look: Look, *, unit: str, share: bool = False) -> Spec:
    """Horizontal bars. Rows: name, value, text (written at the bar), in the order in which they are shown.

    Numbers below zero go to the left, in another color. `share`: the axis is in percent. Where names are too long for
    the room beside the bars, they stand above them.
    """
    data = [{**row, "order": place, "below": row["value"] < 0} for place, row in enumerate(rows)]
    longest = max((len(row["name"]) for row in data), default=0) * _LETTER
    above = longest > look.names
    plot = look.width - 12 - (0 if above else min(longest, look.names))
    axis: Spec = {"title": unit, "tickCount": look.ticks, "grid": True, "domain": False}
    if share:
        axis["format"] = "~%"
    elif max((abs(row["value"]) for row in data), default=0) >= 10_000:
        axis["format"] = "~s"
    if not share and all(isinstance(row["value"], int) for row in data):
        values = [0, *(row["value"] for row in data)]
        axis.setdefault("format", ",d")
        axis["values"] = whole_ticks(min(values), max(values), look.ticks)
    domain = _domain(data, plot)
    x = {
        "field": "value",
        "type": "quantitative",
        "scale": {"domain": domain, "nice": False},
        "axis": axis,
    }
    y = {
        "field": "name",
        "type": "nominal",
        "sort": by_order(),
        "axis": None if above else names_axis(look),
    }
    color = {"condition": {"test": "datum.below", "value": RED}, "value": BLUE}
    down = 8 if above else 0
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": 16, "yOffset": down},
            "encoding": {"x": x, "y": y, "color": color},
        }
    ]
    for below, align, away in ((False, "left", 4), (True, "right", -4)):
        layers.append(
            {
                "transform": [{"filter": f"datum.below === {str(below).lower()}"}],
                "mark": {"type": "text", "align": align, "dx": away, "yOffset": down},
                "encoding": {"x": x, "y": y, "text": {"field": "text", "type": "nominal"}},
            }
        )
    if above:
        layers.append(
            {
                "mark": {
                    "type": "text",
                    "align": "left",
                    "x": 0,
                    "yOffset": -9,
                    "limit": look.width - 16,
                },
                "encoding": {"y": y, "text": {"field": "name", "type": "nominal"}},
            }
        )
    return picture(look, max(len(data), 1) * (_HIGH_STEP if above else _STEP), data, layers)


def _domain(data: Sequence[dict[str, Any]], plot: float) -> list[float]:
    """From the least to the greatest number and zero, with room for what is written at the bars."""
    values = [row["value"] for row in data]
    low, high = min([0.0, *values]), max([0.0, *values])
    letters = {
        side: max((len(row["text"]) for row in data if row["below"] is side), default=0)
        for side in (False, True)
    }
    left, right = (letters[side] * _LETTER + 8 if letters[side] else 0 for side in (True, False))
    per_pixel = ((high - low) or 1.0) / max(plot - left - right, 20)
    return [low - left * per_pixel, high + right * per_pixel]
