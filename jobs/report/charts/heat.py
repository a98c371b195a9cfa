"""A heat map: a number for each pair of names, by color and, where there is room, in figures."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.report.charts.look import Look, Row, Spec, by_order, names_axis, picture


def heat(
    rows: Sequence[Row],
    look: Look,
    *,
    x_title: str,
    y_title: str,
    unit: str,
    share: bool = False,
    diverging: bool = False,
) -> Spec:
    """Rows: x, y, x_order, y_order, value, text. Cividis; a diverging scale is symmetric about zero."""
    values = [row["value"] for row in rows]
    high = max([0.0, *(abs(value) for value in values)]) or 1.0
    low = -high if diverging else 0.0
    # Letters must stand out: cividis is dark at its low end, the diverging scale at both.
    data = [{**row, "dark": _dark(row["value"] / high, diverging=diverging)} for row in rows]
    columns = len({row["x"] for row in rows}) or 1
    lines = len({row["y"] for row in rows}) or 1
    side = (look.width - look.names - 40) / columns
    scale: Spec = {"domain": [low, high], "scheme": "purpleorange" if diverging else "cividis"}
    legend = {"title": unit, "orient": "top", "gradientLength": look.width // 3, "tickCount": 3}
    if share:
        legend["format"] = "~%"
    x = {
        "field": "x", "type": "nominal", "sort": by_order("x_order"),
        "axis": {**names_axis(look), "title": x_title, "labelAngle": -90 if side < 62 else 0, "orient": "bottom",
                 "labelLimit": 110 if side < 62 else side},
    }  # fmt: skip
    y = {
        "field": "y", "type": "nominal", "sort": by_order("y_order"),
        "axis": {**names_axis(look), "title": None if look.narrow else y_title},
    }  # fmt: skip
    layers: list[Spec] = [
        {
            "mark": {"type": "rect", "stroke": "#ffffff", "strokeWidth": 1},
            "encoding": {
                "x": x, "y": y,
                "color": {"field": "value", "type": "quantitative", "scale": scale, "legend": legend},
            },
        }
    ]  # fmt: skip
    if side >= 30:
        layers.append(
            {
                "mark": {"type": "text", "fontSize": 11},
                "encoding": {
                    "x": x, "y": y, "text": {"field": "text", "type": "nominal"},
                    "color": {"condition": {"test": "datum.dark", "value": "#ffffff"}, "value": "#1b1f24"},
                },
            }
        )  # fmt: skip
    return picture(look, lines * (24 if look.narrow else 30), data, layers)


def _dark(share: float, *, diverging: bool) -> bool:
    return abs(share) > 0.62 if diverging else share < 0.45
