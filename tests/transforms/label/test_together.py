"""Many heads in one pass: each answers as it does alone."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from schemas.errors import ConfigError, TerminalError
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.label.labeler import ANSWER_SCHEMA
from transforms.label.registry import load_labeler
from transforms.label.student import engine
from transforms.label.student.catalog import answered, model_card, shipped, shipped_names
from transforms.label.student.engine import engine_of
from transforms.label.student.features import FeatureSpec
from transforms.label.student.student import StudentLabeler
from transforms.label.student.together import Question, label_together

HEADS = [(task, taxonomy) for task, all_ in answered().items() for taxonomy in all_]
TEXTS = [
    "Thank you so much, I love it!", "This is disgusting.", "I am so sorry for your loss",
    "The bus leaves at nine.", "WHAT?! how is that even possible", "", None, "漢漢漢字",
    "Ich habe solche Angst vor morgen", "Minä olen niin iloinen tästä päivästä", "thanks " * 2000,
    "What brings you here today?", "I want to pay my bill, please", "[NAME] you should try it",
]  # fmt: skip
LANGUAGES = ["en"] * 8 + ["de", "fi"] + ["en"] * 3 + [None]


def batch(repeats: int = 1) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "text_clean": pl.Series(TEXTS * repeats, dtype=pl.String),
            "lang": pl.Series(LANGUAGES * repeats, dtype=pl.String),
            "lang_source": ["declared"] * len(TEXTS) * repeats,
        }
    )


def question(task: str, taxonomy: str) -> Question:
    asked, labels = load_task(task), load_taxonomy(taxonomy)
    return StudentLabeler.load_for(asked, labels).question(asked, labels)


def test_every_head_answers_together_as_alone() -> None:
    questions = [question(*head) for head in HEADS]
    together = label_together(batch(), questions)
    for answers, each, (task, taxonomy) in zip(together, questions, HEADS, strict=True):
        assert answers.equals(label_together(batch(), [each])[0]), (task, taxonomy)
        names = list(load_taxonomy(taxonomy).names)
        assert list(answers.schema)[:4] == ANSWER_SCHEMA.names()
        assert pl.Schema(list(answers.schema.items())[:4]) == ANSWER_SCHEMA
        assert answers["reason"][5:7].to_list() == ["empty_text"] * 2
        assert set(answers["labels"].explode().drop_nulls()) <= set(names)
        if load_task(task).answer == "labels":
            assert answers.columns == ANSWER_SCHEMA.names()
        else:
            assert answers["answer"].struct.fields == names
            null = answers["answer"].struct.field(names[0]).is_null()
            assert null.to_list() == (answers["status"] != "labeled").to_list()


@pytest.mark.parametrize(("task", "taxonomy"), HEADS)
def test_more_rows_than_a_chunk_and_a_rejected_row_here_and_there(task: str, taxonomy: str) -> None:
    few = label_together(batch(), [question(task, taxonomy)])[0]
    many = label_together(batch(1300), [question(task, taxonomy)])[0]
    assert len(many) == 1300 * len(TEXTS)
    for start in (0, 700 * len(TEXTS), 1299 * len(TEXTS)):
        assert many.slice(start, len(TEXTS)).equals(few)


def test_no_rows() -> None:
    for answers in label_together(batch().clear(), [question(*head) for head in HEADS]):
        assert len(answers) == 0
        assert answers.columns[:4] == ANSWER_SCHEMA.names()


def test_a_row_goes_to_the_model_of_its_language() -> None:
    models = question("emotion", "ekman").models
    assert models[0].languages == ("en",)
    assert "de" in models[1].languages
    alone = [StudentLabeler(model) for model in models]
    task, taxonomy = load_task("emotion"), load_taxonomy("ekman")
    both = StudentLabeler(*models).label(batch(), task, taxonomy)
    for row, lang in enumerate(LANGUAGES):
        first = alone[1 if lang == "de" else 0].label(batch(), task, taxonomy)
        if lang != "fi":
            assert both[row].equals(first[row])
    assert both["reason"][9] == "language:fi"


def test_scores_do_not_depend_on_the_models_beside() -> None:
    models = tuple(shipped(name) for name in shipped_names())
    texts = pl.Series([text or "" for text in TEXTS])
    everyone = np.full(len(texts), (1 << len(models)) - 1, np.uint32)
    together = engine_of(models)
    scores, known = together.score(texts, everyone)
    for number, model in enumerate(models):
        alone, knows = engine_of((model,)).score(texts, np.ones(len(texts), np.uint32))
        assert np.array_equal(scores[:, together.columns(number)], alone)
        assert np.array_equal(known[:, number], knows[:, 0])
    nobody, _ = together.score(texts, everyone & ~np.uint32(1))
    assert not nobody[:, together.columns(0)].any()


def test_numbers_are_in_their_range_and_exclusive_labels_single() -> None:
    for task, taxonomy in HEADS:
        labels = load_taxonomy(taxonomy)
        answers = label_together(batch(), [question(task, taxonomy)])[0].filter(
            pl.col("status") == "labeled"
        )
        if load_task(task).answer != "labels":
            low, high = labels.range or (0, 1)
            values = answers.unnest("answer").select(labels.names).to_numpy()
            assert low <= values.min() <= values.max() <= high
        elif labels.exclusive:
            assert set(answers["labels"].list.len()) == {1}
            total = answers["scores"].list.eval(pl.element().struct.field("probability")).list.sum()
            assert total.to_list() == pytest.approx([1] * len(answers), abs=0.01)


def test_levels_agree_with_labels() -> None:
    answers = label_together(batch(), [question("emotion_intensity", "ekman_intensity")])[0]
    for row in answers.filter(pl.col("status") == "labeled").to_dicts():
        assert row["labels"] == [name for name, level in row["answer"].items() if level > 0]
    strong, weak = (
        label_together(
            pl.DataFrame({"text_clean": [text]}), [question("emotion_intensity", "ekman_intensity")]
        )[0]
        for text in ("I am so happy, what a joy, I love this wonderful happy day", "a table")
    )
    assert strong["answer"][0]["joy"] > weak["answer"][0]["joy"]


def test_valence_goes_with_what_is_said() -> None:
    texts = [
        "He was murdered and died in terrible pain",
        "a table",
        "What a wonderful, happy day with love",
    ]
    answers = label_together(pl.DataFrame({"text_clean": texts}), [question("vad", "vad")])[0]
    valence = [answer["valence"] for answer in answers["answer"]]
    assert all(low < high for low, high in pairwise(valence))


@pytest.mark.parametrize("name", shipped_names())
def test_every_model_has_a_card_of_its_version(name: str) -> None:
    card = model_card(name)
    assert shipped(name).version in card
    for part in ("license", "language", "Figures", "Limits"):
        assert part in card


def test_one_of_the_models_by_its_name() -> None:
    task, taxonomy = load_task("emotion"), load_taxonomy("ekman")
    alone = load_labeler("student:emotion-brighter", task, taxonomy)
    both = load_labeler("student", task, taxonomy)
    assert alone.version in both.version
    assert alone.languages < both.languages | {"xx"}
    answers = alone.label(batch(), task, taxonomy)
    assert answers["reason"][8] is None  # German
    assert answers["status"][0] == "labeled"
    with pytest.raises(ConfigError, match=r"no model 'emotion'.*emotion-brighter"):
        load_labeler("student:emotion", task, taxonomy)
    with pytest.raises(ConfigError, match="not 'vad'"):
        load_labeler("student:emotion-brighter", load_task("vad"), load_taxonomy("vad"))


@pytest.mark.slow
def test_models_that_do_not_fit_into_one_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many or too large for one table, or reading other features: in several passes, with the same answers."""
    questions = [question(*head) for head in HEADS]
    whole = label_together(batch(), questions)
    largest = max(engine._units(shipped(name)) for name in shipped_names())
    monkeypatch.setattr(engine, "MAX_UNITS", largest + 1)
    assert len(engine.pack([shipped(name) for name in shipped_names()])) > 2
    for found, expected in zip(label_together(batch(), questions), whole, strict=True):
        assert found.equals(expected)
    monkeypatch.setattr(engine, "MAX_UNITS", largest)
    with pytest.raises(TerminalError, match="too large"):
        label_together(batch(), questions)


def test_a_question_to_models_of_other_features() -> None:
    model = shipped("emotion-brighter")
    other = replace(model, spec=FeatureSpec(char_max=4), languages=("fi",))
    answers = label_together(batch(), [Question("ekman", (model, other))])[0]
    alone = label_together(batch(), [Question("ekman", (model,))])[0]
    assert answers["status"][9] == "labeled"  # Finnish
    keep = pl.Series([lang != "fi" for lang in LANGUAGES])
    assert answers.filter(keep).equals(alone.filter(keep))
