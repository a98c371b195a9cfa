"""Gold from files, and answers from files."""

import json
from pathlib import Path

import polars as pl
import pytest

from jobs.evaluate_file import evaluate_file
from jobs.evaluation.compute import Asked
from jobs.evaluation.gold_columns import Wanted
from jobs.evaluation.gold_file import read_gold
from schemas.errors import ConfigError, SourceError
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from tests.jobs.evaluation.made import EKMAN, EMOTION

QUICK = Asked(resamples=20)
SECRET = "nobody may see this"
LABELS = [["joy"], ["joy", "anger"], [], ["fear"]]
GIVEN = [["joy"], ["anger"], ["neutral"], []]


def write(path: Path, frame: pl.DataFrame) -> Path:
    if path.suffix == ".parquet":
        frame.write_parquet(path)
    elif path.suffix == ".jsonl":
        frame.write_ndjson(path)
    else:
        joined = frame.with_columns(pl.col(pl.List(pl.String)).list.join(","))
        joined.write_csv(path, separator="\t" if path.suffix == ".tsv" else ",")
    return path


def gold(labels=LABELS, **columns) -> pl.DataFrame:
    texts = [f"{SECRET} {n}" for n in range(len(labels))]
    kinds = {"text": pl.String, "labels": pl.List(pl.String)}
    return pl.DataFrame({"text": texts, "labels": labels, **columns}, schema_overrides=kinds)


def answered(given=GIVEN, **columns) -> pl.DataFrame:
    kinds = {"labels": pl.List(pl.String)}
    return pl.DataFrame({**columns, "labels": given}, schema_overrides=kinds)


def evaluated(folder: Path, gold_frame, answers_frame, kind=".parquet", **kwargs):
    source = write(folder / f"gold{kind}", gold_frame)
    told = write(folder / f"answers{kind}", answers_frame)
    asked = kwargs.pop("asked", QUICK)
    found = evaluate_file(source, taxonomy="ekman", answers=told, asked=asked, **kwargs)
    content = found.to_json()
    assert SECRET not in json.dumps(content)
    return content


@pytest.mark.parametrize("kind", [".parquet", ".jsonl"])
def test_answers_in_the_order_of_the_rows(tmp_path, kind):
    found = evaluated(tmp_path, gold(), answered(), kind)
    assert found["n"] == 4
    # joy: one of two; anger: right; neutral, of the empty list: right; fear: missed.
    f1 = {name: one["f1"] for name, one in found["per_label"].items()}
    assert f1["joy"] == pytest.approx(2 / 3)
    assert (f1["anger"], f1["neutral"], f1["fear"]) == (1.0, 1.0, 0.0)
    assert found["labeler"] == f"answers{kind}"
    assert found["labeler_version"].startswith("sha256:")


@pytest.mark.parametrize("kind", [".parquet", ".jsonl", ".csv", ".tsv"])
def test_answers_by_id_in_any_order_and_some_missing(tmp_path, kind):
    ids = ["a", "b", "c", "d"]
    known = gold([["joy"], ["joy", "anger"], ["neutral"], ["fear"]], id=ids)
    told = answered([["joy"], ["anger", "joy"], ["fear"]], id=["d", "b", "x"])
    found = evaluated(tmp_path, known, told, kind)
    assert found["statuses"] == {"failed": 2, "labeled": 2}
    assert found["reasons"] == {"not_in_answers": 2}
    assert found["coverage"] == 0.5
    assert found["per_label"]["joy"]["precision"] == 0.5
    assert found["subset_accuracy"] == 0.25


def test_answers_by_position_as_label_writes_them(tmp_path):
    lines = [json.dumps({"text": f"t{n}", "labels": x}) for n, x in enumerate(LABELS)]
    lines.insert(1, '{"text": 7}')
    (tmp_path / "gold.jsonl").write_text("\n".join(lines))
    told = answered(position=[0, 2, 3, 4], id=pl.Series([None] * 4, dtype=pl.String))
    told = told.with_columns(status=pl.lit("labeled"))
    path = write(tmp_path / "answers.parquet", told)
    found = evaluate_file(tmp_path / "gold.jsonl", taxonomy="ekman", answers=path, asked=QUICK)
    assert found.to_json()["unreadable"] == 1
    assert found.statuses == {"labeled": 4}
    told.drop("position").write_parquet(path)
    with pytest.raises(SourceError, match="no column id or position"):
        evaluate_file(tmp_path / "gold.jsonl", taxonomy="ekman", answers=path, asked=QUICK)


