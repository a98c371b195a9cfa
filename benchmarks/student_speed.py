"""How fast the student labels on one core, against the scikit-learn pipeline it replaces.

    python benchmarks/student_speed.py --data ../shared/data

Both are trained on GoEmotions train (the student: as shipped) and label the texts of dev, repeated.
The baseline is TF-IDF over words 1-2 and characters 2-5 with one-vs-rest logistic regression; it is
timed from texts to thresholded labels, the student from an Arrow-backed column to its full answer:
labels and all 28 scores. Rates are per processor second of one thread, so that other work on the
machine counts less. Needs the extra 'evaluate'.
"""

from __future__ import annotations

import os

os.environ.update(POLARS_MAX_THREADS="1", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import argparse
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.goemotions import read_goemotions
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.evaluate.metrics import indicator
from transforms.label.student.student import StudentLabeler

FIRST = """
import time; t = time.perf_counter()
import polars as pl
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.label.student.student import StudentLabeler
frame = pl.DataFrame({"text_clean": ["Thank you so much!"]})
StudentLabeler.load().label(frame, load_task("emotion"), load_taxonomy("goemotions"))
print(time.perf_counter() - t, time.process_time())
"""


def fastest(work: Callable[[], object], times: int) -> float:
    found = []
    for _ in range(times):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return min(found)


def student_rate(texts: pl.Series, repeats: int) -> float:
    student, task, taxonomy = (
        StudentLabeler.load(),
        load_task("emotion"),
        load_taxonomy("goemotions"),
    )
    batch = pl.DataFrame({"text_clean": pl.concat([texts] * repeats, rechunk=True)})
    student.label(batch.head(100), task, taxonomy)
    return len(batch) / fastest(lambda: student.label(batch, task, taxonomy), 5)


def sklearn_rate(train: pl.DataFrame, texts: list[str]) -> float:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline, make_union

    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        TfidfVectorizer(analyzer="char", ngram_range=(2, 5), min_df=3, sublinear_tf=True),
    )
    # Few iterations: the training is not what is timed, and more would not change the rate.
    model = make_pipeline(
        features, OneVsRestClassifier(LogisticRegression(solver="liblinear", max_iter=5))
    )
    warnings.filterwarnings("ignore", message="Liblinear failed to converge")
    model.fit(
        train["text"].to_list(), indicator(train["labels"], list(load_taxonomy("goemotions").names))
    )
    return len(texts) / fastest(lambda: np.nonzero(model.predict_proba(texts) > 0.3), 2)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument(
        "--rows", type=int, default=100_000, help="texts per timed run of the student"
    )
    parser.add_argument(
        "--train-rows", type=int, default=43_410, help="rows to train the baseline on"
    )
    arguments = parser.parse_args()
    folder = arguments.data / "social" / "goemotions"
    texts = read_goemotions(folder, "dev")["text"]
    root = Path(__file__).parents[1]
    command = [sys.executable, "-c", FIRST]
    starts = [
        tuple(
            map(
                float,
                subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.split(),
            )
        )
        for _ in range(4)
    ]
    wall, processor = min(starts)
    print(
        f"first label after process start   {wall:10.2f} s "
        f"(best of 4; {processor:.2f} s of processor time)"
    )
    ours = student_rate(texts, max(1, arguments.rows // len(texts)))
    print(f"student, one core                 {ours:10,.0f} texts/s")
    theirs = sklearn_rate(
        read_goemotions(folder, "train").head(arguments.train_rows), texts.to_list()
    )
    print(f"scikit-learn pipeline, one core   {theirs:10,.0f} texts/s")
    print(f"ratio                             {ours / theirs:10.1f}")


if __name__ == "__main__":
    main()
