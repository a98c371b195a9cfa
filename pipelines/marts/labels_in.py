"""Published labels become the table `answers`: file by file, in threads or on a cluster's workers, as scratch files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.engines.engine import Maps
from pipelines.lake.place import Place, created_locally, open_parquet, place
from pipelines.marts.read_in import damaged, gone
from schemas.errors import ConfigError, TerminalError
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.marts.answers import ANSWERS, CODED, COPIED, answers
from transforms.marts.ids import as_text
from transforms.marts.polarity import UNKNOWN, Polarity, polarity_of
from transforms.marts.score_sums import SCORE_SUMS

_BATCH_ROWS = 32_768
_READ_CODED = ["scores.list.element.label", "labels.list.element", "status", *CODED]
_CELLS = 1 << 24  # of the table of probabilities of a batch: 128 MB
_TEXT_ANSWERS = pa.schema(
    [field.with_type(pa.string()) if field.type == pa.uuid() else field for field in ANSWERS]
)


@dataclass(frozen=True)
class Answered:
    """The scratch files of `answers` (at least one), sums of probabilities, and how many rows there are."""

    files: list[Place]
    sums: pa.Table
    rows: int


@dataclass(frozen=True)
class Conversion:
    """A file of labels, what its labels mean, and where its answers go: with ids as UUIDs, or as strings."""

    path: str
    polarity: Polarity
    target: Place
    packed_ids: bool


@dataclass(frozen=True)
class Converted:
    """What came of a file: its rows, and sums of their probabilities."""

    target: Place
    sums: pa.Table
    rows: int


def write_answers(
    files: Mapping[str, Sequence[str]],
    folder: Place,
    *,
    packed_ids: bool,
    threads: int,
    maps: Maps | None,
) -> Answered:
    """Converts the files of labels (by dataset and variant, as published), by `maps`, or by threads of this process.

    Tasks that are answered by free words are left out: their words are no labels of a taxonomy.
    Raises TerminalError for a file that is gone or damaged.
    """
    units = [
        (variant, path)
        for variant, paths in sorted(files.items())
        if variant.startswith("labels/") and not _free_words(variant.split("/")[1])
        for path in paths
    ]
    known = {variant: _polarity(variant) for variant in {variant for variant, _ in units}}
    tasks = [
        Conversion(path, known[variant], folder / f"answers-{number:06d}.parquet", packed_ids)
        for number, (variant, path) in enumerate(units)
    ]
    made = _mapped(tasks, maps) if maps is not None else _threaded(tasks, threads)
    sums = pa.concat_tables([SCORE_SUMS.empty_table(), *(each.sums for each in made)])
    targets = [each.target for each in made if each.rows]
    if not targets:
        nothing = folder / "nothing-answers.parquet"
        with created_locally(nothing) as path:
            pq.write_table(_schema(packed_ids=packed_ids).empty_table(), path)
        targets = [nothing]
    return Answered(targets, sums, sum(each.rows for each in made))


def convert(task: Conversion) -> Converted:
    """Converts one file. Raises TerminalError where it is gone or damaged."""
    sums: list[pa.Table] = [SCORE_SUMS.empty_table()]
    rows = 0
    schema = _schema(packed_ids=task.packed_ids)
    try:
        with (
            # Labels as codes: a taxonomy has few, and each row has all of them.
            open_parquet(place(task.path), read_dictionary=_READ_CODED) as source,
            created_locally(task.target) as target,
            pq.ParquetWriter(target, schema, compression="lz4", use_dictionary=True) as writer,
        ):
            for batch in _read(source):
                for piece in _bounded(batch):
                    made, summed = answers(piece, task.polarity)
                    writer.write_table(
                        made if task.packed_ids else _with_text_ids(made),
                        row_group_size=_BATCH_ROWS * 4,
                    )
                    sums.append(summed)
                    rows += made.num_rows
    except FileNotFoundError:
        raise gone(task.path) from None
    except pa.ArrowInvalid as error:
        raise damaged(task.path, error) from None
    except ValueError:
        raise TerminalError(
            f"{place(task.path).name} has ids that affectmine did not make.",
            remedy="Ids in a lake are 32 hexadecimal digits: label the corpus with affectmine run.",
        ) from None
    return Converted(task.target, pa.concat_tables(sums), rows)


def _threaded(tasks: Sequence[Conversion], threads: int) -> list[Converted]:
    with ThreadPoolExecutor(threads, thread_name_prefix="affectmine-marts") as pool:
        return list(pool.map(convert, tasks))


def _mapped(tasks: Sequence[Conversion], maps: Maps) -> list[Converted]:
    found = []
    for done in maps.map(convert, tasks):
        if done.error is not None:
            raise done.error
        assert done.result is not None
        found.append(done.result)
    return sorted(found, key=lambda each: str(each.target))


def _schema(*, packed_ids: bool) -> pa.Schema:
    return ANSWERS if packed_ids else _TEXT_ANSWERS


def _with_text_ids(made: pa.Table) -> pa.Table:
    columns = [
        as_text(made[field.name].combine_chunks()) if field.type == pa.uuid() else made[field.name]
        for field in ANSWERS
    ]
    return pa.table(columns, schema=_TEXT_ANSWERS)


def _read(source: pq.ParquetFile) -> Iterator[pa.Table]:
    wanted = [*COPIED, "status", "labels", "scores"]
    if "answer" in source.schema_arrow.names:
        wanted.append("answer")
    for batch in source.iter_batches(batch_size=_BATCH_ROWS, columns=wanted, use_threads=False):
        yield pa.Table.from_batches([batch])


def _bounded(batch: pa.Table) -> Iterator[pa.Table]:
    """Pieces of a batch whose table of probabilities fits, also where a taxonomy has hundreds of labels."""
    if batch.num_rows == 0:
        return
    scores = batch["scores"].combine_chunks().flatten()
    labels = len(scores.field("label").unique()) if len(scores) else 1
    rows = max(1, _CELLS // max(labels, 1))
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows).combine_chunks()


def _polarity(variant: str) -> Polarity:
    _, task, taxonomy, _ = variant.split("/", 3)
    try:
        return polarity_of(task, load_taxonomy(taxonomy))
    except ConfigError:
        return UNKNOWN  # somebody's own taxonomy: the lake has its labels, not what they mean


def _free_words(task: str) -> bool:
    try:
        return load_task(task).answer == "words"
    except ConfigError:
        return False
