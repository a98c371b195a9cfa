"""Stability: does the answer stay when the text means the same, or when only the way of asking changes?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from jobs.audit.asking import Asked
from jobs.audit.result import AuditResult, Cell, Reading
from jobs.audit.texts import read_texts
from schemas.errors import AffectmineError, SourceError
from schemas.taxonomy import Taxonomy
from transforms.audit.answers import Answers
from transforms.audit.measured import Draw, Measured, undefined
from transforms.audit.perturb import ENGLISH, perturbations
from transforms.audit.stability_figures import NAMES, VALUES, stability
from transforms.clean.language import with_language

SMALL_BATCH: Final = 7
READING: Final = Reading(
    asks="Does the labeler answer the same when asked again, in other batches, or about a text that means the same?",
    large="changed well above 0, alpha well below 1: answers hang on what does not matter. Differences between "
    "groups of texts that are smaller than this share cannot be trusted. rerun, row_order and batch_size should be "
    "exactly 0 for a labeler that computes; for one that samples they are the noise of its answers.",
    small="changed near 0, alpha near 1: answers stay. It says nothing about whether they are right.",
    cannot="Only rows that a change touches count. Capital letters and typos may carry some meaning, so that not every "
    "change of an answer is a mistake. These are changes of the surface: paraphrases in other words come from --pairs.",
)


def audit_stability(
    source: Path | None,
    asked: Asked,
    *,
    pairs: Path | None = None,
    text: str = "text",
    corpora: Sequence[str] = (),
    typo_rate: float = 0.02,
    rows: int = 5_000,
    draw: Draw = Draw(),  # noqa: B008 -- frozen
) -> AuditResult:
    """Agreement of a labeler's answers with its answers to reruns, to changed surfaces, and to given paraphrases.

    `pairs`: a file with columns a and b that mean the same. SourceError, ConfigError: what cannot be read.
    """
    tables: dict[str, dict[str, dict[str, Cell]]] = {}
    about: dict[str, object] = {**asked.about, "typo_rate": typo_rate}
    notes: list[str] = []
    figures: dict[str, Measured] = {}
    if source is not None:
        found = read_texts(source, text=text, corpora=corpora, rows=rows, seed=draw.seed)
        frame, groups = found.frame, found.groups
        about["n"] = len(frame)
        notes += found.notes
        first = asked.ask(frame)
        table: dict[str, dict[str, Cell]] = {}
        for name, again in _reruns(asked, frame, draw.seed).items():
            told = again if isinstance(again, dict) else stability(first, again, draw, groups)
            table[name] = {"rows": len(frame), **told}
        english = _english(frame)
        for name, change in perturbations(typo_rate).items():
            changed = change(frame["text_clean"], draw.seed)
            touched = (changed != frame["text_clean"]).fill_null(value=False)
            if name in ENGLISH:
                touched &= english
            mine = touched.to_numpy()
            again = asked.ask(frame.filter(touched), changed.filter(touched))
            of_mine = None if groups is None else groups[mine]
            told = stability(first.take(mine), again, draw, of_mine)
            table[name] = {"rows": int(mine.sum()), **told}
        tables["changes"] = table
        main = "changed" if asked.task.answer != "scalars" else "value_change"
        figures |= {f"{name}.{main}": _measured(cells[main]) for name, cells in table.items()}
    if pairs is not None:
        both, left_out = _pairs(pairs)
        about["pairs"] = len(both)
        if left_out:
            notes.append(f"{left_out:,} pairs left out: a or b is empty")
        one, other = (
            asked.ask(with_language(both.select(pl.col(side).alias("text_clean"), "lang")))
            for side in ("a", "b")
        )
        told = stability(one, other, draw)
        tables["paraphrases"] = {"a, b": {"rows": len(both), **told}}
        figures |= {f"paraphrases.{name}": figure for name, figure in told.items()}
    return AuditResult("stability", about, figures, READING, draw, dict(tables), tuple(notes))


def _reruns(
    asked: Asked, frame: pl.DataFrame, seed: int
) -> dict[str, Answers | dict[str, Measured]]:
    """Answers to the same texts asked again, in another order, in small batches, and with labels in another order."""
    order = np.random.default_rng(seed).permutation(len(frame))
    found: dict[str, Answers | dict[str, Measured]] = {
        "rerun": asked.ask(frame),
        "row_order": asked.ask(frame, order=order),
        "batch_size": asked.ask(frame, size=SMALL_BATCH),
    }
    shuffled = shuffle(asked.taxonomy, seed)
    names = NAMES if asked.task.answer != "scalars" else VALUES
    try:
        found["label_order"] = asked.ask(frame, taxonomy=shuffled)
    except AffectmineError:
        because = "the labeler takes its labels in one order only, so that this order cannot matter"
        found["label_order"] = dict.fromkeys(names, undefined(because))
    return found


def shuffle(taxonomy: Taxonomy, seed: int) -> Taxonomy:
    """The taxonomy with its labels in another order: never the same one, where there are two."""
    labels = list(taxonomy.labels)
    order = np.random.default_rng(seed).permutation(len(labels)).tolist()
    if order == sorted(order):
        order = order[1:] + order[:1]
    return taxonomy.model_copy(update={"labels": tuple(labels[place] for place in order)})


def _english(frame: pl.DataFrame) -> pl.Series:
    code = frame["lang"].str.to_lowercase().str.split("-").list.first()
    return (code == "en").fill_null(value=True)


def _pairs(path: Path) -> tuple[pl.DataFrame, int]:
    read = read_texts(path, text="a", columns=("b",)).frame
    both = read.select(pl.col("text_clean").alias("a"), "b", lang=pl.lit(None, pl.String))
    filled = [pl.col(side).fill_null("").str.strip_chars() != "" for side in ("a", "b")]
    kept = both.filter(filled)
    if kept.is_empty():
        raise SourceError(f"{path} has no pair.", remedy="Give columns a and b, a pair a row.")
    return kept, len(both) - len(kept)


def _measured(cell: Cell) -> Measured:
    assert isinstance(cell, Measured)
    return cell
