"""A labeler in a Beam pipeline: the rows are those of affectmine.label, on a real runner."""

import functools
import operator
import subprocess
import sys
import traceback
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa
import pytest

import affectmine
from schemas.errors import ConfigError, MissingExtraError, TerminalError
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from tests.end_to_end.numbered_server import NumberedServer
from tests.pipelines.engines.asked_pipelines import (
    PRIVATE,
    TEXTS,
    examples,
    marked,
    numbered,
    posts,
    rows,
    run_program,
    write_model,
)

pytestmark = pytest.mark.slow

beam = pytest.importorskip("apache_beam")
from apache_beam.ml.inference.base import KeyedModelHandler, RunInference  # noqa: E402
from apache_beam.options.pipeline_options import PipelineOptions  # noqa: E402

from pipelines.engines.run_inference import LabelerModelHandler  # noqa: E402
from pipelines.label_input import batch_of_rows  # noqa: E402
from pipelines.portable_labeler import LoadedLabeler, portable_labeler  # noqa: E402

FOUND: list[Any] = []


def collect(result: Any) -> None:
    FOUND.append(result)


class Post(NamedTuple):
    body: str
    lang: str | None


def inferred(elements: list[Any], handler: Any, *options: str) -> tuple[list[Any], Any]:
    """What RunInference makes of the elements, and the result of the pipeline; all in this process."""
    FOUND.clear()
    pipeline = beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner", *options]))
    # Create serializes elements as any shuffle would.
    (pipeline | beam.Create(elements) | RunInference(handler) | "Collect" >> beam.Map(collect))
    result = pipeline.run()
    assert result.wait_until_finish() == "DONE"
    return list(FOUND), result


def keyed(elements: list[Any], handler: Any) -> list[Any]:
    """The inferences of the elements, in their order."""
    found, _ = inferred(list(enumerate(elements)), KeyedModelHandler(handler))
    assert sorted(key for key, _ in found) == list(range(len(elements)))
    return [result.inference for _, result in sorted(found, key=operator.itemgetter(0))]


@pytest.mark.parametrize(
    ("task", "labeler"),
    [("emotion", "student"), ("emotion", "student:emotion-goemotions"), ("vad", "student")],
)
def test_the_rows_are_those_of_label(task: str, labeler: str):
    handler = affectmine.beam_model_handler(task=task, labeler=labeler)
    expected = affectmine.label(TEXTS, task=task, labeler=labeler)
    assert set(expected["status"]) == {"labeled", "rejected"}
    assert keyed(TEXTS, handler) == rows(expected)
    assert handler.schema.names == expected.columns


def test_results_name_example_and_model_and_metrics_count():
    handler = affectmine.beam_model_handler()
    texts = TEXTS[-12:]
    found, result = inferred(texts, handler)
    told = {each.example: each.inference for each in found}
    assert told == dict(zip(texts, rows(affectmine.label(texts)), strict=True))
    assert {each.model_id for each in found} == {f"student@{handler.load_model().labeler.version}"}
    metrics = result.metrics().query()
    counted = {
        each.key.metric.name: each.committed
        for each in metrics["counters"]
        if each.key.metric.namespace == "affectmine"
    }
    statuses = Counter(each["status"] for each in told.values())
    assert counted == {"num_inferences": len(texts), **statuses}
    assert statuses["rejected"] >= 6
    sizes = {
        each.key.metric.name: each.committed
        for each in metrics["distributions"]
        if each.key.metric.namespace == "affectmine"
    }
    assert set(sizes) == {
        "inference_request_batch_size", "inference_request_batch_byte_size", "model_byte_size",
        "inference_batch_latency_micro_secs", "load_model_latency_milli_secs",
    }  # fmt: skip
    size = sum(len((text or "").encode()) for text in texts)
    assert sizes["inference_request_batch_byte_size"].sum == size


def test_rows_with_a_declared_language():
    texts = ["why?", "Wunderbar", None, "so happy"]
    frame = pl.DataFrame({"body": texts, "lang": ["de", "en", None, None]})
    handler = affectmine.beam_model_handler(text_column="body")
    expected = rows(affectmine.label(frame, text_column="body"))
    assert [each["reason"] for each in expected] == ["language:de", None, "empty_text", None]
    given = frame.to_dicts()
    assert keyed(given, handler) == expected
    assert keyed([Post(**each) for each in given], handler) == expected
    assert keyed([beam.Row(**each) for each in given], handler) == expected


