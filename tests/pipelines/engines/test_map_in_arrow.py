"""A labeler in a Spark job: the rows are those of affectmine.label, in a real session."""

import datetime as dt
import decimal
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

import affectmine
import pipelines.serving.labeler
from pipelines.engines.java import java_home
from pipelines.engines.spark_session import open_session
from schemas.errors import ConfigError, MissingExtraError
from tests.end_to_end.numbered_server import NumberedServer
from tests.pipelines.engines.asked_pipelines import (
    PRIVATE,
    TEXTS,
    examples,
    numbered,
    posts,
    rows,
    run_program,
    write_model,
)

pytestmark = pytest.mark.slow

types = pytest.importorskip("pyspark.sql.types")

TURN = types.StructType(
    [types.StructField(name, types.StringType()) for name in ("role", "text", "record_id")]
)
FEW_ROWS = {"spark.sql.execution.arrow.maxRecordsPerBatch": "37"}


def schema(*fields: tuple[str, Any]) -> Any:
    return types.StructType([types.StructField(name, kind) for name, kind in fields])


POSTS = schema(("number", types.LongType()), ("text", types.StringType()))


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    with open_session(FEW_ROWS, workers=2, retries=0) as opened:
        yield opened


def labeled(frame: Any, **asked: Any) -> list[dict[str, Any]]:
    """The rows of a Spark frame with a column `number`, labeled, by that column; without it."""
    labeler = affectmine.spark_labeler(frame.schema, keep=["number"], **asked)
    result = frame.mapInArrow(labeler.label, labeler.schema)
    assert result.schema == labeler.schema
    found = pl.from_arrow(result.toArrow())
    assert isinstance(found, pl.DataFrame)
    assert found["number"].is_unique().all()
    return rows(found.sort("number").drop("number"))


@pytest.mark.parametrize(
    ("task", "labeler"),
    [("emotion", "student"), ("emotion", "student:emotion-goemotions"), ("vad", "student")],
)
def test_the_rows_are_those_of_label(session: Any, task: str, labeler: str):
    given = list(enumerate(TEXTS))
    random.Random(3).shuffle(given)
    frame = session.createDataFrame(given, POSTS).repartition(5)
    expected = affectmine.label(TEXTS, task=task, labeler=labeler)
    assert set(expected["status"]) == {"labeled", "rejected"}
    assert labeled(frame, task=task, labeler=labeler) == rows(expected)


def test_declared_languages_and_another_column(session: Any):
    texts = ["why?", "Wunderbar", None, "so happy"]
    langs = ["de", "en", None, None]
    expected = affectmine.label(pl.DataFrame({"body": texts, "lang": langs}), text_column="body")
    assert expected["reason"].to_list() == ["language:de", None, "empty_text", None]
    frame = session.createDataFrame(
        list(zip(range(4), langs, texts, strict=True)),
        schema(
            ("number", types.LongType()),
            ("lang", types.StringType()),
            ("body", types.StringType()),
        ),
    )
    assert labeled(frame, text_column="body") == rows(expected)
    nothing = frame.selectExpr("number", "lang", "NULL AS body")  # Spark's void
    assert [each["reason"] for each in labeled(nothing, text_column="body")] == ["empty_text"] * 4


def test_kept_columns_of_every_type_stay_as_they_are(session: Any):
    element = types.StructType(
        [
            types.StructField("name", types.StringType(), nullable=False),
            types.StructField("values", types.ArrayType(types.IntegerType(), containsNull=False)),
        ]
    )
    given = schema(
        ("number", types.LongType()),
        ("text", types.StringType()),
        ("at", types.TimestampType()),
        ("local", types.TimestampNTZType()),
        ("day", types.DateType()),
        ("price", types.DecimalType(10, 2)),
        ("raw", types.BinaryType()),
        ("counts", types.MapType(types.StringType(), types.ShortType(), valueContainsNull=False)),
        ("parts", types.ArrayType(element, containsNull=False)),
        ("nothing", types.NullType()),
        ("small", types.ByteType()),
        ("ratio", types.FloatType()),
    )
    at = dt.datetime(2026, 3, 2, 12, 30, 15, 250, tzinfo=dt.UTC)
    local = at.replace(tzinfo=None)
    price = decimal.Decimal("1.50")
    row = (at, local, at.date(), price, b"\0\xff", {"a": 1}, [("x", [1, 2])], None, 7, 0.5)
    frame = session.createDataFrame(
        [(number, text, *row) for number, text in enumerate(TEXTS[:100])], given
    )
    keep = ["ratio", *(name for name in given.names if name not in ("text", "ratio"))]
    labeler = affectmine.spark_labeler(frame.schema, keep=keep)
    found = frame.mapInArrow(labeler.label, labeler.schema).orderBy("number")
    assert found.columns == [*keep, "status", "labels", "scores", "reason"]
    assert found.select(*keep).collect() == frame.select(*keep).orderBy("number").collect()
    assert [each.labels for each in found.collect()] == affectmine.label(TEXTS[:100])["labels"].to_list()  # fmt: skip


def test_no_rows_and_no_kept_columns(session: Any):
    frame = session.createDataFrame(list(enumerate(TEXTS[:50])), POSTS)
    labeler = affectmine.spark_labeler(frame.schema, keep=[])
    found = frame.mapInArrow(labeler.label, labeler.schema)
    assert found.columns == ["status", "labels", "scores", "reason"]
    assert found.count() == 50
    assert frame.where("number < 0").mapInArrow(labeler.label, labeler.schema).collect() == []


