"""Marts: tables over all labels of a lake, built, listed and explained."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from jobs.publish import refresh_catalog
from jobs.screen import Screen
from pipelines.engines.engine import Engine, open_engine
from pipelines.lake.forget_intent import refuse_while_forgetting
from pipelines.lake.journal import Journal
from pipelines.lake.lake import Lake, open_lake
from pipelines.lake.mart_files import STAGE, note_settings, noted_settings
from pipelines.lake.place import Place
from pipelines.lake.snapshots import published
from pipelines.stages.database import bytes_of
from schemas.config.engine import EngineConfig
from schemas.config.marts import MartsConfig
from schemas.errors import (
    EXIT_OK,
    EXIT_TERMINAL,
    EXIT_TRANSIENT,
    AffectmineError,
    ConfigError,
    MissingExtraError,
    TransientError,
)
from schemas.manifest import Manifest
from schemas.mart import load_mart, mart_names

MEMORY_LIMIT = "2GB"


@dataclass(frozen=True)
class Built:
    """The marts of a snapshot: their manifests, those that were made now, and what went wrong by mart."""

    snapshot: int
    made: dict[str, Manifest]
    fresh: frozenset[str]
    errors: dict[str, AffectmineError]

    @property
    def exit_code(self) -> int:
        """0, 1 or 75; a library that is not installed keeps a mart back, and is no failure."""
        errors = [each for each in self.errors.values() if not isinstance(each, MissingExtraError)]
        if any(not isinstance(error, TransientError) for error in errors):
            return EXIT_TERMINAL
        return EXIT_TRANSIENT if errors else EXIT_OK


def build_marts(
    lake_path: Place,
    *,
    as_of: int | None = None,
    names: Sequence[str] = (),
    settings: MartsConfig | None = None,
    memory_limit: str = MEMORY_LIMIT,
    threads: int | None = None,
    screen: Screen | None = None,
    engine: EngineConfig | None = None,
) -> Built:
    """Builds the marts of a snapshot (the newest) that are not there yet; `names`: only these.

    `settings`: what may be shown; None takes what the lake's marts were last built with, else the defaults.
    `engine`: what computes them; by default DuckDB, in this process.
    A mart that cannot be computed is told in `errors`; the others are built. Raises ConfigError for an unknown mart or
    snapshot, TerminalError where nothing is published, TransientError while somebody is being forgotten.
    """
    for name in names:
        load_mart(name)
    bytes_of(memory_limit)
    lake = open_lake(lake_path)
    journal = Journal(lake, STAGE)
    code, number = EXIT_TERMINAL, None
    try:
        refuse_while_forgetting(lake)
        with ExitStack() as stack:
            opened = None
            if engine is not None and engine.name != "local":
                opened = stack.enter_context(open_engine(engine, ()))
                opened.begin(lake, journal.run_id)
            built = build_in_run(
                lake,
                journal,
                screen or Screen(quiet=True),
                as_of=as_of,
                names=names,
                settings=settings or MartsConfig(**noted_settings(lake)),
                memory_limit=memory_limit,
                threads=threads or cores(),
                engine=opened,
            )
        code, number = built.exit_code, built.snapshot
    except AffectmineError as error:
        code = error.exit_code
        raise
    finally:
        journal.finish(code, number)
    return built


def build_in_run(
    lake: Lake,
    journal: Journal,
    screen: Screen,
    *,
    settings: MartsConfig,
    memory_limit: str,
    threads: int,
    as_of: int | None = None,
    names: Sequence[str] = (),
    engine: Engine | None = None,
) -> Built:
    """The same as a stage of a run that is going on, by its engine."""
    from pipelines.marts.build import Builder

    number, parts = published(lake, as_of)
    wanted = [name for name in mart_names() if not names or name in names]
    note_settings(lake, settings.model_dump())
    builder = Builder(lake, parts, settings, journal.run_id, memory_limit, threads, engine)
    made: dict[str, Manifest] = {}
    errors: dict[str, AffectmineError] = {}
    journal.planned(STAGE, len(wanted), None)
    started = time.perf_counter()
    with screen.stage(STAGE, len(wanted)):
        for each in builder.build(wanted):
            if each.manifest is not None:
                made[each.mart.name] = each.manifest
                journal.done(each.manifest)
                screen.advance(each.manifest)
            else:
                assert each.error is not None
                errors[each.mart.name] = each.error
                kind = type(each.error).__name__
                journal.failed(STAGE, each.mart.name, kind, str(each.error))
    journal.ended_stage(STAGE, time.perf_counter() - started)
    fresh = {name for name, manifest in made.items() if manifest.run_id == journal.run_id}
    if fresh:
        refresh_catalog(lake)
    return Built(number, made, frozenset(fresh), errors)


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def read_marts_config(path: Path) -> tuple[MartsConfig, EngineConfig]:
    """The sections `marts` and `engine` of a config file."""
    from schemas.config.load import load_config

    config = load_config(path)
    if config.marts is None:
        raise ConfigError(
            f"{path} has no section marts, so it says nothing about them.",
            remedy="Add it; `marts: {}` takes the defaults. Or leave --config out.",
        )
    return config.marts, config.engine
