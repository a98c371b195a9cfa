"""Each audit on real corpora, as Markdown: the tables of docs/audits.md.

    python benchmarks/audits.py [--data ../shared/data] [--resamples 1000] [AUDIT ...]

Labelers are asked only about texts that they have not learned from (dev splits), where there is gold. The synthetic
texts are made here: a Markov chain over words (order 2), one a label, from the train split of GoEmotions.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.gold_sets import read_gold
from jobs.audit.asking import who
from jobs.audit.groups import audit_groups
from jobs.audit.interviewer import audit_interviewer
from jobs.audit.keywords import audit_keywords
from jobs.audit.result import AuditResult, Cell
from jobs.audit.stability import audit_stability
from jobs.audit.synthetic import audit_synthetic
from schemas.lexicon import load_lexicon
from schemas.taxonomy import load_taxonomy
from transforms.audit.measured import Draw, Measured
from transforms.evaluate.figures import Undefined


@dataclass(frozen=True)
class Place:
    """Where the corpora lie, where files may be written, and how intervals are drawn."""

    data: Path
    folder: Path
    draw: Draw

    def write(self, name: str, frame: pl.DataFrame) -> Path:
        """A Parquet file of a frame."""
        path = self.folder / f"{name}.parquet"
        frame.write_parquet(path)
        return path


def dev(place: Place, name: str) -> pl.DataFrame:
    """The dev rows of a gold set: text, lang, labels, label_set."""
    frame = read_gold(name, place.data).frame.filter(pl.col("split") == "dev")
    return frame.select("text", "lang", "labels", pl.col("label_set").list.join(" "))


def in_ekman(place: Place) -> pl.DataFrame:
    """GoEmotions dev with its labels mapped to Ekman's."""
    weights = load_taxonomy("goemotions").weights("ekman")
    target = {name: max(of, key=of.__getitem__) for name, of in weights.items()}
    mapped = pl.col("labels").list.eval(pl.element().replace_strict(target)).list.unique()
    return dev(place, "goemotions").with_columns(mapped)


def keywords(place: Place) -> Iterator[tuple[str, AuditResult]]:
    words = load_lexicon()
    for title, frame, taxonomy in (
        ("GoEmotions dev, 28 labels", dev(place, "goemotions"), "goemotions"),
        ("GoEmotions dev in Ekman's labels", in_ekman(place), "ekman"),
    ):
        path = place.write("keywords", frame)
        yield (
            title,
            audit_keywords(path, who("student", "emotion", taxonomy), words, draw=place.draw),
        )


def interviewer(place: Place) -> Iterator[tuple[str, AuditResult]]:
    annomi = place.data / "clinical" / "annomi_full.csv.zst"
    yield (
        "AnnoMI, quality of the interviewing (high, low)",
        audit_interviewer(annomi, label="mi_quality", draw=place.draw),
    )
    yield (
        "AnnoMI, topic (the six with 5 conversations or more)",
        audit_interviewer(annomi, label="topic", draw=place.draw),
    )


def stability(place: Place) -> Iterator[tuple[str, AuditResult]]:
    path = place.write("stability", dev(place, "goemotions"))
    for task, taxonomy in (("emotion", "goemotions"), ("emotion", "sentiment"), ("vad", "vad")):
        found = audit_stability(path, who("student", task, taxonomy), draw=place.draw)
        yield f"{task} in {taxonomy}, texts of GoEmotions dev", found


def groups(place: Place) -> Iterator[tuple[str, AuditResult]]:
    brighter = dev(place, "brighter")
    student = who("student", "emotion", "ekman")
    by_lang = audit_groups(place.write("lang", brighter), student, "lang", draw=place.draw)
    yield "BRIGHTER dev by language", by_lang
    sources = [
        brighter.filter(pl.col("lang") == "en").with_columns(corpus=pl.lit("brighter")),
        in_ekman(place).with_columns(corpus=pl.lit("goemotions")),
    ]
    path = place.write("corpus", pl.concat(sources))
    yield "English by corpus, Ekman", audit_groups(path, student, "corpus", draw=place.draw)
    annomi = place.data / "clinical" / "annomi_full.csv.zst"
    sentiment = who("student", "emotion", "sentiment")
    yield (
        "AnnoMI by role, shares without gold",
        audit_groups(annomi, sentiment, "role", with_gold=False, draw=place.draw),
    )


