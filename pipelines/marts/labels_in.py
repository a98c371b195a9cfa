"""Published labels become the table `answers`: file by file, in threads, into a folder of scratch files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.errors import ConfigError, TerminalError
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.marts.answers import ANSWERS, CODED, COPIED, answers
from transforms.marts.polarity import UNKNOWN, Polarity, polarity_of
from transforms.marts.score_sums import SCORE_SUMS

_BATCH_ROWS = 32_768
_READ_CODED = ["scores.list.element.label", "labels.list.element", "status", *CODED]
_CELLS = 1 << 24  # of the table of probabilities of a batch: 128 MB


@dataclass(frozen=True)
class Answered:
    """The scratch files of `answers`, sums of probabilities, and how many rows there are."""

    files: list[Path]
    sums: pa.Table
    rows: int


def write_answers(files: Mapping[str, Sequence[str]], folder: Path, threads: int) -> Answered:
    """Converts the files of labels (by dataset and variant, as published).

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

    def convert(numbered: tuple[int, tuple[str, str]]) -> tuple[Path, pa.Table, int]:
        number, (variant, path) = numbered
        return _convert(path, known[variant], folder / f"answers-{number:06d}.parquet")

    with ThreadPoolExecutor(threads, thread_name_prefix="affectmine-marts") as pool:
        made = list(pool.map(convert, enumerate(units)))
    sums = pa.concat_tables([SCORE_SUMS.empty_table(), *(table for _, table, _ in made)])
    return Answered(
        [path for path, _, rows in made if rows], sums, sum(rows for _, _, rows in made)
    )


def _convert(path: str, polarity: Polarity, target: Path) -> tuple[Path, pa.Table, int]:
    sums: list[pa.Table] = [SCORE_SUMS.empty_table()]
    rows = 0
    try:
        with (
            _opened(path) as source,
            pq.ParquetWriter(target, ANSWERS, compression="lz4", use_dictionary=True) as writer,
        ):
            for batch in _read(source):
                for piece in _bounded(batch):
                    made, summed = answers(piece, polarity)
                    writer.write_table(made, row_group_size=_BATCH_ROWS * 4)
                    sums.append(summed)
                    rows += made.num_rows
    except FileNotFoundError:
        raise TerminalError(
            f"A file of labels is gone ({Path(path).name}).",
            remedy="If `vacuum` ran meanwhile, run again; else restore the lake from a backup.",
        ) from None
    except pa.ArrowInvalid as error:
        raise TerminalError(
            f"{Path(path).name} cannot be read as Parquet ({type(error).__name__}).",
            remedy="If the file is damaged, delete it and its manifest, and run the config again.",
        ) from None
    except ValueError:
        raise TerminalError(
            f"{Path(path).name} has ids that affectmine did not make.",
            remedy="Ids in a lake are 32 hexadecimal digits: label the corpus with affectmine run.",
        ) from None
    return target, pa.concat_tables(sums), rows


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


def _opened(path: str) -> pq.ParquetFile:
    """The file, with labels as codes: a taxonomy has few, and each row has all of them."""
    return pq.ParquetFile(path, memory_map=True, read_dictionary=_READ_CODED)
