"""What ConvoKit's FightingWords makes of the demo corpus: the z-scores that the mart `expressions` is held to.

    python -m venv /tmp/convokit && /tmp/convokit/bin/pip install convokit
    /tmp/convokit/bin/python -m benchmarks.fighting_words

writes tests/transforms/sql/marts/fighting_words.json. ConvoKit (MIT) is no dependency of ours: it is given our words
(by the definition of the mart, found here without its SQL) and our prior, and does the statistics alone. Labels are
what can be told without a labeler: who speaks, and whether the text asks.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
CORPUS = HERE / "jobs/demo/corpus"
EXPECTED = HERE / "tests/transforms/sql/marts/fighting_words.json"
PRIOR_WORDS = 200.0
MIN_RECORDS = 3


@dataclass(frozen=True)
class Row:
    """A text of the demo corpus and its labels."""

    text: str
    labels: tuple[str, ...]


def demo_rows() -> list[Row]:
    """The texts that can be read, in the order of files and lines."""
    return [row for path in sorted(CORPUS.glob("*.jsonl")) for row in _rows(path)]


def _rows(path: Path) -> Iterator[Row]:
    for line in path.read_bytes().splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        text = told.get("body", told.get("text"))
        if isinstance(text, str) and text.strip():
            asks = ("question",) if "?" in text else ()
            yield Row(text, (told.get("role") or "author", *asks))


def words_of(text: str) -> list[str]:
    """The words in order; '[' where something stands between that parts neighbors."""
    text = re.sub(r"\[[A-Z][A-Z_]{1,30}\]", "[", text).replace("’", "'").lower()
    kinds = "".join(_kind(character) for character in text)
    return [text[found.start() : found.end()] for found in re.finditer(r"\[|l+(?:'l+)*", kinds)]


def _kind(character: str) -> str:
    """An l for a letter or a mark, the character itself where it matters, else a blank."""
    if unicodedata.category(character)[0] in "LM":
        return "l"
    return character if character in "['" else " "


def expressions_of(text: str, frequent: frozenset[str], size: int) -> list[str]:
    """The expressions of `size` words, all of them frequent."""
    words = words_of(text)
    if size == 1:
        return [word for word in words if word in frequent]
    return [f"{one} {two}" for one, two in pairwise(words) if {one, two} <= frequent]


def scores() -> list[dict[str, object]]:
    """For each label and size the expressions of the label in enough records, with their z-scores."""
    rows = demo_rows()
    said = Counter(word for row in rows for word in words_of(row.text) if word != "[")
    frequent = frozenset(word for word, n in said.items() if n >= MIN_RECORDS)
    labels = sorted({label for row in rows for label in row.labels})
    told: list[dict[str, object]] = []
    for size in (1, 2):
        each = [expressions_of(row.text, frequent, size) for row in rows]
        times = Counter(expression for found in each for expression in found)
        vocabulary = sorted(expression for expression, n in times.items() if n >= MIN_RECORDS)
        for label in labels:
            z = _compared(rows, label, frequent, size, vocabulary, times)
            records = Counter(
                expression
                for row, found in zip(rows, each, strict=True)
                if label in row.labels
                for expression in set(found)
            )
            told += [
                {"label": label, "words": size, "expression": expression, "z": z[expression]}
                for expression in vocabulary
                if records[expression] >= MIN_RECORDS and z[expression] > 0
            ]
    return told


def _compared(
    rows: list[Row],
    label: str,
    frequent: frozenset[str],
    size: int,
    vocabulary: list[str],
    times: Counter[str],
) -> dict[str, float]:
    import numpy as np
    from convokit import Corpus, Speaker, Utterance
    from convokit.fighting_words import FightingWords
    from sklearn.feature_extraction.text import CountVectorizer

    n = np.array([times[expression] for expression in vocabulary], np.float64)
    somebody = Speaker(id="somebody")
    corpus = Corpus(
        utterances=[
            Utterance(
                id=str(i),
                speaker=somebody,
                conversation_id=str(i),
                text=row.text,
                meta={"labels": row.labels},
            )
            for i, row in enumerate(rows)
        ]
    )
    comparison = FightingWords(
        text_func=lambda utterance: utterance.text,
        cv=CountVectorizer(
            vocabulary=vocabulary, analyzer=lambda text: expressions_of(text, frequent, size)
        ),
        prior=PRIOR_WORDS * n / n.sum(),
    )
    comparison.fit(
        corpus,
        class1_func=lambda utterance: label in utterance.meta["labels"],
        class2_func=lambda utterance: label not in utterance.meta["labels"],
    )
    return {expression: float(z) for expression, z in comparison.ngram_zscores.items()}


def main() -> None:
    told = scores()
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in told)
    EXPECTED.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{len(told)} expressions in {EXPECTED.relative_to(HERE)}")


if __name__ == "__main__":
    main()
