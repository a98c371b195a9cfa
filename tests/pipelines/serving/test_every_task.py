"""Every shipped task in every mode through a real vLLM server: each row has one outcome, each answer validates."""

import io
import json
import os
import re
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future
from math import exp
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import polars as pl
import pytest

from jobs.calibrate import calibrate
from pipelines.labelers import load_labeler
from pipelines.serving.backends import backend_of
from pipelines.serving.calls import Backend, Call, Reply
from pipelines.serving.ensemble import Ensemble
from pipelines.serving.labeler import LanguageModelLabeler
from schemas.label_task import load_task
from schemas.language_model import load_language_model
from schemas.taxonomy import load_taxonomy
from tests.transforms.label.prompted.made import EACH_MODE
from transforms.label.prompted.answer_schema import json_schema
from transforms.label.prompted.calibration import Calibration
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


def as_counted(content: str) -> str:
    """What the server's grammar counted: it lets a surrogate half pass as one character of three bytes, which is no
    UTF-8, so that the server writes three replacement characters. Only a model without sense writes such.
    """
    return re.sub("\ufffd{3}", "\ufffd", content)


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
                answer = json.loads(as_counted(choice["message"]["content"]), strict=False)
                jsonschema.validate(answer, schema)
                assert body["response_format"]["json_schema"]["schema"] == schema
                whole += 1
    labeled = found.filter(pl.col("status") == "labeled")
    if mode == "score":
        assert labeled.height == 8
        assert whole == 0
    else:
        # Equal texts with equal contexts are asked once: what is labeled twice may come of one answer.
        texts = {
            text for text, status in zip(TEXTS, found["status"], strict=True) if status == "labeled"
        }
        assert len(texts) <= whole
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


