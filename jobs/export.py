"""Export: from the newest snapshot of a lake to a training corpus in a folder of its own."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from jobs.export_card import card
from pipelines.export.alike import take_alike
from pipelines.export.gather import gather
from pipelines.export.leaks import clear_contexts, take_out
from pipelines.export.split import cap, split
from pipelines.export.write import write_files
from pipelines.lake.commit import file_checksum
from pipelines.lake.lake import Lake, open_lake
from pipelines.lake.mart_files import queryable_files
from pipelines.lake.place import Place, place_in
from pipelines.lake.snapshots import published
from pipelines.stages.database import open_database
from schemas.errors import ConfigError, TerminalError
from schemas.export import NUMBERS, ExportSpec, load_export
from schemas.label_task import load_task
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.export.chats import LabelChats


@dataclass(frozen=True)
class Exported:
    """What an export came to; `fresh` is false where the folder had the same already."""

    folder: Path
    lake: str
    told: dict[str, Any]
    fresh: bool
    seconds: float

    @property
    def content(self) -> str:
        """Stands for the files: equal where they are."""
        return hashlib.sha256(json.dumps(self.told["files"]).encode()).hexdigest()[:32]


def export(
    path: Path, *, lake_path: Place | None = None, to: Path | None = None, again: bool = False
) -> Exported:
    """Writes the training corpus of the specification at `path`.

    Complete or not at all: it is written beside its place and renamed. A folder with other content is replaced only
    with `again`. Raises ConfigError, and TerminalError where nothing is left to export.
    """
    started = time.perf_counter()
    spec, base = load_export(path), path.absolute().parent
    taxonomy = load_taxonomy(base / spec.taxonomy if "/" in spec.taxonomy else spec.taxonomy)
    _refuse(spec, taxonomy)
    lake = open_lake(lake_path or place_in(base, spec.lake))
    number, parts = published(lake)
    folder = (to or base / spec.to).absolute()
    partial, before = (folder.with_name(f".{folder.name}.{end}") for end in ("part", "before"))
    if folder.exists() and not (folder / "export.json").exists():
        raise ConfigError(
            f"{folder} is there, and no export.", remedy="Name another folder in `to`."
        )
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with open_database(spec.memory_limit, 2, "Exporting") as database:
            left_out = gather(database, queryable_files(lake, parts), spec, taxonomy)
            left_out |= {"contamination": take_out(database, spec.contamination, base)}
            left_out |= {
                "near_duplicate": take_alike(database, spec.near_duplicates, spec.memory_limit)
            }
            if spec.label_chats and spec.contamination is not None:
                clear_contexts(database)
            split(database, spec)
            left_out |= {"cap": cap(database, spec)}
            left_out = {reason: rows for reason, rows in left_out.items() if rows}
            counts = write_files(database, spec, taxonomy, partial)
            if not any(counts.values()):
                raise TerminalError(
                    f"Nothing is left to export: {_listed(left_out) or 'no source has a row'}.",
                    remedy="affectmine sql shows what is published: the columns task, taxonomy and labeler of labels.",
                )
            told = {
                "name": spec.name,
                "format": spec.format,
                "snapshot": number,
                "examples": counts,
                "left_out": left_out,
                **_figures(database, lake),
                "spec": spec.model_dump(mode="json"),
            }
            _write_removed(database, partial)
        _finish(partial, spec, told)
        if _is_there(folder, partial):
            return _exported(folder, lake, told, started, fresh=False)
        if folder.exists() and not again:
            raise ConfigError(
                f"{folder} has another content, of snapshot {_snapshot(folder)}.",
                remedy="Name another folder with --to, or replace it with --replace.",
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():  # it goes when the new one is in its place
            shutil.rmtree(before, ignore_errors=True)
            folder.rename(before)
        partial.rename(folder)
        shutil.rmtree(before, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return _exported(folder, lake, told, started, fresh=True)


def _refuse(spec: ExportSpec, taxonomy: Taxonomy) -> None:
    """What the task cannot give, before anything is read."""
    task = load_task(spec.task)
    if spec.label_chats:
        LabelChats(task, taxonomy, spec.mode)
    sure = spec.soft_labels or any(rows.min_confidence > 0 for rows in spec.rows)
    if task.answer in NUMBERS and sure:
        raise ConfigError(
            f"The task {task.name} is answered by numbers, which have no probabilities.",
            remedy="Leave soft_labels and min_confidence out.",
        )


def _exported(
    folder: Path, lake: Lake, told: dict[str, Any], started: float, *, fresh: bool
) -> Exported:
    return Exported(folder, str(lake.root), told, fresh, time.perf_counter() - started)


def _figures(database: duckdb.DuckDBPyConnection, lake: Lake) -> dict[str, Any]:
    """What the card tells of the rows: by source, label, corpus, and where they come from."""

    def counted(sql: str) -> dict[str, int]:
        return {str(key): int(n) for key, n in database.execute(sql).fetchall()}

    corpora = counted("SELECT corpus, count(*) FROM chosen GROUP BY corpus ORDER BY corpus")
    considered = database.execute("SELECT count(*) FROM chosen").fetchone()
    agreement = database.execute("SELECT avg(agreement) FROM chosen").fetchone()
    assert considered is not None
    assert agreement is not None
    return {
        "rows": int(considered[0]),
        "rows_by_split": counted(
            "SELECT split, count(*) FROM chosen GROUP BY split ORDER BY split"
        ),
        "rows_by_source": counted(
            "SELECT source, count(*) FROM chosen GROUP BY source ORDER BY source"
        ),
        "rows_by_label": counted(
            "SELECT label, count(*) FROM (SELECT unnest(labels) AS label FROM chosen) GROUP BY label ORDER BY label"
        ),
        "rows_by_recipe": counted(
            "SELECT recipe, count(*) FROM chosen WHERE recipe IS NOT NULL GROUP BY recipe ORDER BY recipe"
        ),
        "labelers": counted(
            "SELECT labeler, count(*) FROM chosen WHERE labeler IS NOT NULL GROUP BY labeler ORDER BY labeler"
        ),
        "generators": counted(
            "SELECT generator, count(*) FROM chosen WHERE generator IS NOT NULL GROUP BY generator ORDER BY generator"
        ),
        "languages": counted(
            "SELECT coalesce(split_part(lang, '-', 1), 'und'), count(*) FROM chosen GROUP BY 1 ORDER BY 2 DESC, 1"
        ),
        "agreement": None if agreement[0] is None else round(float(agreement[0]), 4),
        "corpora": {name: _note(lake, name) | {"rows": rows} for name, rows in corpora.items()},
    }


def _note(lake: Lake, corpus: str) -> dict[str, Any]:
    """License and consent of a corpus, as its config stated them."""
    path = lake.root / "corpora" / f"{corpus}.json"
    try:
        note = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {"license": None, "consent": None}
    return {
        name: note.get(name) for name in ("domain", "license", "consent", "sources") if name in note
    }


def _write_removed(database: duckdb.DuckDBPyConnection, folder: Path) -> None:
    sql = "SELECT * FROM removed ORDER BY evaluation, evaluation_row, record_id"
    table = database.sql(sql).to_arrow_table()
    if table.num_rows:
        pq.write_table(table, folder / "removed.parquet", compression="zstd")


def _finish(folder: Path, spec: ExportSpec, told: dict[str, Any]) -> None:
    told["files"] = {
        str(path.relative_to(folder)): {
            "bytes": path.stat().st_size,
            "checksum": file_checksum(path),
        }
        for path in sorted(folder.rglob("*.*"))
        if path.is_file()
    }
    (folder / "README.md").write_text(card(spec, told), encoding="utf-8")
    content = json.dumps(told, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / "export.json").write_text(content + "\n", encoding="utf-8")


def _is_there(folder: Path, partial: Path) -> bool:
    """Whether the folder has just these files already, none of them damaged."""
    try:
        if (folder / "export.json").read_bytes() != (partial / "export.json").read_bytes():
            return False
        files = json.loads((folder / "export.json").read_bytes())["files"]
        return all(file_checksum(folder / name) == of["checksum"] for name, of in files.items())
    except FileNotFoundError:
        return False


def _snapshot(folder: Path) -> Any:
    try:
        return json.loads((folder / "export.json").read_bytes())["snapshot"]
    except (OSError, ValueError, KeyError):
        return "unknown"


def _listed(left_out: dict[str, int]) -> str:
    return ", ".join(f"{rows:,} {reason.replace('_', ' ')}" for reason, rows in left_out.items())
