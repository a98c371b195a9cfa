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

    from jobs.evaluate import EvaluationResult
    from pipelines.query.catalog import Catalog

__all__ = ["evaluate", "label", "open_lake"]


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
    from jobs.label_file import with_language
    from pipelines.labelers import load_labeler
    from schemas.label_task import load_task
    from schemas.taxonomy import load_taxonomy

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
    from jobs.label_file import with_language
    from pipelines.labelers import load_labeler
    from schemas.label_task import load_task
    from schemas.taxonomy import load_taxonomy

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
    """Opens the newest snapshot of a lake (or number `as_of`) for SQL, as a context manager.

    Only SELECT statements are accepted and nothing but the snapshot's files can be read. `restricted` adds the
    views with raw text.

        with affectmine.open_lake("lake") as lake:
            frame = lake.frame("SELECT * FROM labels LIMIT 10")
    """
    from pipelines.lake.lake import open_lake as find
    from pipelines.lake.mart_files import queryable_files
    from pipelines.lake.snapshots import state
    from pipelines.query.catalog import open_catalog

    lake = find(Path(path))
    return open_catalog(queryable_files(lake, state(lake, as_of)[1]), restricted=restricted)


def _frame(texts: Any, text_column: str) -> pl.DataFrame:
    import polars as pl

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
    if text_column not in frame.columns:
        raise ConfigError(
            f"There is no column {text_column!r}.",
            remedy=f"Name the right one with text_column; there are: {', '.join(frame.columns)}.",
        )
    for name in {text_column, "lang"} & set(frame.columns):
        kind = frame.schema[name]
        if kind not in (pl.String, pl.Categorical, pl.Enum, pl.Null):
            raise ConfigError(f"The column {name!r} holds {kind}, not strings.", remedy=remedy)
    lang = pl.col("lang") if "lang" in frame.columns else pl.lit(None)
    return frame.select(
        pl.col(text_column).cast(pl.String).alias("text_clean"),
        lang.cast(pl.String).alias("lang"),
    )


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
