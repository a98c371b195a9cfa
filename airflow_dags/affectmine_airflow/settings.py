"""Where configs lie, and what each says of its DAGs.

Deployment settings are Airflow's own: the section `[affectmine]` of airflow.cfg, or AIRFLOW__AFFECTMINE__… in the
environment. What differs from corpus to corpus stands in the section `airflow` of its config (docs/config.md), which
the command checks; here its defaults are repeated, for a DAG file must not start a process.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from airflow.utils import yaml

SECTION = "affectmine"
GPU_POOL = "affectmine_gpu"
DEFAULTS: dict[str, Any] = {
    "schedule": "0 3 * * *",
    "start": None,
    "late_days": 0,
    "groups": 1,
    "pool": "default_pool",
    "label_pool": None,
    "retries": 3,
    "serve": None,
    "pod_template": None,
    "maintenance": "0 5 * * 0",
    "report": "reports",
    "syntheses": [],
    "exports": [],
}
SERVE_DEFAULTS: dict[str, Any] = {
    "revision": None,
    "labeler": None,
    "port": 8000,
    "python": None,
    "flags": (),
}
_ALWAYS = ("ingest", "clean", "label")
_STAGES = ("ingest", "clean", "dedup", "windows", "label")


@dataclass(frozen=True)
class Settings:
    """What the DAGs of one config need to know of it. `problem`: why it cannot be read."""

    path: Path
    values: dict[str, Any]
    stages: tuple[str, ...]
    by_day: bool
    labelers: tuple[str, ...]  # files of language models
    lake: str
    problem: str | None = None
    tags: tuple[str, ...] = field(default=("affectmine",))

    @property
    def name(self) -> str:
        """What its DAGs are called after their kind."""
        return _safe(self.path.stem)

    @property
    def lake_name(self) -> str:
        """What the DAGs of its lake are called: the last part of its path, and a few letters that tell lakes apart."""
        last = _safe(self.lake.rstrip("/").rsplit("/", 1)[-1])
        return f"{last}_{hashlib.sha256(self.lake.encode()).hexdigest()[:6]}"

    @property
    def label_pool(self) -> str:
        """The pool of the task `label`: that of the GPUs where a language model answers."""
        return self.language_model_pool if self.labelers or self["label_pool"] else self["pool"]

    @property
    def language_model_pool(self) -> str:
        """The pool of tasks that always ask a language model."""
        return str(self["label_pool"] or GPU_POOL)

    @property
    def start(self) -> date | None:
        """The first day to catch up from."""
        start = self.values["start"]
        return date.fromisoformat(start) if isinstance(start, str) else start

    def __getitem__(self, key: str) -> Any:
        return self.values[key]


def read_all() -> list[Settings]:
    """The settings of each config in the folder of configs, by name. A folder that is not there has none."""
    folder = Path(conf.get(SECTION, "configs", fallback="affectmine")).expanduser()
    if not folder.is_absolute():
        folder = Path(conf.get("core", "dags_folder")).parent / folder
    return [
        read(path) for path in sorted(folder.glob("*.y*ml")) if path.suffix in (".yaml", ".yml")
    ]


def read(path: Path) -> Settings:
    """The settings of a config; one that cannot be read gives a DAG whose first task says why."""
    try:
        return _read(path)
    except Exception as error:  # noqa: BLE001 - one bad file must not take the other DAGs along
        return unreadable(path, error)


def unreadable(path: Path, error: Exception) -> Settings:
    """The settings of a config that cannot be read: its DAG has the one task that says why."""
    return Settings(
        path=path,
        values=DEFAULTS | {"schedule": None, "maintenance": None},
        stages=("ingest",),
        by_day=False,
        labelers=(),
        lake="",
        problem=f"{type(error).__name__}: {error}",
    )


def _read(path: Path) -> Settings:
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    given = config.get("airflow") or {}
    unknown = set(given) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"unknown keys in `airflow`: {', '.join(sorted(unknown))}")
    values = DEFAULTS | given
    for key in ("groups", "late_days", "retries"):
        if type(values[key]) is not int:
            raise TypeError(f"airflow.{key} is no whole number")
    for key in ("syntheses", "exports"):
        values[key] = _files(key, values[key], path.parent)
    if values["serve"] is not None:
        values["serve"] = SERVE_DEFAULTS | values["serve"]
    sources = [source for corpus in config["corpora"] for source in _listed(corpus["sources"])]
    labelers = [str(each.get("labeler", "")) for each in config.get("label") or ()]
    return Settings(
        path=path,
        values=values,
        stages=tuple(each for each in _STAGES if each in _ALWAYS or each in config),
        by_day=any("{day" in source for source in sources),
        labelers=tuple(each for each in labelers if each.endswith((".yaml", ".yml"))),
        lake=_lake(path, str(config.get("lake", "lake"))),
    )


def option(key: str, default: str) -> str:
    """A setting of this deployment, on the machine that asks."""
    return str(conf.get(SECTION, key, fallback=default))


def _files(key: str, files: Any, folder: Path) -> dict[str, Path]:
    """Files by what their tasks are called after."""
    if not isinstance(files, list) or not all(isinstance(each, str) for each in files):
        raise TypeError(f"airflow.{key} is no list of files")
    found: dict[str, Path] = {}
    for file in files:
        if (name := _safe(Path(file).stem)) in found:
            raise ValueError(
                f"airflow.{key} has two files that give {name}: rename one, tasks are called after them"
            )
        found[name] = folder / file
    return found


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name)


def _lake(path: Path, lake: str) -> str:
    return lake if "://" in lake else str((path.parent / Path(lake).expanduser()).resolve())


def _listed(sources: Any) -> list[str]:
    return [sources] if isinstance(sources, str) else list(sources)
