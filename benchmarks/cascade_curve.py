"""Quality against cost of a cascade: a cheap labeler, and the tiny language model where the first is least sure.

    affectmine serve benchmarks/tiny_ekman --python .vllm/bin/python      (in another shell)
    python benchmarks/cascade_curve.py --data ../shared/data --json FILE --svg docs/cascade_curve.svg

On GoEmotions dev (5,426 rows that nothing was fitted on), task `emotion` in `ekman`, two cascades:

- words: emotion words (schemas/lexicons/emotion_words.yaml; neutral where there is none), then the tiny model. Here
  the second labeler is the better one. The list has no probabilities, so a row's margin is made by hand: the least
  precision, on the tiny model's training rows, of the labels that it gives; ties are drawn. `affectmine run` knows no
  such labeler.
- student: the student, then the tiny model, the margins being those of `select` (the least distance of a probability to
  its threshold). Here the first labeler is the better one: it has learned from the same rows. What a cascade can win is
  what two labelers know together. It is the model `student:emotion-goemotions` alone, which tells its thresholds. Of
  several models there is not one threshold, so for `student` margins are distances to .5: that order is measured, too
  (`other_margins`).

For each budget from 0 to 1 the rows with the smallest margins go on. `replace`: the second labeler's answer stands (as
in `label_cascade`); `average`: the mean of both calibrated probabilities against the mean of both thresholds (as in an
ensemble). The control is the same number of rows drawn at random (the mean of --draws draws). Cost: the share of rows
that are asked, and for 1,000 rows the prompt tokens (of the very rows asked) and the server's working seconds (the mean
row's, times the rows asked; of this server, on this machine). Macro-F1 has 95 % bootstrap intervals; differences to the
two ends are paired, with p by approximate randomization (transforms/evaluate/paired.py), at budgets set before.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.cascade_picture import picture
from benchmarks.tiny_labeler_data import EKMAN, Rows, by_words, held_out, read_rows
from pipelines.serving.labeler import LanguageModelLabeler
from schemas.label_task import load_task
from schemas.language_model import load_language_model
from schemas.lexicon import load_lexicon
from transforms.evaluate.bootstrap import bootstrap_f1
from transforms.evaluate.label_sums import label_sums
from transforms.evaluate.metrics import count, indicator, scores_of
from transforms.evaluate.paired import paired_test
from transforms.label.labeler import LABELED
from transforms.label.prompted.calibration import decide
from transforms.label.registry import load_labeler

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

NAMES: Final = list(EKMAN.names)
TASK: Final = load_task("emotion")
BUDGETS: Final = tuple(round(step / 20, 2) for step in range(21))
TESTED: Final = (0.25, 0.5)
RESAMPLES: Final = 1000
LABELER: Final = Path(__file__).parent / "tiny_ekman" / "labeler.yaml"


@dataclass(frozen=True)
class Given:
    """One labeler's answers: labels (rows, labels), probabilities (rows, labels) and thresholds (labels) if it has any,
    prompt tokens (rows), and seconds per row.
    """

    name: str
    labels: Bools
    probability: Floats | None
    thresholds: Floats | None
    tokens: Floats
    seconds: float

    def margin(self, cuts: Floats | float) -> Floats:
        """The least distance of a probability to its threshold (rows)."""
        assert self.probability is not None
        return np.asarray(np.abs(self.probability - cuts).min(axis=1), np.float64)


def by_student(rows: Rows, name: str) -> Given:
    """A student's answers."""
    labeler = load_labeler(name, TASK, EKMAN)
    frame = frame_of(rows)
    labeler.label(frame.head(64), TASK, EKMAN)  # compiled by now
    began = time.perf_counter()
    answers = labeler.label(frame, TASK, EKMAN)
    seconds = (time.perf_counter() - began) / len(rows)
    cuts = labeler.thresholds(EKMAN)  # type: ignore[attr-defined]  # of students that label in one language
    return given("student", answers, cuts, np.zeros(len(rows)), seconds)


