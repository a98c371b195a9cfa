"""Lines over time, each named at its end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from jobs.report.charts.look import INK, Look, Row, Spec, dash, hue, picture, spread

_POINTS = 40  # with more, only the line is drawn


def lines(
    rows: Sequence[Row],
    look: Look,
    *,
    unit: str,
    share: bool = False,
    marks: Sequence[Row] = (),
    height: int = 260,
) -> Spec:
    """Rows: time (ISO date), value, name, hue (0 to 7). `marks`: time and text of upright lines (changes)."""
    axis = {"title": unit, "tickCount": 5, "grid": True, "domain": False}
    if share:
        axis["format"] = "~%"
    x = {
        "field": "time", "type": "temporal", "scale": {"type": "utc"},
        "axis": {"title": None, **_ticks(rows, look), "grid": False, "labelFlush": True,
                 "format": _format(rows)},
    }  # fmt: skip
    y = {"field": "value", "type": "quantitative", "axis": axis, "scale": {"zero": True}}
    times = len({row["time"] for row in rows})
    line = {"type": "line", "strokeWidth": 2, "point": {"size": 30} if times <= _POINTS else False}
    layers: list[Spec] = [
        {
            "mark": line,
            "encoding": {"x": x, "y": y, "color": hue(), "strokeDash": dash(), "detail": {"field": "hue"}},
        },
        *_names_at_the_end(rows, look, x, height),
    ]  # fmt: skip
    if marks:
        layers.append(
            {
                "data": {"values": [dict(mark) for mark in marks]},
                "mark": {"type": "rule", "color": INK, "strokeDash": [2, 3]},
                "encoding": {"x": x},
            }
        )
    return picture(look, height, rows, layers, right=6)


def _names_at_the_end(rows: Sequence[Row], look: Look, x: Spec, height: int) -> list[Spec]:
    last: dict[str, Row] = {}
    for row in sorted(rows, key=lambda each: str(each["time"])):
        last[row["name"]] = row
    top = max((row["value"] for row in rows), default=0.0) or 1.0
    # In pixels from below, at the right end of all lines, also where a line ends before.
    places = spread([row["value"] / top * height for row in last.values()], 15)
    latest = max((row["time"] for row in last.values()), default=None)
    shift = max(0.0, max(places, default=0.0) - height)
    names = [
        {**row, "time": latest, "place": height - place + shift, "text": row["name"]}
        for row, place in zip(last.values(), places, strict=True)
    ]
    text = {"type": "text", "align": "left", "dx": 7, "limit": 102 if look.narrow else 150}
    return [
        {
            "data": {"values": names},
            "mark": text,
            "encoding": {
                "x": x,
                "y": {"field": "place", "type": "quantitative", "scale": None, "axis": None},
                "text": {"field": "text", "type": "nominal"},
                "color": hue(),
            },
        }
    ]


def _ticks(rows: Sequence[Row], look: Look) -> Spec:
    """Of few times each has its tick; of many, some are chosen."""
    times = sorted({str(row["time"]) for row in rows})
    if len(times) > look.ticks:
        return {"tickCount": look.ticks}
    days = [dt.datetime.fromisoformat(time).replace(tzinfo=dt.UTC) for time in times]
    return {"values": [day.timestamp() * 1000 for day in days]}


def _format(rows: Sequence[Row]) -> str:
    times = sorted(str(row["time"]) for row in rows)
    if not times or times[0][:4] == times[-1][:4]:
        return "%b %-d"
    return "%b %Y"
