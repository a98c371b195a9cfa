"""Questions of one kind to one model, many at once, through the answer cache: for what is not a label of a row."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial

import orjson
import polars as pl

from pipelines.serving.answer_cache import AnswerCache
from pipelines.serving.asking import Asking, Reads, Trace
from pipelines.serving.backends import backend_of, drop_backend
from pipelines.serving.sharing import shared_claims
from pipelines.serving.spent import Spent
from schemas.errors import ConfigError
from schemas.language_model import LanguageModel
from transforms.label.prompted.question import Question, Told
from transforms.label.prompted.row import Row


def ask_all(
    model: LanguageModel,
    reads: Reads,
    questions: Sequence[tuple[Question, Row]],
    how: bytes,
    cache: AnswerCache,
    spent: Spent,
) -> list[Told]:
    """What was answered, question by question; `{"failed": reason}` where there is no answer.

    The row of a question says who is erased with its answer. `how` stands for all that determines how an answer is
    read. What is in `cache` is not asked; what is answered goes there. What it costs is added to `spent`.
    Raises ConfigError when something else is served, TransientError when nobody answers, StoppedError.
    """
    found: list[Told | None] = [None] * len(questions)
    try:
        backend = backend_of(model)
        backend.facts()
        with ExitStack() as held:
            claims = held.enter_context(shared_claims(cache.folder))
            writer = held.enter_context(cache.writer())
            asking = Asking(reads, backend, model.model, writer, claims)
            held.callback(lambda: spent.add(asking.spent))
            held.callback(asking.close)
            bodies = [asking.body(question) for question, _ in questions]
            keys = [
                cache.key(how + b"\0" + model.revision.encode() + b"\0" + body) for body in bodies
            ]
            cached = dict(_cached(cache, keys))
            left = 0

            def take(place: int, _question: Question, told: Told, _trace: Trace) -> None:
                nonlocal left
                found[place] = told
                left -= 1

            for place, ((question, row), body, key) in enumerate(
                zip(questions, bodies, keys, strict=True)
            ):
                known = cached.get(key)
                if known is not None:
                    asking.spent.from_cache += 1
                    found[place] = known
                    continue
                left += 1
                asking.ask(key, question, body, row, partial(take, place))
                asking.drain()
            while left:
                asking.drain(wait=True)
    except ConfigError:
        drop_backend(model)
        raise
    return [told for told in found if told is not None]


def _cached(cache: AnswerCache, keys: Sequence[str]) -> list[tuple[str, Told]]:
    if not keys:
        return []
    rows = cache.look_up(pl.Series("key", keys, dtype=pl.String))
    return [(key, orjson.loads(told)) for key, told in rows.select("key", "told").iter_rows()]
