"""Answers that are free emotion words, against gold words, both through the groups of a wheel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from jobs.evaluation.answers import Answers
from jobs.evaluation.gold_columns import Wanted
from jobs.evaluation.measured import Draw, Figures, Measured
from schemas.errors import ConfigError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy, load_taxonomy, taxonomy_names
from transforms.evaluate.annotation_matrix import gold_entries
from transforms.evaluate.annotations import Bools
from transforms.evaluate.bootstrap import Intervals, bootstrap
from transforms.evaluate.figures import Undefined
from transforms.evaluate.sums import Sums
from transforms.evaluate.wheel import wheel_figures, wheel_of, wheel_sums

_LISTED: Final = 10  # words that are not on the wheel
_LONGEST: Final = (
    40  # of them, in characters: what is longer is no word, but perhaps a text of a person
)


@dataclass(frozen=True)
class Wheel:
    """The group of each word, in lower case; and the taxonomy that they are from."""

    group: Mapping[str, str]
    taxonomy: Taxonomy

    def of(self, word: str) -> str | None:
        """The group of a word, None when it is not on the wheel."""
        return self.group.get(_plain(word))


def load_wheel(name_or_path: str) -> Wheel:
    """The wheel of a taxonomy of several tiers, shipped or a file. ConfigError: there is none, or it has one tier."""
    taxonomy = load_taxonomy(name_or_path)
    if not taxonomy.parents:
        known = [name for name in taxonomy_names() if load_taxonomy(name).parents]
        raise ConfigError(
            f"The taxonomy {taxonomy.name} has no parents, so that it is no wheel.",
            remedy=f"Take {' or '.join(known)}, or write under parents: of a file which word is of which group.",
        )
    alone = {_plain(name): name for name in taxonomy.names}
    return Wheel(alone | wheel_of(taxonomy.parents), taxonomy)


def refuse_wheel(task: LabelTask, wanted: Wanted) -> None:
    """Raises ConfigError where gold is no words, or is the texts themselves."""
    if task.answer != "labels":
        raise ConfigError(
            f"The task {task.name} is answered by numbers, which are on no wheel.",
            remedy="Leave --wheel out, or ask for a task with labels.",
        )
    if wanted.labels == wanted.text:
        raise ConfigError(
            f"The column {wanted.text!r} cannot be texts and labels.",
            remedy="Name the column of emotion words with --labels-column.",
        )


@dataclass(frozen=True)
class Words:
    """Words of gold and of answers, by row; `told`: what all annotators of the gold said. `labeled` (rows).

    A row without an answer has nothing given.
    """

    wheel: Wheel
    gold: Sequence[Sequence[str]]
    told: Sequence[Sequence[str]]
    given: Sequence[Sequence[str]]
    labeled: Bools

    def take(self, rows: Bools) -> Words:
        """Some of the rows."""
        kept = np.flatnonzero(rows).tolist()
        gold, told, given = (
            [side[row] for row in kept] for side in (self.gold, self.told, self.given)
        )
        return Words(self.wheel, gold, told, given, self.labeled[rows])

    def overall(self, draw: Draw) -> tuple[Figures, Intervals]:
        """Set precision, recall and F1 with intervals, and the shares of words that are on the wheel."""
        figures = wheel_figures(self.gold, self.given, self.wheel.group)
        figures["gold_on_wheel"] = self._on_wheel(self.told, "gold")
        found = bootstrap(self.statistic(), len(self.gold), **draw.arguments)
        intervals = {
            name: bounds
            for name, bounds in found.items()
            if not isinstance(figures[name], Undefined)
        }
        return figures, intervals

    def measure(self, draw: Draw) -> Measured:
        """Overall, and which words are not on the wheel."""
        figures, intervals = self.overall(draw)
        more: dict[str, Any] = {
            "rows_on_wheel": int(self.statistic().terms[:, 0].sum()),
            "off_wheel": {"gold": self._off_wheel(self.told), "given": self._off_wheel(self.given)},
        }
        return Measured(figures, intervals, "per_label", {}, more=more)

    def shared(self, other: Words) -> tuple[Words, Words]:
        """Both as they are: a row without an answer is an empty answer."""
        return self, other

    def statistic(self) -> Sums:
        """Set precision, recall and F1."""
        return wheel_sums(self.gold, self.given, self.wheel.group)

    def _on_wheel(self, words: Sequence[Sequence[str]], name: str) -> float | Undefined:
        known = [self.wheel.of(word) is not None for row in words for word in row]
        return sum(known) / len(known) if known else Undefined(f"no word is {name}")

    def _off_wheel(self, words: Sequence[Sequence[str]]) -> dict[str, Any]:
        """How many words the wheel does not have, and the most frequent ones."""
        times = Counter(
            _plain(word) for row in words for word in row if self.wheel.of(word) is None
        )
        most = sorted(times.items(), key=lambda pair: (-pair[1], pair[0]))
        short = [(word, n) for word, n in most if len(word) <= _LONGEST]
        return {
            "times": times.total(),
            "words": len(times),
            "most_frequent": dict(short[:_LISTED]),
        }


@dataclass(frozen=True)
class WordGold:
    """Gold words of some rows, None where a row was not annotated.

    `told`: the words of all its annotators. Of several, the groups of the wheel count that more than half gave; a row
    where no group has such a majority is `undecided`.
    """

    task: LabelTask
    wheel: Wheel
    words: Sequence[Sequence[str] | None]
    told: Sequence[Sequence[str]]
    undecided: Bools

    @property
    def about(self) -> dict[str, str]:
        """The wheel stands where the taxonomy stands for labels."""
        taxonomy = self.wheel.taxonomy
        return {
            "task": self.task.name, "taxonomy": taxonomy.name,
            "taxonomy_version": taxonomy.version, "answer": "words",
        }  # fmt: skip

    @property
    def annotated(self) -> Bools:
        """Which rows have gold."""
        return np.array([row is not None for row in self.words], np.bool_)

    def take(self, rows: Bools) -> WordGold:
        """Some of the rows."""
        kept = np.flatnonzero(rows).tolist()
        return WordGold(
            self.task, self.wheel, [self.words[row] for row in kept],
            [self.told[row] for row in kept], self.undecided[rows],
        )  # fmt: skip

    def compared(self, answers: Answers) -> Words:
        """Gold beside the labels that were given to the same rows, as words."""
        told = answers.frame["labels"].to_list()
        given: list[list[str]] = [
            list(of or []) if there else [] for of, there in zip(told, answers.labeled, strict=True)
        ]
        gold = [row or [] for row in self.words]
        return Words(self.wheel, gold, self.told, given, answers.labeled)


def word_gold(column: pl.Series, task: LabelTask, taxonomy: Taxonomy, wheel: Wheel) -> WordGold:
    """Gold from a column of `gold` lists (see schemas.datasets), whose labels are words.

    An entry without an annotator is an aggregate: where a row has one, it is the gold.
    """
    rows = len(column)
    said: list[list[tuple[str | None, list[str]]]] = [[] for _ in range(rows)]
    entries = gold_entries(column, task, taxonomy).filter(pl.col("labels").is_not_null())
    for row, annotator, labels in entries.select("row", "annotator", "labels").iter_rows():
        said[row].append((annotator, labels))
    words: list[list[str] | None] = []
    undecided: Bools = np.zeros(rows, np.bool_)
    for row, of in enumerate(said):
        whole = [labels for annotator, labels in of if annotator is None]
        lists = whole or [labels for _, labels in of]
        words.append(_majority(lists, wheel) if len(lists) > 1 else next(iter(lists), None))
        undecided[row] = len(lists) > 1 and any(lists) and not words[-1]
    told = [[word for _, labels in of for word in labels] for of in said]
    return WordGold(task, wheel, words, told, undecided)


def _majority(lists: Sequence[Sequence[str]], wheel: Wheel) -> list[str]:
    """The groups that more than half of the lists have a word of."""
    groups = [{wheel.of(word) for word in words} for words in lists]
    times = Counter(group for of in groups for group in of if group is not None)
    return sorted(group for group, n in times.items() if 2 * n > len(lists))


def _plain(word: str) -> str:
    return word.strip().lower()
