"""Hints are short, ordered, and silent where the small model says nothing."""

import polars as pl

from schemas.label_task import load_task
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.label.labeler import ANSWER_SCHEMA
from transforms.label.prompted.hints import hints
from transforms.label.registry import load_labeler

EKMAN = load_taxonomy("ekman")


def answers(*rows: tuple[str, list[str] | None, dict[str, float] | None]) -> pl.DataFrame:
    found = []
    for status, labels, p in rows:
        scores = None if p is None else [{"label": n, "probability": v} for n, v in p.items()]
        found.append((status, labels, scores, None if labels else "empty_text"))
    return pl.DataFrame(found, schema=ANSWER_SCHEMA, orient="row")


def test_labels_with_their_probabilities() -> None:
    found = hints(
        answers(
            ("labeled", ["joy"], {"anger": 0.05, "joy": 0.71, "surprise": 0.224, "fear": 0.1}),
            ("labeled", ["joy"], {"anger": 0.3, "fear": 0.3, "joy": 0.996, "sadness": 0.5}),
            ("labeled", ["joy"], {"anger": 0.01, "joy": 0.099}),
            ("labeled", ["joy", "fear"], None),
            ("rejected", None, None),
            ("labeled", [], None),
        ),
        EKMAN,
    )
    assert found.to_list() == [
        "joy .71, surprise .22, fear .10",
        "joy 1.00, sadness .50, anger .30",  # a tie goes to the first
        None,
        "joy, fear",
        None,
        None,
    ]


def test_without_any_scores() -> None:
    found = hints(answers(("labeled", ["joy"], None), ("failed", None, None)), EKMAN)
    assert found.to_list() == ["joy", None]


def test_numbers_and_levels() -> None:
    sides = Taxonomy.model_validate(
        {"name": "sides", "version": "1", "labels": [{"name": n} for n in ("up", "down")]}
    )
    frame = answers(("labeled", [], None), ("rejected", None, None))
    scalars = frame.with_columns(pl.Series("answer", [{"up": 0.614, "down": -0.2}, None]))
    assert hints(scalars, sides).to_list() == ["up .61, down -.20", None]
    levels = frame.with_columns(pl.Series("answer", [{"up": 3, "down": 0}, None]))
    assert hints(levels, sides).to_list() == ["up 3, down 0", None]


def test_the_students_answers() -> None:
    task = load_task("emotion")
    batch = pl.DataFrame({"text_clean": ["I am so happy for you!", "", "This is terrifying."]})
    found = hints(load_labeler("student", task, EKMAN).label(batch, task, EKMAN), EKMAN)
    assert found[0].startswith("joy ")
    assert found[1] is None
    assert found[2].startswith("fear ")
