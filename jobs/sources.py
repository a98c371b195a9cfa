"""Which files a run reads, who reads them, and which chunks they have."""

import datetime as dt
import glob
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.lake.fingerprint import shard_id
from pipelines.lake.lake import Lake, now
from pipelines.lake.store import create
from pipelines.stages.ingest_task import IngestTask
from schemas.config.corpus import Columns, CorpusConfig, GoldColumn
from schemas.config.run import RunConfig
from schemas.day_pattern import any_day, at_day, names_day
from schemas.errors import (
    AffectmineError,
    ConfigError,
    SourceError,
    TransientError,
    UnreadableError,
)
from transforms.ingest.keyed import KeyedHasher
from transforms.read.chunk import BadUnit, Chunk, Limits, Pairing, Reader
from transforms.read.columns import check_columns, wanted
from transforms.read.registry import READERS, guess
from transforms.read.source import SourceFile, expand, open_stream


@dataclass(frozen=True)
class Input:
    """One source file of a corpus, with its reader and the keyed id that stands for its path."""

    corpus: CorpusConfig
    source: SourceFile
    reader: str
    file_id: str
    columns: Columns
    gold: tuple[GoldColumn, ...]
    day: dt.date | None  # of those that were asked for, the one that its path names


@dataclass(frozen=True)
class Broken:
    """A source that could not be read to its end; `lost` when nothing is known of its rows."""

    input: Input
    error: AffectmineError
    lost: bool


def limits(config: RunConfig) -> Limits:
    """The reader's limits of a config."""
    ingest = config.ingest
    return Limits(
        records=ingest.shard_records, bytes=ingest.shard_bytes, record_bytes=ingest.record_bytes
    )


def inputs(
    config: RunConfig, base: Path, hasher: KeyedHasher, days: Sequence[dt.date] | None = None
) -> list[Input]:
    """All source files of a config, each with its reader; columns are checked before anything is read.

    With `days`, of sources that name a day only the files of these days. Raises SourceError for missing files,
    unknown formats and columns that are not there, ConfigError for an unknown reader or a mapping that is needed and
    not given, TransientError where a corpus has no file of these days: it may come yet.
    """
    found: list[Input] = []
    for corpus in config.corpora:
        if corpus.reader != "auto" and corpus.reader not in READERS:
            raise ConfigError(
                f"Corpus {corpus.name}: there is no reader {corpus.reader!r}.",
                remedy=f"Choose one of: auto, {', '.join(sorted(READERS))}.",
            )
        for file_id, source, reader, day in _files(corpus, base, hasher, days):
            names = reader.found(source, corpus.options)
            columns = corpus.columns or reader.columns(names)
            if columns is None and _is_empty(source):
                columns = Columns(text="text")  # no row will ask for it
            if columns is None:
                raise ConfigError(
                    f"Corpus {corpus.name}: {source.shown} needs `columns:` in the config "
                    f"(found: {', '.join(names) or 'no column in its first 4 MiB'}).",
                    remedy=f"A config with a guess: affectmine init --from {source.path}",
                )
            gold = corpus.gold or reader.gold()
            if names:
                sparse = corpus.options.get("sparse", ())
                check_columns(wanted(columns, gold), names, source.shown, sparse=sparse)
            found.append(Input(corpus, source, reader.name, file_id, columns, gold, day))
    return found


def _files(
    corpus: CorpusConfig, base: Path, hasher: KeyedHasher, days: Sequence[dt.date] | None
) -> list[tuple[str, SourceFile, Reader, dt.date | None]]:
    """The files of a corpus, each once, with the reader and the day of each; companions stand by their file."""
    chosen = _sources(corpus, base, days)
    dated = {
        file.shown: day
        for source, day in chosen
        if day is not None
        for file in expand([source], base)
    }
    read: dict[str, list[SourceFile]] = {}
    for source in expand([source for source, _ in chosen], base):
        reader = READERS[corpus.reader] if corpus.reader != "auto" else guess(source)
        read.setdefault(reader.name, []).append(source)
    found: dict[str, tuple[str, SourceFile, Reader, dt.date | None]] = {}
    for name, sources in read.items():
        reader = READERS[name]
        for source in reader.pair(sources) if isinstance(reader, Pairing) else sources:
            place = os.path.relpath(source.path, base) + (
                f"!{source.member}" if source.member else ""
            )
            file_id = hasher.token("file", corpus.name, place)
            found.setdefault(file_id, (file_id, source, reader, dated.get(source.shown)))
    return list(found.values())


