"""A histogram of counts that are already in bins."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.report.charts.look import BLUE, INK, Look, Row, Spec, picture, whole_ticks


def histogram(
    rows: Sequence[Row],
    look: Look,
    *,
    x_title: str,
    unit: str,
    limits: tuple[float, float],
    middle: float | None = None,
) -> Spec:
    """Rows: low, high, n. `limits`: of the scale below; `middle`: where an upright line stands, such as the median."""
    counts = whole_ticks(0, max((row["n"] for row in rows), default=0), 4)
    x = {
        "field": "low", "type": "quantitative", "scale": {"domain": list(limits), "nice": False},
        "axis": {"title": x_title, "tickCount": look.ticks, "grid": False},
    }  # fmt: skip
    y = {
        "field": "n", "type": "quantitative",
        "axis": {"title": unit, "values": counts, "grid": True, "domain": False, "format": "~s"},
    }  # fmt: skip
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "color": BLUE, "stroke": "#ffffff", "strokeWidth": 1},
            "encoding": {"x": x, "x2": {"field": "high"}, "y": y, "y2": {"datum": 0}},
        }
    ]
    if middle is not None:
        layers.append(
            {
                "data": {"values": [{"low": middle}]},
                "mark": {"type": "rule", "color": INK, "strokeDash": [4, 3], "strokeWidth": 1.5},
                "encoding": {"x": x},
            }
        )
    return picture(look, 180, rows, layers, right=10)
