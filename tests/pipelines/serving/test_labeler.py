"""Every row has its own answer: with equal texts, late and wrong answers, refusals, and a cache."""

import json
import random
import re
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.serving.answer_cache import AnswerCache
from pipelines.serving.calls import Call, Reply, ServedModel
from pipelines.serving.labeler import LanguageModelLabeler
from schemas.errors import ConfigError, StoppedError
from schemas.label_task import load_task
from tests.transforms.label.prompted.made import model, task, taxonomy

LABELS = taxonomy("joy", "fear")
WORDS = task("words", fields=[{"name": "at", "kind": "span", "optional": True}])


class Scripted:
    """Answers from what is asked, late and out of order; `answer(text, messages)` gives the content or a Reply."""

    def __init__(self, answer, *, max_tokens: int = 4000, seed: int = 0) -> None:
        self.answer, self.max_tokens, self.rng = answer, max_tokens, random.Random(seed)
        self.bodies: list[dict[str, Any]] = []

    def submit(self, call: Call) -> Future[Reply]:
        body = json.loads(call.body)
        self.bodies.append(body)
        text = re.findall(r"<text>\n(.*)\n</text>", body["messages"][1]["content"], re.DOTALL)[-1]
        given = self.answer(text, body["messages"])
        if not isinstance(given, Reply):
            content, finish = given if isinstance(given, tuple) else (given, "stop")
            made = {"message": {"content": content}, "finish_reason": finish}
            given = Reply(json.dumps({"choices": [made]}).encode(), attempts=1)
        future: Future[Reply] = Future()
        threading.Timer(self.rng.random() / 100, future.set_result, [given]).start()
        return future

    def ask(self, call: Call) -> Reply:
        body = json.loads(call.body)
        text = body.get("prompt") or "".join(each["content"] for each in body["messages"])
        return Reply(json.dumps({"tokens": list(text.encode())}).encode())

    def facts(self) -> ServedModel:
        return ServedModel("m", self.max_tokens)


def labeler(backend: Scripted, asked=WORDS, labels=LABELS, **more) -> LanguageModelLabeler:
    free_text = more.pop("free_text", True)
    made = LanguageModelLabeler(model(**more), asked, labels, base=Path(), free_text=free_text)
    made.__dict__["backend"] = backend  # where cached_property keeps it
    return made


def frame(*texts: str | None, **columns: Any) -> pl.DataFrame:
    ids = [f"r{n}" for n in range(len(texts))]
    data = {"text_clean": texts, "record_id": ids, "lang": ["en"] * len(texts), **columns}
    return pl.DataFrame(data)


def echoed(text: str, messages: Any) -> str:
    return json.dumps({"words": [text.split()[0]], "at": text.split()[-1]})


def test_every_answer_belongs_to_its_row():
    rng = random.Random(1)
    texts = [f"w{rng.randrange(60)} and n{rng.randrange(5)}" for _ in range(600)]
    backend = Scripted(echoed)
    batches = [frame(*texts[at : at + 150]) for at in range(0, 600, 150)]
    found = list(labeler(backend).label_stream(iter(batches)))
    assert [each.batch["text_clean"].to_list() for each in found] == [
        each["text_clean"].to_list() for each in batches
    ]
    rows = pl.concat([each.labels for each in found])
    for text, row in zip(texts, rows.iter_rows(named=True), strict=True):
        assert (row["status"], row["labels"]) == ("labeled", [text.split()[0]])
        assert text[row["answer"]["at"]["start"] : row["answer"]["at"]["end"]] == text.split()[-1]
    places = [answer["at"]["record_id"] for answer in rows["answer"]]
    assert places == [name for batch in batches for name in batch["record_id"]]
    assert len({json.dumps(body) for body in backend.bodies}) >= len(set(texts))
    assert len(backend.bodies) < 600  # equal questions that were in flight at once were sent once


