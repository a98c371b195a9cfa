"""A lake whose clean shards a test writes, windows over it, and the same contexts in plain Python."""

from collections import defaultdict
from dataclasses import dataclass, field
from types import SimpleNamespace

import polars as pl

from jobs.screen import Screen
from jobs.session import Session
from jobs.windows import MADE, windows
from pipelines.lake.candidates import candidates
from pipelines.lake.journal import Journal
from pipelines.lake.snapshots import publish
from schemas.config.engine import EngineConfig
from schemas.config.windows import WindowsConfig
from schemas.manifest import Manifest
from tests.jobs.dedup_runs import CORPUS, KEY_ID, Runs, row

DAYS = ("2026-03-02", "2026-03-03", "2026-03-04")


@dataclass
class WindowRuns(Runs):
    """A lake, and windows over it."""

    windows: WindowsConfig = field(default_factory=WindowsConfig)
    memory_limit: str = "400MB"

    def session(self) -> Session:
        config = SimpleNamespace(
            windows=self.windows, engine=EngineConfig(workers=1, memory_limit=self.memory_limit)
        )
        journal = Journal(self.lake, "test")
        screen = Screen(quiet=True)
        return Session(self.lake, config, self.folder, KEY_ID, journal, self.engine, screen)

    def make(self, cleaned: list[Manifest], *, failed=None, sources=None) -> list[Manifest]:
        """One run of the stage, unpublished."""
        session = self.session()
        failed = set(failed or ())
        before = set(failed)
        made = windows(session, cleaned, failed, sources=sources)
        session.journal.finish(0, None)
        assert not session.failures, session.failures
        assert failed == before
        return made

    def publish(self, cleaned: list[Manifest], made: list[Manifest], sources=None) -> None:
        sources = sources or {CORPUS: {manifest.source_file for manifest in cleaned}}
        publish(
            self.lake,
            "run",
            lambda newest: candidates(
                self.lake, [*cleaned, *made], newest, sources=sources, made={("clean", ""), *MADE}
            ),
        )

    def contexts(self, made: list[Manifest]) -> dict[str, list[str]]:
        """Record ids of the context, by record id; each turn must say what its record says."""
        found: dict[str, list[str]] = {}
        for file in (file for manifest in made for file in manifest.outputs):
            frame = pl.read_parquet(self.lake.path(file.path))
            turns = frame["context"].explode().drop_nulls().struct.unnest()
            assert (turns["text"] == "text of " + turns["record_id"]).all()
            assert (turns["role"] == "client").all()
            ids = frame["context"].list.eval(pl.element().struct.field("record_id"))
            found |= zip(frame["record_id"], ids.to_list(), strict=True)
        return found


def said(name: str, **more) -> dict:
    """A kept turn of the conversation "talk", unless `more` says otherwise."""
    text = f"text of {name}"
    made = row(name, text, **more)
    return {"conversation_id": "talk", "role": "client", **made, "n_chars": len(text)} | more


def names(made: list[Manifest]) -> dict[str, str]:
    """The manifests by source file: equal ones mean that nothing was made again."""
    return {manifest.source_file: manifest.name for manifest in made}


def reference(rows: list[dict], config: WindowsConfig) -> dict[str, list[str]]:
    """The same in plain Python."""
    known = {each["record_id"]: each for each in rows}
    talks = defaultdict(list)
    for each in rows:
        if each["outcome"] == "kept" and each["conversation_id"] is not None:
            talks[each["conversation_id"]].append(each)
    for turns in talks.values():
        turns.sort(key=place)
    at = {
        each["record_id"]: number for turns in talks.values() for number, each in enumerate(turns)
    }
    found = {}
    for each in rows:
        if each["outcome"] != "kept":
            continue
        nearest: list[dict] = []
        if each["reply_to"] is not None:
            seen, parent = {each["record_id"]}, each["reply_to"]
            while parent in known and parent not in seen and len(nearest) < config.turns:
                seen.add(parent)
                if known[parent]["outcome"] == "kept":
                    nearest.append(known[parent])
                parent = known[parent]["reply_to"]
        elif each["conversation_id"] is not None:
            before = at[each["record_id"]]
            nearest = talks[each["conversation_id"]][max(0, before - config.turns) : before][::-1]
        fitting, total = [], 0
        for turn in nearest:
            total += turn["n_chars"]
            if total > config.chars:
                break
            fitting.append(turn["record_id"])
        found[each["record_id"]] = fitting[::-1]
    return found


def place(each: dict) -> tuple:
    numbers = [each.get(name) for name in ("turn", "start_ms")]
    last = [(number is None, number or 0) for number in numbers]
    return (*last, each["created_at"], each["reply_to"] is not None, each["record_id"])
