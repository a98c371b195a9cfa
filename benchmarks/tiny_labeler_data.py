"""What the tiny labeler learns and is measured on, and what it has to beat."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.goemotions import read_goemotions
from schemas.lexicon import Lexicon
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.evaluate.metrics import indicator

EKMAN: Final = load_taxonomy("ekman")
GOEMOTIONS: Final = load_taxonomy("goemotions")
_HELD_OUT: Final = 10  # one text of so many
_WORD: Final = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")
# Families of the word list that are no labels of GoEmotions, after the tree of Shaver, Schwartz, Kirson and O'Connor,
# Emotion Knowledge, JPSP 52, 1987 (contempt and hate: anger; hurt, guilt, pity, loneliness: sadness).
_FAMILIES: Final = {
    "affection": "joy", "anxiety": "fear", "boredom": "sadness", "calm": "joy", "contempt": "anger", "guilt": "sadness",
    "hope": "joy", "hurt": "sadness", "loneliness": "sadness", "optimistic_trust": "joy", "regret": "sadness",
    "sympathy": "sadness",
}  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """Texts with gold: `holds` (rows, labels of ekman), `fine` (rows, labels of goemotions)."""

    texts: list[str]
    holds: NDArray[np.bool_]
    fine: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, rows: NDArray[np.bool_]) -> Rows:
        """Some of the rows."""
        texts = [self.texts[row] for row in np.flatnonzero(rows)]
        return Rows(texts, self.holds[rows], self.fine[rows])


def read_rows(data: Path, split: str) -> Rows:
    """The rows of `train` or `dev` of GoEmotions; labels become those of ekman as in the student's heads."""
    frame = read_goemotions(data / "social" / "goemotions", split)
    mapping = GOEMOTIONS.mappings[EKMAN.name]
    ekman = frame.select(pl.col("labels").list.eval(pl.element().replace_strict(mapping)))
    return Rows(
        frame["text"].to_list(),
        indicator(ekman["labels"], list(EKMAN.names)),
        indicator(frame["labels"], list(GOEMOTIONS.names)),
    )


def held_out(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Which rows are kept from training: a tenth, drawn by the text, so that equal texts stay on one side."""
    digests = (hashlib.sha256(text.lower().strip().encode()).digest() for text in texts)
    return np.array(
        [int.from_bytes(digest[:4], "big") % _HELD_OUT == 0 for digest in digests], np.bool_
    )


def majority(train: NDArray[np.bool_], rows: int) -> NDArray[np.bool_]:
    """The most frequent set of labels of the training rows, given to all rows."""
    sets, times = np.unique(train, axis=0, return_counts=True)
    return np.tile(sets[times.argmax()], (rows, 1))


def by_words(texts: Sequence[str], lexicon: Lexicon, taxonomy: Taxonomy) -> NDArray[np.bool_]:
    """The labels of which a text has a word of the list; neutral, where it has none.

    The family `negative` tells no emotion from others and gives no label.
    """
    mapping = GOEMOTIONS.mappings[taxonomy.name] | _FAMILIES
    label_of = {
        form.lower(): taxonomy.names.index(mapping[family])
        for family, forms in lexicon.words.items()
        if family in mapping
        for form in forms
    }
    given = np.zeros((len(texts), len(taxonomy.names)), np.bool_)
    for row, text in enumerate(texts):
        for word in _WORD.findall(text.lower().replace("’", "'")):
            if word in label_of:
                given[row, label_of[word]] = True
    if taxonomy.neutral is not None:
        given[:, taxonomy.names.index(taxonomy.neutral)] = ~given.any(axis=1)
    return given