def test_one_file_with_gold_and_answers(tmp_path):
    both = gold().with_columns(answer_labels=pl.Series(GIVEN, dtype=pl.List(pl.String)))
    path = write(tmp_path / "both.parquet", both)
    found = evaluate_file(path, taxonomy="ekman", answers=path, asked=QUICK).to_json()
    assert found["per_label"]["joy"]["f1"] == pytest.approx(2 / 3)
    both.drop("answer_labels").write_parquet(path)  # gold is no answer
    with pytest.raises(SourceError, match="no column labels or answer_labels"):
        evaluate_file(path, taxonomy="ekman", answers=path, asked=QUICK)


def test_scores_as_a_list_or_as_json(tmp_path):
    scores = [{n: 0.9 if n in given else 0.05 for n in EKMAN.names} for given in GIVEN]
    listed = [[{"label": n, "probability": p} for n, p in each.items()] for each in scores]
    of_list = evaluated(tmp_path, gold(), answered().with_columns(scores=pl.Series(listed)))
    texts = pl.Series([json.dumps(each) for each in scores])
    of_text = evaluated(tmp_path, gold(), answered().with_columns(scores=texts))
    assert of_list["ece"] == pytest.approx(of_text["ece"])
    assert of_list["calibration"]["bins"][0]["n"] == 4 * 7 - 3
    with pytest.raises(SourceError, match="no JSON object"):
        evaluated(tmp_path, gold(), answered().with_columns(scores=pl.lit(SECRET)))


def test_numbers_in_columns_or_a_struct(tmp_path):
    names = ("valence", "arousal", "dominance")
    truth = pl.DataFrame({"text": list("abcd")} | {name: [1.0, 2.0, 4.0, 5.0] for name in names})
    told = pl.DataFrame({f"answer_{name}": [0.1, 0.2, 0.9, None] for name in names})
    struct = told.select(
        pl.struct(pl.col(f"answer_{name}").alias(name) for name in names).alias("answer")
    )
    source = write(tmp_path / "gold.csv", truth)
    found = []
    for number, frame in enumerate(
        (told, struct, told.rename(lambda n: n.removeprefix("answer_")))
    ):
        path = write(tmp_path / f"told{number}.parquet", frame)
        result = evaluate_file(source, task="vad", answers=path, asked=QUICK).to_json()
        found.append(result["per_dimension"]["valence"]["rmse"])
    # gold on 0 to 1: 0, .25, .75, (1)
    expected = ((0.1**2 + 0.05**2 + 0.15**2) / 3) ** 0.5
    assert found == pytest.approx([expected] * 3)
    wrong = write(tmp_path / "wrong.csv", told.with_columns(answer_valence=pl.lit(SECRET)))
    with pytest.raises(SourceError, match="answer_valence that are no numbers") as caught:
        evaluate_file(source, task="vad", answers=wrong, asked=QUICK)
    assert SECRET not in str(caught.value)


def test_what_is_no_file_of_answers(tmp_path):
    source = write(tmp_path / "gold.parquet", gold())
    for name, content in {
        "a.xlsx": b"",
        "a.parquet": SECRET.encode(),
        "a.jsonl": SECRET.encode(),
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SourceError) as caught:
            evaluate_file(source, taxonomy="ekman", answers=tmp_path / name, asked=QUICK)
        assert SECRET not in str(caught.value)
    with pytest.raises(SourceError, match="There is no file"):
        evaluate_file(source, taxonomy="ekman", answers=tmp_path / "none.csv", asked=QUICK)
    with pytest.raises(SourceError, match="3 answers for 4 rows"):
        evaluated(tmp_path, gold(), answered(GIVEN[:3]))


