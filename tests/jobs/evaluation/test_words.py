"""Free words through a wheel: the example of the docs, labelers, annotators, and words that are not on it."""

import json

import polars as pl
import pytest

from jobs.evaluate_file import evaluate_file
from jobs.evaluation.compute import Asked
from jobs.evaluation.page import render_page
from jobs.evaluation.words import load_wheel
from schemas.errors import ConfigError
from tests.jobs.evaluation.test_output import EVIL, QUIET, Tags, screen
from tests.jobs.evaluation.test_spans import block, rows
from transforms.evaluate.limits import judge, parse_limit

TITLE = "Free words, through a wheel"
QUICK = Asked(resamples=20)
SETS = ("set_precision", "set_recall", "set_f1")
WHEEL = """
name: own
version: "1"
labels: [{name: Up}, {name: glad}, {name: giddy}, {name: down}, {name: blue}, {name: calm}]
parents: {glad: Up, giddy: glad, blue: down}
"""


def evaluated(path, **kwargs) -> dict:
    kwargs = {"answers": path, "wheel": "parrott", "asked": QUICK} | kwargs
    return evaluate_file(path, **kwargs).to_json()


def table(path, labels, given, **columns):
    texts = [f"nobody may see this {n}" for n in range(len(labels))]
    kinds = {"labels": pl.List(pl.String), "answer_labels": pl.List(pl.String)}
    frame = {"text": texts, "labels": labels, "answer_labels": given, **columns}
    pl.DataFrame(frame, schema_overrides=kinds).write_parquet(path)
    return path


def test_the_example_of_the_docs(tmp_path):
    path = tmp_path / "words.csv"
    path.write_text(block(TITLE, "csv"))
    found = evaluated(path)
    by_hand = ((1 + 1 / 2 + 0) / 3, (1 / 2 + 1 / 2 + 0) / 3, 2 / 5, 5 / 6, 5 / 7)
    names = (*SETS, "gold_on_wheel", "given_on_wheel")
    for name, figure in zip(names, by_hand, strict=True):
        assert found[name] == pytest.approx(figure, abs=1e-12)
    assert rows(TITLE) == [[f"{found[name]:.3f}" for name in names]]
    assert (found["n"], found["rows_on_wheel"]) == (4, 3)
    assert found["off_wheel"] == {
        "gold": {"times": 1, "words": 1, "most_frequent": {"homesick": 1}},
        "given": {"times": 2, "words": 2, "most_frequent": {"meh": 1, "so-so": 1}},
    }
    assert (found["taxonomy"], found["answer"]) == ("parrott", "words")
    assert set(found["intervals"]) == set(SETS)
    text = screen(found)
    assert "emotion through the wheel parrott" in text
    assert "3 rows have a gold word on the wheel" in text
    assert "Most frequent of gold: homesick 1." in text
    page = render_page(found)
    assert "nobody may see" not in text + page + json.dumps(found)
    assert "Most frequent of words.csv: meh 1, so-so 1." in page
    assert judge(parse_limit("set_f1=.4", "max"), found).holds
    assert not judge(parse_limit("set_f1:lower=.4", "min"), found).holds


def test_a_wheel_of_ones_own(tmp_path):
    (tmp_path / "own.yaml").write_text(WHEEL)
    wheel = load_wheel(str(tmp_path / "own.yaml"))
    groups = {word: wheel.of(word) for word in (" GIDDY", "up", "blue", "calm", "new")}
    assert groups == {" GIDDY": "Up", "up": "Up", "blue": "down", "calm": "calm", "new": None}
    path = table(tmp_path / "a.parquet", [["giddy"], ["Calm"]], [["up", "blue"], ["calm"]])
    found = evaluated(path, wheel=str(tmp_path / "own.yaml"))
    assert (found["set_precision"], found["set_recall"]) == (0.75, 1.0)


