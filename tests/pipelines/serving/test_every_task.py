"""Every shipped task in every mode through a real vLLM server: each row has one outcome, each answer validates."""

import io
import json
import os
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future
from math import exp
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import pytest

from pipelines.labelers import load_labeler
from pipelines.serving.backends import backend_of
from pipelines.serving.calls import Backend, Call, Reply
from pipelines.serving.labeler import LanguageModelLabeler
from schemas.label_task import load_task
from schemas.language_model import load_language_model
from schemas.taxonomy import load_taxonomy
from tests.transforms.label.prompted.made import EACH_MODE
from transforms.label.prompted.answer_schema import json_schema
from transforms.label.prompted.row import rows_of

pytestmark = pytest.mark.slow

TEXTS = [
    "I lost my job yesterday. I can't sleep at night, and nobody calls me. What now?",
    "So happy for you!!! 😀😀 That is wonderful news.",
    "我很难过，因为你走了。",
    "She said <|im_end|> and </text> and [INST] and left.",
    "ok",
    "In my dream a bear chased me.\nI was terrified; my mother laughed.",
    "",
    None,
    "It hurts here, above the knee, since Monday - about seven of ten.",
    "ok",
]
FAILURES = {"span_not_in_text", "cut_off", "invalid_answer"}


def batch() -> pl.DataFrame:
    turns = [
        {"record_id": "a", "role": "client", "text": "They told me on Friday."},
        {"record_id": "b", "role": None, "text": "How did that make you feel?"},
    ]
    cues = [{"channel": "voice", "value": "trembling"}, {"channel": "face", "value": "smiling"}]
    return pl.DataFrame(
        {
            "text_clean": TEXTS,
            "record_id": [f"r{n}" for n in range(len(TEXTS))],
            "lang": ["en"] * len(TEXTS),
            "role": ["client" if n % 2 else None for n in range(len(TEXTS))],
            "context": [turns[: n % 3] for n in range(len(TEXTS))],
            "cues": [cues[: n % 3] for n in range(len(TEXTS))],
        }
    )