def test_columns_of_gold(tmp_path):
    frame = gold(
        corpus=["x", "x", "y", "y"], role=["a", "b", "a", "b"], split=["dev", "dev", "test", None],
        label_set=[None, "joy anger", None, None], topic=["t", "t", "u", "u"], group=["1", "1", "2", "3"],
    )  # fmt: skip
    asked = Asked(by=("corpus", "role", "split", "topic"), min_rows=1, resamples=20)
    found = evaluated(tmp_path, frame, answered(), asked=asked)
    parts = {k: [(p["value"], p["n"]) for p in v] for k, v in found["breakdown"].items()}
    assert parts["corpus"] == [("x", 2), ("y", 2)]
    assert parts["split"] == [("dev", 2), ("(unknown)", 1), ("test", 1)]
    assert parts["topic"] == [("t", 2), ("u", 2)]
    assert (found["groups"], found["per_label"]["fear"]["asked"]) == (3, 3)
    dev = evaluated(tmp_path, frame, answered(), splits=["dev"])
    assert (dev["n"], dev["other_splits"]) == (2, 2)
    none = evaluated(tmp_path, frame, answered(), splits=["train"])
    assert none["notes"] == [
        "No row with gold is of the splits asked for; there are: (none), dev, test."
    ]
    with pytest.raises(ConfigError, match="texts of people"):
        evaluated(tmp_path, frame, answered(), asked=Asked(by=("text",)))
    with pytest.raises(SourceError, match=r"no column 'topics'.*Did you mean 'topic'"):
        evaluated(tmp_path, frame, answered(), asked=Asked(by=("topics",)))


@pytest.mark.parametrize("kind", [".parquet", ".jsonl"])
def test_null_cells_of_lists(tmp_path, kind):
    """A null label set: all labels were asked; null labels: not annotated."""
    sets = [None, ["joy", "anger"], None, ["anger", None, "fear"], ["joy"]]
    frame = gold([["joy"], ["joy"], [], ["fear"], None], label_set=sets)
    found = evaluated(tmp_path, frame, answered([["joy"], ["joy"], [], ["fear"], ["joy"]]), kind)
    assert (found["n"], found["unannotated"]) == (4, 1)
    asked = {name: one["asked"] for name, one in found["per_label"].items()}
    # The first and third row ask for all, the second for two, the fourth for two others.
    assert asked == {
        "anger": 4, "disgust": 2, "fear": 3, "joy": 3, "sadness": 2, "surprise": 2, "neutral": 2,
    }  # fmt: skip
    assert found["per_label"]["neutral"]["support"] == 1  # the third row's empty list


def test_several_annotators_of_one_text(tmp_path):
    frame = pl.DataFrame(
        {
            "text": ["one", "one", "one", "two", "two"],
            "annotator": ["a", "b", "c", "a", "b"],
            "labels": ["joy", "joy,fear", "fear", "anger", "anger"],
        }
    )
    source = write(tmp_path / "gold.csv", frame)
    rows = read_gold(source, Wanted(), EMOTION, EKMAN)
    assert (rows.frame.height, rows.lines, rows.single) == (2, 5, False)
    told = answered([["anger"], ["fear", "joy"]], position=rows.frame["position"].reverse())
    told = write(tmp_path / "told.parquet", told.with_columns(status=pl.lit("labeled")))
    found = evaluate_file(source, taxonomy="ekman", answers=told, asked=QUICK).to_json()
    assert (found["n"], found["subset_accuracy"], found["people"]["annotators"]) == (2, 1.0, 3)


def test_no_gold_is_told_with_a_hint(tmp_path):
    found = evaluated(tmp_path, gold([None, None]), answered(GIVEN[:2]))
    assert (found["n"], found["unannotated"]) == (0, 2)
    assert found["macro_f1"]["undefined"]
    assert "--labels-column" in found["notes"][0]
    with pytest.raises(SourceError, match="labels"):
        evaluated(tmp_path, gold().drop("labels"), answered())
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(SourceError):
        evaluate_file(tmp_path / "empty.csv", asked=QUICK)


def test_a_released_corpus_brings_its_own_gold(shared_data, tmp_path):
    source = shared_data / "clinical" / "annomi_full.csv.zst"
    task, taxonomy = load_task("talk_type"), load_taxonomy("annomi_client")
    rows = read_gold(source, Wanted(), task, taxonomy).frame
    told = rows.select("id").with_columns(labels=pl.lit(["neutral"], dtype=pl.List(pl.String)))
    path = write(tmp_path / "told.parquet", told)
    found = evaluate_file(
        source, task="talk_type", taxonomy="annomi_client", answers=path, asked=Asked(by=("role",), resamples=20)
    ).to_json()  # fmt: skip
    assert found["people"]["annotators"] == 10
    assert [part["value"] for part in found["breakdown"]["role"]] == ["client"]
    assert found["undecided_left_out"] > 0
    assert found["drawn"] == "groups"
    assert found["accuracy"] == pytest.approx(found["per_label"]["neutral"]["precision"])