def _sources(
    corpus: CorpusConfig, base: Path, days: Sequence[dt.date] | None
) -> list[tuple[str, dt.date | None]]:
    """The sources of a corpus, those that name a day put at some days: of `days`, those that have files."""
    found: list[tuple[str, dt.date | None]] = []
    for source in corpus.sources:
        if days is None or not names_day(source):
            found.append((any_day(source), None))
            continue
        at = [(at_day(source, day), day) for day in days]
        there = [(path, day) for path, day in at if exists(path, base)]
        if not there:
            few = f"{days[0]}" if len(days) == 1 else f"{days[0]} to {days[-1]}"
            raise TransientError(
                f"Corpus {corpus.name} has no file of {few} (from {source!r}).",
                remedy="It may come yet: run again then. Which days there are: affectmine days CONFIG.",
            )
        found += there
    return found


def exists(source: str, base: Path) -> bool:
    """Whether a source (a path, a folder, a glob; relative to `base`) has any file."""
    path = base / Path(source).expanduser()
    return path.exists() or bool(glob.glob(str(path), recursive=True))


def _unreadable(given: Input, error: Exception) -> AffectmineError:
    if isinstance(error, UnreadableError):
        return error
    return TransientError(
        f"{given.source.shown} cannot be read on ({type(error).__name__}).",
        remedy="Check the disk or the network it lies on, then run again.",
    )


def _is_empty(source: SourceFile) -> bool:
    with open_stream(source) as stream:
        return not stream.read(1)


def tasks(
    lake: Lake,
    given: list[Input],
    config: RunConfig,
    *,
    key_id: str,
    run_id: str,
    broken: list[Broken],
    dry: bool = False,
) -> Iterator[IngestTask]:
    """One ingest task a chunk, cut while they are consumed; a `dry` pass writes nothing to the lake.

    A source that breaks off gives one last task for the part that is lost, and an entry in `broken`.
    """
    bounds = limits(config)
    for each in given:
        base = IngestTask(
            root=lake,
            run_id=run_id,
            key_id=key_id,
            corpus=each.corpus,
            reader=each.reader,
            source=each.source,
            file_id=each.file_id,
            columns=each.columns,
            gold=each.gold,
            first_ingest=first_ingest(lake, each, dry=dry),
            limits=bounds,
            chunk=Chunk(-1, -1, -1, 0, "", None),
        )
        last: Chunk | None = None
        try:
            options = each.corpus.options
            for chunk in READERS[each.reader].cut(each.source, bounds, options):
                last = replace(chunk, data=None)
                yield replace(base, chunk=chunk)
        except (UnreadableError, OSError) as error:
            # Not the file's fault: what was published of it must stay.
            broken.append(Broken(each, _unreadable(each, error), lost=True))
        except SourceError as error:
            broken.append(Broken(each, error, lost=False))
            index = last.index + 1 if last else 0
            offset = last.offset + last.length if last else 0
            kind = "broken_source"
            unit = BadUnit(-1, offset, 0, kind, "The source cannot be read on from here.")
            checksum = shard_id(kind, offset)
            yield replace(base, chunk=Chunk(index, -1, offset, 0, checksum, None), broken=unit)


def first_ingest(lake: Lake, given: Input, *, dry: bool = False) -> str:
    """The day (UTC) on which this file first came: the partition of rows without a time, frozen."""
    path = lake.ingest_folder(given.corpus.name, given.file_id) / "source.json"
    if not path.exists():
        today = now()[:10]
        if dry:
            return today
        create(path, json.dumps({"first_ingest": today}).encode())
    return str(json.loads(path.read_bytes())["first_ingest"])
