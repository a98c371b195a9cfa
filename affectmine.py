"""affectmine from Python: label texts, compare labels with gold, open a lake. Arrow and Polars in and out.

>>> import affectmine
>>> affectmine.label(["Thank you so much for your help!"])["labels"].to_list()
[['gratitude']]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa
    from pyspark.sql.types import StructType

    from jobs.evaluate import EvaluationResult
    from pipelines.engines.map_in_arrow import SparkLabeler
    from pipelines.engines.run_inference import LabelerModelHandler
    from pipelines.query.catalog import Catalog

__all__ = ["beam_model_handler", "evaluate", "label", "open_lake", "spark_labeler"]


def label(
    texts: Sequence[str | None] | pl.Series | pl.DataFrame | pa.Table,
    *,
    task: str = "emotion",
    taxonomy: str | None = None,
    labeler: str = "student",
    text_column: str = "text",
) -> pl.DataFrame:
    """Labels texts: one answer per text, in order.

    `texts` is a sequence or series of strings, or a frame or table whose `text_column` holds them and whose
    `lang` column, if there is one, declares their languages. Returns the columns status (labeled | rejected |
    failed), labels (list of strings), scores (list of label and probability) and reason.
    Raises schemas.errors.ConfigError for an unknown task, taxonomy or labeler, and for texts that are no strings.
    """
    from pipelines.labelers import load_labeler
    from schemas.label_task import load_task
    from schemas.taxonomy import load_taxonomy
    from transforms.clean.language import with_language

    asked = load_task(task)
    labels = load_taxonomy(taxonomy or asked.taxonomy)
    frame = with_language(_frame(texts, text_column))
    return load_labeler(labeler, asked, labels).label(frame, asked, labels)


def evaluate(
    gold: pl.DataFrame | pa.Table,
    *,
    task: str = "emotion",
    taxonomy: str | None = None,
    labeler: str = "student",
    against: str | None = None,
    by: Sequence[str] = (),
    group: str | None = None,
    resamples: int = 1000,
) -> EvaluationResult:
    """Compares a labeler with gold, and with another labeler (`against`) on the same rows.

    `gold` has the columns text and labels (a list of strings, or one string), or for tasks that are answered by numbers
    text and one column for each dimension. Used where present: lang, annotator (rows of one id, else of one text, are
    then one), label_set (the labels that could be given), group or conversation_id (what is resampled as a whole; or
    the column `group`), and the columns that `by` names, to break down by. Rejected and failed rows count as empty
    predictions (of numbers: are left out). Raises schemas.errors.ConfigError for columns that are missing or hold
    something else, schemas.errors.SourceError for labels that the taxonomy does not have.
    """
    import polars as pl

    from jobs.evaluate import evaluate as compare
    from pipelines.labelers import load_labeler
    from schemas.label_task import load_task
    from schemas.taxonomy import load_taxonomy
    from transforms.clean.language import with_language

    frame = gold if isinstance(gold, pl.DataFrame) else pl.DataFrame(pl.from_arrow(gold))
    asked = load_task(task)
    labels = load_taxonomy(taxonomy or asked.taxonomy)
    texts = with_language(_frame(frame, "text")).rename({"text_clean": "text"})
    known = texts.get_columns()
    if asked.answer == "labels":
        known.append(_labels(frame))
    rows = frame.with_columns(known)
    who = [load_labeler(name, asked, labels) for name in (labeler, against) if name is not None]
    other = who[1] if len(who) > 1 else None
    return compare(
        rows, who[0], asked, labels, against=other, by=by, group=group, resamples=resamples
    )


def open_lake(
    path: str | Path, *, as_of: int | None = None, restricted: bool = False
) -> AbstractContextManager[Catalog]:
    """Opens the newest snapshot of a lake (or number `as_of`) for SQL, as a context manager; `path` is a folder, or
    s3://bucket/prefix.

    Only SELECT statements are accepted and nothing but the snapshot's files can be read. `restricted` adds the
    views with raw text.

        with affectmine.open_lake("lake") as lake:
            frame = lake.frame("SELECT * FROM labels LIMIT 10")
    """
    from pipelines.lake.lake import open_lake as find
    from pipelines.lake.mart_files import queryable_files
    from pipelines.lake.place import place
    from pipelines.lake.snapshots import state
    from pipelines.query.catalog import open_catalog

    lake = find(place(path))
    return open_catalog(queryable_files(lake, state(lake, as_of)[1]), restricted=restricted)


def beam_model_handler(
    *,
    task: str = "emotion",
    taxonomy: str | None = None,
    labeler: str = "student",
    text_column: str = "text",
    min_batch_size: int | None = None,
    max_batch_size: int | None = None,
    max_batch_duration_secs: int | None = None,
) -> LabelerModelHandler:
    """A model handler for Beam's RunInference that answers as `label` does with the same arguments.

    Elements are texts, rows with `text_column` (and lang; for language models also record_id, role and context), or
    whole frames; each becomes a PredictionResult, whose inference is a dict with the columns of `label` (of frames: a
    frame). Batch sizes are those of `beam.BatchElements`. Workers need the same affectmine, and files of your own at
    the same path. Raises ConfigError as `label` does, before the pipeline starts; MissingExtraError without Beam.

        texts | RunInference(affectmine.beam_model_handler(task="emotion"))
    """
    from pipelines.engines.run_inference import LabelerModelHandler
    from pipelines.portable_labeler import portable_labeler

    return LabelerModelHandler(
        portable_labeler(labeler, task, taxonomy),
        text_column=text_column,
        min_batch_size=min_batch_size,
        max_batch_size=max_batch_size,
        max_batch_duration_secs=max_batch_duration_secs,
    )


def spark_labeler(
    schema: StructType,
    *,
    keep: Sequence[str],
    task: str = "emotion",
    taxonomy: str | None = None,
    labeler: str = "student",
    text_column: str = "text",
) -> SparkLabeler:
    """What labels a Spark frame of this schema by mapInArrow, as `label` does with the same arguments.

    Its function is `label`, the schema of the result `schema`: the columns of `keep`, then those of `label`. Read are
    `text_column` and, where they are there, lang, and for language models record_id, role and context. Workers need
    the same affectmine, and files of your own at the same path. Raises ConfigError as `label` does, and for columns
    that are missing, before the job starts; MissingExtraError without Spark.

        labeler = affectmine.spark_labeler(posts.schema, keep=["post_id"])
        posts.mapInArrow(labeler.label, labeler.schema)
    """
    from pipelines.engines.map_in_arrow import SparkLabeler
    from pipelines.portable_labeler import portable_labeler

    return SparkLabeler(
        portable_labeler(labeler, task, taxonomy), schema, text_column=text_column, keep=keep
    )


def _frame(texts: Any, text_column: str) -> pl.DataFrame:
    import polars as pl

    from pipelines.label_input import REFUSED, batch_of_frame
    from schemas.errors import ConfigError

    remedy = "Give a list or a series of strings, or a frame with a column of them."
    if isinstance(texts, str | bytes) or not (
        isinstance(texts, Iterable) or hasattr(texts, "column_names")
    ):
        raise ConfigError(f"One {type(texts).__name__} is no sequence of texts.", remedy=remedy)
    if isinstance(texts, pl.DataFrame):
        frame = texts
    elif isinstance(texts, pl.Series):
        frame = texts.alias(text_column).to_frame()
    elif hasattr(texts, "column_names"):
        frame = pl.DataFrame(pl.from_arrow(texts))
    else:
        cells = list(texts)
        strange = {type(cell).__name__ for cell in cells if not isinstance(cell, str | None)}
        if strange:
            raise ConfigError(
                f"Texts are strings, not {', '.join(sorted(strange))}.", remedy=remedy
            )
        frame = pl.DataFrame({text_column: pl.Series(cells, dtype=pl.String)})
    return batch_of_frame(frame, text_column, context=False).drop(REFUSED)


def _labels(gold: pl.DataFrame) -> pl.Series:
    import polars as pl

    from schemas.errors import ConfigError

    if "labels" not in gold.columns:
        raise ConfigError(
            "There is no column 'labels'.",
            remedy=f"Name the column of gold labels so; there are: {', '.join(gold.columns)}.",
        )
    labels = gold["labels"]
    kind = labels.dtype.inner if isinstance(labels.dtype, pl.List) else labels.dtype
    if kind not in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        raise ConfigError(
            f"The column 'labels' holds {labels.dtype}, not names of labels.",
            remedy="Give a list of strings, or one string, a row.",
        )
    return labels.cast(pl.List(pl.String) if isinstance(labels.dtype, pl.List) else pl.String)
