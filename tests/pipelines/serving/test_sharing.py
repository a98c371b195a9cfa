"""Equal questions of several askers: one asks, the others get its answer, or ask themselves."""

import random
import threading
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor as Pool
from pathlib import Path

import pytest

from pipelines.serving.answer_cache import AnswerCache
from pipelines.serving.calls import Call, Reply
from pipelines.serving.sharing import Claims, shared_claims
from schemas.errors import StoppedError
from tests.pipelines.serving.test_labeler import Scripted, echoed, frame, labeler


def test_one_claims_and_the_others_get_its_answer():
    claims, got = Claims(), []
    assert claims.claim("k", got.append) is True
    assert claims.claim("k", got.append) is False
    assert claims.claim("k", got.append) is False
    assert claims.claim("other", got.append) is True
    assert got == []
    claims.settle("k", {"labels": ["joy"]}, keep=True)
    assert got == [{"labels": ["joy"]}] * 2
    assert claims.claim("k", got.append) == {"labels": ["joy"]}


def test_without_an_answer_the_next_one_claims():
    claims, got = Claims(), []
    claims.claim("k", got.append)
    claims.claim("k", got.append)
    claims.settle("k", None, keep=False)
    assert got == [None]
    assert claims.claim("k", got.append) is True


def test_a_failure_that_may_pass_is_told_to_those_who_wait_and_to_nobody_later():
    claims, got = Claims(), []
    claims.claim("k", got.append)
    claims.claim("k", got.append)
    claims.settle("k", {"failed": "unavailable"}, keep=False)
    assert got == [{"failed": "unavailable"}]
    assert claims.claim("k", got.append) is True


def test_claims_live_as_long_as_somebody_asks(tmp_path: Path):
    with shared_claims(tmp_path) as one, shared_claims(tmp_path) as two:
        assert one is two
        with shared_claims(tmp_path / "other") as other, shared_claims(None) as own:
            assert len({id(one), id(other), id(own)}) == 3
        one.claim("k", lambda _: None)
        one.settle("k", {"labels": []}, keep=True)
    with shared_claims(tmp_path) as later:
        assert (
            later.claim("k", lambda _: None) is True
        )  # whoever was forgotten meanwhile is forgotten


def test_shards_at_once_ask_each_text_once(tmp_path: Path):
    backend = Scripted(echoed)
    cache = AnswerCache(tmp_path / "answers", b"k" * 32)
    rng = random.Random(3)
    shards = [[f"w{rng.randrange(80)} n{rng.randrange(3)}" for _ in range(300)] for _ in range(4)]
    begin = threading.Barrier(len(shards))

    def shard(texts: list[str]):
        begin.wait()
        return list(labeler(backend).label_stream(iter([frame(*texts)]), cache))

    with Pool(len(shards)) as pool:
        told = list(pool.map(shard, shards))
    assert len(backend.bodies) == len({text for texts in shards for text in texts})
    for texts, answers in zip(shards, told, strict=True):
        rows = answers[0].labels
        assert rows["labels"].to_list() == [[text.split()[0]] for text in texts]
        sources = set(answers[0].calls["source"])
        assert sources <= {"asked", "shared", "cached"}


class StopsFirst(Scripted):
    """Hands back the first call, as a backend does that was stopped; answers all others."""

    def __init__(self) -> None:
        super().__init__(echoed)
        self.held: Future[Reply] = Future()

    def submit(self, call: Call) -> Future[Reply]:
        if not self.bodies:
            self.bodies.append({})
            return self.held
        return super().submit(call)


def test_who_gives_up_leaves_the_question_to_the_others(tmp_path: Path):
    backend = StopsFirst()
    cache = AnswerCache(tmp_path / "answers", b"k" * 32)
    text = frame("one text")
    first = labeler(backend).label_stream(iter([text, text]), cache)
    second = labeler(backend).label_stream(iter([text]), cache)
    with Pool(2) as pool:
        stopped = pool.submit(list, first)
        while not backend.bodies:
            pass
        waiting = pool.submit(list, second)
        with pytest.raises(TimeoutError):
            waiting.result(0.3)
        backend.held.set_result(Reply(None, "stopped"))
        with pytest.raises(StoppedError):
            stopped.result(10)
        assert waiting.result(10)[0].labels["labels"].to_list() == [["one"]]