def test_odd_rows_are_rejected_with_a_reason_and_stop_nobody():
    handler = affectmine.beam_model_handler()
    odd = [7, b"hello", ["a"], ("a", "b"), {"body": "hello"}, {"text": 3}, object]
    good = "Thank you so much!"
    found = keyed([*odd, good, {"text": good, "lang": 5}], handler)
    assert [each["reason"] for each in found[:-2]] == [
        "not_a_text", "not_a_text", "not_a_text", "not_a_text", "missing_text", "not_a_text", "not_a_text",
    ]  # fmt: skip
    assert {each["status"] for each in found[:-2]} == {"rejected"}
    assert [each["labels"] for each in found[-2:]] == [["gratitude"], ["gratitude"]]
    # Beam's own coders carry no lone surrogates; a runner that carries objects might.
    (told,) = handler.run_inference(["\ud800 hello"], handler.load_model())
    assert (told.inference["status"], told.inference["reason"]) == ("rejected", "invalid_utf8")


def test_frames_as_elements():
    handler = affectmine.beam_model_handler()
    frames = [pl.DataFrame({"text": TEXTS[start : start + 100]}) for start in range(0, 500, 100)]
    expected = [affectmine.label(frame) for frame in frames]
    found = keyed(frames, handler)
    assert all(a.equals(b) for a, b in zip(found, expected, strict=True))
    tables = [frame.to_arrow() for frame in frames]
    results, result = inferred(tables, handler.with_no_batching())
    assert [each.example for each in results] == tables
    assert all(each.inference.schema == handler.schema for each in results)
    assert [each.inference.to_pylist() for each in results] == [rows(each) for each in expected]
    counted = {
        each.key.metric.name: each.committed for each in result.metrics().query()["counters"]
    }
    assert counted["num_inferences"] == 500
    batches = [table.to_batches()[0] for table in tables]
    found, _ = inferred([batches[0], TEXTS[:3]], handler.with_no_batching())
    assert found[0].inference == results[0].inference
    assert [each.inference for each in found[1:]] == rows(expected[0][:3])


def test_frames_without_the_column_say_so():
    handler = affectmine.beam_model_handler()
    with pytest.raises(ConfigError, match="no column 'text'"):
        handler.run_inference(pa.table({"body": ["secret"]}), handler.load_model())


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"labeler": "nobody"}, "no labeler 'nobody'"),
        ({"labeler": "student:nobody"}, "no model 'nobody'"),
        ({"labeler": "gone.yaml"}, "no labeler file"),
        ({"task": "nothing"}, "nothing"),
        ({"task": "vad", "taxonomy": "goemotions"}, "goemotions"),
        ({"task": "support_strategy"}, "No student answers"),
    ],
)
def test_what_cannot_be_asked_is_said_before_the_pipeline_starts(asked: dict[str, str], told: str):
    with pytest.raises(ConfigError, match=told):
        affectmine.beam_model_handler(**asked)  # type: ignore[arg-type]


def test_weights_that_are_gone_are_said_too():
    with pytest.raises(TerminalError, match=r"gone\.safetensors"):
        affectmine.beam_model_handler(labeler="gone.safetensors")


def test_without_beam_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, LabelerModelHandler.__module__)
    monkeypatch.setitem(sys.modules, "apache_beam.ml.inference.base", None)
    with pytest.raises(MissingExtraError, match=r"affectmine\[beam\]"):
        affectmine.beam_model_handler()


def test_arguments_of_inference_are_refused_before_the_pipeline_starts():
    with pytest.raises(ConfigError, match="inference_args"):
        (
            beam.Pipeline()
            | beam.Create(["a"])
            | RunInference(affectmine.beam_model_handler(), inference_args={"temperature": 1})
        )


@pytest.mark.parametrize("mode", ["score", "generate"])
def test_a_language_model_answers_as_label_and_sees_redacted_texts(tmp_path: Path, mode: str):
    with NumberedServer() as server:
        labeler = write_model(tmp_path, server.url, mode)
        task = "emotion" if mode == "score" else "support_strategy"
        handler = affectmine.beam_model_handler(task=task, labeler=labeler)
        texts = [*numbered(40), None, "", "  "]
        expected = rows(affectmine.label(texts, task=task, labeler=labeler))
        assert [each["status"] for each in expected] == ["labeled"] * 40 + ["rejected"] * 3
        server.bodies.clear()
        assert keyed(texts, handler) == expected
        assert len(server.bodies) == 40
        told = "\n".join(server.bodies)
        assert PRIVATE not in told
        assert "[EMAIL]" in told


