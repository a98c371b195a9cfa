"""A language model as a labeler: every row is asked about, and what comes back is checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Final

import orjson
import polars as pl

from pipelines.serving.answer_cache import AnswerCache
from pipelines.serving.asking import Asking, stopped
from pipelines.serving.backends import backend_of, drop_backend
from pipelines.serving.calls import TOKENIZE, Backend, Call
from pipelines.serving.sharing import shared_claims
from pipelines.serving.shown import Shown
from pipelines.serving.spent import Spent
from pipelines.serving.stream import Answers, Stream
from schemas.errors import ConfigError, StoppedError, TransientError
from schemas.label_task import LabelTask
from schemas.language_model import LanguageModel
from schemas.taxonomy import Taxonomy
from transforms.clean.redacted import redacted
from transforms.label.labeler import language_reason
from transforms.label.prompted.calibration import Calibration, load_calibration
from transforms.label.prompted.codes import code_names, resolve
from transforms.label.prompted.fit import Limits
from transforms.label.prompted.prompter import Prompter
from transforms.label.prompted.stimuli import stimulus

PROMPT_VERSION: Final = 1
"""Raise it when the same row is asked in other words, or the same answer read in another way."""

WITHIN_DOCUMENT: Final = "within_document"
LAST_TURN: Final = "last_turn"
"""A column that says of each row whether no later turn of its conversation is there."""

_ROWS: Final = 8_192  # of a batch that is rendered, and looked up in the cache, at once
_LEAST_ROOM: Final = 32


class LanguageModelLabeler:
    """Answers one task of one taxonomy; connects when it is first asked.

    `version` stands for all that determines the answers: weights, prompt, variant, calibration. A batch may have the
    columns record_id, role, context, cues and `last_turn` beside those of every labeler.
    """

    def __init__(
        self,
        model: LanguageModel,
        task: LabelTask,
        taxonomy: Taxonomy,
        *,
        base: Path,
        options: Mapping[str, str] | None = None,
        free_text: bool = True,
        calibrated: bool = True,
    ) -> None:
        """`base` is the folder of the labeler file, where the files that it names lie. Raises ConfigError."""
        self.model, self.task, self.taxonomy = model, task, taxonomy
        self.name = model.name
        self.languages = frozenset(model.languages)
        self.spent = Spent()
        self._free_text = free_text
        self._calibration = self._read_calibration(base) if calibrated else None
        self._shown = Shown(model, task, taxonomy, base)
        self._plain = Prompter(
            task,
            taxonomy,
            model,
            dict(options or {}),
            stimulus(model.variant.stimulus),
            calibration=self._calibration,
            free_text=free_text,
        )

    @cached_property
    def version(self) -> str:
        """The revision of the weights and a hash of what else determines an answer."""
        meaning = {
            "model": {k: v for k, v in self.model.meaning().items() if k not in ("name", "calibration")},
            "prompt": PROMPT_VERSION,
            "options": dict(self._plain.options),
            "mode": self._plain.mode,
            "calibration": None if self._calibration is None else self._calibration.version,
            "shown": self._shown.version,
        }  # fmt: skip
        digest = blake2b(orjson.dumps(meaning, option=orjson.OPT_SORT_KEYS), digest_size=6)
        return f"{self.model.revision[:40]}-{digest.hexdigest()}"

    @cached_property
    def backend(self) -> Backend:
        """Who answers."""
        return backend_of(self.model)

    @cached_property
    def prompter(self) -> Prompter:
        """The compiled task, for what is served. Raises ConfigError where the model is too small for it."""
        served = self.backend.facts()
        plain = self._plain
        codes = None
        if plain.mode == "score":
            codes = resolve(code_names(self.task, self.taxonomy), self._token_ids)
        static = len(self._token_ids_of({"messages": plain.static()}))
        room = served.max_tokens - static - plain.answer_tokens
        if room < _LEAST_ROOM:
            raise ConfigError(
                f"The model {self.model.model} takes {served.max_tokens} tokens. The task {self.task.name} needs "
                f"{static} for its instructions and {plain.answer_tokens} for an answer: nothing is left for texts.",
                remedy="Serve it with a longer context (--max-model-len), or set max_answer_tokens in the file.",
            )
        limits = Limits(room, lambda text: len(self._token_ids(text)))
        return Prompter(
            self.task,
            self.taxonomy,
            self.model,
            plain.options,
            plain.stimulus,
            limits,
            codes,
            self._calibration,
            self._free_text,
        )

    def label(self, batch: pl.DataFrame, task: LabelTask, taxonomy: Taxonomy) -> pl.DataFrame:
        """One answer per row, in order: see `Labeler.label`; `answer` besides where the task has a typed answer.

        The texts may come from anywhere, so they are redacted before they are asked about; `label_stream` is for texts
        that were cleaned. Raises TransientError when the servers do not answer, ConfigError when they serve something
        else, or for another task or taxonomy than the labeler was made for.
        """
        if (task.name, taxonomy.name) != (self.task.name, self.taxonomy.name):
            raise ConfigError(
                f"The labeler {self.name} was made for {self.task.name} in {self.taxonomy.name}, "
                f"not for {task.name} in {taxonomy.name}."
            )
        clean = batch.with_columns(redacted(batch["text_clean"]))
        return pl.concat([each.labels for each in self.label_stream([clean])])

    def label_stream(
        self,
        batches: Iterable[pl.DataFrame],
        cache: AnswerCache | None = None,
        spent: Spent | None = None,
    ) -> Iterator[Answers]:
        """The answers to batches of any size, in pieces of at most some thousand rows, in order.

        The questions of the next piece are sent before the answers to one are waited for. What is in `cache` is not
        asked; what is answered goes there. What it costs is added to the labeler's `spent`, and to that which is given.
        """
        try:
            prompter = self.prompter
        except ConfigError:
            drop_backend(self.model)
            self._disconnect()
            raise
        reading = self._reading
        key = _unkeyed if cache is None else cache.key
        with ExitStack() as held:
            claims = held.enter_context(shared_claims(None if cache is None else cache.folder))
            writer = None if cache is None else held.enter_context(cache.writer())
            asking = Asking(prompter, self.backend, self.model.model, writer, claims)
            held.callback(asking.close)
            stream = Stream(
                prompter, asking, cache, lambda body: key(reading + b"\0" + body), self._reject
            )
            try:
                yield from stream.answers(self._shown.beside(piece) for piece in _pieces(batches))
            except ConfigError:
                drop_backend(self.model)
                self._disconnect()
                raise
            except StoppedError:
                self._disconnect()  # others may still wait for what is in flight there
                raise
            finally:
                for each in (self.spent, *([] if spent is None else [spent])):
                    each.add(asking.spent)

    def thresholds(self, taxonomy: Taxonomy) -> dict[str, float]:
        """Probability from which each label is given, where a calibration says so."""
        del taxonomy
        return {} if self._calibration is None else dict(self._calibration.thresholds)

    def _disconnect(self) -> None:
        """Forgets a backend that will answer nothing any more: the next question makes a new one."""
        for name in ("backend", "prompter"):
            self.__dict__.pop(name, None)

    @cached_property
    def _reading(self) -> bytes:
        """The weights, and what determines how an answer is read, but is not in what is asked: the ranges to which
        numbers are brought, which label is neutral, whether free text is kept.
        """
        fields = [field.model_dump(mode="json") for field in self.task.fields]
        how = [PROMPT_VERSION, self._plain.mode, self.task.answer, fields]
        of = [self.taxonomy.range, self.taxonomy.neutral, self.taxonomy.exclusive, self._free_text]
        return orjson.dumps([self.model.revision, *how, *of])

    def _reject(self, batch: pl.DataFrame) -> pl.Series:
        if self.languages:
            reason = language_reason(batch, self.languages)
        else:
            reason = pl.Series("reason", [None] * batch.height, dtype=pl.String)
        if self.task.unit == "document" and LAST_TURN in batch.columns:
            inner = pl.lit(WITHIN_DOCUMENT)
            frame = batch.select(LAST_TURN).with_columns(reason.alias("reason"))
            last = pl.col(LAST_TURN)
            return frame.select(pl.when(last).then("reason").otherwise(inner).alias("reason"))[
                "reason"
            ]
        return reason

    def _read_calibration(self, base: Path) -> Calibration | None:
        if self.model.calibration is None:
            return None
        mode = self.model.asked_mode(self.task.mode)
        path = base / self.model.calibration
        return load_calibration(path, self.task, self.taxonomy, mode, self.model)

    def _token_ids(self, text: str) -> list[int]:
        return self._token_ids_of({"prompt": text, "add_special_tokens": False})

    def _token_ids_of(self, what: Mapping[str, object]) -> list[int]:
        kwargs = self.model.chat_template_kwargs
        template = {"chat_template_kwargs": kwargs} if kwargs and "messages" in what else {}
        body = orjson.dumps({"model": self.model.model, **what, **template})
        reply = self.backend.ask(Call(TOKENIZE, body))
        if reply.trouble == "stopped":
            raise stopped()
        if reply.content is None:
            raise TransientError(
                f"The servers of {self.name} do not count tokens ({reply.trouble}: {reply.detail}).",
                remedy="See that vLLM runs and its /tokenize can be reached, then run again.",
            )
        return list(orjson.loads(reply.content)["tokens"])


def _pieces(batches: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    for batch in batches:
        yield from batch.iter_slices(_ROWS) if batch.height else [batch]


def _unkeyed(what: bytes) -> str:
    """The key of a question that is kept nowhere."""
    return blake2b(what, digest_size=16).hexdigest()
