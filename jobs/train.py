"""Train a student from labeled text: `affectmine train`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    """Train on a Parquet or TSV file (or a frame) and write `output` (safetensors).

    Columns: `text`, `labels` (list of label names; in TSV joined by commas), and if texts belong
    together (same thread, same author) `group`, so that they share a fold; without it, equal
    texts do.
    Returns the version, the sizes and the cross-validated figures per taxonomy. ConfigError or
    SourceError when something does not fit.
    """
    from transforms.evaluate.metrics import count, scores_of
    from transforms.label.student.training import TrainingOptions, train_student
    from transforms.label.student.weights import save_weights

    asked = load_task(task)
    labels = load_taxonomy(taxonomy or asked.taxonomy)
    if folds < 2:
        raise ConfigError(f"folds is {folds}; thresholds need at least 2.")
    frame = _read(source)
    targets = _targets(frame, labels)
    mapped = {name: load_taxonomy(name) for name in sorted(labels.mappings) if name != labels.name}
    trained = train_student(
        frame["text"],
        targets,
        _groups(frame),
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
    path = Path(output)
    save_weights(trained.weights, path)
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
        try:
            if path.suffix == ".parquet":
                frame = pl.read_parquet(path)
            else:
                frame = pl.read_csv(path, separator="\t", quote_char=None, infer_schema=False)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise SourceError(
                f"{path} cannot be read as {path.suffix or 'TSV'}: {error}"
            ) from error
    missing = [name for name in ("text", "labels") if name not in frame.columns]
    if missing:
        raise SourceError(
            f"Training needs the column(s) {', '.join(missing)}; found: {', '.join(frame.columns)}."
        )
    if frame.schema["labels"] == pl.String:
        frame = frame.with_columns(pl.col("labels").str.split(","))
    frame = frame.filter(pl.col("text").is_not_null(), pl.col("labels").list.len() > 0)
    if len(frame) == 0:
        raise SourceError("There is no row with a text and a label to train on.")
    return frame


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


def _groups(frame: pl.DataFrame) -> NDArray[np.int64]:
    import polars as pl

    key = pl.col("group").cast(pl.String) if "group" in frame.columns else pl.col("text")
    # Dense ranks of the sorted keys: the same rows get the same folds, whatever the Polars version.
    return frame.select(key.rank("dense").cast(pl.Int64).fill_null(0)).to_series().to_numpy()
