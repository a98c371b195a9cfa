"""One pass of a config over its stages, from source files to a published snapshot."""

import datetime as dt
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from dataclasses import replace as replaced
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from jobs.cascade_files import of_run
from jobs.cascade_told import CascadeReport
from jobs.check import Gate
from jobs.clean import clean
from jobs.days import refuse_without_day
from jobs.dedup import MADE as DEDUP_MADE
from jobs.dedup import dedup, deduped_files
from jobs.ingest import ingest
from jobs.label import label, refuse_equal
from jobs.label import made as made_of_labels
from jobs.metrics.watch import watched
from jobs.publish import WHOLE_CORPUS, Published, Work, check_ahead, check_and_publish
from jobs.screen import Screen
from jobs.session import Session, StageTotals
from jobs.sources import Input, inputs
from jobs.windows import MADE as WINDOWS_MADE
from jobs.windows import context_files, windows
from pipelines.engines.engine import open_engine, with_engine
from pipelines.lake.forget_intent import refuse_while_forgetting
from pipelines.lake.journal import Journal
from pipelines.lake.key import load_key
from pipelines.lake.lake import Lake, create_lake
from pipelines.lake.place import Place, place_in
from pipelines.lake.snapshots import state
from pipelines.lake.store import replace
from schemas.config.load import load_config
from schemas.config.run import RunConfig
from schemas.errors import (
    EXIT_GATE,
    EXIT_OK,
    EXIT_TERMINAL,
    EXIT_TRANSIENT,
    AffectmineError,
    ConfigError,
    MissingExtraError,
    TransientError,
)
from schemas.manifest import DataFile
from transforms.ingest.keyed import KeyedHasher

if TYPE_CHECKING:
    from jobs.marts import Built

Until = Literal["ingest", "clean", "dedup", "windows", "label", "check", "publish"]
STAGES: tuple[Until, ...] = get_args(Until)
_ALL_ROWS: tuple[Literal["dedup", "windows"], ...] = ("dedup", "windows")


@dataclass
class Outcome:
    """What a run came to."""

    run_id: str
    lake: Lake
    exit_code: int
    totals: list[StageTotals]
    failures: list[tuple[str, str, AffectmineError]]
    published: Published | None
    seconds: float
    cascades: list[CascadeReport] = field(default_factory=list)
    marts: "Built | None" = None


def run(
    config_path: Path,
    screen: Screen,
    *,
    until: Until = "publish",
    group: tuple[int, int] | None = None,
    lake_path: Place | None = None,
    data: Path | None = None,
    command: str = "run",
    rebuild: bool = False,
    engine_name: str | None = None,
    days: Sequence[dt.date] | None = None,
) -> Outcome:
    """Runs the stages of the config up to `until`; whatever is done already is skipped.

    Relative sources start at the folder `data`, by default that of the config file. With `rebuild`, dedup also
    decides anew what it decided for published shards. `engine_name` is another engine than that of the config. With
    `days`, of sources that name a day only the files of these days are read; what is published of others stays.

    Raises AffectmineError for what stops a run as a whole (config, sources that are not there); failures of
    single shards and gates that block are in the outcome.
    """
    started = time.perf_counter()
    config = load_config(config_path)
    engine_config = with_engine(config.engine, engine_name)
    if days is not None:
        refuse_without_day(config)
        engine_config = engine_config.model_copy(update={"retire_missing_sources": False})
    config = config.model_copy(update={"engine": engine_config})
    if until in _ALL_ROWS and getattr(config, until) is None:
        raise ConfigError(
            f"{config_path} has no section {until}, so there is no such stage.",
            remedy=f"Add it; `{until}: {{}}` takes the defaults.",
        )
    base = config_path.absolute().parent
    # A gate that cannot run must not be found out after hours of labeling.
    gate = Gate(config, base) if until in ("check", "publish") else None
    publishes = until == "publish"
    with ExitStack() as stack:
        watch = stack.enter_context(
            watched(config, config_path, screen, command=command, group=group, publishes=publishes)
        )
        engine = stack.enter_context(open_engine(config.engine, _worker_modules(config)))
        if gate is not None:
            stack.callback(gate.close)
        if STAGES.index(until) >= STAGES.index("label"):
            refuse_equal(config.label, base)  # an unknown one fails here
        key, made = load_key()
        if made is not None:
            screen.say(f"Made a pseudonym key: {made}. Keep it: without it the lake cannot grow.")
        hasher = KeyedHasher(key)
        given = inputs(config, (data or base).absolute(), hasher, days)
        lake = create_lake(lake_path or place_in(base, config.lake), hasher.key_id())
        journal = Journal(lake, command)
        watch.opened(lake, journal.run_id)
        ended: tuple[int, int | None] = (EXIT_TERMINAL, None)
        try:
            refuse_while_forgetting(lake)
            state(lake)  # one that a newer version wrote is refused before anything is made
            _note_corpora(lake, config)
            engine.begin(lake, journal.run_id)
            session = Session(lake, config, base, hasher.key_id(), journal, engine, screen, group)
            session.watch = watch
            # The gate needs seconds to start: it does so while the first shards are made. Without any it is not needed.
            session.on_work = None if gate is None else gate.warm
            outcome = _stages(session, given, until, gate, rebuild=rebuild)
            watch.came_to(outcome)
            number = outcome.published.number if outcome.published else None
            ended = (outcome.exit_code, number)
        except AffectmineError as error:
            ended = (error.exit_code, None)
            raise
        finally:
            journal.finish(*ended)
    outcome.seconds = time.perf_counter() - started
    return outcome


