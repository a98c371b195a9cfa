"""Human and synthetic texts: two files, or one with a column `synthetic`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from jobs.audit.asking import Asked
from jobs.audit.texts import Texts, read_gold_texts, read_texts
from jobs.evaluation.gold import LabelGold
from schemas.errors import ConfigError, SourceError

COLUMN: Final = "synthetic"
Side = tuple[Texts, LabelGold | None]


def read_sides(
    human: Path,
    synthetic: Path | None,
    asked: Asked,
    with_gold: bool,  # noqa: FBT001 -- passed on
    columns: tuple[str, str],
    group: str | None,
    rows: int,
    seed: int,
) -> tuple[list[Side], list[str]]:
    """The human side and the synthetic one, each with its gold where it is asked for, and notes.

    `columns`: those of texts and of gold labels. SourceError, ConfigError: what cannot be read.
    """
    extra = () if group is None else (group,)
    both = []
    for path in (human,) if synthetic is None else (human, synthetic):
        more = (*extra, COLUMN) if synthetic is None else extra
        both.append(_read(path, asked, with_gold, columns, more, seed))
    if synthetic is None:
        both = _split(*both[0], human)
    names = ("human", "synthetic")
    notes, sides = [], []
    for name, (texts, gold) in zip(names, both, strict=True):
        kept = texts.frame["text_clean"].fill_null("").str.strip_chars() != ""
        texts, gold = _take(texts.filter(kept, "without a text"), gold, kept)
        if len(texts.frame) > rows:
            chosen = np.random.default_rng(seed).choice(len(texts.frame), rows, replace=False)
            mine = pl.Series(np.isin(np.arange(len(texts.frame)), chosen))
            note = f"a random sample of {rows:,} of {len(texts.frame):,} texts (--rows)"
            texts, gold = _take(Texts(texts.frame.filter(mine), [*texts.notes, note]), gold, mine)
        notes += [f"{name}: {note}" for note in texts.notes]
        sides.append((texts, gold))
    return sides, notes


def _take(texts: Texts, gold: LabelGold | None, kept: pl.Series) -> Side:
    rows = kept.to_numpy()
    return texts, gold and LabelGold(gold.holds[rows], gold.asked[rows])


def _read(
    path: Path,
    asked: Asked,
    with_gold: bool,  # noqa: FBT001 -- passed on
    columns: tuple[str, str],
    extra: Sequence[str],
    seed: int,
) -> Side:
    text, labels = columns
    if path.is_dir():
        raise ConfigError(f"{path} is a folder.", remedy="Give files (affectmine sql … -o FILE).")
    if not with_gold:
        return read_texts(path, text=text, columns=extra, seed=seed), None
    return read_gold_texts(
        path, asked.task, asked.taxonomy, text=text, labels=labels, columns=extra, seed=seed
    )


def _split(texts: Texts, gold: LabelGold | None, path: Path) -> list[Side]:
    values = texts.frame[COLUMN].cast(pl.String).str.strip_chars().str.to_lowercase()
    true, false = values.is_in(["true", "1", "yes"]), values.is_in(["false", "0", "no"])
    if not (true | false).all():
        raise SourceError(
            f"The column synthetic of {path} holds other things than true and false.",
            remedy="Write true or false (or 1 or 0) in each row, or give two files.",
        )
    return [
        _take(Texts(texts.frame.filter(kept), texts.notes if kept is false else []), gold, kept)
        for kept in (false, true)
    ]
