"""Several labelers that answer together: prompts or models that vote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b

import polars as pl

from pipelines.serving.answer_cache import AnswerCache
from pipelines.serving.labeler import LanguageModelLabeler
from pipelines.serving.spent import Spent
from pipelines.serving.stream import Answers
from schemas.errors import ConfigError
from schemas.label_task import LabelTask
from schemas.language_model import LanguageModel
from schemas.taxonomy import Taxonomy
from transforms.clean.redacted import redacted
from transforms.label.labeler import Labeler
from transforms.label.prompted.vote import vote


class Ensemble:
    """The vote of its members (transforms.label.prompted.vote), each asked in a thread of its own."""

    def __init__(
        self,
        model: LanguageModel,
        task: LabelTask,
        taxonomy: Taxonomy,
        members: Sequence[Labeler],
    ) -> None:
        """Raises ConfigError for tasks that cannot be voted on."""
        if task.answer == "fields" or task.fields or task.unit == "sentence":
            raise ConfigError(
                f"The task {task.name} has fields, on which an ensemble cannot vote.",
                remedy="Ask one model.",
            )
        self.model, self.task, self.taxonomy = model, task, taxonomy
        self.members = list(members)
        self.name = model.name
        told = "|".join(each.version for each in members)
        digest = blake2b(told.encode(), digest_size=6).hexdigest()
        self.version = f"{model.revision[:40]}-{digest}"
        known = [each.languages for each in members if each.languages]
        self.languages = frozenset.intersection(*known) if known else frozenset()

    @property
    def spent(self) -> Spent:
        """What all members have spent."""
        total = Spent()
        for each in self.members:
            if isinstance(each, LanguageModelLabeler):
                total.add(each.spent)
        return total

    def label(self, batch: pl.DataFrame, task: LabelTask, taxonomy: Taxonomy) -> pl.DataFrame:
        """The vote, row by row, with the column `agreement`; see `LanguageModelLabeler.label`."""
        del task, taxonomy  # those that it was made for
        batch = batch.with_columns(redacted(batch["text_clean"]))
        return pl.concat([each.labels for each in self._stream([batch], None, None)])

    def label_stream(
        self,
        batches: Iterable[pl.DataFrame],
        cache: AnswerCache | None = None,
        spent: Spent | None = None,
    ) -> Iterator[Answers]:
        """As LanguageModelLabeler.label_stream."""
        yield from self._stream(batches, cache, spent)

    def _stream(
        self,
        batches: Iterable[pl.DataFrame],
        cache: AnswerCache | None,
        spent: Spent | None,
    ) -> Iterator[Answers]:
        task, taxonomy = self.task, self.taxonomy
        thresholds = [_thresholds(each, taxonomy) for each in self.members]
        with ThreadPoolExecutor(len(self.members)) as pool:
            for batch in batches:

                def ask(member: Labeler, batch: pl.DataFrame = batch) -> list[Answers]:
                    if isinstance(member, LanguageModelLabeler):
                        return list(member.label_stream([batch], cache, spent))
                    labels = member.label(batch, task, taxonomy)
                    return [Answers(batch, labels, pl.DataFrame())]

                told = list(pool.map(ask, self.members))
                voted = vote(
                    [pl.concat([each.labels for each in of]) for of in told],
                    task,
                    taxonomy,
                    thresholds,
                )
                yield Answers(batch, voted, _calls(told))


def _calls(told: Sequence[Sequence[Answers]]) -> pl.DataFrame:
    """The calls of all members, with the places of rows in the whole batch."""
    parts = []
    for of_member in told:
        first = 0
        for each in of_member:
            if each.calls.width:
                parts.append(each.calls.with_columns(pl.col("row") + first))
            first += each.batch.height
    return pl.concat(parts) if parts else pl.DataFrame()


def _thresholds(labeler: Labeler, taxonomy: Taxonomy) -> dict[str, float]:
    found = getattr(labeler, "thresholds", None)
    return dict(found(taxonomy)) if callable(found) else {}
