"""Synthetic against human text: can they be told apart, how do they differ, and do figures carry over?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from jobs.audit.asking import Asked, require_labels
from jobs.audit.result import AuditResult, Reading
from jobs.audit.two_sides import read_sides
from jobs.evaluation.gold import LabelGold
from transforms.audit.answers import Answers
from transforms.audit.auc import auc, class_figures
from transforms.audit.divergence import divergence
from transforms.audit.diversity import BLOCK, block_ratios, length_figures, means, words_of
from transforms.audit.measured import Draw, Drawn, Measured, measure, undefined
from transforms.audit.probe import ProbeOptions, probe
from transforms.evaluate.label_sums import label_sums
from transforms.evaluate.sums import Figures

LEAST: Final = 20  # texts a side
READING: Final = Reading(
    asks="Is synthetic text like human text: to a student that tries to tell them apart, in labels, length and "
    "variety, and in the figures that a labeler reaches on it?",
    large="probe.auc near 1: synthetic texts have a manner of their own, and what is learned or measured on them may "
    "hang on it. divergence well above chance_divergence: other labels. transfer differences away from 0: figures on "
    "synthetic gold are not those on human gold.",
    small="probe.auc about .5, with the interval around it: a small student cannot tell them apart. transfer near 0: "
    "the labeler reaches the same on both.",
    cannot="A large model may tell apart what n-grams cannot. Two human sources are told apart, too, by topic alone: "
    "compare with the figure between two human samples. length_auc shows how far length alone goes. The "
    "interval of a small divergence lies too high (resampling adds noise): p decides. Equal figures do not make "
    "synthetic texts true. Where texts share a seed, name its column (--group), or it leaks.",
)


def audit_synthetic(
    human: Path,
    synthetic: Path | None,
    asked: Asked,
    *,
    with_gold: bool = True,
    text: str = "text",
    labels: str = "labels",
    group: str | None = None,
    rows: int = 5_000,
    draw: Draw = Draw(),  # noqa: B008 -- frozen
) -> AuditResult:
    """Compare two files, or the rows of one by its column `synthetic` (true or false, 1 or 0).

    `rows`: at most so many of each side, at random. `group`: a column, such as the seed, whose equal values stay
    together in folds and draws. SourceError, ConfigError: what cannot be read.
    """
    require_labels(asked, "synthetic")
    parts, notes = read_sides(
        human, synthetic, asked, with_gold, (text, labels), group, rows, draw.seed
    )
    frame = pl.concat([texts.frame for texts, _ in parts], how="diagonal_relaxed")
    side: NDArray[np.bool_] = np.repeat([False, True], [len(texts.frame) for texts, _ in parts])
    about: dict[str, Any] = {
        **asked.about,
        "human": int((~side).sum()),
        "synthetic": int(side.sum()),
    }
    if min(about["human"], about["synthetic"]) < LEAST:
        figures = {"probe.auc": undefined(f"a side has fewer than {LEAST} texts")}
        return AuditResult("synthetic", about, figures, READING, draw, notes=tuple(notes))
    groups = _groups(frame, group)
    figures = _told_apart(frame, side, groups, draw)
    words = words_of(frame["text_clean"].to_list())
    answers = asked.ask(frame)
    figures |= divergence(answers.given, side, draw, groups)
    figures |= measure(
        length_figures(words, side), draw, because="a side has no text", groups=groups
    )
    figures |= _variety(words, side, draw)
    golds = [gold for _, gold in parts if gold is not None]
    if len(golds) == 2:
        figures |= _transfer(golds, answers, side, groups, draw)
    return AuditResult("synthetic", about, figures, READING, draw, notes=tuple(notes))


def _groups(frame: pl.DataFrame, column: str | None) -> NDArray[Any]:
    """Rows that stay together: of one value, conversation, or text (as repeated texts would leak)."""
    text = "t" + frame["text_clean"].str.to_lowercase().str.strip_chars()
    named = frame[column].cast(pl.String) if column is not None else frame["group"]
    return pl.select(pl.coalesce("g" + named, text)).to_series().rank("dense").to_numpy()


def _told_apart(
    frame: pl.DataFrame, side: NDArray[np.bool_], groups: NDArray[Any], draw: Draw
) -> dict[str, Measured]:
    told = probe(
        frame["text_clean"], side.astype(np.int64), ProbeOptions(repeats=1, seed=draw.seed), groups
    )
    because = "a fold has texts of one side only"
    found = measure(
        class_figures(told.scores, told.decided, side.astype(np.int64)), draw,
        because=because, groups=groups,
    )  # fmt: skip
    length = frame["text_clean"].str.len_chars().to_numpy().astype(np.float64)
    of_length = measure(auc(length, side), draw, because=because, groups=groups)["auc"]
    return {
        "probe.auc": found["auc"],
        "probe.accuracy": found["accuracy"],
        "probe.balanced_accuracy": found["balanced_accuracy"],
        "length_auc": of_length,
    }


def _variety(
    words: Sequence[Sequence[str]], side: NDArray[np.bool_], draw: Draw
) -> dict[str, Measured]:
    names = ("distinct_1", "distinct_2")
    blocks = [
        block_ratios([words[at] for at in np.flatnonzero(of).tolist()], draw.seed)
        for of in (~side, side)
    ]
    if min(map(len, blocks)) < 2:
        because = f"a side has fewer than two blocks of {BLOCK} words"
        kinds = ("human", "synthetic", "difference")
        return {f"{kind}.{name}": undefined(because) for kind in kinds for name in names}
    of_block = np.repeat([False, True], [len(each) for each in blocks])
    return measure(
        means(np.vstack(blocks), names, of_block), draw, because="a side has no whole block"
    )


def _transfer(
    golds: Sequence[LabelGold],
    answers: Answers,
    side: NDArray[np.bool_],
    groups: NDArray[Any],
    draw: Draw,
) -> dict[str, Measured]:
    """Figures on each side's gold, and their difference, synthetic less human; macro-F1 over labels of both golds."""
    holds, asked = (
        np.vstack([getattr(each, name) for each in golds]) for name in ("holds", "asked")
    )
    own = holds & asked
    shared = own[~side].any(axis=0) & own[side].any(axis=0)
    macro = label_sums(own[:, shared], answers.given[:, shared], asked[:, shared])
    micro = label_sums(own, answers.given, asked)
    of_sides = {"human": ~side, "synthetic": side}

    def figures(times: NDArray[np.int64]) -> Figures:
        found: Figures = {}
        for name, of in of_sides.items():
            part = times * of
            found[f"transfer.{name}.macro_f1"] = macro.drawn(part)["macro_f1"]
            found[f"transfer.{name}.micro_f1"] = micro.drawn(part)["micro_f1"]
        for key in ("macro_f1", "micro_f1"):
            first, second = (found[f"transfer.{name}.{key}"] for name in of_sides)
            found[f"transfer.difference.{key}"] = second - first
        return found

    because = "a side has neither gold nor answers of a label that both have in gold"
    return measure(Drawn(len(side), figures), draw, because=because, groups=groups)
