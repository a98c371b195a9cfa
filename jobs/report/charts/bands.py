"""Curves with their interval as a band, each named at its end."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.report.charts.look import LINE, Look, Row, Spec, dash, hue, picture, spread, whole_ticks


def bands(
    rows: Sequence[Row],
    look: Look,
    *,
    x_title: str,
    unit: str,
    limits: tuple[float, float] | None = None,
    height: int = 260,
) -> Spec:
    """Rows: x (whole), value, name, hue, and low and high where an interval is known. `limits`: of the upright axis."""
    values = [
        row[key] for row in rows for key in ("value", "low", "high") if row.get(key) is not None
    ]
    low, high = limits or _limits(values)
    along = [row["x"] for row in rows] or [0]
    places = whole_ticks(min(along), max(along), look.ticks + 2)
    x = {
        "field": "x", "type": "quantitative", "scale": {"nice": False, "zero": False},
        "axis": {"title": x_title, "values": places, "grid": False, "format": "d"},
    }  # fmt: skip
    scale = {"domain": [low, high], "nice": False}
    axis = {"title": unit, "tickCount": 5, "grid": True, "domain": False}
    y = {"field": "value", "type": "quantitative", "scale": scale, "axis": axis}
    band = {"field": "low", "type": "quantitative", "scale": scale, "axis": axis}
    layers: list[Spec] = [
        {
            "transform": [{"filter": "isValid(datum.low) && isValid(datum.high)"}],
            "mark": {"type": "area", "opacity": 0.16},
            "encoding": {"x": x, "y": band, "y2": {"field": "high"}, "color": hue(), "detail": {"field": "hue"}},
        },
        {
            "mark": {"type": "line", "strokeWidth": 2, "point": {"size": 32}},
            "encoding": {"x": x, "y": y, "color": hue(), "strokeDash": dash(), "detail": {"field": "hue"}},
        },
    ]  # fmt: skip
    if low < 0 < high:
        zero = {"type": "rule", "color": LINE, "strokeWidth": 1.5}
        layers.insert(
            0, {"mark": zero, "encoding": {"y": {"datum": 0, "scale": scale, "axis": axis}}}
        )
    layers.append(_names(rows, look, x, (low, high), height))
    return picture(look, height, rows, layers, right=6)


def _names(
    rows: Sequence[Row], look: Look, x: Spec, limits: tuple[float, float], height: int
) -> Spec:
    last: dict[str, Row] = {}
    for row in sorted(rows, key=lambda each: each["x"]):
        last[row["name"]] = row
    low, high = limits
    scale = height / ((high - low) or 1.0)
    places = spread([(high - row["value"]) * scale for row in last.values()], 15)
    end = max((row["x"] for row in last.values()), default=0)
    names = [
        {**row, "x": end, "place": place} for row, place in zip(last.values(), places, strict=True)
    ]
    return {
        "data": {"values": names},
        "mark": {"type": "text", "align": "left", "dx": 8, "limit": 92 if look.narrow else 140},
        "encoding": {
            "x": x,
            "y": {"field": "place", "type": "quantitative", "scale": None, "axis": None},
            "text": {"field": "name", "type": "nominal"},
            "color": hue(),
        },
    }


def _limits(values: Sequence[float]) -> tuple[float, float]:
    low, high = min([0.0, *values]), max([0.0, *values])
    room = ((high - low) or 1.0) * 0.08
    return (low - room if low < 0 else low), (high + room if high > 0 else high)