def test_a_language_model_sees_the_context_redacted_and_spans_name_the_record(tmp_path: Path):
    with NumberedServer() as server:
        labeler = write_model(tmp_path, server.url, "generate")
        handler = affectmine.beam_model_handler(task="support_strategy", labeler=labeler)
        turns = [
            {"role": "therapist", "text": f"Is it {PRIVATE}?", "record_id": "r0"},
            {"text": "a turn of nobody"},
        ]
        given = [
            {"text": "I hear you (1)", "record_id": "r1", "role": "client", "context": turns},
            {"text": "I hear you (2)", "context": ["only a text"]},
            {"text": "I hear you (3)", "context": []},
            {"text": "I hear you (4)", "context": "no list"},
            {"text": "I hear you (5)", "context": [{"text": 5}]},
            {"text": None, "context": ["x"]},
        ]
        found = keyed(given, handler)
        assert [each["reason"] for each in found] == [
            None, None, None, "bad_context", "bad_context", "empty_text",
        ]  # fmt: skip
        frame = pl.DataFrame(given[:1])
        (told,) = handler.run_inference(frame, handler.load_model())
        assert rows(told.inference) == found[:1]
        handler.run_inference(
            pl.DataFrame({"text": ["I see (6)"], "context": [[f"Ask {PRIVATE}"]]}),
            handler.load_model(),
        )
        names = [each["answer"]["strategies"][0]["span"]["record_id"] for each in found[:3]]
        assert names == ["r1", None, None]
        shown = "\n".join(server.bodies)
        for words in ("Is it [EMAIL]?", "a turn of nobody", "only a text", "therapist", "Ask [EMAIL]"):  # fmt: skip
            assert words in shown
        assert PRIVATE not in shown
        assert "(4)" not in shown


def test_an_ensemble_tells_how_far_its_members_agree(tmp_path: Path):
    with NumberedServer() as server:
        write_model(tmp_path, server.url)
        ensemble = tmp_path / "both.yaml"
        ensemble.write_text(
            "{name: both, model: both, revision: r1, members: [asked.yaml, student]}"
        )
        handler = affectmine.beam_model_handler(labeler=str(ensemble))
        texts = [*numbered(10), None, "Das ist wirklich eine ganz wunderbare Nachricht für uns (3)"]
        expected = affectmine.label(texts, labeler=str(ensemble))
        assert "agreement" in expected.columns
        assert handler.schema.names == expected.columns
        assert keyed(texts, handler) == rows(expected)
        (table,) = handler.run_inference(
            pl.DataFrame({"text": texts}).to_arrow(), handler.load_model()
        )
        assert table.inference.to_pylist() == rows(expected)


def test_a_server_that_is_gone_is_an_error_without_texts(tmp_path: Path):
    with NumberedServer() as server:
        labeler = write_model(tmp_path, server.url)
    path = Path(labeler)
    path.write_text(path.read_text() + "retries: 0\ndeadline: 1\n")
    handler = affectmine.beam_model_handler(labeler=labeler)
    with pytest.raises(Exception, match="No language-model server answers") as caught:
        inferred(["a secret sentence (1)"], handler)
    assert "secret" not in str(caught.value)


def test_batches_that_failed_are_handed_back(tmp_path: Path):
    labeler = write_model(tmp_path, "http://127.0.0.1:9")
    path = Path(labeler)
    path.write_text(path.read_text() + "retries: 0\ndeadline: 1\n")
    handler = affectmine.beam_model_handler(labeler=labeler)
    FOUND.clear()
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as pipeline:
        asked = RunInference(handler).with_exception_handling()
        good, bad = pipeline | beam.Create(["a (1)", "b (2)"]) | asked
        _ = good | "Good" >> beam.Map(collect)
        _ = bad.failed_inferences | "Bad" >> beam.Map(collect)
    batches = [batch for batch, _ in FOUND]
    assert sorted(text for batch in batches for text in batch) == ["a (1)", "b (2)"]


