"""Reads what a student is trained on: texts and their gold, from a file or a frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from schemas.errors import SourceError
from transforms.read.columns import told
from transforms.read.small_table import read_small_table

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from schemas.label_task import LabelTask
    from schemas.taxonomy import Taxonomy
    from transforms.label.student.training import Gold


def read_gold(
    source: str | Path | pl.DataFrame,
    task: LabelTask,
    taxonomy: Taxonomy,
    *,
    folds: int,
    lang: str,
    absent: bool = False,
    sourced: bool = False,
) -> Gold:
    """Gold of a task in a taxonomy from a Parquet, CSV or TSV file, or from a frame with its columns.

    `lang` is the language of texts that name none; `sourced`: the column source says who gave the labels. Rows without
    text or gold are left out. SourceError says what does not fit.
    """
    import polars as pl

    from transforms.label.labeler import language_code
    from transforms.label.student.training import Gold

    frame = source if isinstance(source, pl.DataFrame) else read_small_table(Path(source))
    names = ["labels"] if task.answer == "labels" else list(taxonomy.names)
    missing = [name for name in ("text", *names) if name not in frame.columns]
    if "text" in missing or (task.answer == "labels" and missing) or len(missing) == len(names):
        raise SourceError(
            f"Training needs the column(s) {', '.join(missing)}; found: {told(frame.columns)}.",
            remedy=f"Name the columns text and {', '.join(names)} (and group, lang).",
        )
    if frame.schema["text"] not in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        raise SourceError(
            f"The column text holds {frame.schema['text']}, not texts.",
            remedy="Give the column of texts the name text.",
        )
    frame = frame.with_columns(pl.col("text").cast(pl.String)).filter(pl.col("text").is_not_null())
    frame, values, asked = (
        _labels(frame, taxonomy) if task.answer == "labels" else _numbers(frame, task, taxonomy)
    )
    if len(frame) == 0:
        raise SourceError(
            "There is no row with a text and a label to train on.",
            remedy=f"Fill the columns text and {', '.join(names)}.",
        )
    if not absent:
        _refuse_absent(values, asked, taxonomy)
    languages = pl.col("lang").cast(pl.String) if "lang" in frame.columns else pl.lit(None)
    code = languages.cast(pl.String).str.to_lowercase().str.split("-").list.first()
    return Gold(
        frame["text"], values, asked, _groups(frame, folds),
        frame.with_columns(code.fill_null(language_code(lang)).alias("lang"))["lang"],
        _counts(frame, task), frame["source"] if sourced else None,
    )  # fmt: skip


def _labels(
    frame: pl.DataFrame, taxonomy: Taxonomy
) -> tuple[pl.DataFrame, NDArray[np.bool_], NDArray[np.bool_]]:
    """The rows that have gold, and per label whether it holds and whether it was asked for.

    An empty list says that none applies: the neutral label, where there is one.
    """
    import numpy as np
    import polars as pl

    from transforms.evaluate.metrics import indicator

    frame = frame.with_columns(_lists(frame, "labels")).filter(pl.col("labels").is_not_null())
    if taxonomy.exclusive or (taxonomy.neutral is None and not frame["labels"].list.len().sum()):
        frame = frame.filter(pl.col("labels").list.len() > 0)
    values = indicator(frame["labels"], list(taxonomy.names))
    asked = np.ones(values.shape, np.bool_)
    if "label_set" in frame.columns:
        label_sets = frame.with_columns(_lists(frame, "label_set"))["label_set"]
        limited = label_sets.is_not_null().to_numpy()
        asked[limited] = indicator(label_sets.filter(limited), list(taxonomy.names))
    if taxonomy.neutral is not None:
        neutral = taxonomy.names.index(taxonomy.neutral)
        none = ~values.any(axis=1)
        # Where not all emotions were asked for, a text with none of them need not be neutral.
        everything = np.delete(asked, neutral, axis=1).all(axis=1)
        values[none & everything, neutral] = True
        asked[:, neutral] = ~none | everything
    if taxonomy.exclusive and (values.sum(axis=1) > 1).any():
        raise SourceError(
            f"{int((values.sum(axis=1) > 1).sum()):,} rows have several labels; those of {taxonomy.name} exclude "
            "one another.",
            remedy="Keep one label a row, or take a taxonomy that is not exclusive.",
        )
    return frame, values, asked


def _lists(frame: pl.DataFrame, column: str) -> pl.Expr:
    """A column of names as lists of strings, or SourceError. In text they are joined by commas, or by blanks where
    there is no comma (label_set); an empty cell is null.
    """
    import polars as pl

    words = (pl.String, pl.Categorical, pl.Enum, pl.Null)
    kind = frame.schema[column]
    lists = pl.col(column)
    if isinstance(kind, pl.Array):
        lists, kind = lists.arr.to_list(), pl.List(kind.inner)
    if isinstance(kind, pl.List) and kind.inner in words:
        return lists.cast(pl.List(pl.String))
    if kind in words:
        text = lists.cast(pl.String).str.strip_chars()
        commas = text.str.contains(",", literal=True) | (column != "label_set")
        parts = (
            pl.when(commas)
            .then(text.str.split(","))
            .otherwise(text.str.split(" "))
            .list.eval(pl.element().str.strip_chars())
        )
        named = parts.list.eval(pl.element().filter(pl.element() != ""))
        return pl.when(text != "").then(named).alias(column)
    raise SourceError(
        f"The column {column} holds {frame.schema[column]}, not names of labels.",
        remedy="Write the names of the labels in it: a list, or a string joined by commas.",
    )


def _numbers(
    frame: pl.DataFrame, task: LabelTask, taxonomy: Taxonomy
) -> tuple[pl.DataFrame, NDArray[np.generic], NDArray[np.bool_]]:
    """Scalars, brought from the range of gold to that of answers, or levels; and what was annotated."""
    import numpy as np
    import polars as pl

    columns = [
        pl.col(name).cast(pl.Float64, strict=False)
        if name in frame.columns
        else pl.lit(None, pl.Float64).alias(name)
        for name in taxonomy.names
    ]
    told = frame.select(columns)
    known = ~pl.all_horizontal(pl.all().is_null())
    keep = told.select(known).to_series()
    frame, told = frame.filter(keep), told.filter(keep)
    asked = told.select(pl.all().is_not_null()).to_numpy()
    values = told.fill_null(0).to_numpy().astype(np.float64)
    low, high = taxonomy.range or (0.0, 1.0)
    if task.answer == "scalars" and taxonomy.gold_range is not None:
        first, last = taxonomy.gold_range
        values = low + (values - first) / (last - first) * (high - low)
    outside = ((values < low - 1e-9) | (values > high + 1e-9) | ~np.isfinite(values)) & asked
    if outside.any():
        bounds = taxonomy.gold_range or (low, high)
        raise SourceError(
            f"{int(outside.any(axis=1).sum()):,} rows have values outside {bounds[0]:g} to {bounds[1]:g}, the range of "
            f"{taxonomy.name}.",
            remedy="Bring them into it, or write a taxonomy file with the range of your gold (gold_range).",
        )
    if task.answer == "ordinals":
        return frame, np.round(values).astype(np.int64), asked
    return frame, values, asked


def _refuse_absent(
    values: NDArray[np.generic], asked: NDArray[np.bool_], taxonomy: Taxonomy
) -> None:
    import numpy as np

    told = asked if values.dtype.kind == "f" else values.astype(np.bool_) & asked
    seen = list(np.asarray(told.any(axis=0)))
    absent = [name for name, once in zip(taxonomy.names, seen, strict=True) if not once]
    if absent:
        raise SourceError(
            f"Labels of {taxonomy.name} without any training row: {', '.join(absent)}.",
            remedy="Add rows for them, or write a taxonomy file with your labels only (--taxonomy FILE.yaml).",
        )


def _counts(frame: pl.DataFrame, task: LabelTask) -> NDArray[np.float64]:
    """For how many rows each row stands: its weight, one where it has none."""
    import numpy as np
    import polars as pl

    if "weight" not in frame.columns:
        return np.ones(len(frame))
    weight = frame["weight"]
    read = weight.cast(pl.Float64, strict=False) if not weight.dtype.is_nested() else None
    if read is None or read.null_count() > weight.null_count() or not (read.fill_null(1) > 0).all():
        raise SourceError(
            "The column weight holds what is no number above 0.",
            remedy="Say for how many rows each row shall count, such as 0.5; leave rows out that shall not.",
        )
    counts = read.fill_null(1).to_numpy()
    if task.answer != "labels" and (counts != 1).any():
        raise SourceError(
            f"The column weight is for labels; {task.name} is answered by numbers.",
            remedy="Leave the column out.",
        )
    if not np.isfinite(counts).all():
        raise SourceError("The column weight holds infinite numbers.", remedy="Give finite ones.")
    return counts


def _groups(frame: pl.DataFrame, folds: int) -> NDArray[np.int64]:
    import polars as pl

    from transforms.label.normalize import normalize

    if "group" in frame.columns and frame.schema["group"].is_nested():
        raise SourceError(
            f"The column group holds {frame.schema['group']}, not keys.",
            remedy="Give each row one string or number as its group, or leave the column out.",
        )
    if "group" not in frame.columns:
        # What the student cannot tell apart is one text.
        same = pl.Series("same", [normalize(text) for text in frame["text"]], dtype=pl.String)
        frame = frame.with_columns(same)
    key = pl.col("group").cast(pl.String) if "group" in frame.columns else pl.col("same")
    # Dense ranks of the sorted keys: the same rows get the same folds, whatever the Polars version.
    groups = frame.select(key.rank("dense").cast(pl.Int64).fill_null(0)).to_series()
    distinct = groups.n_unique()
    if distinct < folds:
        what = "groups" if "group" in frame.columns else "different texts"
        raise SourceError(
            f"The rows have {distinct} {what}, fewer than the {folds} folds.",
            remedy=f"Add rows of other {what}, or ask for fewer folds (--folds, at least 2)."
            if distinct > 1
            else f"Add rows of other {what}"
            + (", or leave the column group out." if what == "groups" else "."),
        )
    return groups.to_numpy()