def _stages(
    session: Session, given: list[Input], until: Until, gate: Gate | None, *, rebuild: bool
) -> Outcome:
    days = {each.file_id: each.day.isoformat() for each in given if each.day is not None}
    work = Work([], _sources(given), set(), set(), days)
    last = STAGES.index(until)
    # What compares all rows needs all of them: only a last stage may be split among several processes.
    whole = replaced(session, group=None) if _compares(session.config, until) else session
    ingested = ingest(session, given)
    work.failed.update((corpus, WHOLE_CORPUS) for corpus in ingested.failed_corpora)
    work.add(ingested.manifests, ("records", ""), ("quarantine", ""), ("quarantine_raw", ""))
    if last >= STAGES.index("clean"):
        check_ahead(session, work, gate)
        cleaned = clean(whole, ingested, work.failed)
        work.add(cleaned, ("clean", ""))
        distinct: dict[str, DataFile] | None = None
        contexts: dict[str, DataFile] | None = None
        if session.config.dedup is not None and last >= STAGES.index("dedup"):
            check_ahead(session, work, gate)
            decided = dedup(whole, cleaned, work.failed, sources=work.sources, rebuild=rebuild)
            work.add(decided, *DEDUP_MADE)
            distinct = deduped_files(decided)
        if session.config.windows is not None and last >= STAGES.index("windows"):
            check_ahead(session, work, gate)
            windowed = windows(whole, cleaned, work.failed, sources=work.sources)
            work.add(windowed, *WINDOWS_MADE)
            contexts = context_files(windowed)
        if last >= STAGES.index("label"):
            check_ahead(session, work, gate)
            labeled = label(session, cleaned, work.failed, distinct, contexts)
            work.add(labeled, *made_of_labels(session))
    published = None
    if gate is not None:
        published = check_and_publish(session, work, gate, publish=until == "publish")
        if session.watch is not None:
            session.watch.checked(published)
    marts = _marts(session, published)
    told = of_run(session, work.manifests) if last >= STAGES.index("label") else []
    return Outcome(
        run_id=session.run_id,
        lake=session.lake,
        exit_code=_exit_code(
            session, published, broken=any(not each.lost for each in ingested.broken)
        ),
        totals=session.totals,
        failures=session.failures,
        published=published,
        seconds=0.0,
        cascades=told,
        marts=marts,
    )


def _marts(session: Session, published: Published | None) -> "Built | None":
    """The marts of what was published; None where the config wants none, or nothing is published."""
    settings = session.config.marts
    if settings is None or published is None or not published.number:
        return None
    from jobs.marts import build_in_run  # late: a run without marts does not load them

    engine = session.config.engine
    built = build_in_run(
        session.lake,
        session.journal,
        session.screen,
        settings=settings,
        memory_limit=engine.memory_limit,
        threads=engine.workers,
        as_of=published.number,
        engine=session.engine,
    )
    session.failures += [
        ("marts", name, error)
        for name, error in built.errors.items()
        if not isinstance(error, MissingExtraError)
    ]
    return built


def _worker_modules(config: RunConfig) -> tuple[str, ...]:
    """What workers import while they wait for their first shard."""
    stages = ["ingest", "clean", "label"]
    if config.dedup is not None:
        stages += ["dedup", "dedup_signatures"]
    if config.windows is not None:
        stages.append("windows")
    if any(each.select is not None for each in config.label):
        stages.append("select")
    return tuple(f"pipelines.stages.{stage}" for stage in stages)


def _note_corpora(lake: Lake, config: RunConfig) -> None:
    # License and consent travel with the rows to whoever exports them, without being part of any fingerprint.
    for corpus in config.corpora:
        note = corpus.model_dump(include={"name", "domain", "license", "consent"})
        path = lake.root / "corpora" / f"{corpus.name}.json"
        content = json.dumps(note).encode()
        if not path.exists() or path.read_bytes() != content:
            replace(path, content)


def _compares(config: RunConfig, until: Until) -> bool:
    """Whether a stage up to `until` compares all rows."""
    wanted = [stage for stage in _ALL_ROWS if getattr(config, stage) is not None]
    return any(STAGES.index(stage) <= STAGES.index(until) for stage in wanted)


def _sources(given: list[Input]) -> dict[str, set[str]]:
    sources: dict[str, set[str]] = defaultdict(set)
    for each in given:
        sources[each.corpus.name].add(each.file_id)
    return sources


def _exit_code(session: Session, published: Published | None, *, broken: bool) -> int:
    errors = [error for _, _, error in session.failures]
    if broken or any(not isinstance(error, TransientError) for error in errors):
        return EXIT_TERMINAL
    if published is not None and published.blocked is not None:
        return EXIT_GATE
    return EXIT_TRANSIENT if errors else EXIT_OK


def parse_group(text: str | None) -> tuple[int, int] | None:
    """`i/n`, counted from 1: this process takes every n-th shard."""
    if text is None:
        return None
    first, _, second = text.partition("/")
    if not (first.isdigit() and second.isdigit() and 1 <= int(first) <= int(second) <= 64):
        raise ConfigError(f"--group {text!r} must be i/n with 1 <= i <= n <= 64, such as 3/8.")
    return int(first), int(second)