def test_batches_are_those_that_beam_is_told(tmp_path: Path):
    handler = affectmine.beam_model_handler(min_batch_size=50, max_batch_size=50)
    _, result = inferred(TEXTS[:200], handler)
    sizes = {
        each.key.metric.name: each.committed
        for each in result.metrics().query()["distributions"]
        if each.key.metric.namespace == "affectmine"
    }
    size = sizes["inference_request_batch_size"]
    assert (size.min, size.max, size.count) == (50, 50, 4)
    model = write_model(tmp_path, "http://127.0.0.1:9")
    asked = functools.partial(affectmine.beam_model_handler, labeler=model)
    assert asked().batch_elements_kwargs() == {"min_batch_size": 64}  # twice the window
    assert asked(max_batch_size=8).batch_elements_kwargs() == {"min_batch_size": 8, "max_batch_size": 8}  # fmt: skip
    assert not asked().share_model_across_processes()
    path = Path(model)
    path.write_text(path.read_text() + "engine: in_process\n")
    assert asked().share_model_across_processes()  # one GPU, one engine


class Marking(LabelerModelHandler):
    """Leaves a mark in a folder for each load."""

    folder: Path
    shared = False

    def load_model(self) -> Any:
        marked(self.folder)
        return super().load_model()

    def share_model_across_processes(self) -> bool:
        return self.shared


@pytest.mark.parametrize("shared", [True, False])
def test_models_in_several_processes(tmp_path: Path, shared: bool):
    """Shared, as a model on the GPU is: loaded once, and asked by all through a proxy; else once a process."""
    handler = Marking(portable_labeler("student", "emotion", None), max_batch_size=20)
    handler.folder, handler.shared = tmp_path / "loads", shared
    handler.folder.mkdir()
    out = tmp_path / "labels"
    options = ["--runner=FnApiRunner", "--direct_running_mode=multi_processing", "--direct_num_workers=2"]  # fmt: skip
    schema = pa.schema([("number", pa.int64()), *handler.schema])
    with beam.Pipeline(options=PipelineOptions(options)) as pipeline:
        (
            pipeline
            | beam.Create(list(enumerate(TEXTS[:400])))
            | beam.Reshuffle()
            | RunInference(KeyedModelHandler(handler))
            | "Rows" >> beam.MapTuple(lambda key, told: {"number": key, **told.inference})
            | beam.io.WriteToParquet(str(out), schema)
        )
    found = pl.concat(map(pl.read_parquet, tmp_path.glob("labels-*"))).sort("number")
    assert rows(found.drop("number")) == rows(affectmine.label(TEXTS[:400]))
    processes = Counter(path.name.partition("-")[0] for path in handler.folder.iterdir())
    assert set(processes.values()) == {1}
    assert len(processes) == 1 if shared else 1 <= len(processes) <= 2


def test_a_worker_with_another_labeler_refuses():
    ours = portable_labeler("student", "emotion", None)
    with pytest.raises(TerminalError, match="version"):
        replace(ours, version="another").load()
    assert ours.loaded() is ours.loaded()  # one a process


def test_a_defect_is_told_without_the_text_at_hand():
    class Broken:
        name, version, languages = "broken", "1", frozenset({"en"})

        def label(self, batch: pl.DataFrame, task: Any, taxonomy: Any) -> pl.DataFrame:
            raise ValueError(batch["text_clean"][0])

    text = " ".join(["a", "secret", "sentence"])
    taxonomy = load_taxonomy("goemotions")
    broken = LoadedLabeler(Broken(), load_task("emotion"), taxonomy)
    with pytest.raises(TerminalError, match="Unexpected ValueError") as caught:
        broken.label(batch_of_rows([text], "text", context=False))
    assert text not in "".join(traceback.format_exception(caught.value))


def test_the_door_imports_nothing_heavy():
    script = "import affectmine, sys; print([m for m in ('polars', 'apache_beam', 'pyspark') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_pipeline_of_the_documentation(tmp_path: Path):
    (program,) = examples("beam.md", "In your own Beam pipeline")
    run_program(program, tmp_path)
    found = pl.concat(map(pl.read_parquet, tmp_path.glob("labels*.parquet")))
    texts = posts()
    assert len(found) == len(texts)
    expected = dict(zip(texts, rows(affectmine.label(list(texts.values()))), strict=True))
    for row in found.iter_rows(named=True):
        assert expected[row.pop("id")] == row
