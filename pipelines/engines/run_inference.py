"""A labeler as a model handler of Beam's RunInference, for pipelines of other people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from pipelines.label_input import batch_of_frame, batch_of_rows
from pipelines.portable_labeler import LoadedLabeler, PortableLabeler
from schemas.errors import ConfigError, MissingExtraError
from schemas.language_model import load_language_model
from transforms.arrow import to_arrow

try:
    from apache_beam.metrics.metric import Metrics
    from apache_beam.ml.inference.base import ModelHandler, PredictionResult
except ImportError:
    raise MissingExtraError("beam", "A model handler for RunInference") from None

NAMESPACE = "affectmine"
"""Of the metrics: those of RunInference, and the counters labeled, rejected and failed."""

_FRAMES = (pa.Table, pa.RecordBatch, pl.DataFrame)


class LabelerModelHandler(ModelHandler[Any, PredictionResult, LoadedLabeler]):
    """Labels texts in a Beam pipeline; made by `affectmine.beam_model_handler`.

    An example is a text or null; a row (mapping, named tuple, beam.Row) with the field `text_column` and, where known,
    `lang` and for language models record_id, role and context; or a whole frame with such columns (Arrow table or
    record batch, Polars frame). The inference of a text or row is a dict with the columns of `affectmine.label`, that
    of a frame a frame of them (Arrow for Arrow), a row for each of its rows. A row that cannot be read is rejected
    with a reason. `schema` has the Arrow types of the answers.
    """

    def __init__(
        self,
        portable: PortableLabeler,
        *,
        text_column: str = "text",
        min_batch_size: int | None = None,
        max_batch_size: int | None = None,
        max_batch_duration_secs: int | None = None,
    ) -> None:
        """Batch sizes are Beam's (`beam.BatchElements`). By default a language model gets at least twice as many texts
        as requests may be in flight; a server of its own would idle between smaller batches.
        """
        model = load_language_model(portable.labeler) if portable.asked else None
        if min_batch_size is None and model is not None:
            min_batch_size = min(2 * model.window, max_batch_size or 2 * model.window)
        super().__init__(
            min_batch_size=min_batch_size,
            max_batch_size=max_batch_size,
            max_batch_duration_secs=max_batch_duration_secs,
            large_model=model is not None and model.engine == "in_process",
        )
        self.schema = portable.schema
        self._portable = portable
        self._text_column = text_column
        self._model_id = f"{portable.name}@{portable.version}"

    def load_model(self) -> LoadedLabeler:
        """The labeler. Beam loads it once a process; a model in the process, which needs a GPU, once a machine."""
        return self._portable.load()

    def run_inference(
        self,
        batch: Sequence[Any] | pa.Table | pa.RecordBatch | pl.DataFrame,
        model: LoadedLabeler,
        inference_args: dict[str, Any] | None = None,
    ) -> list[PredictionResult]:
        """One result per example, in order; a batch that is a frame itself is one example.

        Raises TransientError where the servers of a language model do not answer, ConfigError for frames without the
        columns; messages hold no text.
        """
        del inference_args  # validate_inference_args let none through
        examples = [batch] if isinstance(batch, _FRAMES) else batch
        rows = [example for example in examples if not isinstance(example, _FRAMES)]
        answers = iter(self._rows(rows, model))
        told = (
            self._frame(example, model) if isinstance(example, _FRAMES) else next(answers)
            for example in examples
        )
        return [
            PredictionResult(example, inference, self._model_id)  # type: ignore[no-untyped-call]
            for example, inference in zip(examples, told, strict=True)
        ]

    def get_num_bytes(self, batch: Sequence[Any] | pa.Table | pa.RecordBatch | pl.DataFrame) -> int:
        """The size of the texts in bytes (of frames: of all columns)."""
        if isinstance(batch, _FRAMES):
            return _size(batch)
        return sum(map(self._bytes, batch))

    def get_metrics_namespace(self) -> str:
        """The namespace of all metrics, which hold counts, sizes and times."""
        return NAMESPACE

    def validate_inference_args(self, inference_args: dict[str, Any] | None) -> None:
        """Raises ConfigError: a labeler takes no arguments of inference."""
        if inference_args:
            raise ConfigError(
                "A labeler takes no inference_args.",
                remedy="Say what is asked in affectmine.beam_model_handler(...).",
            )

    def _rows(self, rows: Sequence[Any], model: LoadedLabeler) -> Iterable[Mapping[str, Any]]:
        if not rows:
            return []
        batch = batch_of_rows(rows, self._text_column, context=self._portable.asked)
        answers = model.label(batch)
        _count(answers)
        return answers.iter_rows(named=True)

    def _frame(self, example: Any, model: LoadedLabeler) -> pa.Table | pl.DataFrame:
        frame = example if isinstance(example, pl.DataFrame) else pl.DataFrame(example)
        batch = batch_of_frame(frame, self._text_column, context=self._portable.asked)
        answers = model.label(batch)
        _count(answers)
        return answers if isinstance(example, pl.DataFrame) else to_arrow(answers, self.schema)

    def _bytes(self, example: Any) -> int:
        if isinstance(example, _FRAMES):
            return _size(example)
        if hasattr(example, "_asdict"):
            example = example._asdict()
        if isinstance(example, Mapping):
            example = example.get(self._text_column)
        return len(example.encode(errors="replace")) if isinstance(example, str) else 0


def _size(frame: pa.Table | pa.RecordBatch | pl.DataFrame) -> int:
    return int(frame.estimated_size() if isinstance(frame, pl.DataFrame) else frame.nbytes)


def _count(answers: pl.DataFrame) -> None:
    for status, count in answers["status"].value_counts().iter_rows():
        Metrics.counter(NAMESPACE, status).inc(count)  # type: ignore[no-untyped-call]
