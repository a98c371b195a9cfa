"""What is shown is similar, never the row itself; held against scikit-learn's TF-IDF."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from schemas.errors import SourceError
from schemas.label_task import load_task
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.label.prompted.answer_schema import json_schema
from transforms.label.prompted.checked import wrong
from transforms.label.prompted.demonstration_gold import json_answers, read_demonstrations
from transforms.label.prompted.demonstrations import SHOWN, Retriever
from transforms.label.prompted.similar import build_index

TASK, EKMAN = load_task("emotion"), load_taxonomy("ekman")
GOLD = pl.DataFrame(
    {
        "text": [
            "The cat sat on the warm mat.", "The dog sat on the cold mat.", "I lost my keys again!",
            "THE CAT sat  on the warm mat.", "Stocks fell sharply today.", "My keys are lost, again.",
        ],
        "labels": [["joy"], ["sadness"], ["anger"], ["fear"], [], ["anger", "sadness"]],
    }
)  # fmt: skip


def comments(path: Path) -> pl.Series:
    return pl.read_csv(
        path,
        separator="\t",
        has_header=False,
        quote_char=None,
        new_columns=["text", "labels", "id"],
    )["text"]


def texts_of(found: pl.Series, row: int = 0) -> list[str]:
    return [each["text"] for each in found[row].to_list()]


def test_the_most_similar_comes_last() -> None:
    found = Retriever(GOLD, TASK, EKMAN, 3).find(pl.Series(["Who lost my keys again?"]))
    assert found.dtype == SHOWN
    assert texts_of(found)[-2:] == [GOLD["text"][5], GOLD["text"][2]]
    assert [json.loads(each["answer"]) for each in found[0].to_list()][-2:] == [
        {"labels": ["anger", "sadness"]},
        {"labels": ["anger"]},
    ]


def test_equal_and_nearly_equal_texts_are_never_shown() -> None:
    long = "a very long story about one town and its people in winter " * 12
    gold = pl.concat([GOLD, pl.DataFrame({"text": [long + "x"], "labels": [["joy"]]})])
    retriever = Retriever(gold, TASK, EKMAN, 6)
    found = retriever.find(pl.Series(["the Cat sat on the warm   mat.", long]))
    assert GOLD["text"][0] not in texts_of(found)
    assert GOLD["text"][3] not in texts_of(found)
    assert texts_of(found)[-1] == GOLD["text"][1]
    assert long + "x" not in texts_of(found, 1)


def test_of_equal_texts_one_is_shown() -> None:
    found = Retriever(GOLD, TASK, EKMAN, 6).find(pl.Series(["A cat sat on a mat"]))
    assert GOLD["text"][0] in texts_of(found)
    assert GOLD["text"][3] not in texts_of(found)


def test_nothing_in_common() -> None:
    found = Retriever(GOLD, TASK, EKMAN, 2).find(pl.Series(["ψυχή", "", None, "the mat"]))
    assert found.list.len().to_list()[:3] == [0, 0, 0]
    assert found.list.len()[3] == 2


def test_the_batch_does_not_matter_and_ties_go_to_the_earlier() -> None:
    gold = pl.DataFrame({"text": ["red apple one", "red apple two"], "labels": [["joy"], ["fear"]]})
    retriever = Retriever(gold, TASK, EKMAN, 1)
    assert texts_of(retriever.find(pl.Series(["red apple"]))) == ["red apple one"]
    queries = pl.Series([f"{word} {n}" for n in range(40) for word in ("cat mat", "keys", "dog")])
    whole = Retriever(GOLD, TASK, EKMAN, 2).find(queries)
    again = [Retriever(GOLD, TASK, EKMAN, 2).find(queries.slice(n, 7)) for n in range(0, 120, 7)]
    assert whole.to_list() == pl.concat(again).to_list()


def test_similarity_is_that_of_scikit_learn(shared_data: Path) -> None:
    from sklearn.feature_extraction.text import TfidfTransformer

    from transforms.label.prompted.similar import _SPEC, NEAR
    from transforms.label.student.features import extract

    path = shared_data / "social/goemotions/dev.tsv.zst"
    texts = comments(path)
    gold, queries = texts.slice(0, 400), texts.slice(400, 60)
    both = extract(pl.concat([gold, queries]), _SPEC)
    names, column = np.unique(both.hashes, return_inverse=True)
    counts = np.zeros((460, len(names)))
    counts[np.repeat(np.arange(460), np.diff(both.bounds)), column] = 1
    weighed = TfidfTransformer().fit(counts[:400])
    # Ours leaves out what stands in more than a tenth, and more than 50, of the texts.
    weighed.idf_ = np.where(counts[:400].sum(axis=0) > 50, 0, weighed.idf_)
    cosine = (weighed.transform(counts[400:]) @ weighed.transform(counts[:400]).T).toarray()
    found = build_index(gold).nearest(queries, 4)
    for row, near in enumerate(found):
        value = np.where(cosine[row] > NEAR, -1, cosine[row])
        best = np.sort(value)[-4:]
        known = best > 0
        assert (near >= 0).tolist() == known.tolist()
        assert value[near[known]] == pytest.approx(best[known], abs=1e-5)


@pytest.mark.parametrize("kind", ["parquet", "jsonl", "csv", "tsv"])
def test_files(tmp_path: Path, kind: str) -> None:
    frame = GOLD.with_columns(split=pl.Series(["train", "train", "dev", None, "train", "test"]))
    path = tmp_path / f"gold.{kind}"
    if kind == "parquet":
        frame.write_parquet(path)
    elif kind == "jsonl":
        frame.write_ndjson(path)
    else:
        flat = frame.with_columns(pl.col("labels").list.join(", "))
        flat = flat.with_columns(pl.when(pl.col("labels") != "").then("labels"))
        flat.write_csv(path, separator="\t" if kind == "tsv" else ",", quote_style="never")
        if kind == "csv":
            flat.write_csv(path)
    found = read_demonstrations(path, TASK, EKMAN)
    rows = [0, 1] if kind in ("csv", "tsv") else [0, 1, 4]  # an empty cell is no empty list
    assert found["text"].to_list() == [GOLD["text"][row] for row in rows]
    assert found["labels"].to_list() == [GOLD["labels"][row].to_list() for row in rows]


def test_answers_fit_the_schema_of_their_task() -> None:
    one = EKMAN.model_copy(update={"exclusive": True})
    vad, levels = load_taxonomy("vad"), load_taxonomy("ekman_intensity")
    numbers = pl.DataFrame({name: [0.0, 0.255, 1.0] for name in vad.names})
    if vad.gold_range is not None:
        low, high = vad.gold_range
        numbers = numbers.select(pl.all() * (high - low) + low)
    graded = pl.DataFrame({name: [0, 3] for name in levels.names})
    single = GOLD.filter(pl.col("labels").list.len() < 2)
    for gold, task, taxonomy, first in (
        (GOLD, TASK, EKMAN, {"labels": ["joy"]}),
        (single, TASK, one, {"label": "joy"}),
        (numbers, load_task("vad"), vad, dict.fromkeys(vad.names, 0)),
        (graded, load_task("emotion_intensity"), levels, dict.fromkeys(levels.names, 0)),
    ):
        answers = [json.loads(each) for each in json_answers(gold, task, taxonomy)]
        assert answers[0] == first
        assert [wrong(each, json_schema(task, taxonomy)) for each in answers] == [None] * len(gold)
    assert json.loads(json_answers(GOLD, TASK, EKMAN)[4]) == {"labels": ["neutral"]}
    assert json.loads(json_answers(numbers, load_task("vad"), vad)[1])["valence"] == 26


def test_files_that_cannot_be_shown(tmp_path: Path) -> None:
    path = tmp_path / "gold.parquet"
    with pytest.raises(SourceError, match="There is no file of demonstrations"):
        read_demonstrations(path, TASK, EKMAN)
    path.write_text("no Parquet")
    with pytest.raises(SourceError, match="cannot be read as Parquet"):
        read_demonstrations(path, TASK, EKMAN)
    GOLD.drop("labels").write_parquet(path)
    with pytest.raises(SourceError, match="need the columns text and labels"):
        read_demonstrations(path, TASK, EKMAN)
    GOLD.write_parquet(path)
    other = Taxonomy.model_validate({"name": "x", "version": "1", "labels": [{"name": "up"}]})
    with pytest.raises(SourceError, match="outside the taxonomy"):
        read_demonstrations(path, TASK, other)
    cause = load_task("emotion_cause")
    with pytest.raises(SourceError, match="have no column answer"):
        read_demonstrations(path, cause, load_taxonomy(cause.taxonomy))


@pytest.mark.slow
def test_many_rows_in_seconds(shared_data: Path) -> None:
    import time

    path = shared_data / "social/goemotions/train.tsv.zst"
    texts = comments(path)
    other = texts.sample(50_000 - len(texts), seed=1, with_replacement=True)
    gold = pl.concat([texts, other.shuffle(seed=2) + " " + other])
    index = build_index(gold.head(10))
    index.nearest(texts.head(1), 4)  # compiles
    start = time.perf_counter()
    found = build_index(gold).nearest(texts.head(10_000), 4)
    assert time.perf_counter() - start < 60
    assert (found[:, -1] >= 0).mean() > 0.99
    assert (found[:, -1] != np.arange(10_000)).all()
