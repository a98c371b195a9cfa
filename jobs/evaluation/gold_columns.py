"""Which columns of a table of gold are what: the names that `affectmine evaluate --gold` knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from schemas.config.corpus import Columns, GoldColumn
from schemas.errors import ConfigError, SourceError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.read.columns import told

_IDS: Final = ("id", "record_id")
_LANGUAGES: Final = ("lang", "language")
_GROUPS: Final = ("group", "conversation_id")
MADE: Final = ("length",)  # to break down by, but no column of the file
SPANS: Final = "spans"


@dataclass(frozen=True)
class Wanted:
    """What a person asked to read. `group` None: a column of a known name, where there is one."""

    text: str = "text"
    labels: str = "labels"
    group: str | None = None
    by: tuple[str, ...] = ()
    separator: str | None = ","  # between labels in one string
    spans: bool = False  # gold is in the column spans


@dataclass(frozen=True)
class Found:
    """The columns of a table: as records' columns, as gold, and the others (in `meta`)."""

    columns: Columns
    gold: tuple[GoldColumn, ...]
    meta: tuple[str, ...]
    has_annotators: bool
    grouped: bool


def find_columns(
    names: Sequence[str], wanted: Wanted, task: LabelTask, taxonomy: Taxonomy, shown: str
) -> Found:
    """The columns of a table of gold with these names. SourceError: one that was asked for is not there."""
    gold = () if wanted.spans else _gold(names, wanted, task, taxonomy, shown)
    group = wanted.group or _first(_GROUPS, names)
    _refuse_text(wanted)
    extra = {"corpus", "label_set"} & set(names)
    extra |= {name for name in wanted.by if name not in (*MADE, "lang", "role", "split")}
    if wanted.spans:
        extra |= {SPANS, *({"split"} & set(names))}
    return Found(
        Columns(
            text=wanted.text,
            id=_first(_IDS, names),
            lang=_first(_LANGUAGES, names),
            role="role" if "role" in names else None,
            conversation_id=group,
            meta=tuple(sorted(extra)),
        ),
        gold,
        tuple(sorted(extra)),
        has_annotators="annotator" in names,
        grouped=group is not None,
    )


def has_gold(names: Sequence[str], wanted: Wanted, task: LabelTask, taxonomy: Taxonomy) -> bool:
    """Whether a table has columns of gold that go by our names."""
    if wanted.spans:
        return SPANS in names
    if task.answer == "labels":
        return wanted.labels in names
    return any(name in names for name in taxonomy.names)


def _gold(
    names: Sequence[str], wanted: Wanted, task: LabelTask, taxonomy: Taxonomy, shown: str
) -> tuple[GoldColumn, ...]:
    beside = {name: name if name in names else None for name in ("split", "annotator")}
    about = {"task": task.name, "taxonomy": taxonomy.name}
    if task.answer == "labels":
        column = GoldColumn(**about, labels=wanted.labels, separator=wanted.separator, **beside)
        return (column,)
    dimensions = [name for name in taxonomy.names if name in names]
    if not dimensions:
        raise SourceError(
            f"{shown} has none of the columns {', '.join(taxonomy.names)}, which hold the gold of "
            f"{task.name}. Columns found: {told(names)}.",
            remedy="Name each column of numbers after its dimension.",
        )
    return tuple(GoldColumn(**about, label_set=name, value=name, **beside) for name in dimensions)


def _refuse_text(wanted: Wanted) -> None:
    if wanted.text in wanted.by:
        raise ConfigError(
            f"--by {wanted.text} would print texts of people.",
            remedy="Break down by a column of few values, or by length.",
        )


def _first(known: Sequence[str], names: Sequence[str]) -> str | None:
    return next((name for name in known if name in names), None)