def test_a_language_model_answers_as_label_and_sees_redacted_texts_and_turns(
    session: Any, tmp_path: Path
):
    with NumberedServer() as server:
        labeler = write_model(tmp_path, server.url, "generate")
        asked = {"task": "support_strategy", "labeler": labeler}
        texts = [*numbered(90), None, ""]
        expected = rows(affectmine.label(texts, **asked))
        assert [each["status"] for each in expected] == ["labeled"] * 90 + ["rejected"] * 2
        server.bodies.clear()
        frame = session.createDataFrame(list(enumerate(texts)), POSTS)
        assert labeled(frame, **asked) == expected
        assert len(server.bodies) == 90
        given = schema(
            ("number", types.LongType()),
            ("text", types.StringType()),
            ("record_id", types.StringType()),
            ("context", types.ArrayType(TURN)),
        )
        turns = [("therapist", f"Is it {PRIVATE}?", "r0"), None, (None, None, None)]
        told = [(0, "I see (1)", "r1", turns), (1, "I see (2)", None, None), (2, "I see (3)", None, [])]  # fmt: skip
        found = labeled(session.createDataFrame(told, given), **asked)
        spans = [each["answer"]["strategies"][0]["span"] for each in found]
        assert [span["record_id"] for span in spans] == ["r1", None, None]
        shown = "\n".join(server.bodies)
        assert "Is it [EMAIL]?" in shown
        assert PRIVATE not in shown


def test_pieces_of_batches_keep_their_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pipelines.serving.labeler, "_ROWS", 5)
    with NumberedServer() as server:
        labeler = affectmine.spark_labeler(
            POSTS, keep=["number"], labeler=write_model(tmp_path, server.url)
        )
        texts = numbered(60)
        table = pa.table({"number": range(60), "text": texts})
        sizes = (0, 12, 5, 0, 1, 30, 12, 0)
        starts = [sum(sizes[:place]) for place in range(len(sizes))]
        batches = [
            table.slice(start, size).combine_chunks().to_batches()[0]
            if size
            else pa.RecordBatch.from_pylist([], table.schema)
            for start, size in zip(starts, sizes, strict=True)
        ]
        found = list(labeler.label(iter(batches)))
        told = pa.Table.from_batches(found)
        assert told["number"].to_pylist() == list(range(60))
        expected = affectmine.label(texts, labeler=str(tmp_path / "asked.yaml"))
        assert told.drop_columns("number").to_pylist() == rows(expected)


@pytest.mark.parametrize(
    ("given", "asked", "told"),
    [
        (POSTS, {"text_column": "body"}, "no column 'body'"),
        (POSTS, {"keep": ["id"]}, "no column 'id'"),
        (POSTS, {"text_column": "number"}, "'number' holds Int64"),
        (POSTS, {"keep": ["number", "number"]}, "twice"),
        (schema(("text", types.StringType()), ("text", types.StringType())), {}, "twice"),
        (
            schema(("text", types.StringType()), ("labels", types.StringType())),
            {"keep": ["labels"]},
            "name of an answer",
        ),
        (schema(("text", types.StringType()), ("lang", types.LongType())), {}, "'lang' holds"),
        (POSTS, {"labeler": "nobody"}, "no labeler 'nobody'"),
        (POSTS, {"labeler": "gone.yaml"}, "no labeler file"),
        (POSTS, {"task": "nothing"}, "nothing"),
        (POSTS, {"task": "support_strategy"}, "No student answers"),
    ],
)
def test_what_cannot_be_asked_is_said_before_the_job_starts(
    given: Any, asked: dict[str, Any], told: str
):
    with pytest.raises(ConfigError, match=told):
        affectmine.spark_labeler(given, **{"keep": []} | asked)


def test_without_spark_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql.pandas.types", None)
    with pytest.raises(MissingExtraError, match=r"affectmine\[spark\]"):
        affectmine.spark_labeler(POSTS, keep=[])


def test_context_of_another_type_is_refused(tmp_path: Path):
    labeler = write_model(tmp_path, "http://127.0.0.1:9")
    given = schema(("text", types.StringType()), ("context", types.StringType()))
    with pytest.raises(ConfigError, match="'context' holds String"):
        affectmine.spark_labeler(given, keep=[], labeler=labeler)
    affectmine.spark_labeler(given, keep=["context"])  # a student reads no context


def test_a_server_that_is_gone_is_an_error_without_texts(session: Any, tmp_path: Path):
    with NumberedServer() as server:
        labeler = write_model(tmp_path, server.url)
    path = Path(labeler)
    path.write_text(path.read_text() + "retries: 0\ndeadline: 1\n")
    frame = session.createDataFrame([(1, "a secret sentence (1)")], POSTS)
    with pytest.raises(Exception, match="No language-model server answers") as caught:
        labeled(frame, labeler=labeler)
    assert "secret" not in str(caught.value)


def test_the_job_of_the_documentation(tmp_path: Path):
    (program,) = examples("spark.md", "In your own Spark job")
    submit = "--master local[2] --conf spark.driver.bindAddress=127.0.0.1 pyspark-shell"
    run_program(
        program,
        tmp_path,
        JAVA_HOME=str(java_home()),
        PYSPARK_PYTHON=sys.executable,
        PYSPARK_SUBMIT_ARGS=submit,
    )
    found = pl.read_parquet(tmp_path / "labels" / "*.parquet")
    texts = posts()
    assert len(found) == len(texts)
    expected = dict(zip(texts, rows(affectmine.label(list(texts.values()))), strict=True))
    for row in found.iter_rows(named=True):
        assert expected[row.pop("id")] == row
