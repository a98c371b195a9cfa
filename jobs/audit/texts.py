"""The rows of an audit: texts of a file, or the cleaned texts of a lake, with what is known beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from jobs.audit.lake_texts import meta_value, read_clean
from jobs.evaluation.gold import LabelGold, gold_of
from jobs.evaluation.gold_columns import Wanted
from jobs.evaluation.gold_file import read_gold
from schemas.config.corpus import Columns, Values
from schemas.errors import ConfigError, SourceError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.clean.language import with_language
from transforms.ingest.records import merge_annotations
from transforms.read.chunk import WANTED, Limits
from transforms.read.columns import check_columns, wanted
from transforms.read.mapping import map_columns
from transforms.read.registry import guess
from transforms.read.source import SourceFile, expand

KNOWN: Final = ("lang", "role", "conversation_id")


@dataclass(frozen=True)
class Texts:
    """`frame`: text_clean, lang, lang_confidence, lang_source, role, group (conversation, or null), gold where it was
    asked for, and columns asked for by name. `notes`: what was left out, in words.
    """

    frame: pl.DataFrame
    notes: list[str] = field(default_factory=list)

    @property
    def groups(self) -> NDArray[Any] | None:
        """Which rows are of one conversation (rows); None where no row is of any."""
        group = self.frame["group"]
        if group.null_count() == len(group):
            return None
        alone = pl.int_range(len(group), eager=True).cast(pl.String)
        filled = pl.select(pl.coalesce("c" + group, "r" + alone)).to_series()
        return filled.rank("dense").to_numpy()

    def sample(self, rows: int, seed: int) -> Texts:
        """At most so many rows, drawn at random, in their order."""
        if len(self.frame) <= rows:
            return self
        chosen = np.random.default_rng(seed).choice(len(self.frame), rows, replace=False)
        note = f"a random sample of {rows:,} of {len(self.frame):,} rows (--rows)"
        return Texts(self.frame[np.sort(chosen)], [*self.notes, note])

    def filter(self, kept: pl.Series, why: str) -> Texts:
        """Only some rows; says how many are left out, and why."""
        left = len(kept) - int(kept.sum())
        notes = [*self.notes, f"{left:,} rows left out: {why}"] if left else self.notes
        return Texts(self.frame.filter(kept), notes)


def read_texts(
    source: Path,
    *,
    text: str = "text",
    columns: Sequence[str] = (),
    corpora: Sequence[str] = (),
    rows: int | None = None,
    seed: int = 0,
) -> Texts:
    """Texts of a file or a lake, without gold. SourceError, ConfigError: what cannot be read, or has no such column."""
    if source.is_dir():
        frame, notes = read_clean(source, columns=columns, corpora=corpora, rows=rows)
        return Texts(frame, notes)
    refuse_corpora(corpora)
    _refuse_text(text, columns)
    frames, unreadable = [], 0
    for part, bad in _file(source, text, columns):
        frames.append(part)
        unreadable += bad
    notes = [f"{unreadable:,} rows left out: not readable"] if unreadable else []
    found = Texts(pl.concat(frames, how="diagonal_relaxed").rename({"text": "text_clean"}), notes)
    return _with_language(found if rows is None else found.sample(rows, seed))


def read_gold_texts(
    source: Path,
    task: LabelTask,
    taxonomy: Taxonomy,
    *,
    text: str = "text",
    labels: str = "labels",
    columns: Sequence[str] = (),
    corpora: Sequence[str] = (),
    rows: int | None = None,
    seed: int = 0,
) -> tuple[Texts, LabelGold]:
    """Texts with gold, and the gold (rows, labels); of ordinals, which levels are above zero.

    SourceError: no row has gold of the task in the taxonomy.
    """
    if source.is_dir():
        frame, notes = read_clean(
            source, columns=columns, corpora=corpora, rows=rows, gold=(task.name, taxonomy.name)
        )
        found = Texts(frame, notes)
    else:
        refuse_corpora(corpora)
        extra = tuple(name for name in columns if name != "conversation_id")
        told = read_gold(source, Wanted(text=text, labels=labels, by=extra), task, taxonomy)
        notes = [f"{told.unreadable:,} rows left out: not readable"] if told.unreadable else []
        found = Texts(told.frame.rename({"text": "text_clean"}), notes)
    gold = gold_of(found.frame["gold"], task, taxonomy)
    kept = pl.Series(gold.annotated)
    if not kept.any():
        raise SourceError(
            f"{source} has no gold of the task {task.name} in the taxonomy {taxonomy.name}.",
            remedy="Name another with --task and --taxonomy, or the column that holds it (--labels-column).",
        )
    found = found.filter(kept, "without gold")
    if not source.is_dir():
        found = _with_language(found if rows is None else found.sample(rows, seed))
    truth = gold_of(found.frame["gold"], task, taxonomy).truth
    if isinstance(truth, LabelGold):
        return found, truth
    rated = np.isfinite(truth)
    return found, LabelGold(np.nan_to_num(truth) >= 1, rated)


def refuse_corpora(corpora: Sequence[str]) -> None:
    """Files have no corpora to choose from."""
    if corpora:
        raise ConfigError(
            "--corpus chooses from a lake, and this is a file.", remedy="Leave --corpus out."
        )


def _refuse_text(text: str, columns: Sequence[str]) -> None:
    if text in columns:
        raise ConfigError(
            f"The column {text!r} holds the texts.", remedy="Name a column of few values."
        )


def _with_language(found: Texts) -> Texts:
    return Texts(with_language(found.frame), found.notes)


def _file(source: Path, text: str, columns: Sequence[str]) -> Iterator[tuple[pl.DataFrame, int]]:
    sources = expand([str(source)], Path.cwd())
    reader = guess(sources[0])
    for each in reader.pair(sources) if hasattr(reader, "pair") else sources:
        yield from _one(each, text, columns, source)


def _one(
    source: SourceFile, text: str, columns: Sequence[str], path: Path
) -> Iterator[tuple[pl.DataFrame, int]]:
    reader = guess(source)
    names = reader.found(source, {})
    if not names:
        raise SourceError(f"{path} is empty.", remedy="Give a file with at least one row.")
    mapping = reader.columns(names)
    others = [name for name in columns if name not in KNOWN]
    if mapping is None or text in names:
        own = {name: name for name in KNOWN if name in names}
        mapping = Columns(text=text, id="id" if "id" in names else None, meta=tuple(others), **own)
        check_columns(wanted(mapping), names, source.shown)
    missing = [name for name in others if name not in mapping.meta]
    missing += [name for name in columns if name in KNOWN and getattr(mapping, name) is None]
    if missing:
        raise SourceError(
            f"{source.shown} has no column {', '.join(missing)}.",
            remedy=f"There are: {', '.join((*mapping.meta, *KNOWN))}.",
        )
    limits, options = Limits(), {WANTED: wanted(mapping, reader.gold())}
    for chunk in reader.cut(source, limits, {}):
        for parsed in reader.parse(source, chunk, limits, options):
            mapped = map_columns(parsed.frame, mapping, Values(), reader.gold())
            frame = merge_annotations(mapped.frame) if parsed.merge else mapped.frame
            yield (
                frame.select(
                    "text", "lang", "role", pl.col("conversation_id").alias("group"),
                    *(meta_value(name) for name in others),
                    *([pl.col("conversation_id")] if "conversation_id" in columns else []),
                ),
                len(parsed.bad) + len(mapped.bad),
            )  # fmt: skip
