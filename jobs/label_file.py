"""Labels one file without a lake: any readable file in, Parquet, JSON lines or CSV out."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.costs import told_cost
from jobs.single_file import Batch, read_file
from jobs.target import check_target, write_trouble
from pipelines.labelers import load_labeler
from pipelines.lake.store import new_attempt
from pipelines.serving.ensemble import Ensemble
from pipelines.serving.labeler import LanguageModelLabeler
from schemas.errors import ConfigError
from schemas.label_task import LabelTask, load_task
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.clean.language import with_language
from transforms.clean.redacted import redacted
from transforms.label.labeler import Labeler
from transforms.read.source import expand

FORMATS = (".parquet", ".jsonl", ".csv")
_ASKED = (LanguageModelLabeler, Ensemble)


@dataclass
class Labeled:
    """What became of the rows of a file: rows = labeled + rejected + failed; units = rows + bad."""

    output: str
    units: int = 0
    skipped: int = 0
    labeled: int = 0
    rejected: int = 0
    failed: int = 0
    unreadable: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)  # of a language model


def label_file(
    source: Path,
    *,
    output: Path,
    task: str,
    labeler: str,
    taxonomy: str | None,
    text_column: str,
    options: Mapping[str, str] | None = None,
) -> Labeled:
    """Labels `source`, batch by batch, and writes `output` whole or not at all.

    Output columns: position (row number in the source, from 0), id and text as read, status, labels, scores,
    reason, and for some tasks answer; of a language model also text_clean, the redacted text that it saw.
    `options` are the values of the task's options, for a language model.
    Raises SourceError and ConfigError for what cannot be read or asked, or written: before anything is labeled, where
    that can be known.
    """
    check_target(output, FORMATS)
    _check_apart(source, output)
    asked = load_task(task)
    labels = load_taxonomy(taxonomy or asked.taxonomy)
    answerer = load_labeler(labeler, asked, labels, options=options)
    found = Labeled(output=str(output))

    def frames() -> Iterator[pl.DataFrame]:
        for frame, answers in _answers(answerer, _read(source, text_column, found), asked, labels):
            for status, count in answers["status"].value_counts().iter_rows():
                setattr(found, status, getattr(found, status) + count)
            for reason, count in answers["reason"].drop_nulls().value_counts().iter_rows():
                found.reasons[reason] = found.reasons.get(reason, 0) + count
            shown = ["text_clean"] if isinstance(answerer, _ASKED) else []
            yield frame.select("position", "id", "text", *shown).hstack(answers)

    _write(output, frames())
    if isinstance(answerer, _ASKED):
        found.cost = answerer.spent.cost(answerer.model.price)
    return found


def _read(source: Path, text_column: str, found: Labeled) -> Iterator[pl.DataFrame]:
    for batch in read_file(source, text_column=text_column):
        _count_unreadable(found, batch)
        yield with_language(batch.frame.with_columns(pl.col("text").alias("text_clean")))


def _answers(
    labeler: Labeler, batches: Iterator[pl.DataFrame], task: LabelTask, taxonomy: Taxonomy
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Batches and their answers. What a language model sees was redacted before."""
    if not isinstance(labeler, _ASKED):
        for batch in batches:
            yield batch, labeler.label(batch, task, taxonomy)
        return
    clean = (batch.with_columns(redacted(batch["text_clean"])) for batch in batches)
    for answers in labeler.label_stream(clean):
        yield answers.batch, answers.labels


def _count_unreadable(found: Labeled, batch: Batch) -> None:
    found.units += batch.units
    found.skipped += batch.skipped
    for name in batch.unreadable:
        found.unreadable[name] = found.unreadable.get(name, 0) + 1


def _check_apart(source: Path, output: Path) -> None:
    """The output must not replace what is read."""
    if not os.path.exists(output):  # noqa: PTH110 -- says no where Path.exists raises
        return
    for each in expand([str(source)], Path.cwd()):
        if output.samefile(each.path):
            raise ConfigError(
                f"{output} is the file to be labeled: it would be replaced.",
                remedy="Name another file with -o.",
            )


def _write(output: Path, frames: Iterator[pl.DataFrame]) -> None:
    temporary = output.with_name(f".{output.name}.{new_attempt()}.tmp")
    try:
        if output.suffix == ".parquet":
            _write_parquet(temporary, frames)
        else:
            with temporary.open("wb") as file:
                for number, frame in enumerate(frames):
                    if output.suffix == ".jsonl":
                        frame.write_ndjson(file)
                    else:
                        _flat(frame).write_csv(file, include_header=number == 0)
        temporary.replace(output)
    except OSError as error:
        raise write_trouble(output, error) from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _write_parquet(path: Path, frames: Iterator[pl.DataFrame]) -> None:
    writer: pq.ParquetWriter | None = None
    schema: pa.Schema | None = None
    try:
        for frame in frames:
            table = frame.to_arrow()
            if writer is None:
                schema = table.schema
                writer = pq.ParquetWriter(path, schema, compression="zstd")
            writer.write_table(table.cast(schema))
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        pq.write_table(pa.table({"position": pa.array([], pa.int64())}), path)


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    # CSV has no lists and structs: labels are joined by a bar, scores become a JSON object, numbers columns.
    scores = [
        None
        if row is None
        else json.dumps({each["label"]: round(each["probability"], 4) for each in row})
        for row in frame["scores"].to_list()
    ]
    flat = frame.with_columns(
        pl.col("labels").list.join("|"), pl.Series("scores", scores, dtype=pl.String)
    )
    if "answer" not in flat.columns:
        return flat
    numbers = flat["answer"].struct.unnest()
    nested = [n for n, kind in numbers.schema.items() if kind.is_nested()]
    numbers = numbers.with_columns(
        pl.Series(
            n, [None if v is None else json.dumps(v) for v in numbers[n].to_list()], pl.String
        )
        for n in nested
    )
    return flat.drop("answer").hstack(numbers.rename({n: f"answer_{n}" for n in numbers.columns}))


def show_labeled(found: Labeled, *, as_json: bool) -> int:
    """Prints what became of the rows; returns the exit code."""
    if as_json:
        print(json.dumps(asdict(found)))
        return 0
    rows = found.labeled + found.rejected + found.failed
    print(
        f"{rows:,} rows: {found.labeled:,} labeled, {found.rejected:,} rejected, "
        f"{found.failed:,} failed -> {found.output}"
    )
    if rows and not found.labeled:
        print("warning: no row was labeled", file=sys.stderr)
    if found.cost:
        print(f"Cost: {told_cost(found.cost, rows)}", file=sys.stderr)
    for name, counts in (("not labeled", found.reasons), ("not readable", found.unreadable)):
        if counts:
            told = ", ".join(f"{reason} {count:,}" for reason, count in sorted(counts.items()))
            print(f"{name}: {told}", file=sys.stderr)
    return 0
