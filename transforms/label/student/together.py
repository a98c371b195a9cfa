"""Several questions at once: every text is read once, whatever the number of heads that answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from schemas.errors import ConfigError
from transforms.label.labeler import language_code, language_reason
from transforms.label.student.answers import Refusals, answer, place_of
from transforms.label.student.engine import Engine, engine_of, pack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from transforms.label.student.weights import StudentWeights

MAX_BYTES: Final = (
    4 << 20
)  # the kernel needs about 150 bytes of scratch per byte of the longest text
_CHUNK: Final = 16_384  # rows scored at a time: their scores stay in the processor's cache


@dataclass(frozen=True)
class Question:
    """One taxonomy to answer in, and the models that can: a row goes to the first that knows its language."""

    taxonomy: str
    models: tuple[StudentWeights, ...]

    @property
    def languages(self) -> frozenset[str]:
        """ISO 639 codes of all models."""
        return frozenset(code for model in self.models for code in model.languages)


def label_together(batch: pl.DataFrame, questions: Sequence[Question]) -> list[pl.DataFrame]:
    """The answers to each question: one per row, in order. See `StudentLabeler.label`."""
    if "text_clean" not in batch.columns:
        raise ConfigError(
            "The student reads the column 'text_clean'.",
            remedy=f"Columns found: {', '.join(batch.columns)}.",
        )
    models = {model.version: model for question in questions for model in question.models}
    engines = _Engines.of(tuple(models.values()))
    starts = range(0, max(1, len(batch)), _CHUNK)
    chunks = [_chunk(batch.slice(start, _CHUNK), questions, engines) for start in starts]
    return [pl.concat(parts, rechunk=False) for parts in zip(*chunks, strict=True)]


@dataclass(frozen=True)
class _Engines:
    """Engines, mostly one, and which of them has a model, by its version: engine and number in it."""

    engines: tuple[Engine, ...]
    place: dict[str, tuple[int, int]]

    @classmethod
    def of(cls, models: tuple[StudentWeights, ...]) -> _Engines:
        packs = pack(models)
        place = {
            model.version: (number, position)
            for number, found in enumerate(packs)
            for position, model in enumerate(found)
        }
        return cls(tuple(engine_of(found) for found in packs), place)


@dataclass(frozen=True)
class _Scored:
    """Scores and whether anything is known, of each engine."""

    scores: list[NDArray[np.float32]]
    known: list[NDArray[np.bool_]]


def _chunk(
    batch: pl.DataFrame, questions: Sequence[Question], engines: _Engines
) -> list[pl.DataFrame]:
    code = _codes(batch)
    unfit = _unfit(batch)
    refused: dict[frozenset[str], Refusals] = {}
    routes = []
    wanted = np.zeros((len(engines.engines), len(batch)), np.uint32)
    for question in questions:
        if question.languages not in refused:
            refused[question.languages] = _with_languages(batch, unfit, question.languages)
        refusals = refused[question.languages]
        route = _route(question, code, len(batch))
        routes.append((refusals, route))
        for position, model in enumerate(question.models):
            engine, number = engines.place[model.version]
            wanted[engine, (route == position) & refusals.accepted] |= np.uint32(1 << number)
    found = [
        engine.score(batch["text_clean"], asked)
        for engine, asked in zip(engines.engines, wanted, strict=True)
    ]
    scored = _Scored([scores for scores, _ in found], [known for _, known in found])
    return [
        _answer(question, refusals, route, code, scored, engines)
        for question, (refusals, route) in zip(questions, routes, strict=True)
    ]


def _answer(
    question: Question,
    refusals: Refusals,
    route: NDArray[np.int8],
    code: pl.Series | None,
    scored: _Scored,
    engines: _Engines,
) -> pl.DataFrame:
    parts, rows = [], []
    models = question.models if len(route) else question.models[:1]
    for position, model in enumerate(models):
        mine = np.flatnonzero(route == position) if len(models) > 1 else None
        if mine is not None and not len(mine):
            continue
        engine, number = engines.place[model.version]
        head = model.heads[question.taxonomy]
        own = scored.scores[engine][:, engines.engines[engine].columns(number)]
        ignorant = ~scored.known[engine][:, number]
        told, languages = refusals, code
        if mine is not None:
            own, ignorant, told = own[mine], ignorant[mine], told.rows(mine)
            languages = None if code is None else code.gather(mine)
        told = told.also(ignorant, "no_known_feature")  # its answer would be the prior: a guess
        parts.append(
            answer(head, own[:, : len(model.bias)], place_of(head, languages, len(own)), told)
        )
        rows.append(mine)
    if len(parts) == 1:
        return parts[0]
    place = np.concatenate([row for row in rows if row is not None])
    return pl.concat(parts).select(pl.all().gather(np.argsort(place, kind="stable")))


def _codes(batch: pl.DataFrame) -> pl.Series | None:
    """The language of each row without its region, lower case; None where there is no such column."""
    if "lang" not in batch.columns or batch["lang"].null_count() == len(batch):
        return None
    told = batch["lang"].unique().drop_nulls().to_list()
    codes = [language_code(tag) for tag in told]
    return batch["lang"] if codes == told else batch["lang"].replace(told, codes)


def _route(question: Question, code: pl.Series | None, rows: int) -> NDArray[np.int8]:
    """Which of the question's models answers each row: the first that knows the language, else the first."""
    route = np.zeros(rows, np.int8)
    if code is None or len(question.models) == 1:
        return route
    for position in reversed(range(1, len(question.models))):
        earlier = {c for model in question.models[:position] for c in model.languages}
        mine = [c for c in question.models[position].languages if c not in earlier]
        route[code.is_in(mine).fill_null(value=False).to_numpy()] = position
    return route


def _unfit(batch: pl.DataFrame) -> Refusals:
    """Why a text is rejected by every model, before it is read."""
    text = pl.col("text_clean")
    long = text.str.len_bytes() > MAX_BYTES
    empty = text.is_null() | (text.str.strip_chars() == "")
    reason = pl.when(empty).then(pl.lit("empty_text")).when(long).then(pl.lit("too_long"))
    return Refusals.of(batch.select(reason.alias("reason"))["reason"])


def _with_languages(batch: pl.DataFrame, unfit: Refusals, languages: frozenset[str]) -> Refusals:
    """The same, and for texts in a language that none of the models knows."""
    foreign = language_reason(batch, languages)
    if foreign.null_count() == len(foreign):
        return unfit
    return Refusals.of(
        pl.select(
            pl.when(unfit.reason.is_null()).then(foreign).otherwise(unfit.reason).alias("reason")
        )["reason"]
    )
