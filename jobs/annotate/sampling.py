"""The job behind `affectmine annotate sample`: rows for people to label, out of a lake or a labeled file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from jobs.annotate.before import ids_before
from jobs.annotate.file_rows import file_rows
from jobs.annotate.lake_rows import lake_rows
from jobs.annotate.rows import Rows
from jobs.annotate.selection import Selected, Stratum, deal, register, select
from jobs.annotate.sheets import SUFFIXES, config_path, paths_of, write_sheets
from jobs.annotate.wanted import Wanted
from jobs.target import check_target
from pipelines.labelers import load_labeler
from pipelines.lake.object_store import raise_store_trouble
from pipelines.lake.place import Place, local
from pipelines.lake.place import register as register_places
from pipelines.stages.database import open_database
from schemas.errors import ConfigError, TerminalError
from schemas.label_task import LabelTask, load_task
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.annotate.tasks import Asked
from transforms.label.registry import is_student
from transforms.label.thresholds import thresholds_of

_BATCH: Final = 1_000


@dataclass(frozen=True)
class Sampled:
    """What a sample holds. `rows` were chosen of `population`; `clinical`: of them, from corpora of that domain;
    `each`: rows of each annotator (those for all included).
    """

    task: str
    taxonomy: str
    labeler: str
    strategy: str
    seed: int
    rows: int
    population: int
    not_labeled: int
    excluded: int
    clinical: int
    snapshot: int | None
    strata: list[Stratum]
    each: dict[str, int]
    overlap: int
    files: list[str]
    notes: list[str]


def sample(
    source: Place,
    output: Path,
    wanted: Wanted,
    *,
    is_lake: bool,
    task: str = "emotion",
    taxonomy: str | None = None,
    labeler: str = "student",
    exclude: Sequence[Path] = (),
    memory_limit: str = "2GB",
    threads: int = 2,
) -> Sampled:
    """Chooses rows and writes them to `output` (.json with a labeling config beside it, or .csv), mode 0600.

    ConfigError and SourceError: what cannot be asked, read or written, before anything is written.
    """
    asked = load_task(task)
    labels = load_taxonomy(taxonomy or asked.taxonomy)
    wanted.check(asked, labels)
    _check_output(output, wanted, [*([source] if isinstance(source, Path) else []), *exclude])
    excluded = ids_before(exclude)
    with open_database(memory_limit, threads, "The sample") as database:
        try:
            register(database, wanted.seed)
            register_places(database, [source])
            rows = (
                lake_rows(source, asked, labels, labeler, wanted.corpora)
                if is_lake
                else file_rows(database, local(source, "A file to sample"), asked, labels, labeler)
            )
            cuts, notes = _thresholds(labeler, asked, labels, wanted)
            selected = select(
                database, rows, wanted, labels,
                exclusive=labels.exclusive, thresholds=cuts, excluded=excluded,
            )  # fmt: skip
            deal(database, len(wanted.annotators), wanted.overlap)
            files = write_sheets(
                output, _dealt(database, rows), asked, labels, wanted.annotators,
                predictions=wanted.predictions,
            )  # fmt: skip
            clinical, each = _counts(database, rows, wanted)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:  # its message may quote values
            raise_store_trouble(error)
            raise TerminalError(
                f"{source} cannot be read ({type(error).__name__}).",
                remedy="Publish it, or write it with `affectmine label`, anew.",
            ) from None
    return _result(
        asked, labels, labeler, wanted, rows, selected, files, clinical, each, [*rows.notes, *notes]
    )


def _check_output(output: Path, wanted: Wanted, sources: Sequence[Path]) -> None:
    config = config_path(output)
    for path in [*paths_of(output, wanted.annotators), *([config] if config else [])]:
        check_target(path, [*SUFFIXES, ".xml"] if path == config else SUFFIXES)
        for source in sources:
            if path.exists() and source.exists() and path.samefile(source):
                raise ConfigError(
                    f"{path} is read: it would be replaced.", remedy="Name another file with -o."
                )


def _thresholds(
    labeler: str, task: LabelTask, taxonomy: Taxonomy, wanted: Wanted
) -> tuple[dict[str, float], list[str]]:
    """From which probability each label is given, where the labeler says so."""
    if wanted.strategy != "uncertain":
        return {}, []
    if taxonomy.exclusive:
        return {}, ["uncertain: the distance of the two highest probabilities"]
    half = ["uncertain: the distance of a probability to .5"]
    if task.answer != "labels" or not is_student(labeler):
        return {}, half
    cuts = thresholds_of(load_labeler(labeler, task, taxonomy), taxonomy)
    return cuts, ["uncertain: the distance of a probability to its threshold"] if cuts else half


def _dealt(database: duckdb.DuckDBPyConnection, rows: Rows) -> Iterator[tuple[int, Asked]]:
    """Each row with the number of its annotator, batch by batch."""
    told = "record_id, text, context, corpus, lang, role, drawn, probability, weight, labels, scores, numbers, version"
    reader = database.sql(
        f"SELECT {told}, annotator FROM ({rows.texts}) INNER JOIN dealt USING (record_id) ORDER BY place, record_id"
    ).to_arrow_reader(_BATCH)
    for batch in reader:
        for row in batch.to_pylist():
            annotator = row.pop("annotator")
            yield annotator, Asked(**row)


def _counts(
    database: duckdb.DuckDBPyConnection, rows: Rows, wanted: Wanted
) -> tuple[int, dict[str, int]]:
    """Chosen rows of the domain clinical, and how many rows each annotator got."""
    ((clinical,),) = database.sql(
        f"SELECT count(*) FROM ({rows.pool}) WHERE domain = 'clinical' "
        "AND record_id IN (SELECT record_id FROM chosen)"
    ).fetchall()
    dealt = dict(database.sql("SELECT annotator, count(*) FROM dealt GROUP BY 1").fetchall())
    shared = dealt.get(-1, 0)
    return clinical, {n: dealt.get(at, 0) + shared for at, n in enumerate(wanted.annotators)}


def _result(
    task: LabelTask,
    taxonomy: Taxonomy,
    labeler: str,
    wanted: Wanted,
    rows: Rows,
    selected: Selected,
    files: Sequence[Path],
    clinical: int,
    each: dict[str, int],
    notes: list[str],
) -> Sampled:
    taken = sum(stratum.taken for stratum in selected.strata)
    if taken < wanted.n:
        notes.append(f"{wanted.n:,} rows were asked for, and there are {taken:,}")
    if wanted.strategy == "uncertain" and not selected.strata[0].taken:
        notes.append("no row was drawn at random: this sample tells nothing about all rows")
    return Sampled(
        task=task.name,
        taxonomy=taxonomy.name,
        labeler=labeler,
        strategy=wanted.strategy,
        seed=wanted.seed,
        rows=taken,
        population=selected.population,
        not_labeled=selected.not_labeled,
        excluded=selected.excluded,
        clinical=clinical,
        snapshot=rows.snapshot,
        strata=selected.strata,
        each=each,
        overlap=min(wanted.overlap, taken),
        files=[str(path) for path in files],
        notes=notes,
    )


def show_sampled(found: Sampled, *, as_json: bool) -> int:
    """Prints what a sample holds; returns the exit code."""
    if as_json:
        told: dict[str, Any] = asdict(found)
        print(json.dumps(told))
        return 0
    print(f"{found.rows:,} of {found.population:,} rows -> {', '.join(found.files)}")
    for stratum in found.strata:
        weight = "unknown" if stratum.weight is None else f"{stratum.weight:,.4g}"
        print(f"  {stratum.name}: {stratum.taken:,} of {stratum.rows:,}, weight {weight}")
    for name, count in found.each.items():
        print(f"  for {name}: {count:,}")
    left = {
        "not labeled": found.not_labeled,
        "excluded": found.excluded,
        "clinical": found.clinical,
    }
    told_left = ", ".join(f"{name} {count:,}" for name, count in left.items() if count)
    for note in [*([told_left] if told_left else []), *found.notes]:
        print(note, file=sys.stderr)
    return 0
