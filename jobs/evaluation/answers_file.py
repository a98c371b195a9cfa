"""Answers from a file, of any labeler: as `affectmine label -o` writes it, or a table with a few columns.

Found by `id`, else by `position` (as `affectmine label` writes it), else in the order of the rows. Answers are in
`labels` (a list, or names joined by `|` or commas; or `answer_labels`, so that one file can hold gold and answers),
with `scores` (a list of label and probability, or a JSON object) where there are any; numbers are in the struct
`answer`, in `answer_<dimension>` or `<dimension>`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

import polars as pl

from jobs.evaluation.answers import Answers
from jobs.evaluation.gold_file import GoldRows
from schemas.errors import SourceError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.label.labeler import FAILED, LABELED, SCORES_TYPE

SUFFIXES: Final = (".parquet", ".jsonl", ".ndjson", ".csv", ".tsv")
_NOT_THERE: Final = "not_in_answers"
_OUTSIDE: Final = "outside_the_range"


def read_answers(
    path: Path, rows: GoldRows, task: LabelTask, taxonomy: Taxonomy, *, is_gold: bool = False
) -> Answers:
    """The answers in a file to the rows of gold. A row that it does not have failed: `not_in_answers`.

    `is_gold`: it is the file of gold itself, of which only columns `answer…` are answers. SourceError: a file
    that cannot be read, or that has no answers.
    """
    raw = _read(path)
    if is_gold:
        raw = raw.drop("labels", "scores", *taxonomy.names, strict=False)
    found = in_order_of_gold(_protocol(raw, task, taxonomy, path), raw, rows, path)
    return Answers(path.name, version_of(path), found)


def in_order_of_gold(
    frame: pl.DataFrame, raw: pl.DataFrame, rows: GoldRows, path: Path
) -> pl.DataFrame:
    """The answers (columns status, reason and more) in the order of the rows of gold; `raw` has their keys."""
    own, theirs = _keys(raw, rows, path)
    known = frame.with_columns(theirs.alias("_key")).unique("_key", keep="first")
    joined = own.alias("_key").to_frame().join(known, on="_key", how="left", maintain_order="left")
    there = pl.col("status").is_not_null()
    return joined.drop("_key").with_columns(
        pl.col("status").fill_null(FAILED),
        pl.when(there).then("reason").otherwise(pl.lit(_NOT_THERE)).alias("reason"),
    )


def version_of(path: Path) -> str:
    """What tells a file of answers from another."""
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


def status_of(raw: pl.DataFrame, answered: pl.Series) -> pl.Series:
    """The column status of a file; where it has none, labeled are the rows that are `answered`."""
    if "status" in raw.columns:
        return raw["status"].cast(pl.String)
    told = pl.when(answered).then(pl.lit(LABELED)).otherwise(pl.lit(FAILED))
    return pl.select(told.alias("status")).to_series()


def _read(path: Path) -> pl.DataFrame:
    suffix = path.suffix
    if suffix not in SUFFIXES:
        raise SourceError(
            f"{path} is no file of answers.", remedy=f"Let it end in {', '.join(SUFFIXES)}."
        )
    try:
        if suffix == ".parquet":
            return pl.read_parquet(path)
        if suffix in (".jsonl", ".ndjson"):
            return pl.read_ndjson(path, infer_schema_length=None)
        return pl.read_csv(path, separator="\t" if suffix == ".tsv" else ",", infer_schema=False)
    except FileNotFoundError:
        raise SourceError(f"There is no file {path}.", remedy="Check the path.") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SourceError(  # the message of the error may quote a line of the file
            f"{path} cannot be read as {suffix.removeprefix('.')} ({type(error).__name__}).",
            remedy="Write it anew, such as with: affectmine label … -o answers.parquet",
        ) from None


def _keys(raw: pl.DataFrame, rows: GoldRows, path: Path) -> tuple[pl.Series, pl.Series]:
    """What the rows of gold and those of the answers are known by."""
    gold = rows.frame
    if "id" in raw.columns and raw["id"].null_count() == 0 and gold["id"].null_count() == 0:
        return gold["id"], raw["id"].cast(pl.String)
    # Only of files of ours: what counts as row 0 of a table, the header or not, others may see otherwise.
    if "position" in raw.columns and "status" in raw.columns:
        return gold["position"], raw["position"].cast(pl.Int64, strict=False)
    if raw.height != gold.height or not rows.single or rows.unreadable:
        raise SourceError(
            f"{path} has {raw.height:,} answers for {gold.height:,} rows of gold, and no column id or position.",
            remedy="Write the id of each row in a column id, in the gold file too.",
        )
    return gold["position"], gold["position"]


def _protocol(raw: pl.DataFrame, task: LabelTask, taxonomy: Taxonomy, path: Path) -> pl.DataFrame:
    """Columns status, labels, scores, reason (and answer), whatever the file called them."""
    scores = _column(raw, "answer_scores", "scores")
    found = {
        "labels": _labels(_column(raw, "answer_labels", "labels"), raw.height),
        "scores": _scores(scores, raw.height, path),
        "reason": _text(_column(raw, "reason"), raw.height),
    }
    told = ["labels"]
    if task.answer != "labels":
        found["answer"], outside = _in_range(_numbers(raw, taxonomy, path), taxonomy)
        reason = pl.when(outside).then(pl.lit(_OUTSIDE)).otherwise(found["reason"])
        found["reason"] = pl.select(reason.alias("reason")).to_series()
        told = ["answer"]
        if found["answer"].dtype == pl.Null:
            raise SourceError(
                f"{path} has no answers of {task.name}: no column answer, and none of {', '.join(taxonomy.names)}.",
                remedy="Name each column of numbers after its dimension.",
            )
    elif _column(raw, "answer_labels", "labels") is None:
        raise SourceError(
            f"{path} has no column labels or answer_labels.",
            remedy="Write the labels of each row there, joined by commas.",
        )
    frame = pl.DataFrame([series.alias(name) for name, series in found.items()])
    status = status_of(raw, found[told[0]].is_not_null())
    failed = pl.when(frame["reason"] == _OUTSIDE).then(pl.lit(FAILED)).otherwise(status)
    return frame.with_columns(failed.alias("status"))


def _column(raw: pl.DataFrame, *names: str) -> pl.Series | None:
    return next((raw[name] for name in names if name in raw.columns), None)


def _text(series: pl.Series | None, rows: int) -> pl.Series:
    if series is None:
        return pl.Series([None] * rows, dtype=pl.String)
    return series.cast(pl.String)


def _labels(series: pl.Series | None, rows: int) -> pl.Series:
    if series is None:
        return pl.Series([None] * rows, dtype=pl.List(pl.String))
    if isinstance(series.dtype, pl.List):
        return series.cast(pl.List(pl.String))
    text = series.cast(pl.String)
    return text.str.extract_all(r"[^|,\[\]\"]*[^|,\[\]\"\s]").list.eval(
        pl.element().str.strip_chars()
    )


def _scores(series: pl.Series | None, rows: int, path: Path) -> pl.Series:
    if series is None or series.dtype == pl.Null:
        return pl.Series([None] * rows, dtype=SCORES_TYPE)
    if isinstance(series.dtype, pl.Struct):  # JSON objects
        rows_ = [
            None
            if row is None
            else [{"label": k, "probability": v} for k, v in row.items() if v is not None]
            for row in series.to_list()
        ]
        return pl.Series(rows_, dtype=SCORES_TYPE)
    if series.dtype != pl.String:
        return series.cast(SCORES_TYPE, strict=False)
    try:
        parsed = [
            None
            if not cell
            else [{"label": k, "probability": v} for k, v in json.loads(cell).items()]
            for cell in series.to_list()
        ]
    except (ValueError, AttributeError):
        raise SourceError(
            f"{path} has scores that are no JSON object.",
            remedy='Write them as {"joy": 0.81, "anger": 0.02}.',
        ) from None
    return pl.Series(parsed, dtype=SCORES_TYPE)


def _in_range(answers: pl.Series, taxonomy: Taxonomy) -> tuple[pl.Series, pl.Series]:
    """Answers without those that have a number outside the range of the taxonomy, or none; and which those are."""
    if answers.dtype == pl.Null or taxonomy.range is None:
        return answers, pl.Series([False] * len(answers), dtype=pl.Boolean)
    low, high = taxonomy.range
    numbers = answers.struct.unnest().cast(pl.Float64)
    inside = pl.all().is_null() | (
        pl.all().is_between(low - 1e-6, high + 1e-6) & pl.all().is_finite()
    )
    good = numbers.select(pl.all_horizontal(inside).fill_null(value=False)).to_series()
    return pl.select(pl.when(good).then(answers)).to_series(), ~good


def _numbers(raw: pl.DataFrame, taxonomy: Taxonomy, path: Path) -> pl.Series:
    whole = _column(raw, "answer")
    if whole is not None and isinstance(whole.dtype, pl.Struct):
        return whole
    if whole is not None and whole.dtype == pl.String:
        whole = None
    found = []
    for name in taxonomy.names:
        series = _column(raw, f"answer_{name}", name)
        if series is None:
            continue
        numbers = series.replace("", None) if series.dtype == pl.String else series
        cast = numbers.cast(pl.Float64, strict=False)
        if cast.null_count() > numbers.null_count():
            raise SourceError(
                f"{path} has cells in the column {series.name} that are no numbers.",
                remedy="Write numbers with a point, and leave a cell without an answer empty.",
            )
        found.append(cast.alias(name))
    if not found:
        return pl.Series([None] * raw.height, dtype=pl.Null)
    table = pl.DataFrame(found)
    some = pl.any_horizontal(pl.all().is_not_null())
    return table.select(pl.when(some).then(pl.struct(pl.all()))).to_series()
