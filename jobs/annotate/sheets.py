"""Files for annotators: tasks of Label Studio with their labeling config, or tables. Whole or not at all."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

import orjson

from jobs.target import write_trouble
from pipelines.lake.store import new_attempt
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.annotate.labeling_config import labeling_config
from transforms.annotate.tasks import Asked, cells_of, columns_of, task_of

SUFFIXES = (".json", ".csv")


class Sheet(Protocol):
    """A file that rows are written to, one by one."""

    def write(self, row: Asked) -> None:
        """Writes a row."""

    def close(self) -> None:
        """Writes what follows the last row."""


class TaskSheet:
    """A JSON array of tasks, a line each."""

    def __init__(
        self, file: IO[bytes], task: LabelTask, taxonomy: Taxonomy, annotator: str | None, *, predictions: bool
    ) -> None:  # fmt: skip
        self._file, self._task, self._taxonomy = file, task, taxonomy
        self._annotator, self._predictions = annotator, predictions
        self._before = b"[\n"

    def write(self, row: Asked) -> None:
        """Writes a row as a task."""
        found = task_of(
            row, self._task, self._taxonomy, self._annotator, predictions=self._predictions
        )
        self._file.write(self._before + orjson.dumps(found))
        self._before = b",\n"

    def close(self) -> None:
        """Closes the array."""
        self._file.write(b"[]\n" if self._before == b"[\n" else b"\n]\n")


class TableSheet:
    """CSV in UTF-8 with a mark at its beginning, by which spreadsheets know it."""

    def __init__(
        self, file: IO[bytes], task: LabelTask, taxonomy: Taxonomy, annotator: str | None
    ) -> None:
        self._task, self._taxonomy, self._annotator = task, taxonomy, annotator
        self._text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._text)
        self._writer.writerow(columns_of(task, taxonomy, annotators=annotator is not None))

    def write(self, row: Asked) -> None:
        """Writes a row as a line."""
        self._writer.writerow(cells_of(row, self._task, self._taxonomy, self._annotator))

    def close(self) -> None:
        """Writes what is left."""
        self._text.flush()
        self._text.detach()


def paths_of(output: Path, annotators: Sequence[str]) -> list[Path]:
    """One file for each annotator, named after FILE and the annotator; FILE itself without annotators."""
    if not annotators:
        return [output]
    return [output.with_name(f"{output.stem}-{name}{output.suffix}") for name in annotators]


def config_path(output: Path) -> Path | None:
    """Where the labeling config of tasks lies; tables have none."""
    return output.with_suffix(".xml") if output.suffix == ".json" else None


def write_sheets(
    output: Path,
    dealt: Iterator[tuple[int, Asked]],
    task: LabelTask,
    taxonomy: Taxonomy,
    annotators: Sequence[str],
    *,
    predictions: bool,
) -> list[Path]:
    """Writes rows to their annotators' files (-1: to all), and the labeling config; returns the paths.

    Raises the error of jobs.target.write_trouble for what cannot be written.
    """
    paths, config = paths_of(output, annotators), config_path(output)
    whose: Sequence[str | None] = annotators or [None]
    every = [*paths, *([config] if config else [])]
    with whole_files(every) as files:
        sheets: list[Sheet] = [
            TaskSheet(file, task, taxonomy, name, predictions=predictions)
            if config
            else TableSheet(file, task, taxonomy, name)
            for file, name in zip(files, whose, strict=False)
        ]
        context = False
        for annotator, row in dealt:
            context = context or bool(row.context)
            for sheet in sheets if annotator < 0 else [sheets[annotator]]:
                sheet.write(row)
        for sheet in sheets:
            sheet.close()
        if config:
            files[-1].write(labeling_config(task, taxonomy, context=context).encode())
    return every


@contextmanager
def whole_files(paths: Sequence[Path]) -> Iterator[list[IO[bytes]]]:
    """New files in the place of `paths` once all of them are complete; none of them otherwise. Mode 0600.

    Raises the error of jobs.target.write_trouble for what cannot be written.
    """
    attempt = new_attempt()
    temporary = [path.with_name(f".{path.name}.{attempt}.tmp") for path in paths]
    at = paths[0]
    try:
        with ExitStack() as stack:
            files: list[IO[bytes]] = []
            for at, name in zip(paths, temporary, strict=True):  # noqa: B007 -- which one it was
                handle = os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
                files.append(stack.enter_context(os.fdopen(handle, "wb")))
            yield files
            for file in files:
                file.flush()
                os.fsync(file.fileno())
        for at, name in zip(paths, temporary, strict=True):
            name.replace(at)
    except OSError as error:
        raise write_trouble(at, error) from None
    finally:
        for name in temporary:
            with suppress(OSError):
                name.unlink(missing_ok=True)