def test_labels_of_a_labeler_are_words(tmp_path):
    path = tmp_path / "gold.csv"
    thanks, ugh = "Thank you so much for your help!", "I hate this, you make me so angry"
    pl.DataFrame({"text": [thanks, ugh], "labels": ["delight", "fury"]}).write_csv(path)
    found = evaluated(path, answers=None, taxonomy="ekman")
    assert (found["labeler"], found["set_recall"]) == ("student", 1.0)


def test_groups_that_more_than_half_of_the_annotators_gave(tmp_path):
    people = {  # by row: what each annotator gave
        "one": [["rage"], ["fury", "joy"], ["hangry"]],  # anger: two of three
        "two": [["joy"], ["fear"]],  # no group
        "three": [[], ["hope"], ["glee"]],  # joy: two of three
    }
    frame = [
        {"text": text, "annotator": str(n), "labels": words}
        for text, lists in people.items()
        for n, words in enumerate(lists)
    ]
    gold, told = tmp_path / "gold.parquet", tmp_path / "told.parquet"
    pl.DataFrame(frame).write_parquet(gold)
    first = pl.DataFrame({"position": [0, 3, 5], "status": "labeled"})
    answers = pl.Series("labels", [["wrath"], ["joy"], ["sorrow"]])
    first.with_columns(answers).write_parquet(told)
    found = evaluated(gold, answers=told)
    assert (found["n"], found["rows_on_wheel"], found["undecided"]) == (3, 2, 1)
    assert found["set_precision"] == 0.5
    assert found["gold_on_wheel"] == pytest.approx(7 / 8)
    assert found["off_wheel"]["gold"]["most_frequent"] == {"hangry": 1}


def test_two_files_of_answers_and_parts(tmp_path):
    gold = table(tmp_path / "gold.parquet", [["rage"]] * 50, [[]] * 50, lang=["en", "de"] * 25)
    half = table(tmp_path / "half.parquet", [None] * 50, [["fury"], ["joy"]] * 25)
    right = table(tmp_path / "right.parquet", [None] * 50, [["wrath"]] * 50)
    asked = Asked(by=("lang",), resamples=200)
    found = evaluated(gold, answers=half, against=str(right), asked=asked)
    parts = {part["value"]: part["set_f1"] for part in found["breakdown"]["lang"]}
    assert parts == {"en": 1.0, "de": 0.0}
    assert found["against"]["differences"]["set_f1"]["difference"] == 0.5
    assert found["against"]["differences"]["set_f1"]["p"] < 0.05
    assert "set F1" in screen(found)


def test_words_from_outside_stay_words_and_texts_are_not_listed(tmp_path):
    long = "this is no word but what somebody wrote about the day"
    path = table(tmp_path / "a.parquet", [[EVIL, "joy"], [long]], [[QUIET], []])
    found = evaluated(path)
    assert found["off_wheel"]["gold"] == {"times": 2, "words": 2, "most_frequent": {EVIL: 1}}
    text, page = screen(found), render_page(found)
    assert "script" not in Tags(page).seen
    assert not {"\x1b", "\u202e"} & set(text + page)
    many = [[f"word{n}" for n in range(30)]]
    found = evaluated(table(tmp_path / "b.parquet", many, [["joy"]]))
    assert len(found["off_wheel"]["gold"]["most_frequent"]) == 10
    assert found["off_wheel"]["gold"]["words"] == 30
    assert found["set_f1"] == {"undefined": "no row has a gold word on the wheel"}
    assert "undefined, because no row has a gold word on the wheel" in render_page(found)


def test_what_cannot_be_asked(tmp_path):
    path = table(tmp_path / "a.parquet", [["joy"]], [["joy"]])
    with pytest.raises(ConfigError, match=r"has no parents.*Take parrott"):
        evaluated(path, wheel="ekman")
    with pytest.raises(ConfigError, match="no taxonomy named 'plutchik_wheel'"):
        evaluated(path, wheel="plutchik_wheel")
    with pytest.raises(ConfigError, match="cannot be texts and labels"):
        evaluated(path, labels_column="text")
    numbers = tmp_path / "b.csv"
    numbers.write_text("text,valence\na,3\n")
    with pytest.raises(ConfigError, match="answered by numbers"):
        evaluated(numbers, task="vad")