class Spy:
    """A backend that keeps what went to the server and what came back."""

    def __init__(self, of: Backend) -> None:
        self.of = of
        self.seen: list[tuple[Call, Future[Reply]]] = []

    def submit(self, call: Call) -> Future[Reply]:
        future = self.of.submit(call)
        self.seen.append((call, future))
        return future

    def __getattr__(self, name: str) -> Any:
        return getattr(self.of, name)

    def exchanged(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        for call, future in self.seen:
            content = future.result(0).content
            assert content is not None
            yield json.loads(call.body), json.loads(content)


@pytest.fixture(scope="module")
def served(request) -> tuple[str, str]:
    """URL and model name."""
    url = os.environ.get("AFFECTMINE_TEST_VLLM_URL")
    if url is None:
        server = request.getfixturevalue("tiny_server")
        return server.url, server.model
    with urllib.request.urlopen(f"{url}/v1/models") as answer:
        return url, json.load(answer)["data"][0]["id"]


@pytest.fixture
def write(served, tmp_path):
    """Writes a labeler file."""

    def written(name: str = "tiny", **more: Any) -> Path:
        url, model = served
        labeler = {"name": name, "model": model, "revision": "r1", "urls": [url], **more}
        path = tmp_path / f"{name}.yaml"
        path.write_text(json.dumps(labeler))  # JSON is YAML
        return path

    return written


def spied(path: Path, task: Any, taxonomy: Any) -> tuple[LanguageModelLabeler, Spy]:
    """The labeler of a file, and a spy before its server."""
    labeler = load_labeler(str(path), task, taxonomy)
    assert isinstance(labeler, LanguageModelLabeler)
    spy = Spy(backend_of(load_language_model(path)))
    labeler.__dict__["backend"] = spy  # where cached_property keeps it
    return labeler, spy


def checked(found: pl.DataFrame) -> pl.DataFrame:
    """Of ten rows each has its outcome; what is labeled comes back from Parquet."""
    assert found.height == len(TEXTS)
    for row, text in zip(found.iter_rows(named=True), TEXTS, strict=True):
        if not (text or "").strip():
            assert (row["status"], row["reason"]) == ("rejected", "empty_text")
        elif row["status"] == "failed":
            assert row["reason"] in FAILURES
        else:
            assert (row["status"], row["reason"]) == ("labeled", None)
        assert (row["labels"] is not None) == (row["status"] == "labeled")
    file = io.BytesIO()
    found.write_parquet(file)
    file.seek(0)
    assert pl.read_parquet(file).equals(found)
    return found


@pytest.mark.parametrize(
    ("task", "taxonomy", "mode"), EACH_MODE, ids=[f"{each[0].name}-{each[2]}" for each in EACH_MODE]
)
def test_every_task_in_every_mode(task, taxonomy, mode, write):
    path = write(mode=mode, max_answer_tokens=400) if mode == "generate" else write(mode=mode)
    labeler, spy = spied(path, task, taxonomy)
    found = checked(labeler.label(batch(), task, taxonomy))
    schema = json_schema(task, taxonomy)
    whole = 0
    for body, response in spy.exchanged():
        for choice in response["choices"]:
            if mode == "generate" and choice["finish_reason"] == "stop":
                answer = json.loads(choice["message"]["content"], strict=False)
                jsonschema.validate(answer, schema)
                assert body["response_format"]["json_schema"]["schema"] == schema
                whole += 1
    labeled = found.filter(pl.col("status") == "labeled")
    if mode == "score":
        assert labeled.height == 8
        assert whole == 0
    else:
        assert labeled.height <= whole
    if task.answer in ("labels", "ordinals") or (task.answer == "fields"):
        names = set(taxonomy.names)
        assert all(set(labels) <= names for labels in labeled["labels"])
    if mode == "score" and task.answer != "scalars":
        for scores in labeled["scores"]:
            assert [each["label"] for each in scores] == list(taxonomy.names)
            assert all(0 <= each["probability"] <= 1 for each in scores)
            if task.answer == "labels" and taxonomy.exclusive:
                assert sum(each["probability"] for each in scores) == pytest.approx(1, abs=1e-4)


def ask(url: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


@pytest.mark.parametrize("name", ["emotion", "sentiment", "emotion_intensity"])
def test_scores_are_what_the_server_says(name, write, served):
    """Asked again by hand, one conversation at a time, with the alternatives by their names instead of by their ids."""
    url, model = served
    task = load_task(name)
    taxonomy = load_taxonomy("ekman" if name == "emotion" else task.taxonomy)
    labeler, _ = spied(write(mode="score"), task, taxonomy)
    one = batch()[1:2]
    scores = labeler.label(one, task, taxonomy)["scores"][0]
    conversations = labeler.prompter.messages(next(rows_of(one)))
    found = {}
    for place, messages in enumerate(conversations):
        body = {
            "model": model, "messages": messages, "max_tokens": 1, "temperature": 0, "top_k": 0, "top_p": 1,
            "logprobs": True, "top_logprobs": 128,
        }  # fmt: skip
        content = ask(url, "/v1/chat/completions", body)["choices"][0]["logprobs"]["content"][0]
        p = {each["token"]: exp(each["logprob"]) for each in content["top_logprobs"]}
        found[place] = p
    for place, each in enumerate(scores):
        p = found[0 if taxonomy.exclusive else place]
        codes = {
            "emotion": [["yes", " yes", "Yes", " Yes"], ["no", " no", "No", " No"]],
            "emotion_intensity": [[d, f" {d}"] for d in "0123"],
            "sentiment": [[c, f" {c}"] for c in "ABCDEFGH"[: len(taxonomy.names)]],
        }[name]
        # What is not among the alternatives is less probable than the last of them.
        least = min(p.values())
        weights = [sum(p.get(spelling, 0.0) for spelling in spellings) for spellings in codes]
        slack = 4 * len(codes) * least / max(sum(weights), least)
        right = {"emotion": weights[0], "emotion_intensity": sum(weights[1:])}.get(
            name, weights[place]
        )
        if sum(weights):
            share = right / sum(weights)
            assert each["probability"] == pytest.approx(share, abs=min(1.0, slack) + 1e-3)
