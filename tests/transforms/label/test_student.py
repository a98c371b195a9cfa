"""The shipped student through its public door."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from schemas.errors import ConfigError, TerminalError
from schemas.label_task import LabelTask, load_task
from schemas.taxonomy import Taxonomy, load_taxonomy
from tests.transforms.label.reference import char_features, word_features
from transforms.label.labeler import ANSWER_SCHEMA, Labeler
from transforms.label.student.catalog import SHIPPED, model_card
from transforms.label.student.student import StudentLabeler
from transforms.label.student.weights import load_weights, save_weights

ROOT = Path(__file__).parents[3]
WEIGHTS = ROOT / "transforms/label/student/models" / f"{SHIPPED}.safetensors"
TEXTS = [
    "Thank you so much, I love it!",
    "This is disgusting.",
    "I am so sorry for your loss",
    "lol that was hilarious 😂😂",
    "The bus leaves at nine.",
    "WHAT?! how is that even possible",
]


@pytest.fixture(scope="module")
def student() -> StudentLabeler:
    return StudentLabeler.load()


@pytest.fixture(scope="module")
def task() -> LabelTask:
    return load_task("emotion")


@pytest.fixture(scope="module", params=["goemotions", "ekman", "sentiment"])
def taxonomy(request: pytest.FixtureRequest) -> Taxonomy:
    return load_taxonomy(request.param)


def frame(texts: list[str | None], **columns: object) -> pl.DataFrame:
    return pl.DataFrame({"text_clean": pl.Series(texts, dtype=pl.String), **columns})


def test_is_a_labeler(student: StudentLabeler) -> None:
    assert isinstance(student, Labeler)
    assert (student.name, student.languages, len(student.version)) == ("student", {"en"}, 12)
    assert WEIGHTS.stat().st_size < 10_000_000
    assert student.version in model_card()


def test_answers(student: StudentLabeler, task: LabelTask, taxonomy: Taxonomy) -> None:
    answers = student.label(frame([*TEXTS, None, "", " \n"]), task, taxonomy)
    assert answers.schema == ANSWER_SCHEMA
    assert answers["status"].to_list() == ["labeled"] * 6 + ["rejected"] * 3
    assert answers["reason"].to_list() == [None] * 6 + ["empty_text"] * 3
    assert answers["labels"][6:].to_list() == answers["scores"][6:].to_list() == [None] * 3
    thresholds = student.thresholds(taxonomy)
    for labels, scores in answers.head(6).select("labels", "scores").iter_rows():
        assert [cell["label"] for cell in scores] == list(taxonomy.names)
        assert all(
            cell["probability"] == np.float32(round(cell["probability"], 4)) for cell in scores
        )
        passing = [
            c["label"] for c in scores if c["probability"] >= np.float32(thresholds[c["label"]])
        ]
        assert labels == passing or (not passing and len(labels) == 1)


def test_plain_feelings(student: StudentLabeler, task: LabelTask) -> None:
    answers = student.label(frame(TEXTS), task, load_taxonomy("goemotions"))["labels"].to_list()
    expected = ["gratitude", "disgust", "sadness", "amusement", "neutral", "surprise"]
    for labels, feeling in zip(answers[:5], expected[:5], strict=True):
        assert feeling in labels or (
            feeling == "sadness" and {"remorse", "caring", "grief"} & set(labels)
        )


def test_same_answer_in_any_batch_and_thread(
    student: StudentLabeler, task: LabelTask, taxonomy: Taxonomy
) -> None:
    texts = [*TEXTS, None, "x" * 50_000, "[NAME] 漢字 ok", "😀"]
    whole = student.label(frame(texts), task, taxonomy)
    singles = pl.concat([student.label(frame([text]), task, taxonomy) for text in texts])
    assert whole.equals(singles)
    assert whole.reverse().equals(student.label(frame(texts[::-1]), task, taxonomy))
    with ThreadPoolExecutor(4) as pool:
        for again in pool.map(lambda _: student.label(frame(texts * 50), task, taxonomy), range(8)):
            assert again.head(len(texts)).equals(whole)
            assert again.tail(len(texts)).equals(whole)


def test_scores_equal_a_slow_reference(student: StudentLabeler) -> None:
    weights = student.weights
    place = {int(h): i for i, h in enumerate(weights.hashes.tolist())}
    texts = [*TEXTS, "", "soooo 😭😭😭 [NAME]", "the cat " * 40]
    expected = []
    for text in texts:
        total = weights.bias.astype(np.float64)
        for block in (word_features(text, weights.spec), char_features(text, weights.spec)):
            known = [place[h] for h in block if h in place]
            if known:
                rows = weights.values[known].astype(np.float64) * weights.scale[known][:, None]
                total = total + rows.sum(axis=0) / np.sqrt(weights.square[known].sum())
        expected.append(total)
    found = student.scores(pl.Series(texts))[:, : len(weights.bias)]
    assert found == pytest.approx(np.array(expected), abs=2e-4)


@pytest.mark.parametrize(
    ("lang", "confidence", "source", "text", "reason"),
    [
        ("de", None, "declared", "ja", "language:de"),
        ("de-AT", None, "declared", "ja", "language:de"),
        ("en-GB", None, "declared", "yes", None),
        ("EN", 1.0, "detected", "a sentence long enough to tell", None),
        ("de", 0.8, "detected", "ein Satz, der lang genug ist", "language:de"),
        ("de", 0.79, "detected", "ein Satz, der lang genug ist", None),
        ("de", 1.0, "detected", "ja 12345678901234567890 !!", None),
        ("de", 1.0, "unknown", "ein Satz, der lang genug ist", None),
        ("de", None, "detected", "ein Satz, der lang genug ist", None),
        (None, None, "unknown", "ein Satz, der lang genug ist", None),
        ("und", None, "declared", "who knows", None),
    ],
)
def test_language(
    student: StudentLabeler,
    task: LabelTask,
    lang: str,
    confidence: float,
    source: str,
    text: str,
    reason: str,
) -> None:
    batch = frame(
        [text, None],
        lang=pl.Series([lang, lang], dtype=pl.String),
        lang_confidence=pl.Series([confidence, confidence], dtype=pl.Float32),
        lang_source=[source, source],
    )
    assert student.label(batch, task, load_taxonomy("ekman"))["reason"].to_list() == [
        reason,
        "empty_text",
    ]


def test_nothing_known_is_not_guessed(
    student: StudentLabeler, task: LabelTask, taxonomy: Taxonomy
) -> None:
    answers = student.label(frame(["漢漢漢字", "\u200b", "hello"]), task, taxonomy)
    assert answers["status"].to_list() == ["rejected", "rejected", "labeled"]
    assert answers["reason"].to_list() == ["no_known_feature", "no_known_feature", None]


def test_a_text_without_end(student: StudentLabeler, task: LabelTask) -> None:
    texts = ["thanks " * 600_000, "thanks " * 150_000]
    answers = student.label(frame(texts), task, load_taxonomy("ekman"))
    assert answers["reason"].to_list() == ["too_long", None]
    assert answers["labels"].to_list() == [None, ["joy"]]


def test_more_rows_than_a_chunk(student: StudentLabeler, task: LabelTask) -> None:
    texts = [TEXTS[i % 6] if i % 1000 else None for i in range(40_000)]
    answers = student.label(frame(texts), task, load_taxonomy("ekman"))
    few = student.label(frame(TEXTS), task, load_taxonomy("ekman"))
    assert len(answers) == 40_000
    assert answers["reason"].null_count() == 40_000 - 40
    assert answers[[20_001, 33_003]].equals(few[[20_001 % 6, 33_003 % 6]])


def test_no_rows_and_only_rejected_rows(
    student: StudentLabeler, task: LabelTask, taxonomy: Taxonomy
) -> None:
    assert student.label(frame([]), task, taxonomy).schema == ANSWER_SCHEMA
    assert student.label(frame([None]), task, taxonomy)["labels"].to_list() == [None]


def test_questions_it_cannot_answer(
    student: StudentLabeler, task: LabelTask, tmp_path: Path
) -> None:
    moods = tmp_path / "moods.yaml"
    moods.write_text("name: moods\nversion: '1'\nlabels: [{name: up}]\n")
    with pytest.raises(ConfigError, match=r"goemotions.*'moods' is unknown"):
        student.label(frame(["a"]), task, load_taxonomy(moods))
    ekman = load_taxonomy("ekman")
    with pytest.raises(ConfigError, match="other labels"):
        student.label(frame(["a"]), task, ekman.model_copy(update={"labels": ekman.labels[::-1]}))
    with pytest.raises(ConfigError, match="not 'intent'"):
        student.label(frame(["a"]), task.model_copy(update={"name": "intent"}), ekman)
    with pytest.raises(ConfigError, match="text_clean"):
        student.label(pl.DataFrame({"text": ["a"]}), task, ekman)


def test_weights_round_trip_and_damage(student: StudentLabeler, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(student.weights, path)
    assert path.read_bytes() == WEIGHTS.read_bytes()
    assert load_weights(path).version == student.version
    other = replace(student.weights, bias=student.weights.bias + 1)
    assert other.version != student.version
    damaged = bytearray(path.read_bytes())
    damaged[-1000] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(TerminalError, match=r"damaged|not a file"):
        load_weights(path)
    path.write_bytes(damaged[:5000])
    with pytest.raises(TerminalError, match="not a file of student weights"):
        load_weights(path)
    with pytest.raises(TerminalError, match="affectmine train"):
        StudentLabeler.load(tmp_path / "absent.safetensors")


@pytest.mark.slow
def test_works_where_nothing_can_be_cached(tmp_path: Path) -> None:
    """A read-only installation without a home: compiled anew, the same answer."""
    for room in ("schemas", "transforms"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        "import numba.core.caching as c\n"
        "c.CacheImpl._locator_classes = []\n"  # what numba finds when no folder can be written
        "import polars as pl; from transforms.label.student.student import StudentLabeler\n"
        "from schemas.taxonomy import load_taxonomy; from schemas.label_task import load_task\n"
        "frame = pl.DataFrame({'text_clean': ['thank you']})\n"
        "question = load_task('emotion'), load_taxonomy('ekman')\n"
        "a = StudentLabeler.load().label(frame, *question)\n"
        "print(a['labels'].to_list())"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "[['joy']]", done.stderr
    assert not list(tmp_path.rglob("*.nbi"))
