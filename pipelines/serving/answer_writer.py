"""Writes answers to the cache as they come.

Assumptions: as in pipelines.lake.answer_files; `close` is called, or the interpreter ends by itself.
Semantics: an answer is durable at the latest 2 s after it was put, and never are more than 256 put that are not:
who puts faster than the disk takes them waits. Answers to texts of people who were forgotten meanwhile are dropped.
A thread writes; it ends by itself when nothing waits.
"""

import contextlib
import datetime as dt
import os
import secrets
import threading
import time
from types import TracebackType

from pipelines.lake.answer_files import adding_answers
from pipelines.lake.forget_list import Forgotten, forgotten, mark
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place
from pipelines.serving.answer_segments import Answer, merge, write_segment
from schemas.errors import AffectmineError
from transforms.ingest.keyed import KeyedHasher

LOSE_AT_MOST = 256  # answers put and not yet durable
_ENOUGH = LOSE_AT_MOST // 2  # are written at once: the next ones may come in meanwhile
_SECONDS = 1.5  # the oldest waits at most; writing it takes the rest of the 2 s
_MERGE_AT = 64  # small segments become one while more come in


class CacheWriter:
    """Puts answers into a folder of segments. Thread-safe."""

    def __init__(self, folder: Place, lake: Lake | None, hasher: KeyedHasher) -> None:
        self._folder, self._lake, self._hasher = folder, lake, hasher
        self._root = folder if lake is None else lake.root
        self._name = f"answers-{os.getpid()}-{secrets.token_hex(6)}"
        self._number = 0
        self._small: list[Place] = []  # of this writer, as they were flushed
        self._merged: list[Place] = []
        self._changed = threading.Condition()
        self._waiting: list[tuple[float, Answer]] = []
        self._writing = 0
        self._thread: threading.Thread | None = None
        self._trouble: Exception | None = None
        self._closed = False
        self._list = _ForgottenList(lake)

    def put(
        self,
        key: str,
        record_id: str,
        told: str,
        prompt_tokens: int | None,
        cached_tokens: int | None,
        completion_tokens: int | None,
        *,
        speaker: str | None = None,
    ) -> None:
        """Adds an answer. `told`: JSON of the validated answer; `record_id`, `speaker`: whose text it is about.

        Raises what an earlier write failed with (TransientError: disk full); nothing that was put before is lost by
        that, the next call tries again.
        """
        now = dt.datetime.now(dt.UTC)
        answer = Answer(
            bytes.fromhex(key), record_id, speaker, told,
            prompt_tokens, cached_tokens, completion_tokens, now,
        )  # fmt: skip
        with self._changed:
            if self._closed:
                raise ValueError("The writer is closed.")
            while len(self._waiting) + self._writing >= LOSE_AT_MOST and self._trouble is None:
                self._work_on()
                self._changed.wait()
            self._tell_trouble()
            self._waiting.append((time.monotonic(), answer))
            self._work_on()

    def close(self) -> None:
        """Makes durable what waits, and one segment of this writer's small ones. Raises as `put` does."""
        with self._changed:
            self._closed = True
            if self._waiting and self._trouble is not None:
                self._trouble = None  # once more
            self._work_on()
            while self._thread is not None:
                self._changed.wait()
            self._tell_trouble()
        self._merge([*self._merged, *self._small])

    def __enter__(self) -> "CacheWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _tell_trouble(self) -> None:
        trouble, self._trouble = self._trouble, None
        if trouble is not None:
            raise trouble

    def _work_on(self) -> None:
        """Lets the thread know, or begin. The caller holds the condition."""
        if self._thread is None:
            if self._waiting:
                # No daemon: an interpreter that ends waits for the last answers to be written.
                self._thread = threading.Thread(target=self._work, name="answer cache")
                self._thread.start()
        elif len(self._waiting) >= _ENOUGH or self._closed:
            self._changed.notify_all()

    def _work(self) -> None:
        while chunk := self._next_chunk():
            try:
                self._store([answer for _, answer in chunk])
            except Exception as error:  # noqa: BLE001 - told to whoever puts or closes next
                with self._changed:
                    self._waiting, self._writing = chunk + self._waiting, 0
                    self._trouble, self._thread = error, None
                    self._changed.notify_all()
                return
            with self._changed:
                self._writing = 0
                self._changed.notify_all()

    def _next_chunk(self) -> list[tuple[float, Answer]]:
        """What is to be written now; empty when nothing waits: then the thread ends."""
        with self._changed:
            while self._waiting and len(self._waiting) < _ENOUGH and not self._closed:
                left = self._waiting[0][0] + _SECONDS - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            chunk, self._waiting = self._waiting, []
            self._writing = len(chunk)
            if not chunk:
                self._thread = None
                self._changed.notify_all()
            return chunk

    def _store(self, answers: list[Answer]) -> None:
        with adding_answers(self._root):
            left = self._list.without(answers, self._hasher)
            if not left:
                return
            path = self._new_path("")
            write_segment(path, left)
        self._small.append(path)
        if len(self._small) >= _MERGE_AT:
            small, self._small = self._small, []
            self._merge(small)

    def _new_path(self, kind: str) -> Place:
        self._number += 1
        return self._folder / f"{self._name}-{kind}{self._number:06d}.parquet"

    def _merge(self, old: list[Place]) -> None:
        new = self._new_path("merged-")
        # The answers are safe where they lie: a full disk or a damaged segment is for those who need it to tell.
        with contextlib.suppress(AffectmineError):
            if merge(self._root, old, new):
                self._merged.append(new)


class _ForgottenList:
    """The forgotten list of a lake, read again when it has changed."""

    def __init__(self, lake: Lake | None) -> None:
        self._path = None if lake is None else lake.root / "forgotten.json"
        self._lake = lake
        self._seen: tuple[int, int, int] | None = None
        self._marks = Forgotten()

    def without(self, answers: list[Answer], hasher: KeyedHasher) -> list[Answer]:
        """The answers that are about nobody on the list. The caller holds `adding_answers`."""
        marks = self._now()
        if not marks:
            return answers
        return [
            each
            for each in answers
            if mark(hasher, each.record_id) not in marks.records
            and (each.speaker is None or mark(hasher, each.speaker) not in marks.speakers)
        ]

    def _now(self) -> Forgotten:
        if self._lake is None or self._path is None:
            return self._marks
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return self._marks
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        if seen != self._seen:
            self._marks, self._seen = forgotten(self._lake), seen
        return self._marks
