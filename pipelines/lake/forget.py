"""Forgets people: no file of the lake holds a row of theirs afterwards, in no snapshot.

Assumptions: as in `forget_intent`; the pseudonyms and ids are those of this lake's key.
Semantics: the forgotten list and the intent are written first, so that nobody brings them back and a killed attempt
is known; then files without them; then everything names these; then all marts go (they count everybody), and the
catalog is written anew; cached answers about them go after that, then the old files, the intent at the very end.
Killed at any instant, the same call completes it.
Shards stay done: their files keep the identity that they have for later stages, so that nothing is computed again.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace

from pipelines.lake.answer_files import ANSWERS, erasing_answers
from pipelines.lake.failpoint import failpoint
from pipelines.lake.forget_answers import answers_of, erase_answers
from pipelines.lake.forget_intent import (
    Intent,
    RawPlace,
    alone,
    declare,
    fulfil,
    pending,
)
from pipelines.lake.forget_list import Forgotten, add_forgotten, marks
from pipelines.lake.forget_memory import write_memories
from pipelines.lake.forget_named import data_paths, read_named
from pipelines.lake.forget_plan import Plan, make_plan
from pipelines.lake.forget_rewrite import name_anew, write_compactions, write_files
from pipelines.lake.forget_rows import Target
from pipelines.lake.forget_scan import places_with, records_of
from pipelines.lake.forget_sweep import sweep
from pipelines.lake.journal import live_runs
from pipelines.lake.lake import Lake
from pipelines.lake.mart_files import drop_marts
from pipelines.lake.place import Place, is_remote
from schemas.errors import ConfigError, TerminalError, TransientError
from transforms.ingest.keyed import KeyedHasher

FORGET_FAILPOINTS = (
    "forget.listed",
    "forget.intended",
    "forget.file_written",
    "forget.compaction_written",
    "forget.compaction_linked",
    "forget.manifest_replaced",
    "forget.snapshot_replaced",
    "forget.catalog_written",
    "forget.file_deleted",
    "forget.swept",
)


@dataclass(frozen=True)
class Request:
    """Whom to forget: pseudonyms and record ids, and what their raw bytes look like.

    `patterns`: by corpus, a regular expression for bytes of quarantine_raw; it holds names and is kept nowhere.
    """

    speakers: Set[str] = frozenset()
    records: Set[str] = frozenset()
    patterns: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return bool(self.speakers or self.records)


@dataclass(frozen=True)
class Report:
    """What was erased: rows of theirs, and mentions of theirs in rows of others, by dataset; files deleted."""

    rows: dict[str, int]
    mentions: dict[str, int]
    deleted: int


def forget(
    lake: Lake,
    request: Request,
    hasher: KeyedHasher,
    *,
    dry_run: bool = False,
    refresh: Callable[[], None] = lambda: None,
) -> Report:
    """Erases people; with `dry_run` only counts. `hasher` has the lake's key, for the list; `refresh` renews what names
    the files of the newest snapshot.

    Raises TransientError while a run, another forget or a vacuum is at work, and ConfigError for a lake on an object
    store; then nothing was changed.
    """
    if is_remote(lake.root) and not dry_run:
        raise _not_here(lake)
    if dry_run:
        intent = _widened(lake, pending(lake) or Intent(), request)
        target = _target(intent)
        return _report(make_plan(lake, read_named(lake), target), answers_of(lake, target), 0)
    with alone(lake):
        _refuse_runs(lake)
        old = pending(lake)
        _list(lake, hasher, request)
        failpoint("forget.listed")
        intent = (old or Intent()).with_more(request.speakers, request.records, frozenset())
        declare(lake, intent)
        try:
            _refuse_runs(lake)
        except TransientError:
            if old is None:
                fulfil(lake)
            raise
        # The first list stands: who adds answers to the cache from now on waits, then sees the whole list.
        with erasing_answers(lake.root):
            return _erase(lake, intent, request, hasher, refresh)


def _erase(
    lake: Lake,
    intent: Intent,
    request: Request,
    hasher: KeyedHasher,
    refresh: Callable[[], None],
) -> Report:
    intent = _widened(lake, intent, request)
    declare(lake, intent)
    # A post whose author its source no longer names is known by its id.
    _list(lake, hasher, intent)
    failpoint("forget.intended")
    named = read_named(lake)
    plan = make_plan(lake, named, _target(intent))
    answers = answers_of(lake, plan.target)
    write_files(lake, plan)
    write_memories(lake, plan)
    write_compactions(lake, plan, named)
    name_anew(lake, plan, named)
    dropped = drop_marts(lake)
    refresh()
    failpoint("forget.catalog_written")
    target = replace(plan.target, hints={})
    deleted = dropped + erase_answers(answers, target) + sweep(lake, target)
    failpoint("forget.swept")
    fulfil(lake)
    return _report(plan, answers, deleted)


def _not_here(lake: Lake) -> ConfigError:
    # Locks of many machines are leases there, and a store may keep old versions: "erased" would promise too much.
    return ConfigError(
        f"Nobody can be forgotten in {lake.root}: affectmine cannot promise there that every copy is gone.",
        remedy="While nothing runs: copy the lake to a local folder, forget there, copy it back with its "
        "deletions, and delete old object versions (docs/object-stores.md).",
    )


def _list(lake: Lake, hasher: KeyedHasher, who: Request | Intent) -> None:
    add_forgotten(lake, Forgotten(marks(hasher, who.speakers), marks(hasher, who.records)))


def _refuse_runs(lake: Lake) -> None:
    live = live_runs(lake)
    if live:
        raise TransientError(
            f"The run {live[0].run_id} is at work on this lake, or was killed less than two minutes ago.",
            remedy="Forget again when it is over.",
        )


def _widened(lake: Lake, intent: Intent, request: Request) -> Intent:
    """The intent with all records of its speakers and all places where raw bytes look like theirs."""
    speakers, records = intent.speakers | request.speakers, intent.records | request.records
    raw: set[RawPlace] = set()
    found = set(records)
    target = Target(speakers, records)
    for path in data_paths(lake, ".parquet"):
        try:
            found |= records_of(path, target)
            inside = path.relative_to(lake.root).parts
            if inside[:2] == ("restricted", "quarantine_raw") and inside[2] in request.patterns:
                raw |= places_with(path, request.patterns[inside[2]])
        except TerminalError:
            continue  # damaged: if anything names it, planning says so; else it is swept
    return intent.with_more(speakers, found, raw)


def _target(intent: Intent) -> Target:
    return Target(intent.speakers, intent.records, intent.raw, intent.salt)


def _report(plan: Plan, answers: Mapping[Place, int], deleted: int) -> Report:
    rows: Counter[str] = Counter()
    mentions: Counter[str] = Counter()
    for loss in plan.shards.values():
        rows[loss.file.dataset] += loss.rows
        mentions[loss.file.dataset] += loss.mentions
    rows[ANSWERS] += sum(answers.values())
    return Report(dict(+rows), dict(+mentions), deleted)
