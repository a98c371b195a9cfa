"""Rows with answers, and gold where it is asked for: a labeler asked about a file, or what a lake has published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from jobs.audit.asking import Asked, Named, matrices
from jobs.audit.lake_texts import read_clean, variant
from jobs.audit.texts import Texts, read_gold_texts, read_texts
from jobs.evaluation.gold import LabelGold, gold_of
from jobs.evaluation.gold_columns import MADE
from schemas.errors import SourceError
from transforms.audit.answers import Answers


@dataclass(frozen=True)
class Labeled:
    """Rows, their answers, and their gold where it was asked for."""

    texts: Texts
    answers: Answers
    gold: LabelGold | None

    def take(self, kept: NDArray[np.bool_], texts: Texts) -> Labeled:
        """The rows that are kept, with their `texts`."""
        gold = self.gold and LabelGold(self.gold.holds[kept], self.gold.asked[kept])
        return Labeled(texts, self.answers.take(kept), gold)


def read_labeled(
    source: Path,
    asked: Asked | Named,
    by: str,
    with_gold: bool,  # noqa: FBT001 -- passed on
    columns: tuple[str, str],
    corpora: Sequence[str],
    rows: int,
    seed: int,
) -> Labeled:
    """Rows with the column `by`; `columns`: those of texts and of gold labels, of a file.

    SourceError, ConfigError: what cannot be read, or no row with gold.
    """
    if source.is_dir():
        return _published(source, asked, by, with_gold, corpora, rows)
    if not isinstance(asked, Asked):
        raise SourceError(f"{source} is no lake.", remedy="Give a file, or the folder of a lake.")
    text, labels = columns
    if not with_gold:
        found = read_texts(
            source, text=text, columns=_columns(by), corpora=corpora, rows=rows, seed=seed
        )
        return Labeled(found, asked.ask(found.frame), None)
    found, gold = read_gold_texts(
        source, asked.task, asked.taxonomy,
        text=text, labels=labels, columns=_columns(by), corpora=corpora, rows=rows, seed=seed,
    )  # fmt: skip
    return Labeled(found, asked.ask(found.frame), gold)


def _published(
    source: Path,
    asked: Asked | Named,
    by: str,
    with_gold: bool,  # noqa: FBT001 -- passed on
    corpora: Sequence[str],
    rows: int,
) -> Labeled:
    task, taxonomy, labeler = (
        (asked.task, asked.taxonomy, asked.labeler.name) if isinstance(asked, Asked) else asked
    )
    frame, notes = read_clean(
        source, columns=_columns(by), corpora=corpora, rows=rows,
        gold=(task.name, taxonomy.name) if with_gold else None,
        labels=variant(task.name, taxonomy, labeler),
    )  # fmt: skip
    texts = Texts(frame, notes)
    if frame.is_empty():
        what = f" with gold of {task.name} in {taxonomy.name}" if with_gold else ""
        raise SourceError(
            f"{source} has no labeled rows{what}.",
            remedy="Compare shares of labels without gold: --no-gold." if with_gold else None,
        )
    answers = matrices(frame, task, taxonomy)
    if not with_gold:
        return Labeled(texts, answers, None)
    gold = gold_of(frame["gold"], task, taxonomy)
    kept = gold.annotated
    truth = gold.truth
    if not isinstance(truth, LabelGold):
        truth = LabelGold(np.nan_to_num(truth) >= 1, np.isfinite(truth))
    labeled = Labeled(texts, answers, truth)
    return labeled.take(kept, texts.filter(pl.Series(kept), "without a decision in gold"))


def _columns(by: str) -> tuple[str, ...]:
    return () if by in MADE else (by,)