def synthetic(place: Place) -> Iterator[tuple[str, AuditResult]]:
    student = who("student", "emotion", "goemotions")
    frame = dev(place, "goemotions")
    half = np.random.default_rng(0).random(len(frame)) < 0.5
    path = place.write("halves", frame.with_columns(synthetic=pl.Series(half)))
    yield (
        "GoEmotions dev, two halves at random",
        audit_synthetic(path, None, student, draw=place.draw),
    )
    human = place.write("human", frame)
    made = place.write("made", markov(place, len(frame)))
    yield "GoEmotions dev, Markov chains", audit_synthetic(human, made, student, draw=place.draw)
    of_other = dev(place, "brighter").filter(pl.col("lang") == "en")
    other = place.write("other", of_other)
    yield (
        "GoEmotions dev, BRIGHTER English dev (human, too)",
        audit_synthetic(human, other, student, with_gold=False, draw=place.draw),
    )


def markov(place: Place, rows: int) -> pl.DataFrame:
    """Texts of chains over pairs of words, one chain a label; as many of each label as in the train split."""
    train = read_gold("goemotions", place.data).frame.filter(pl.col("split") == "train")
    single = train.filter(pl.col("labels").list.len() == 1)
    rng = np.random.default_rng(1)
    labels = single["labels"].list.first().to_list()
    chains: dict[str, dict[tuple[str, str], list[str]]] = defaultdict(lambda: defaultdict(list))
    for text, label in zip(single["text"].to_list(), labels, strict=True):
        words = ["", "", *text.split(), ""]
        for one, two, three in zip(words, words[1:], words[2:], strict=False):
            chains[label][one, two].append(three)
    lines = []
    for label in rng.choice(labels, rows):
        state, said = ("", ""), []
        while len(said) < 40:
            options = chains[label][state]
            word = options[int(rng.integers(len(options)))]
            if not word:
                break
            said.append(word)
            state = (state[1], word)
        lines.append((" ".join(said), [str(label)]))
    return pl.DataFrame(lines, schema=["text", "labels"], orient="row")


AUDITS: dict[str, Callable[[Place], Iterator[tuple[str, AuditResult]]]] = {
    "keywords": keywords,
    "interviewer": interviewer,
    "stability": stability,
    "groups": groups,
    "synthetic": synthetic,
}
_TABLES = ("per_label", "changes", "groups", "largest_gaps")


def markdown(found: AuditResult) -> str:
    """All figures and tables of an audit."""
    lines = ["| figure | value (95 %) |", "|---|---|"]
    lines += [f"| {name} | {cell(figure)} |" for name, figure in found.figures.items()]
    for title in _TABLES:
        rows = found.tables.get(title, {})
        if rows:
            columns = list(next(iter(rows.values())))
            lines += ["", f"| {title} | {' | '.join(columns)} |", f"|{'---|' * (len(columns) + 1)}"]
            lines += [
                f"| {name} | {' | '.join(cell(cells[c]) for c in columns)} |"
                for name, cells in rows.items()
            ]
    return "\n".join([*lines, *(f"- {note}" for note in found.notes)])


def cell(value: Cell) -> str:
    """A figure with its interval and p-value."""
    if not isinstance(value, Measured):
        return f"{value:,}" if isinstance(value, int) else value
    if isinstance(value.value, Undefined):
        return "undefined"
    spread = f" ({value.interval[0]:.3f}, {value.interval[1]:.3f})" if value.interval else ""
    p = "" if value.p is None or isinstance(value.p, Undefined) else f", p {value.p:.3f}"
    return f"{value.value:.3f}{spread}{p}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("audits", nargs="*", choices=[*AUDITS, []], help="default: all")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--resamples", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Place(arguments.data, Path(folder), Draw(arguments.resamples))
        for name in arguments.audits or AUDITS:
            started = time.perf_counter()
            for title, found in AUDITS[name](place):
                spent = time.perf_counter() - started
                about = ", ".join(f"{key} {value}" for key, value in found.about.items())
                print(
                    f"## {name}: {title}\n\n{about}; {spent:.1f} s\n\n{markdown(found)}\n",
                    flush=True,
                )
                started = time.perf_counter()


if __name__ == "__main__":
    main()
