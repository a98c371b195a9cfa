"""What a page is made of: sections, and in them pictures, tables and sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from jobs.report.charts.look import Look, Spec
from schemas.mart import Mart

Chart = Callable[[Look], Spec]


@dataclass(frozen=True)
class Numbers:
    """A table. Values are shown by `words.cell`; `left_out` rows are not listed."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    left_out: int = 0


@dataclass(frozen=True)
class Picture:
    """A picture with what belongs to it.

    - `reading`: one sentence that says what it shows, computed from the rows.
    - `caption`: unit and number of cases; what was left out.
    - `numbers`: the numbers behind it; `sql`: the query that gives them, if SQL does.
    """

    title: str
    chart: Chart
    reading: str
    caption: str
    numbers: Numbers
    sql: str = ""
    mart: Mart | None = None


@dataclass(frozen=True)
class Sheet:
    """A table that stands on the page itself."""

    title: str
    numbers: Numbers
    reading: str = ""
    sql: str = ""


@dataclass(frozen=True)
class Absent:
    """In place of a picture: why there is none."""

    title: str
    why: str
    mart: Mart | None = None


@dataclass(frozen=True)
class Sample:
    """A redacted text and what a labeler said of it."""

    label: str
    corpus: str
    labels: str
    text: str


@dataclass(frozen=True)
class Samples:
    """Redacted texts, grouped by label."""

    title: str
    rows: tuple[Sample, ...]
    reading: str = ""
    sql: str = ""


Item = Picture | Sheet | Absent | Samples


@dataclass(frozen=True)
class Section:
    """A chapter of the page. `slug` is its address on it."""

    slug: str
    title: str
    intro: str
    items: Sequence[Item] = field(default_factory=tuple)