SPELLINGS = {
    "emotion": [["yes", " yes", "Yes", " Yes"], ["no", " no", "No", " No"]],
    "emotion_intensity": [[digit, f" {digit}"] for digit in "0123"],
    "sentiment": [[letter, f" {letter}"] for letter in "ABC"],
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_scores_are_what_the_server_says(name, write, served):
    """Asked again by hand and in another way: each code is put behind the prompt, and the server says how probable that
    was. No alternatives, no batch, no ids that are asked for.
    """
    url, model = served
    task = load_task(name)
    taxonomy = load_taxonomy("ekman" if name == "emotion" else task.taxonomy)
    labeler, _ = spied(write(mode="score"), task, taxonomy)
    one = batch()[1:2]
    scores = labeler.label(one, task, taxonomy)["scores"][0]

    def tokens(**what: Any) -> list[int]:
        return ask(url, "/tokenize", {"model": model, **what})["tokens"]

    def weights(messages: list[dict[str, str]]) -> list[float]:
        asked = tokens(messages=messages)
        found = []
        for spellings in SPELLINGS[name]:
            ids = [tokens(prompt=each, add_special_tokens=False) for each in spellings]
            prompts = [[*asked, each[0]] for each in ids if len(each) == 1]
            body = {"model": model, "prompt": prompts, "max_tokens": 1, "prompt_logprobs": 0}
            choices = ask(url, "/v1/completions", body)["choices"]
            last = [next(iter(choice["prompt_logprobs"][-1].values())) for choice in choices]
            found.append(sum(exp(each["logprob"]) for each in last))
        return found

    conversations = labeler.prompter.messages(next(rows_of(one)))
    for place in (0, len(taxonomy.names) - 1):
        of = weights(conversations[0 if taxonomy.exclusive else place])
        right = {"emotion": of[:1], "emotion_intensity": of[1:]}.get(name, of[place : place + 1])
        assert scores[place]["probability"] == pytest.approx(sum(right) / sum(of), rel=0.02)


@pytest.fixture
def gold(tmp_path):
    rows = [{"text": f"{text} {n}", "labels": [label]} for n in range(4) for text, label in GOLD]
    (tmp_path / "gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "gold.jsonl"


GOLD = [
    ("I lost my job", "sadness"),
    ("What a day, I am so happy", "joy"),
    ("Leave me alone", "anger"),
]


def test_variants_are_shown_and_change_the_version(write, gold):
    task, taxonomy = load_task("emotion"), load_taxonomy("ekman")
    variants: dict[str, dict[str, Any]] = {
        "plain": {},
        "shuffled": {"variant": {"shuffles": 2}},
        "stimulus": {"variant": {"stimulus": "emotion"}},
        "hinted": {"variant": {"hints": "student"}},
        "shown": {"variant": {"demonstrations": {"gold": gold, "n": 2}}},
        "generate": {"mode": "generate"},
        "sampled": {"mode": "generate", "temperature": 1.0, "samples": 3},
        "other_seed": {"mode": "generate", "temperature": 1.0, "samples": 3, "seed": 7},
    }
    asked, versions = {}, {}
    for name, more in variants.items():
        labeler, spy = spied(write(name, **({"mode": "score"} | more)), task, taxonomy)
        found = checked(labeler.label(batch(), task, taxonomy))
        assert found["status"].to_list().count("labeled") >= 5
        versions[name] = labeler.version
        asked[name] = [body for body, _ in spy.exchanged()]
    assert len(set(versions.values())) == len(variants)
    again, _ = spied(write("another_name", mode="score"), task, taxonomy)
    assert again.version == versions["plain"]
    told = {name: json.dumps(bodies) for name, bodies in asked.items()}
    plain = len(asked["plain"])
    assert len(asked["shuffled"]) == 2 * plain
    assert len(asked["sampled"]) >= 3 * plain
    assert {body["seed"] for body in asked["sampled"]} == {0, 1, 2}
    assert {body["seed"] for body in asked["other_seed"]} == {7, 8, 9}
    assert "A small model says" in told["hinted"]
    assert "I lost my job" in told["shown"]
    assert "<example>" in told["shown"]
    assert "<example>" not in told["plain"]
    assert told["stimulus"] != told["plain"]


def test_two_orders_are_averaged(write):
    """By hand, from the answers that came: the mean over both orders of what each conversation says of its label."""
    task, taxonomy = load_task("emotion"), load_taxonomy("ekman")
    path = write(mode="score", variant={"shuffles": 2})
    labeler, spy = spied(path, task, taxonomy)
    found = labeler.label(batch()[1:2], task, taxonomy)["scores"][0]
    yes, no = labeler.prompter.codes.ids  # type: ignore[union-attr]
    p: dict[str, list[float]] = {name: [] for name in taxonomy.names}
    for body, response in spy.exchanged():
        for choice in response["choices"]:
            ending = body["messages"][choice["index"]][-1]["content"]
            name = ending.rsplit("Label: ", 1)[1].split("\n")[0]
            top = choice["logprobs"]["content"][0]["top_logprobs"]
            of = {each["token"]: exp(each["logprob"]) for each in top}
            a, b = (sum(of[f"token_id:{each}"] for each in ids) for ids in (yes, no))
            p[name].append(a / (a + b))
    for each in found:
        assert len(p[each["label"]]) == 2
        assert each["probability"] == pytest.approx(sum(p[each["label"]]) / 2, abs=1e-5)


def test_an_ensemble_of_two(write):
    task, taxonomy = load_task("emotion"), load_taxonomy("ekman")
    write("one", mode="score")
    write("two", mode="score", variant={"stimulus": "stress"})
    path = write("both", members=["one.yaml", "two.yaml"])
    both = load_labeler(str(path), task, taxonomy)
    assert isinstance(both, Ensemble)
    found = checked(both.label(batch(), task, taxonomy))
    assert found.filter(pl.col("status") == "labeled").height == 8
    assert found["agreement"].drop_nulls().is_between(0, 1).all()
    members = [
        load_labeler(str(path.parent / f"{name}.yaml"), task, taxonomy).label(
            batch(), task, taxonomy
        )
        for name in ("one", "two")
    ]
    for row, *of in zip(found["scores"], *(each["scores"] for each in members), strict=True):
        if row is not None:
            mean = [(a["probability"] + b["probability"]) / 2 for a, b in zip(*of, strict=True)]
            assert [each["probability"] for each in row] == pytest.approx(mean, abs=1e-6)
    write("two", mode="score", variant={"stimulus": "negative"})
    assert load_labeler(str(path), task, taxonomy).version != both.version


OWN_TASK = {
    "name": "own", "version": "1", "description": "All kinds of fields.", "answer": "labels",
    "multi_label": True, "context": {"turns": 2, "cues": True}, "options": {"who": "writer"},
    "instructions": "Judge the {who} by these:\n{labels}",
    "fields": [
        {"name": "a_label", "kind": "label", "optional": True},
        {"name": "a_choice", "kind": "choice", "choices": ["hot", 'c"old', "né"]},
        {"name": "a_level", "kind": "level", "range": [-2, 2]},
        {"name": "a_number", "kind": "number", "range": [1, 7], "optional": True},
        {"name": "a_flag", "kind": "flag"},
        {"name": "a_text", "kind": "text", "max_chars": 12, "optional": True},
        {"name": "some", "kind": "items", "max_items": 2, "fields": [
            {"name": "what", "kind": "choice", "choices": ["x", "y"]}, {"name": "which", "kind": "turn"},
        ]},
        {"name": "a_span", "kind": "span", "max_chars": 1, "optional": True},
    ],
}  # fmt: skip


def test_a_task_and_a_taxonomy_of_ones_own(write, tmp_path):
    labels = [
        {"name": "tense", "definition": "not at ease"},
        {"name": 'at "ease"'},
        {"name": "none"},
    ]
    own = {"name": "own_labels", "version": "1", "neutral": "none", "labels": labels}
    (tmp_path / "labels.yaml").write_text(json.dumps(own))
    (tmp_path / "task.yaml").write_text(json.dumps(OWN_TASK | {"taxonomy": "labels.yaml"}))
    task = load_task(tmp_path / "task.yaml")
    taxonomy = load_taxonomy(tmp_path / "labels.yaml")
    path = write(mode="generate", max_answer_tokens=500)
    labeler, spy = spied(path, task, taxonomy)
    found = checked(labeler.label(batch(), task, taxonomy))
    schema = json_schema(task, taxonomy)
    answers = [response["choices"][0] for _, response in spy.exchanged()]
    whole = [each["message"]["content"] for each in answers if each["finish_reason"] == "stop"]
    assert whole
    for content in whole:
        jsonschema.validate(json.loads(as_counted(content), strict=False), schema)
    for answer in found["answer"].drop_nulls():
        assert answer["a_choice"] in OWN_TASK["fields"][1]["choices"]  # type: ignore[index]
        assert -2 <= answer["a_level"] <= 2
        assert answer["a_number"] is None or 1 <= answer["a_number"] <= 7
    assert "Judge the writer by these:" in json.dumps([body for body, _ in spy.exchanged()])
    found = checked(spied(write(mode="score"), task, taxonomy)[0].label(batch(), task, taxonomy))
    assert found.filter(pl.col("status") == "labeled").height == 8


def test_a_calibration_is_applied_and_changes_the_version(write, tmp_path):
    task, taxonomy = load_task("emotion"), load_taxonomy("ekman")
    rows = [
        {"text": f"{text} {n}", "labels": [label], "lang": "en"}
        for n in range(15)
        for text, label in GOLD
    ]
    (tmp_path / "gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = write("plain", mode="score")
    done = calibrate(tmp_path / "gold.jsonl", labeler=str(path), taxonomy="ekman")
    calibrated = write("calibrated", mode="score", calibration=done.path.name)
    of = [load_labeler(str(each), task, taxonomy) for each in (path, calibrated)]
    assert of[0].version != of[1].version
    raw, true = (checked(each.label(batch(), task, taxonomy)) for each in of)
    for before, after, labels in zip(raw["scores"], true["scores"], true["labels"], strict=True):
        if before is not None:
            p = np.array([[each["probability"] for each in before]])
            applied = Calibration(done.file).apply(p)[0]
            assert [each["probability"] for each in after] == pytest.approx(applied, abs=2e-3)
            assert set(labels) <= set(taxonomy.names)
