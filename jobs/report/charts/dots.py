"""Dots: for each name a few numbers side by side, told apart by shape and color."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.report.charts.look import (
    HUES,
    LINE,
    SHAPES,
    Look,
    Row,
    Spec,
    by_order,
    names_axis,
    picture,
)

_STEP = 26


def dots(rows: Sequence[Row], look: Look, *, unit: str, share: bool = False) -> Spec:
    """Rows: name, group, value, in the order of the names. At most seven groups."""
    order: dict[str, int] = {}
    data = [{**row, "order": order.setdefault(row["name"], len(order))} for row in rows]
    axis = {"title": unit, "tickCount": look.ticks, "grid": True, "domain": False}
    if share:
        axis["format"] = "~%"
    # Marks at zero must not stand on the names.
    scale = {"zero": True, "nice": False, "padding": 9}
    x = {"field": "value", "type": "quantitative", "axis": axis, "scale": scale}
    y = {"field": "name", "type": "nominal", "sort": by_order(), "axis": names_axis(look)}
    legend = {
        "title": None,
        "columns": 2 if look.narrow else 4,
        "symbolOpacity": 1,
        "symbolStrokeWidth": 2,
    }
    group = {"field": "group", "type": "nominal", "legend": legend}
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "color": LINE, "strokeWidth": 2},
            "encoding": {
                "y": y,
                "x": {
                    "field": "value",
                    "aggregate": "min",
                    "type": "quantitative",
                    "axis": axis,
                    "scale": scale,
                },
                "x2": {"field": "value", "aggregate": "max"},
            },
        },
        {
            "mark": {"type": "point", "size": 75, "strokeWidth": 2, "opacity": 1},
            "encoding": {
                "x": x,
                "y": y,
                "color": {**group, "scale": {"range": list(HUES[:7])}},
                "shape": {**group, "scale": {"range": list(SHAPES[:7])}},
            },
        },
    ]
    return picture(look, max(len(order), 1) * _STEP, data, layers, right=8)