def test_a_wrong_answer_is_asked_for_once_more():
    def answer(text: str, messages: Any) -> str | tuple[str, str]:
        first = len(messages) == 2
        if text == "cut":
            return '{"words": ["a', "length"
        if text in ("late", "never"):
            return "no JSON" if first or text == "never" else '{"words": ["ok"], "at": null}'
        return '{"words": [], "at": "elsewhere"}'

    backend = Scripted(answer)
    found = labeler(backend).label(frame("late", "never", "cut", "span"), WORDS, LABELS)
    assert found["status"].to_list() == ["labeled", "failed", "failed", "failed"]
    assert found["reason"].to_list() == [None, "invalid_answer", "cut_off", "span_not_in_text"]
    assert len(backend.bodies) == 8
    again = [body["messages"] for body in backend.bodies if len(body["messages"]) == 4]
    assert len(again) == 4
    assert all(each[2]["role"] == "assistant" for each in again)
    assert any("elsewhere" in each[2]["content"] for each in again)


def test_a_second_try_that_does_not_fit_is_no_rejection_of_the_row():
    def answer(text: str, messages: Any) -> str | Reply:
        if len(messages) == 2:
            return "no JSON"
        return Reply(None, "refused", "400 type=BadRequestError param=input_tokens", attempts=1)

    found = labeler(Scripted(answer)).label(frame("it fits"), WORDS, LABELS)
    assert (found["status"][0], found["reason"][0]) == ("failed", "invalid_answer")


def test_what_servers_cannot_answer():
    replies = {
        "bad": Reply(None, "refused", "400"),
        "long": Reply(None, "refused", "400 param=input_tokens"),
        "down": Reply(None, "unavailable", "503"),
        "odd": Reply(b"<html>"),
        "list": Reply(b"[]"),
    }
    backend = Scripted(lambda text, messages: replies.get(text) or echoed(text, messages))
    found = labeler(backend).label(frame("bad", "long", "down", "odd", "list", "ok ok"), WORDS, LABELS)  # fmt: skip
    assert list(zip(found["status"], found["reason"], strict=True)) == [
        ("failed", "refused"), ("rejected", "too_long"), ("failed", "unavailable"),
        ("failed", "invalid_answer"), ("failed", "invalid_answer"), ("labeled", None),
    ]  # fmt: skip


def test_a_backend_that_was_stopped():
    backend = Scripted(lambda text, messages: Reply(None, "stopped"))
    with pytest.raises(StoppedError, match="handed back"):
        labeler(backend).label(frame("a b"), WORDS, LABELS)


def test_rows_that_are_not_asked_about():
    backend = Scripted(echoed)
    asked = labeler(backend, languages=("en",))
    batch = frame("a a", "", None, " \n", "b b").with_columns(
        pl.Series("lang", ["en", "en", "en", "en", "de"]),
        lang_confidence=pl.lit(0.99), lang_source=pl.lit("declared"),
    )  # fmt: skip
    found = asked.label(batch, WORDS, LABELS)
    assert found["status"].to_list() == ["labeled", *["rejected"] * 4]
    assert found["reason"].to_list() == [
        None,
        "empty_text",
        "empty_text",
        "empty_text",
        "language:de",
    ]
    assert len(backend.bodies) == 1
    document = task("words", unit="document")
    found = labeler(Scripted(lambda *_: '{"words": ["x"]}'), document).label(
        frame("a", "b").with_columns(last_turn=pl.Series([False, True])), document, LABELS
    )
    assert found["reason"].to_list() == ["within_document", None]


def test_no_rows():
    assert labeler(Scripted(echoed)).label(frame().cast(pl.String), WORDS, LABELS).height == 0


