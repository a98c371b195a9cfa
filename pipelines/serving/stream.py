"""Batches in, answers out, while the questions of several batches are in flight.

Semantics: every row of a batch gets one answer, in its place. What is cached is looked up by one join a batch; memory
is bounded by two batches of rows and what the backend lets wait, not by the prompts of a batch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import orjson
import polars as pl

from pipelines.serving.answer_cache import AnswerCache
from pipelines.serving.answers_frame import answers_frame, calls_frame
from pipelines.serving.asking import Asking, Trace
from transforms.label.labeler import FAILED, LABELED, REJECTED
from transforms.label.prompted.answered import Answered
from transforms.label.prompted.prompter import EMPTY, Prompter
from transforms.label.prompted.question import Question, Told
from transforms.label.prompted.row import Row, rows_of

_KEPT_BYTES = 64 << 20  # of prompts that are not rendered a second time
_Asked = Sequence[tuple[Question, bytes | None]]
"""Questions, and what is posted where it is there."""


@dataclass(slots=True)
class Outcome:
    """What became of a row."""

    status: str
    answered: Answered | None = None
    reason: str | None = None


@dataclass(slots=True)
class _Pending:
    """A row whose questions are not all answered."""

    row: Row
    told: list[tuple[Question, Told] | None]
    traces: list[Trace | None]
    left: int
    outcome: Outcome | None = None


@dataclass(slots=True)
class _Batch:
    frame: pl.DataFrame
    rows: list[_Pending]
    left: int = 0  # rows without an outcome


@dataclass(frozen=True)
class Answers:
    """Of one batch: the labeler protocol's columns in the order of its rows; and a row for each question."""

    batch: pl.DataFrame
    labels: pl.DataFrame
    calls: pl.DataFrame


@dataclass
class Stream:
    """Asks about the rows of batches, a batch ahead of what it gives back.

    `reject(batch)` has the reason for each row that is not asked about, else null.
    """

    prompter: Prompter
    asking: Asking
    cache: AnswerCache | None
    key: Callable[[bytes], str]
    reject: Callable[[pl.DataFrame], pl.Series]
    ahead: deque[_Batch] = field(default_factory=deque)

    def answers(self, batches: Iterable[pl.DataFrame]) -> Iterator[Answers]:
        """The answers, batch by batch. Raises what `Asking.drain` raises."""
        for frame in batches:
            self.ahead.append(self._begin(frame))
            while len(self.ahead) > 1:
                yield self._end(self.ahead.popleft())
        while self.ahead:
            yield self._end(self.ahead.popleft())

    def _begin(self, frame: pl.DataFrame) -> _Batch:
        """Sends the questions of a batch that are not cached."""
        batch = _Batch(frame, [_Pending(row, [], [], 0) for row in rows_of(frame)])
        keys, kept = self._keys(batch, self.reject(frame).to_list())
        cached = self._cached([key for of_row in keys for key in of_row])
        for place, (pending, of_row) in enumerate(zip(batch.rows, keys, strict=True)):
            if pending.outcome is not None:
                continue
            batch.left += 1
            pending.left = len(of_row)
            pending.told, pending.traces = [None] * len(of_row), [None] * len(of_row)
            self._send(batch, pending, of_row, cached, kept.get(place))
            self.asking.drain()
        return batch

    def _keys(
        self, batch: _Batch, reasons: list[str | None]
    ) -> tuple[list[list[str]], dict[int, _Asked]]:
        """The key of each question, by row; and the questions of the first rows, as they are there."""
        keys: list[list[str]] = []
        kept: dict[int, _Asked] = {}
        budget = _KEPT_BYTES
        for place, (pending, reason) in enumerate(zip(batch.rows, reasons, strict=True)):
            questions: list[Question] | str = reason or (
                self.prompter.questions(pending.row) if pending.row.text.strip() else EMPTY
            )
            if isinstance(questions, str):
                pending.outcome = Outcome(REJECTED, reason=questions)
                keys.append([])
                continue
            bodies = [self.asking.body(question) for question in questions]
            keys.append([self.key(body) for body in bodies])
            size = sum(map(len, bodies))
            if budget >= size:
                kept[place] = list(zip(questions, bodies, strict=True))
                budget -= size
        return keys, kept

    def _cached(self, keys: list[str]) -> dict[str, tuple[str, int, int, int]]:
        if self.cache is None or not keys:
            return {}
        found = self.cache.look_up(pl.Series("key", keys, dtype=pl.String))
        return {row[0]: (row[1], row[2], row[3], row[4]) for row in found.iter_rows()}

    def _send(
        self,
        batch: _Batch,
        pending: _Pending,
        keys: list[str],
        cached: dict[str, tuple[str, int, int, int]],
        kept: _Asked | None,
    ) -> None:
        for place, (key, (question, body)) in enumerate(
            zip(keys, kept or self._rendered(pending.row), strict=True)
        ):
            hit = cached.get(key)

            def take(
                asked: Question,
                told: Told,
                trace: Trace,
                place: int = place,
                question: Question = question,
            ) -> None:
                del asked  # an equal question of another row: its piece and context are that row's
                self._take(batch, pending, place, question, told, trace)

            if hit is not None:
                told = orjson.loads(hit[0])
                self.asking.spent.from_cache += 1
                take(question, told, Trace(key, "cached", 0, *hit[1:], code_mass=told.get("mass")))
                continue
            self.asking.ask(key, question, body or self.asking.body(question), pending.row, take)

    def _rendered(self, row: Row) -> _Asked:
        """The questions about a row, once more: there are too many to keep all."""
        questions = self.prompter.questions(row)
        assert not isinstance(questions, str)
        return [(question, None) for question in questions]

    def _take(
        self,
        batch: _Batch,
        pending: _Pending,
        place: int,
        question: Question,
        told: Told,
        trace: Trace,
    ) -> None:
        pending.told[place] = (question, told)
        pending.traces[place] = trace
        pending.left -= 1
        if pending.left:
            return
        pending.outcome = self._outcome(pending)
        pending.told = []
        batch.left -= 1

    def _outcome(self, pending: _Pending) -> Outcome:
        given = [each for each in pending.told if each is not None]
        reasons = [str(told["failed"]) for _, told in given if "failed" in told]
        if "too_long" in reasons:
            return Outcome(REJECTED, reason="too_long")
        if reasons:
            return Outcome(FAILED, reason=reasons[0])
        return Outcome(LABELED, self.prompter.answer(pending.row, given))

    def _end(self, batch: _Batch) -> Answers:
        while batch.left:
            self.asking.drain(wait=True)
        outcomes = []
        for pending in batch.rows:
            assert pending.outcome is not None
            outcomes.append(pending.outcome)
        prompter = self.prompter
        labels = answers_frame(
            [each.status for each in outcomes],
            [each.answered for each in outcomes],
            [each.reason for each in outcomes],
            prompter.answer_type,
        )
        traces = [
            (place, trace)
            for place, pending in enumerate(batch.rows)
            for trace in pending.traces
            if trace is not None
        ]
        return Answers(batch.frame, labels, calls_frame(traces))
