"""Train a student from labeled text: `affectmine train`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.target import check_target, write_trouble
from schemas.errors import ConfigError, SourceError
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from schemas.taxonomy import Taxonomy


def train(
    source: str | Path | pl.DataFrame,
    *,
    task: str | Path = "emotion",
    taxonomy: str | Path | None = None,
    output: str | Path,
    folds: int = 5,
    seed: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Train on a Parquet, CSV or TSV file (or a frame) and write `output` (safetensors).

    Columns: `text`, `labels` (list of label names; in CSV and TSV joined by commas), and if texts
    belong together (same thread, same author) `group`, so that they share a fold; without it,
    equal texts do.
    Returns the version, the sizes and the cross-validated figures per taxonomy. ConfigError or
    SourceError when something does not fit.
    """
    from transforms.evaluate.metrics import count, scores_of
    from transforms.label.student.training import TrainingOptions, train_student
    from transforms.label.student.weights import save_weights

    path = Path(output)
    check_target(path, [".safetensors"])
    asked = load_task(task)
    labels = load_taxonomy(taxonomy or asked.taxonomy)
    if folds < 2:
        raise ConfigError(
            f"folds is {folds}; thresholds need at least 2.", remedy="Set it to 2 or more."
        )
    frame = _read(source)
    groups = _groups(frame, folds)
    targets = _targets(frame, labels)
    mapped = {name: load_taxonomy(name) for name in sorted(labels.mappings) if name != labels.name}
    trained = train_student(
        frame["text"],
        targets,
        groups,
        labels,
        mapped,
        asked.name,
        TrainingOptions(folds=folds, seed=seed),
        progress,
    )
    report: dict[str, Any] = {
        "rows": len(frame),
        "features": len(trained.weights.hashes),
        "folds": folds,
        "seed": seed,
    }
    report["cross_validation"] = {
        name: scores_of(count(gold, given), list(trained.weights.heads[name].labels)).summary()
        for name, (gold, given) in trained.held_out.items()
    }
    trained.weights.about.update(report)
    try:
        save_weights(trained.weights, path)
    except OSError as error:
        raise write_trouble(path, error) from None
    return {
        "output": str(path),
        "version": trained.weights.version,
        "bytes": path.stat().st_size,
        **report,
    }


def _read(source: str | Path | pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    if isinstance(source, pl.DataFrame):
        frame = source
    else:
        path = Path(source)
        kind = {".parquet": "Parquet", ".csv": "CSV"}.get(path.suffix, "TSV")
        try:
            if kind == "Parquet":
                frame = pl.read_parquet(path)
            elif kind == "CSV":
                frame = pl.read_csv(path, infer_schema=False)
            else:
                frame = pl.read_csv(path, separator="\t", quote_char=None, infer_schema=False)
        except (OSError, pl.exceptions.PolarsError) as error:
            # What Polars says may hold a piece of the file.
            reason = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""
            raise SourceError(
                f"{path} cannot be read as {kind}{reason}.",
                remedy="Give a Parquet, CSV (comma, quotes) or TSV (tab, no quotes) file, in UTF-8.",
            ) from None
    missing = [name for name in ("text", "labels") if name not in frame.columns]
    if missing:
        raise SourceError(
            f"Training needs the column(s) {', '.join(missing)}; found: {', '.join(frame.columns)}.",
            remedy="Name the columns text and labels (and group).",
        )
    frame = _typed(frame)
    frame = frame.filter(pl.col("text").is_not_null(), pl.col("labels").list.len() > 0)
    if len(frame) == 0:
        raise SourceError(
            "There is no row with a text and a label to train on.",
            remedy="Fill the columns text and labels.",
        )
    return frame


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    """`text` as strings and `labels` as lists of strings, or SourceError."""
    import polars as pl

    words = (pl.String, pl.Categorical, pl.Enum, pl.Null)
    kind = frame.schema["labels"]
    if isinstance(kind, pl.Array):
        frame = frame.with_columns(pl.col("labels").arr.to_list())
        kind = frame.schema["labels"]
    if frame.schema["text"] not in words:
        raise SourceError(
            f"The column text holds {frame.schema['text']}, not texts.",
            remedy="Give the column of texts the name text.",
        )
    if isinstance(kind, pl.List) and kind.inner in words:
        labels = pl.col("labels").cast(pl.List(pl.String))
    elif kind in words:
        labels = pl.col("labels").cast(pl.String).str.split(",")
    else:
        raise SourceError(
            f"The column labels holds {kind}, not names of labels.",
            remedy="Write the names of the labels in it: a list, or a string joined by commas.",
        )
    return frame.with_columns(pl.col("text").cast(pl.String), labels)


def _targets(frame: pl.DataFrame, taxonomy: Taxonomy) -> NDArray[np.bool_]:
    from transforms.evaluate.metrics import indicator

    targets = indicator(frame["labels"], list(taxonomy.names))
    absent = [
        name for name, total in zip(taxonomy.names, targets.sum(axis=0), strict=True) if total == 0
    ]
    if absent:
        raise SourceError(
            f"Labels of {taxonomy.name} without any training row: {', '.join(absent)}.",
            remedy="Add rows for them, or write a taxonomy file with your labels only (--taxonomy FILE.yaml).",
        )
    return targets


def _groups(frame: pl.DataFrame, folds: int) -> NDArray[np.int64]:
    import polars as pl

    if "group" in frame.columns and frame.schema["group"].is_nested():
        raise SourceError(
            f"The column group holds {frame.schema['group']}, not keys.",
            remedy="Give each row one string or number as its group, or leave the column out.",
        )
    key = pl.col("group").cast(pl.String) if "group" in frame.columns else pl.col("text")
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