def by_model(rows: Rows, warm: Rows, file: Path, url: str) -> tuple[Given, dict[str, Any]]:
    """The language model's answers, and what they cost. `warm` is asked before, so that the server is awake."""
    model = load_language_model(file).model_copy(update={"urls": (url,)})
    labeler = LanguageModelLabeler(model, TASK, EKMAN, base=file.parent)
    labeler.label(frame_of(warm), TASK, EKMAN)
    before = labeler.spent.seconds
    began = time.perf_counter()
    pieces = list(labeler.label_stream([frame_of(rows)]))
    wall = time.perf_counter() - began
    seconds = labeler.spent.seconds - before
    tokens, start = np.zeros(len(rows)), 0
    for piece in pieces:
        np.add.at(
            tokens, start + piece.calls["row"].to_numpy(), piece.calls["prompt_tokens"].to_numpy()
        )
        start += piece.batch.height
    answers = pl.concat([piece.labels for piece in pieces])
    answered = given(model.name, answers, labeler.thresholds(EKMAN), tokens, seconds / len(rows))
    return answered, {
        "wall_seconds": round(wall, 2),
        "server_seconds": round(seconds, 2),
        "rows_per_second": round(len(rows) / wall, 1),
        "prompt_tokens": int(tokens.sum()),
        "labeler_version": labeler.version,
    }


def given(
    name: str, answers: pl.DataFrame, cuts: dict[str, float], tokens: Floats, seconds: float
) -> Given:
    """Answers of the labeler protocol as arrays. Raises ValueError where a row has none: a curve needs all."""
    if not (answers["status"] == LABELED).all():
        raise ValueError(f"{name} left rows without an answer: {answers['reason'].value_counts()}")
    p = answers["scores"].list.eval(pl.element().struct.field("probability"))
    return Given(
        name,
        indicator(answers["labels"], NAMES),
        np.array(p.to_list(), np.float64),
        np.array([cuts[label] for label in NAMES]),
        tokens,
        seconds,
    )


def by_list(rows: Rows, train: Rows, seed: int) -> tuple[Given, Floats]:
    """The word list's answers and their margin (rows): see above. Ties lie in random order."""
    words = load_lexicon()
    began = time.perf_counter()
    labels = by_words(rows.texts, words, EKMAN)
    seconds = (time.perf_counter() - began) / len(rows)
    trained = by_words(train.texts, words, EKMAN)
    precision = (trained & train.holds).sum(axis=0) / np.maximum(trained.sum(axis=0), 1)
    least = np.where(labels, precision, np.inf).min(axis=1)
    ties = np.random.default_rng(seed).random(len(rows))
    order = np.lexsort((ties, least))
    margin = np.empty(len(rows))
    margin[order] = np.arange(len(rows)) / len(rows)  # the rank: no two are equal
    return Given("emotion words", labels, None, None, np.zeros(len(rows)), seconds), margin


def frame_of(rows: Rows) -> pl.DataFrame:
    """As labelers take it; the corpus is declared to be English."""
    return pl.DataFrame({"text_clean": rows.texts, "lang": ["en"] * len(rows)})


def curve(
    gold: Bools, first: Given, second: Given, margin: Floats, *, draws: int, seed: int
) -> dict[str, Any]:
    """Points by budget, and paired tests at some."""
    answers = {"replace": second.labels}
    if first.probability is not None and first.thresholds is not None:
        assert second.probability is not None
        assert second.thresholds is not None
        answers["average"] = decide(
            (first.probability + second.probability) / 2,
            (first.thresholds + second.thresholds) / 2,
            exclusive=False,
            empty=False,
        )
    order, rng = np.argsort(margin, kind="stable"), np.random.default_rng(seed)
    points = []
    for budget in BUDGETS:
        asked = chosen(order, budget)
        n = int(asked.sum())
        drawn = [chosen(rng.permutation(len(gold)), budget) for _ in range(draws)]
        point: dict[str, Any] = {
            "budget": budget,
            "asked": n,
            "margin_below": round(float(margin[order[n - 1]]), 4) if n else 0.0,
            "prompt_tokens_per_1000": round(
                1000 * float(second.tokens[asked].sum()) / len(gold), 1
            ),
            "server_seconds_per_1000": round(1000 * second.seconds * n / len(gold), 3),
        }
        for how, instead in answers.items():
            random = [macro_f1(gold, mixed(first.labels, instead, rows)) for rows in drawn]
            point[how] = with_interval(gold, mixed(first.labels, instead, asked)) | {
                "at_random": round(float(np.mean(random)), 4)
            }
        points.append(point)
    return {
        "first": first.name,
        "second": second.name,
        "first_seconds_per_1000": round(1000 * first.seconds, 4),
        "points": points,
        "tests": [
            compared(gold, first, answers[how], second, order, budget, how)
            for how in answers
            for budget in (*TESTED, 1.0)
        ],
    }


