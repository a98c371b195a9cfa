"""affectmine from Python: label texts, compare labels with gold, open a lake. Arrow and Polars in and out.

>>> import affectmine
>>> affectmine.label(["Thank you so much for your help!"])["labels"].to_list()
[['gratitude']]
"""

from __future__ import annotations

from collections.abc import Sequence
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
    Raises schemas.errors.ConfigError for an unknown task, taxonomy or labeler.
    """
    from jobs.label_file import with_language
    from schemas.label_task import load_task
    from schemas.taxonomy import load_taxonomy
    from transforms.label.registry import load_labeler

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
) -> EvaluationResult:
    """Compares a labeler with gold labels.

    `gold` has the columns text and labels (a list of strings, or one string) and, if known, lang. Rejected and failed
    rows count as empty predictions.
    """
    import polars as pl

    from jobs.evaluate import evaluate as compare
    from jobs.label_file import with_language
    from schemas.label_task import load_task
    from schemas.taxonomy import load_taxonomy
    from transforms.label.registry import load_labeler

    frame = gold if isinstance(gold, pl.DataFrame) else pl.DataFrame(pl.from_arrow(gold))
    asked = load_task(task)
    labels = load_taxonomy(taxonomy or asked.taxonomy)
    texts = with_language(_frame(frame, "text")).rename({"text_clean": "text"})
    rows = texts.with_columns(frame["labels"])
    return compare(rows, load_labeler(labeler, asked, labels), asked, labels)


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
    from pipelines.lake.snapshots import published_files, state
    from pipelines.query.catalog import open_catalog

    lake = find(Path(path))
    return open_catalog(published_files(lake, state(lake, as_of)[1]), restricted=restricted)


def _frame(texts: Any, text_column: str) -> pl.DataFrame:
    import polars as pl

    if isinstance(texts, pl.DataFrame):
        frame = texts
    elif isinstance(texts, pl.Series):
        frame = texts.alias(text_column).to_frame()
    elif hasattr(texts, "column_names"):
        frame = pl.DataFrame(pl.from_arrow(texts))
    else:
        frame = pl.DataFrame({text_column: pl.Series(list(texts), dtype=pl.String)})
    if text_column not in frame.columns:
        from schemas.errors import ConfigError

        raise ConfigError(
            f"There is no column {text_column!r}.",
            remedy=f"Name the right one with text_column; there are: {', '.join(frame.columns)}.",
        )
    lang = pl.col("lang") if "lang" in frame.columns else pl.lit(None, dtype=pl.String)
    return frame.select(pl.col(text_column).alias("text_clean"), lang.alias("lang"))