def test_a_second_run_asks_nothing(tmp_path):
    cache = AnswerCache(tmp_path, b"k" * 32)
    batch = frame(*(f"w{n % 7} x" for n in range(30)), "", "bad y")
    backend = Scripted(lambda text, m: "no" if text == "bad y" else echoed(text, m))
    first = [each.labels for each in labeler(backend).label_stream([batch], cache)]
    sent = len(backend.bodies)
    assert 9 <= sent <= 32
    (second,) = labeler(backend).label_stream([batch], cache)
    assert second.labels.equals(first[0])  # failures that would come again are not paid for twice
    assert len(backend.bodies) == sent
    assert set(second.calls["source"]) == {"cached"}


NUMBERS = task("scalars", fields=[{"name": "how", "kind": "number", "range": [0, 1]}])
WIDER = task("scalars", fields=[{"name": "how", "kind": "number", "range": [1, 7]}])


@pytest.mark.parametrize(
    ("asked", "labels", "expected"),
    [
        (WIDER, taxonomy("joy", range=(0, 1)), {"joy": 0.5, "how": 4.0}),
        (NUMBERS, taxonomy("joy", range=(-3, 3)), {"joy": 0.0, "how": 0.5}),
    ],
)
def test_a_cached_answer_is_read_as_it_is_asked_now(tmp_path, asked, labels, expected):
    """Ranges stand in no prompt: an answer that was brought to another range is no answer to this."""
    cache = AnswerCache(tmp_path, b"k" * 32)
    backend = Scripted(lambda *_: '{"joy": 50, "how": 50}')
    before = labeler(backend, NUMBERS, taxonomy("joy", range=(0, 1)))
    (found,) = before.label_stream([frame("a")], cache)
    assert {k: found.labels["answer"][0][k] for k in ("joy", "how")} == {"joy": 0.5, "how": 0.5}
    (found,) = labeler(backend, asked, labels).label_stream([frame("a")], cache)
    assert {k: found.labels["answer"][0][k] for k in ("joy", "how")} == expected


def test_cached_free_text_is_not_given_where_none_may_be(tmp_path):
    cache = AnswerCache(tmp_path, b"k" * 32)
    asked = task("fields", fields=[{"name": "why", "kind": "text"}])
    backend = Scripted(lambda *_: '{"why": "SECRET"}')
    (found,) = labeler(backend, asked).label_stream([frame("a")], cache)
    assert found.labels["answer"][0] == {"why": "SECRET"}
    (found,) = labeler(backend, asked, free_text=False).label_stream([frame("a")], cache)
    assert found.labels["answer"][0] == {"why": None}


def test_a_model_that_is_too_small_and_another_task():
    with pytest.raises(ConfigError, match="nothing is left for texts"):
        labeler(Scripted(echoed, max_tokens=500)).label(frame("a b"), WORDS, LABELS)
    with pytest.raises(ConfigError, match="was made for asked in t, not for emotion"):
        labeler(Scripted(echoed)).label(frame("a b"), load_task("emotion"), LABELS)


def test_the_version_is_that_of_all_that_determines_answers():
    plain = labeler(Scripted(echoed)).version
    assert plain.startswith("r-")
    assert labeler(Scripted(echoed), name="another", window=7).version == plain
    for more in (
        {"revision": "r2"},
        {"seed": 1},
        {"temperature": 0.5},
        {"variant": {"shuffles": 2}},
    ):
        assert labeler(Scripted(echoed), **more).version != plain


def test_what_tells_who_is_spoken_of_is_not_sent():
    """The labeler protocol, by which evaluate, audits and the Python door ask about texts of any origin."""
    backend = Scripted(lambda text, _: json.dumps({"words": ["ok"], "at": None}))
    texts = ["write to jo.doe@example.org, please", "call +1 202 555 0143 tonight"]
    found = labeler(backend).label(frame(*texts), WORDS, LABELS)
    assert found["status"].to_list() == ["labeled", "labeled"]
    sent = json.dumps(backend.bodies)
    assert "[EMAIL]" in sent
    assert "[PHONE]" in sent
    assert "jo.doe" not in sent
    assert "0143" not in sent
