"""Students of each kind, trained on small invented corpora through the job, and asked through the labeler."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from jobs.cli import run_command
from jobs.train import train
from jobs.train_gold import read_gold
from jobs.train_lexicon import read_lexicons
from schemas.errors import SourceError
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.label.student.student import StudentLabeler
from transforms.label.student.training import TrainingOptions, train_student

GOOD, BAD = ["happy", "great", "lovely", "bright"], ["sad", "awful", "gloomy", "dark"]
THINGS = ["day", "trip", "visit", "meeting", "dinner", "weather", "letter", "news"]


def told(path: Path, text: str, task: str, taxonomy: str | Path) -> dict:
    student = StudentLabeler.load(path)
    frame = pl.DataFrame({"text_clean": [text]})
    return student.label(frame, load_task(task), load_taxonomy(taxonomy)).to_dicts()[0]


def texts(words: list[str]) -> list[str]:
    return [f"a {word} {thing} number {n}" for n, thing in enumerate(THINGS) for word in words]


def test_scalars(tmp_path: Path) -> None:
    good, bad = texts(GOOD), texts(BAD)
    gold = pl.DataFrame(
        {
            "text": good + bad,
            "valence": [4.5] * len(good) + [1.5] * len(bad),
            "arousal": [3.0 + (n % 3) / 2 for n in range(len(good + bad))],
            "dominance": [None, *[2.0 + (n % 2) for n in range(len(good + bad) - 1)]],
        }
    )
    output = tmp_path / "vad.safetensors"
    report = train(gold, task="vad", output=output, folds=3)["cross_validation"]["vad"]
    assert report["valence"]["pearson"] > 0.95
    assert set(report["valence"]["intervals"]) >= {"pearson", "rmse"}
    happy, awful = (
        told(output, f"a {word} concert number 0", "vad", "vad")["answer"]
        for word in ("happy", "awful")
    )
    assert happy["valence"] > 0.7 > 0.3 > awful["valence"]
    # The scale of gold is 1 to 5, that of answers 0 to 1: the mean of 2 and 3 is .375.
    assert happy["dominance"] == pytest.approx(0.375, abs=0.2)
    with pytest.raises(SourceError, match="1 rows have values outside 1 to 5"):
        train(gold.with_columns(valence=pl.when(pl.int_range(pl.len()) == 3).then(7.0).otherwise(3.0)),
              task="vad", output=output)  # fmt: skip


def test_ordinals(tmp_path: Path) -> None:
    names = load_taxonomy("ekman_intensity").names
    rows = [
        (f"{'very ' * level}angry {thing} {n}", level)
        for n, thing in enumerate(THINGS * 3)
        for level in range(4)
    ]
    gold = pl.DataFrame({"text": [text for text, _ in rows]}).with_columns(
        pl.Series(name, [level if name == "anger" else n % 2 for n, (_, level) in enumerate(rows)])
        for name in names
    )
    output = tmp_path / "intensity.safetensors"
    report = train(gold, task="emotion_intensity", output=output, folds=3)
    assert report["cross_validation"]["ekman_intensity"]["anger"]["quadratic_kappa"] > 0.5
    strong = told(output, "very very very angry day", "emotion_intensity", "ekman_intensity")
    weak = told(output, "angry day", "emotion_intensity", "ekman_intensity")
    assert strong["answer"]["anger"] > weak["answer"]["anger"]
    assert ("anger" in strong["labels"]) == (strong["answer"]["anger"] > 0)


@pytest.fixture
def mood(tmp_path: Path) -> Path:
    path = tmp_path / "mood.yaml"
    path.write_text(
        "name: mood\nversion: '1'\nexclusive: true\nlabels: [{name: up}, {name: down}, {name: level}]\n"
    )
    return path


def test_exclusive(mood: Path, tmp_path: Path) -> None:
    rows = [(t, ["up"]) for t in texts(GOOD)] + [(t, ["down"]) for t in texts(BAD)]
    rows += [(t, ["level"]) for t in texts(["wooden", "paper"])]
    gold = pl.DataFrame(rows, schema=["text", "labels"], orient="row")
    output = tmp_path / "mood.safetensors"
    report = train(gold, task="intent", taxonomy=mood, output=output, folds=3)
    assert report["cross_validation"]["mood"]["accuracy"] > 0.9
    answer = told(output, "a sad trip", "intent", mood)
    assert answer["labels"] == ["down"]
    assert sum(cell["probability"] for cell in answer["scores"]) == pytest.approx(1, abs=0.001)
    two = gold.with_columns(
        labels=pl.when(pl.int_range(pl.len()) < 2).then(pl.lit(["up", "down"])).otherwise("labels")
    )
    with pytest.raises(SourceError, match="2 rows have several labels"):
        train(two, task="intent", taxonomy=mood, output=output)


def test_no_label_is_an_answer_only_where_gold_has_it(tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    path.write_text("name: two\nversion: '1'\nlabels: [{name: up}, {name: down}]\n")
    rows = [(t, ["up"]) for t in texts(GOOD)] + [(t, ["down"]) for t in texts(BAD)]
    some = rows + [(t, []) for t in texts(["wooden", "paper", "iron", "stone"])]
    for number, (content, expected) in enumerate(((rows, 1), (some, 0))):
        output = tmp_path / f"{number}.safetensors"
        gold = pl.DataFrame(
            content, schema={"text": pl.String, "labels": pl.List(pl.String)}, orient="row"
        )
        train(gold, taxonomy=path, output=output, folds=3)
        assert len(told(output, "an iron number", "emotion", path)["labels"]) == expected


def test_a_label_that_was_not_asked_for_is_not_a_no(tmp_path: Path) -> None:
    """Half the rows were not asked for `down`: as no answers they would halve its probability."""
    path = tmp_path / "two.yaml"
    path.write_text("name: two\nversion: '1'\nlabels: [{name: up}, {name: down}]\n")
    bad, good = texts(BAD), texts(GOOD)
    rows = [(t, ["down"], None) for t in bad] + [(t, ["up"], None) for t in good]
    rows += [(t, [], ["up"]) for t in bad]
    probabilities = []
    for asked in (True, False):
        output = tmp_path / f"{asked}.safetensors"
        gold = pl.DataFrame(
            rows, orient="row",
            schema={"text": pl.String, "labels": pl.List(pl.String), "label_set": pl.List(pl.String)},
        )  # fmt: skip
        train(gold if asked else gold.drop("label_set"), taxonomy=path, output=output, folds=3)
        scores = told(output, "a sad dinner", "emotion", path)["scores"]
        probabilities.append(scores[1]["probability"])
    assert probabilities[0] > 0.9 > probabilities[1]


def test_languages_have_their_own_base_rates(tmp_path: Path) -> None:
    """The same words are anger in one language's gold and rarely so in the other's."""
    path = tmp_path / "one.yaml"
    path.write_text(
        "name: one\nversion: '1'\nneutral: calm\nlabels: [{name: cross}, {name: calm}]\n"
    )
    rng = np.random.default_rng(0)
    rows = [
        (
            f"x{rng.integers(40)} y{rng.integers(40)} z{n}",
            ["cross"] if rng.random() < rate else [],
            lang,
        )
        for lang, rate in (("de", 0.8), ("sv", 0.2))
        for n in range(600)
    ]
    gold = pl.DataFrame(
        rows,
        schema={"text": pl.String, "labels": pl.List(pl.String), "lang": pl.String},
        orient="row",
    )
    output = tmp_path / "one.safetensors"
    report = train(gold, taxonomy=path, output=output, folds=3)
    assert set(report["cross_validation"]["one"]["languages"]) == {"de", "sv"}
    student = StudentLabeler.load(output)
    assert student.languages == {"de", "sv"}
    frame = pl.DataFrame(
        {
            "text_clean": ["x1 y2 z3"] * 3,
            "lang": ["de", "sv", "en"],
            "lang_source": ["declared"] * 3,
        }
    )
    answers = student.label(frame, load_task("emotion"), load_taxonomy(path))
    first, second = (row[0]["probability"] for row in answers["scores"].head(2))
    assert first > 0.6 > 0.4 > second
    assert answers["reason"].to_list() == [None, None, "language:en"]


def test_a_lexicon_reaches_words_that_no_text_has(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abdegiklmnoprstuvz"), 7)) for _ in range(240)]
    worth = {word: (2 if n % 2 else -2) + rng.normal() / 3 for n, word in enumerate(words)}
    lexicon = tmp_path / "words.tsv"
    lexicon.write_text("".join(f"{word}\t{value}\tmore\n" for word, value in worth.items()))
    texts = [
        f"it is {word} and {other}" for word, other in zip(words[:200], words[2:202], strict=True)
    ]
    gold = tmp_path / "gold.csv"
    pl.DataFrame(
        {
            "text": texts,
            "valence": [3 + (worth[t.split()[2]] + worth[t.split()[4]]) / 4 for t in texts],
        }
        | {name: [2.0 + n % 3 for n in range(200)] for name in ("arousal", "dominance")}
    ).write_csv(gold)
    output = tmp_path / "vad.safetensors"
    command = ["train", str(gold), "--task", "vad", "-o", str(output), "--folds", "2", "--json"]
    assert run_command([*command, "--lexicon", str(lexicon)]) == 0
    unseen = [
        told(output, f"it is {word}", "vad", "vad")["answer"]["valence"] for word in words[202:]
    ]
    assert np.corrcoef(unseen, [worth[word] for word in words[202:]])[0, 1] > 0.8
    assert run_command(command) == 0
    guessed = [
        told(output, f"it is {word}", "vad", "vad")["answer"]["valence"] for word in words[202:]
    ]
    assert np.corrcoef(guessed, [worth[word] for word in words[202:]])[0, 1] < 0.5
    lexicon.write_text("good\tvery\n")
    assert run_command([*command, "--lexicon", str(lexicon)]) == 1


def test_a_student_knows_what_it_was_trained_on(tmp_path: Path, mood: Path) -> None:
    rows = [(t, ["up"]) for t in texts(GOOD)] + [(t, ["down"]) for t in texts(BAD)]
    rows += [(t, ["level"]) for t in texts(["wooden", "paper"])]
    gold = pl.DataFrame(rows, schema=["text", "labels"], orient="row")
    output = tmp_path / "mood.safetensors"
    train(gold, task="intent", taxonomy=mood, output=output, folds=3)
    student = StudentLabeler.load(output)
    asked = pl.Series([*gold["text"].head(3), "A  HAPPY day number 0", "another text", None])
    assert student.seen(asked).tolist() == [True, True, True, True, False, False]


def tiny() -> pl.DataFrame:
    rows = [(t, ["joy"]) for t in texts(GOOD)] + [(t, ["sadness"]) for t in texts(BAD)]
    others = ("anger", "disgust", "fear", "surprise", "neutral")
    rows += [(f"{t} again", [name]) for name in others for t in texts([name, f"un{name}"])]
    return pl.DataFrame(
        rows, schema={"text": pl.String, "labels": pl.List(pl.String)}, orient="row"
    )


def test_a_level_a_language_or_a_question_that_one_fold_has_alone(tmp_path: Path) -> None:
    output = tmp_path / "w.safetensors"
    names = load_taxonomy("ekman_intensity").names
    levels = pl.DataFrame({"text": texts([*GOOD, *BAD])}).with_columns(
        pl.Series(name, [3 if n == 7 else n % 3 for n in range(64)]) for name in names
    )
    train(levels, task="emotion_intensity", output=output, folds=4)
    gold = tiny()
    group = pl.when(pl.int_range(pl.len()) < 100).then(pl.lit("one")).otherwise(pl.col("text"))
    lang = pl.when(pl.int_range(pl.len()) < 100).then(pl.lit("de")).otherwise(pl.lit("en"))
    few = TrainingOptions(language_rows=50)
    read = read_gold(
        gold.with_columns(group=group, lang=lang),
        load_task("emotion"),
        load_taxonomy("ekman"),
        folds=2,
        lang="en",
    )
    train_student(read, "emotion", load_taxonomy("ekman"), {}, few)
    asked = pl.when(pl.int_range(pl.len()) < 3).then(pl.lit(None)).otherwise(pl.lit("joy,sadness"))
    report = train(
        gold.with_columns(label_set=asked), taxonomy="ekman", output=output, folds=5, absent=True
    )
    assert np.isfinite(report["cross_validation"]["ekman"]["micro_f1"])


def test_a_dimension_that_never_varies(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    gold = pl.DataFrame(
        {
            "text": texts(GOOD),
            "valence": [3.0] * 32,
            "arousal": [1.0 + n % 4 for n in range(32)],
            "dominance": [None] * 31 + [2.0],
        }
    )
    report = train(gold, task="vad", output=tmp_path / "w.safetensors", folds=2)
    assert "undefined" in report["cross_validation"]["vad"]["valence"]["pearson"]
    assert not recwarn.list


@pytest.mark.parametrize("content", ["good\tnan\n", "good\tinf\n", "good day\t1\n", "\n", "good\n"])
def test_a_lexicon_that_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "lexicon.txt").write_text(content)
    with pytest.raises(SourceError, match="lexicon"):
        read_lexicons([tmp_path / "lexicon.txt"], TrainingOptions().spec)


def test_gold_is_read_as_evaluate_reads_it(tmp_path: Path) -> None:
    task, ekman = load_task("emotion"), load_taxonomy("ekman")
    gold = tmp_path / "gold.csv"
    gold.write_text(
        'text,labels,label_set,lang\na b,"joy, fear","joy,fear,anger",\nc d,"",,\ne f,joy,joy fear,EN-us\n'
    )
    read = read_gold(gold, task, ekman, folds=2, lang="EN-us", absent=True)
    assert read.texts.to_list() == ["a b", "e f"]  # an empty cell is not annotated
    assert read.languages.to_list() == ["en", "en"]
    assert read.asked.sum(axis=1).tolist() == [4, 3]  # and neutral, which it is not
    lines = tmp_path / "gold.jsonl"
    lines.write_text('{"text": "a", "labels": ["joy"]}\n{"text": "b", "labels": []}\n')
    read = read_gold(lines, task, ekman, folds=2, lang="en", absent=True)
    assert read.values[1].tolist() == [name == "neutral" for name in ekman.names]
    twins = pl.DataFrame(
        {"text": ["So GOOD", "so  good", "bad"], "labels": [["joy"], ["joy"], ["fear"]]}
    )
    groups = read_gold(twins, task, ekman, folds=2, lang="en", absent=True).groups
    assert groups[0] == groups[1] != groups[2]


def test_no_text_of_people_in_messages(tmp_path: Path) -> None:
    path = tmp_path / "h.tsv"
    path.write_text("SECRETNAME is so very sad today\tsadness\nanother\tjoy\n")
    with pytest.raises(SourceError) as caught:
        train(path, output=tmp_path / "w.safetensors")
    assert "SECRET" not in str(caught.value)
