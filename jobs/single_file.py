"""Reads one file of any known format for `label` and `evaluate`: the lake's readers, without a lake."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from schemas.config.corpus import Columns, GoldColumn, Values
from schemas.errors import SourceError
from transforms.read.chunk import WANTED, Limits
from transforms.read.columns import check_columns, wanted
from transforms.read.mapping import map_columns
from transforms.read.registry import guess
from transforms.read.source import expand

_GUESSED = {"id": ("id", "record_id"), "lang": ("lang", "language")}


@dataclass(frozen=True)
class Batch:
    """Some rows of a file: position, id, text, lang, gold; and the error class of each unreadable unit."""

    frame: pl.DataFrame
    units: int
    skipped: int
    unreadable: list[str]


def read_file(
    path: Path, *, text_column: str, gold: tuple[GoldColumn, ...] = ()
) -> Iterator[Batch]:
    """The rows of `path`, in batches; rows that cannot be read are counted, never dropped silently.

    Raises SourceError when the file is missing, of no known format, cut off, or has no such column.
    """
    for source in expand([str(path)], Path.cwd()):
        reader = guess(source)
        names = reader.found(source, {})
        if not names:
            raise SourceError(f"{path} is empty.", remedy="Give a file with at least one row.")
        columns = reader.columns(names) if text_column not in names else None
        if columns is None:
            guessed = {
                key: next((name for name in known if name in names), None)
                for key, known in _GUESSED.items()
            }
            columns = Columns(text=text_column, **guessed)
            check_columns(wanted(columns, gold), names, source.shown)
        limits = Limits()
        options = {WANTED: wanted(columns, gold or reader.gold())}
        for chunk in reader.cut(source, limits, {}):
            for parsed in reader.parse(source, chunk, limits, options):
                mapped = map_columns(parsed.frame, columns, Values(), gold or reader.gold())
                yield Batch(
                    frame=mapped.frame.select(
                        pl.col("_position").alias("position"), "id", "text", "lang", "gold"
                    ),
                    units=parsed.units,
                    skipped=sum(parsed.skipped.values()),
                    unreadable=[
                        *(unit.error_class for unit in parsed.bad),
                        *(row.error_class for row in mapped.bad),
                    ],
                )