def compared(
    gold: Bools, first: Given, instead: Bools, second: Given, order: NDArray[np.int64],
    budget: float, how: str,
) -> dict[str, Any]:  # fmt: skip
    """The cascade at one budget less each of the labelers alone."""
    cascade = label_sums(gold, mixed(first.labels, instead, chosen(order, budget)))
    found: dict[str, Any] = {"how": how, "budget": budget}
    for name, alone in (("beyond_first", first), ("beyond_second", second)):
        test = paired_test(label_sums(gold, alone.labels), cascade, resamples=RESAMPLES)
        found[name] = rounded(test["macro_f1"].to_json())
    return found


def chosen(order: NDArray[np.int64], budget: float) -> Bools:
    """Which rows are asked (rows): the first ones of an order, rounded down as by `select`."""
    asked = np.zeros(len(order), np.bool_)
    asked[order[: int(budget * len(order) + 1e-9)]] = True
    return asked


def mixed(first: Bools, instead: Bools, asked: Bools) -> Bools:
    """The cascade's labels (rows, labels)."""
    return np.where(asked[:, None], instead, first)


def macro_f1(gold: Bools, labels: Bools) -> float:
    value = scores_of(count(gold, labels), NAMES).macro_f1
    assert isinstance(value, float)
    return value


def with_interval(gold: Bools, labels: Bools) -> dict[str, Any]:
    interval = bootstrap_f1(gold, labels, resamples=RESAMPLES)["macro_f1"]
    return rounded({"macro_f1": macro_f1(gold, labels), "interval": list(interval)})


def rounded(found: dict[str, Any]) -> dict[str, Any]:
    """Numbers with four decimals."""

    def short(value: Any) -> Any:
        if isinstance(value, list):
            return [short(each) for each in value]
        return round(value, 4) if isinstance(value, float) else value

    return {name: short(value) for name, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="of the server, without /v1")
    parser.add_argument("--labeler", type=Path, default=LABELER, help="file of the second labeler")
    parser.add_argument("--student", default="student:emotion-goemotions", help="the first labeler")
    parser.add_argument("--draws", type=int, default=20, help="random choices of each size")
    parser.add_argument("--seed", type=int, default=0, help="of random choices and ties")
    parser.add_argument("--json", type=Path, help="write the figures to a file, too")
    parser.add_argument("--svg", type=Path, help="draw them")
    arguments = parser.parse_args()
    train, dev = read_rows(arguments.data, "train"), read_rows(arguments.data, "dev")
    apart = held_out(train.texts)
    warm = train.take(apart & (np.arange(len(train)) < 2000))
    model, cost = by_model(dev, warm, arguments.labeler, arguments.url)
    student = by_student(dev, arguments.student)
    assert student.thresholds is not None
    words, margin = by_list(dev, train.take(~apart), arguments.seed)
    how = {"draws": arguments.draws, "seed": arguments.seed}
    found = {
        "machine": f"{platform.machine()}, {platform.python_version()}",
        "rows": len(dev),
        "alone": {
            each.name: with_interval(dev.holds, each.labels) for each in (words, student, model)
        },
        "model": cost,
        "cascades": [
            curve(dev.holds, words, model, margin, **how),
            curve(dev.holds, student, model, student.margin(student.thresholds), **how),
        ],
        "other_margins": curve(dev.holds, student, model, student.margin(0.5), **how),
    }
    text = json.dumps(found, indent=1)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")
    if arguments.svg:
        arguments.svg.write_text(picture(found), encoding="utf-8")


if __name__ == "__main__":
    main()
