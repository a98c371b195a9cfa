"""The trajectory of a conversation: valence over its turns, raw by speaker and smoothed as in mart_trajectories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from jobs.report.charts.look import INK, LINE, SHAPES, Look, Spec, hue, picture
from jobs.report.conversation_rows import Answers
from schemas.errors import ConfigError
from schemas.taxonomy import load_taxonomy
from transforms.marts.answers import answers
from transforms.marts.polarity import UNKNOWN, polarity_of

BINS: Final = 10
MOST_POINTS: Final = 800
_IDS: Final = ("record_id", "conversation_id", "speaker")


@dataclass(frozen=True)
class Point:
    """One turn: its number on the page, its valence (-1 to 1), its speaker's hue."""

    number: int
    valence: float
    hue: int


@dataclass(frozen=True)
class Bin:
    """A tenth of the conversation: the middle of its turns, its mean valence and that of it and its neighbors."""

    bin: int
    middle: float
    turns: int
    valence: float | None
    smoothed: float | None


@dataclass(frozen=True)
class Trajectory:
    """Of one question. `bins`: empty where the conversation is too short."""

    told: str
    points: tuple[Point, ...]
    bins: tuple[Bin, ...]


def trajectory(
    asked: Answers, numbers: Mapping[str, int], hues: Mapping[str, int]
) -> Trajectory | None:
    """`numbers`, `hues`: by record. None where the answers tell no valence."""
    table = asked.table.filter(pc.equal(asked.table["status"], "labeled")).combine_chunks()
    values = _valence(asked, table) if table.num_rows else []
    pairs = zip(table["record_id"].to_pylist(), values, strict=True)
    # In the order of the page: that of the marts.
    placed = sorted((numbers[name], name, value) for name, value in pairs if name in numbers)
    points = [Point(number, v, hues[name]) for number, name, v in placed if v is not None]
    if not points:
        return None
    return Trajectory(asked.told, tuple(points), tuple(_bins([(n, v) for n, _, v in placed])))


def _valence(asked: Answers, table: pa.Table) -> list[float | None]:
    # Ids do not matter here, and those of marts must be keyed ones.
    for name in _IDS:
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, pa.nulls(table.num_rows, pa.string()))
    try:
        polarity = polarity_of(asked.task, load_taxonomy(asked.taxonomy))
    except ConfigError:
        polarity = UNKNOWN
    made, _ = answers(table, polarity)
    found: list[float | None] = made["valence"].to_pylist()
    return found


def _bins(placed: Sequence[tuple[int, float | None]]) -> list[Bin]:
    """As transforms/sql/marts/trajectories.sql: tenths of the labeled turns; none under ten turns."""
    size = len(placed)
    if size < BINS:
        return []
    parts: list[list[tuple[int, float | None]]] = [[] for _ in range(BINS)]
    for place, each in enumerate(placed):
        parts[place * BINS // size].append(each)
    made = []
    for i, part in enumerate(parts):
        near = [v for other in parts[max(0, i - 1) : i + 2] for _, v in other if v is not None]
        own = [v for _, v in part if v is not None]
        middle = sum(number for number, _ in part) / len(part)
        made.append(Bin(i + 1, middle, len(part), _mean(own), _mean(near)))
    return made


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def thinned(points: Sequence[Point]) -> list[Point]:
    """Every k-th point, so that a long conversation's picture stays small."""
    step = -(-len(points) // MOST_POINTS)
    return list(points[:: max(step, 1)])


def chart(shown: Trajectory, look: Look) -> Spec:
    """The picture. It has no legend: the page's list of speakers is one."""
    points = thinned(shown.points)
    numbers = [point.number for point in shown.points]
    x = {
        "field": "x", "type": "quantitative",
        "scale": {"domain": [min(numbers), max(max(numbers), min(numbers) + 1)], "nice": False, "padding": 8},
        "axis": {"title": "turn", "tickCount": look.ticks, "tickMinStep": 1, "grid": False, "format": "d"},
    }  # fmt: skip
    y = {
        "field": "y", "type": "quantitative", "scale": {"domain": [-1, 1], "nice": False},
        "axis": {"title": "valence (−1 negative, 1 positive)", "values": [-1, -0.5, 0, 0.5, 1], "format": ".1f",
                 "domain": False},
    }  # fmt: skip
    shape = {
        "field": "hue", "type": "ordinal", "legend": None,
        "scale": {"domain": list(range(len(SHAPES))), "range": list(SHAPES)},
    }  # fmt: skip
    size = 60 if len(points) <= 150 else 22
    layers: list[Spec] = [
        {
            "mark": {"type": "rule", "color": LINE, "strokeWidth": 1.5},
            "encoding": {"y": {"datum": 0, "scale": y["scale"], "axis": y["axis"]}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": size, "opacity": 0.8},
            "encoding": {"x": x, "y": y, "color": hue(), "shape": shape},
        },
    ]
    line = [{"x": b.middle, "y": b.smoothed} for b in shown.bins if b.smoothed is not None]
    if line:
        layers.append(
            {
                "data": {"values": line},
                "mark": {"type": "line", "color": INK, "strokeWidth": 2.5},
                "encoding": {"x": x, "y": y},
            }
        )
    rows = [{"x": point.number, "y": point.valence, "hue": point.hue} for point in points]
    return picture(look, 240, rows, layers, right=12)
