"""A labeler as a value: checked where a pipeline is made, pickled to its workers, loaded there once per process."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl
import pyarrow as pa

from pipelines.engines.local import unexpected
from pipelines.label_input import REFUSED
from pipelines.labelers import load_labeler
from pipelines.serving.ensemble import Ensemble
from pipelines.serving.labeler import LanguageModelLabeler
from schemas.datasets.labels import labels_schema, labels_schema_of
from schemas.errors import AffectmineError, TerminalError
from schemas.label_task import LabelTask, load_task
from schemas.language_model import is_language_model
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.clean.language import with_language
from transforms.clean.redacted import redacted
from transforms.label.labeler import ANSWER_SCHEMA, Labeler
from transforms.label.prompted.answer_type import answer_type
from transforms.label.registry import WEIGHTS

_FURTHER = ("answer", "agreement")


@dataclass(frozen=True)
class PortableLabeler:
    """Which labeler answers which question. Pickles small: task and taxonomy travel along (as JSON), weights and
    labeler files do not: workers read them at the same path, and refuse others than those that were checked.
    """

    labeler: str
    task: str
    taxonomy: str
    name: str
    version: str
    schema: pa.Schema
    """The columns of the answers: status, labels, scores, reason; answer and agreement where there are any."""

    @property
    def asked(self) -> bool:
        """Whether a language model is asked."""
        return is_language_model(self.labeler)

    def load(self) -> LoadedLabeler:
        """The labeler itself. Raises ConfigError where it cannot be read, TerminalError where it is another one."""
        task = LabelTask.model_validate_json(self.task)
        taxonomy = Taxonomy.model_validate_json(self.taxonomy)
        found = load_labeler(self.labeler, task, taxonomy)
        if found.version != self.version:
            raise TerminalError(
                f"The labeler {self.name} has the version {found.version} on this worker, and {self.version} where the "
                "pipeline was made.",
                remedy="Give all machines the same affectmine and the same files.",
            )
        return LoadedLabeler(found, task, taxonomy)

    def loaded(self) -> LoadedLabeler:
        """The same; one for all who ask in this process."""
        with _loading:
            return _loaded(self)


def portable_labeler(labeler: str, task: str, taxonomy: str | None) -> PortableLabeler:
    """The labeler `labeler` for the question that `affectmine.label` would ask with the same arguments.

    Loads it once to check it. Raises ConfigError for an unknown task, taxonomy or labeler.
    """
    asked = load_task(task)
    labels = load_taxonomy(taxonomy or asked.taxonomy)
    is_file = labeler.endswith(WEIGHTS) or is_language_model(labeler)
    place = str(Path(labeler).absolute()) if is_file else labeler
    found = load_labeler(place, asked, labels)
    return PortableLabeler(
        place,
        asked.model_dump_json(exclude_unset=True),
        labels.model_dump_json(exclude_unset=True),
        found.name,
        found.version,
        _answers_schema(found, asked, labels),
    )


class LoadedLabeler:
    """Answers what pipelines.label_input made of other people's rows. Threads may share it."""

    def __init__(self, labeler: Labeler, task: LabelTask, taxonomy: Taxonomy) -> None:
        self.labeler, self._task, self._taxonomy = labeler, task, taxonomy

    def label(self, batch: pl.DataFrame) -> pl.DataFrame:
        """One answer per row, in order."""
        return pl.concat(list(self.label_stream([batch])))

    def label_stream(self, batches: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The answers to batches of any size, in pieces that do not cross batches; one answer per row, in order.

        A language model sees redacted texts, and is asked a piece ahead. Raises TransientError where its servers do
        not answer, ConfigError where they serve something else; messages hold no text.
        """
        known = map(with_language, batches)
        try:
            if isinstance(self.labeler, LanguageModelLabeler | Ensemble):
                for told in self.labeler.label_stream(map(_redacted, known)):
                    yield _with_refusals(told.batch, told.labels)
            else:
                for batch in known:
                    answers = self.labeler.label(batch, self._task, self._taxonomy)
                    yield _with_refusals(batch, answers)
        except AffectmineError:
            raise
        except Exception as error:  # noqa: BLE001 - the message may quote a text: only the place is told
            raise unexpected(error) from None


_loading = threading.Lock()


@cache
def _loaded(portable: PortableLabeler) -> LoadedLabeler:
    return portable.load()


def _redacted(batch: pl.DataFrame) -> pl.DataFrame:
    turn = pl.element().struct.with_fields(pl.field("text").map_batches(redacted, pl.String))
    return batch.with_columns(redacted(batch["text_clean"]), pl.col("context").list.eval(turn))


def _with_refusals(batch: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """Rows that were refused went as null texts, which every labeler rejects: their own reason is told."""
    return answers.with_columns(pl.coalesce(batch[REFUSED], answers["reason"]).alias("reason"))


def _answers_schema(labeler: Labeler, task: LabelTask, taxonomy: Taxonomy) -> pa.Schema:
    if isinstance(labeler, LanguageModelLabeler | Ensemble):
        kind = answer_type(task, taxonomy)
        schema = labels_schema_of(kind, voted=isinstance(labeler, Ensemble))
    else:
        schema = labels_schema(task.answer, taxonomy.names)
    names = [*ANSWER_SCHEMA.names(), *(name for name in _FURTHER if name in schema.names)]
    return pa.schema([schema.field(name) for name in names])
