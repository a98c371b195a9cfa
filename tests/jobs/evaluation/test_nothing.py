"""Where there is little or nothing to go by: "undefined, because …", never NaN and never a traceback."""

import io
import json
import re

import polars as pl
import pytest
from rich.console import Console

from jobs.evaluate import evaluate
from jobs.evaluation.page import render_page
from jobs.evaluation.screen import print_evaluation
from tests.jobs.evaluation.made import (
    EMOTION,
    INTENSITY,
    LEVELS,
    OF_VAD,
    ONE_OF,
    PLAIN,
    VAD,
    Told,
    protocol,
)


def shown(result, **more):
    """The JSON, after it went through all doors."""
    content = {"gold": "gold.csv"} | result.to_json() | more
    json.dumps(content, allow_nan=False)
    console = Console(record=True, width=100, file=io.StringIO())
    print_evaluation(content, console)
    page = render_page(content)
    for text in (console.export_text(), page):
        assert not re.search(r"\bnan\b", text, re.IGNORECASE)
    assert ("undefined, because" in page) == ('"undefined"' in json.dumps(content))
    return content


def of_labels(labels, status=None, given=None, taxonomy=PLAIN, scores=None, **kwargs):
    gold = pl.DataFrame(
        {"text": [f"text {n}" for n in range(len(labels))], "labels": labels},
        schema={"text": pl.String, "labels": pl.List(pl.String)},
    )
    labeler = Told(protocol(status or ["labeled"] * len(labels), given or labels, scores))
    return shown(evaluate(gold, labeler, EMOTION, taxonomy, resamples=20, **kwargs))


@pytest.mark.parametrize("taxonomy", [PLAIN, ONE_OF])
def test_no_rows(taxonomy):
    found = of_labels([], taxonomy=taxonomy, by=["length"])
    assert found["n"] == 0
    assert found["macro_f1"] == {"undefined": "no label occurs in gold or answers"}
    assert found["ece"] == {"undefined": "there are no rows"}
    assert found["with_gold"] == {"undefined": "no row has an answer"}


def test_no_gold_in_any_row():
    found = of_labels(
        [None, None],
        given=[["joy"], ["joy"]],
        against=Told(protocol(["labeled"] * 2, [["joy"]] * 2)),
    )
    assert found["micro_f1"] == {"undefined": "no label occurs in gold or answers"}
    assert found["subset_accuracy"] == {"undefined": "there are no rows"}


def test_all_rejected():
    found = of_labels(
        [["joy"], ["fear"]] * 15, status=["rejected"] * 30, given=[None] * 30, by=["length"]
    )
    assert found["coverage"] == 0
    assert found["macro_f1"] == 0.0
    assert found["per_label"]["joy"]["precision"] == {"undefined": "the label was never given"}
    assert found["ece"] == {"undefined": "no row has an answer"}


def test_one_label_everywhere():
    found = of_labels([["joy"]] * 30, taxonomy=ONE_OF)
    assert found["accuracy"] == 1.0
    assert found["with_gold"]["kappa"]["joy"]["undefined"]
    assert found["per_label"]["fear"]["f1"] == {
        "undefined": "the label is neither in gold nor given"
    }


def test_a_label_that_is_never_given():
    found = of_labels([["joy"], ["fear"]] * 15, given=[["joy"]] * 30)
    fear = found["per_label"]["fear"]
    assert fear["precision"] == {"undefined": "the label was never given"}
    assert (fear["recall"], fear["f1"]) == (0.0, 0.0)


def test_a_single_row():
    found = of_labels([["joy"]])
    assert found["intervals"] == {}
    assert found["macro_f1"] == 1.0


@pytest.mark.parametrize(("task", "taxonomy"), [(VAD, OF_VAD), (INTENSITY, LEVELS)])
def test_numbers_without_anything_to_go_by(task, taxonomy):
    def found(gold, answers, status=None):
        names = taxonomy.names
        frame = pl.DataFrame(
            {"text": [str(n) for n in range(len(gold))]}
            | {name: pl.Series(gold, dtype=pl.Float64) for name in names}
        )
        told = pl.Series(
            [None if a is None else dict.fromkeys(names, a) for a in answers],
            dtype=pl.Struct(dict.fromkeys(names, pl.Float64)),
        )
        labeler = Told(protocol(status or ["labeled"] * len(gold), answer=told))
        return shown(
            evaluate(frame, labeler, task, taxonomy, against=labeler, by=["length"], resamples=20)
        )

    assert found([], [])["pearson"] == {"undefined": "there are no rows"}
    assert found([None] * 3, [1, 0, 1])["pearson"] == {"undefined": "no row has gold"}
    assert found([1, 2], [None] * 2, ["rejected"] * 2)["rmse"] == {
        "undefined": "no row has an answer"
    }
    still = found([1, 2, 3], [1, 1, 1])
    assert still["pearson"] == {"undefined": "the answer never varied"}
    assert still["against"]["differences"]["pearson"]["difference"]["undefined"]
    assert found([2], [1])["pearson"] == {"undefined": "a single row has no correlation"}
