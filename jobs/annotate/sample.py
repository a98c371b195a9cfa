"""Samples rows for people to label: chosen by DuckDB, written as tasks for Label Studio or a spreadsheet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import orjson
import polars as pl

from jobs.annotate.assign import assigned
from jobs.annotate.choose import Chosen, choose
from jobs.annotate.folder import check_folder, write_folder
from jobs.annotate.labeling import labeling_config
from jobs.annotate.population import Population, Told
from jobs.annotate.question import Choice, Question, Shown
from jobs.annotate.spreadsheet import table_of
from jobs.annotate.tasks import task_of
from pipelines.stages.database import open_database
from schemas.errors import TerminalError

_MEMORY = "2GB"


@dataclass(frozen=True)
class Sampled:
    """What was sampled. `told`: what sample.json says, without a text."""

    output: Path
    files: tuple[str, ...]
    told: dict[str, Any]


def sample(
    rows: Population,
    question: Question,
    choice: Choice,
    shown: Shown,
    output: Path,
    *,
    memory_limit: str = _MEMORY,
    threads: int = 2,
) -> Sampled:
    """Chooses rows and writes the folder `output`, whole or not at all.

    It gets tasks.json (or tasks-NAME.json for each annotator) with labeling.xml, tasks.csv, sample.json. Raises
    ConfigError and SourceError for what cannot be chosen or written.
    """
    choice.check(question)
    shown.check(choice.rows)
    check_folder(output)
    with open_database(memory_limit, threads, "The sample") as database:
        try:
            chosen = choose(database, rows, question, choice)
            told = rows.told(database, chosen.frame, question)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:  # its message may quote values
            raise TerminalError(
                f"{rows.shown} cannot be read ({type(error).__name__}).",
                remedy="Of a lake, `affectmine status` shows what is published; label a file anew.",
            ) from None
    facts = _facts(rows, question, choice, shown, chosen, told)
    frame = _frame(chosen, told, question, facts["sample"])
    facts |= {"rows": frame.height, "without_text": chosen.frame.height - frame.height}
    files = _files(frame, question, choice, shown, facts)
    write_folder(output, files)
    return Sampled(output, tuple(files), facts)


def _facts(
    rows: Population, question: Question, choice: Choice, shown: Shown, chosen: Chosen, told: Told
) -> dict[str, Any]:
    """What is known of the sample, with an id that equal samples share."""
    asked = asdict(replace(choice, excluded=frozenset())) | {"domain": shown.domain}
    facts = {
        "task": question.task.name,
        "taxonomy": question.taxonomy.name,
        "labeler": question.labeler,
        "labeler_version": told.labeler_version,
        "snapshot": rows.snapshot,
        "asked": asked,
        "population": chosen.population,
        "left_out": chosen.left_out,
        "strata": {
            name: {"population": size, "sampled": chosen.given[name]}
            for name, size in chosen.sizes.items()
        },
    }
    ids = sorted(chosen.frame["record_id"].to_list())
    content = json.dumps([facts, ids], sort_keys=True).encode()
    return {"sample": hashlib.sha256(content).hexdigest()[:12]} | facts


def _frame(chosen: Chosen, told: Told, question: Question, name: str) -> pl.DataFrame:
    """A row each of the sample, with all that tasks show."""
    model = " ".join(filter(None, (question.labeler, told.labeler_version)))
    joined = told.frame.join(chosen.frame, on="record_id", how="inner")
    return joined.rename({"conversation_id": "group"}).with_columns(
        (1 / pl.col("inclusion")).alias("weight"),
        pl.lit(question.task.name).alias("task"),
        pl.lit(question.taxonomy.name).alias("taxonomy"),
        pl.lit(name).alias("sample"),
        pl.lit(model).alias("model"),
    )


def _files(
    frame: pl.DataFrame, question: Question, choice: Choice, shown: Shown, facts: dict[str, Any]
) -> dict[str, bytes]:
    places = assigned(frame["id"].sort().to_list(), shown.annotators, shown.overlap, choice.seed)
    every = places.join(frame, on="id", how="inner", maintain_order="left")
    with_context = (
        bool((frame["context"].list.len().fill_null(0) > 0).any()) if _has_lists(frame) else False
    )
    files: dict[str, bytes] = {}
    counts: dict[str, int] = {}
    for name in shown.annotators or (None,):
        part = every if name is None else every.filter(pl.col("assigned_to") == name)
        stem = "tasks" if name is None else f"tasks-{name}"
        rows = part.to_dicts()
        if name is not None:
            counts[name] = len(rows)
        if "label-studio" in shown.formats:
            made = [
                task_of(row, question, with_context=with_context, blind=shown.blind) for row in rows
            ]
            files[f"{stem}.json"] = orjson.dumps(made, option=orjson.OPT_INDENT_2)
        if "csv" in shown.formats:
            files[f"{stem}.csv"] = table_of(rows, question).write_csv().encode("utf-8-sig")
    if "label-studio" in shown.formats:
        files["labeling.xml"] = labeling_config(question, with_context=with_context).encode()
    told = facts | {"annotators": counts, "overlap": shown.overlap, "files": sorted(files)}
    files["sample.json"] = orjson.dumps(told, option=orjson.OPT_INDENT_2)
    return files


def _has_lists(frame: pl.DataFrame) -> bool:
    return isinstance(frame.schema["context"], pl.List)


def languages_of(codes: Sequence[str]) -> tuple[str, ...]:
    """Language codes without their region, in lower case."""
    return tuple(dict.fromkeys(code.lower().split("-")[0] for code in codes))
