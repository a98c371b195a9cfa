"""A lake whose clean shards a test writes, and dedup on it, published as a run would."""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import polars as pl

from jobs.dedup import MADE, dedup
from jobs.screen import Screen
from jobs.session import Session
from pipelines.engines.local import LocalEngine
from pipelines.lake.candidates import candidates
from pipelines.lake.commit import DataWriter, commit, finished
from pipelines.lake.journal import Journal
from pipelines.lake.lake import Lake, create_lake, now
from pipelines.lake.snapshots import publish, state
from pipelines.lake.store import new_attempt
from schemas.config.dedup import DedupConfig
from schemas.config.engine import EngineConfig
from schemas.datasets import CLEAN
from schemas.errors import AffectmineError
from schemas.manifest import Manifest
from transforms.arrow import polars_schema, to_arrow

KEY_ID = "0123456789abcdef"
CORPUS = "c"
DAY = "2026-03-02"


class HereEngine(LocalEngine):
    """Runs tasks in this process: tests of one stage need no pool."""

    def __init__(self) -> None:
        pass

    def map(self, function, tasks):
        for task in tasks:
            try:
                yield SimpleNamespace(task=task, result=function(task), error=None)
            except AffectmineError as error:
                yield SimpleNamespace(task=task, result=None, error=error)


def row(name: str, text: str | None, day: str = DAY, minute: int = 0, **more) -> dict:
    """A clean row, a kept post that stands alone unless `more` says otherwise."""
    at = dt.datetime.fromisoformat(f"{day}T00:00:00+00:00") + dt.timedelta(minutes=minute)
    counts = dict.fromkeys(
        ("n_chars", "n_words", "n_letters", "n_emoji", "n_urls", "n_mentions", "n_hashtags"), 0
    )
    return (
        {
            "record_id": name,
            "sample_key": len(name),
            "corpus": CORPUS,
            "domain": "social",
            "partition": day,
            "created_at": at,
            "revision": 0,
            "text_clean": text,
            "lang_source": "unknown",
            "outcome": "kept",
        }
        | counts
        | more
    )


@dataclass
class Runs:
    """A lake, and the runs over it."""

    folder: Path
    config: DedupConfig = field(default_factory=DedupConfig)
    engine: LocalEngine = field(default_factory=HereEngine)
    lake: Lake = field(init=False)

    def __post_init__(self) -> None:
        self.lake = create_lake(self.folder / "lake", KEY_ID)

    def clean(self, source: str, rows: list[dict], chunk: int = 0) -> Manifest:
        """Commits the rows, all of one day, as a clean shard; the same rows are the same shard."""
        day = rows[0]["partition"]
        frame = pl.DataFrame(rows, schema=polars_schema(CLEAN.schema))
        print_of = f"{frame.hash_rows(1).sum():016x}"[-16:]
        stem = f"shard-{source}{chunk}-{print_of}"
        folder = self.lake.folder("clean", CORPUS, day)
        name = self.lake.relative(folder / f"{stem}.json")
        done = finished(self.lake, name)
        if done is not None:
            return done
        attempt = new_attempt()
        writer = DataWriter(
            self.lake, "clean", corpus=CORPUS, partition=day, stem=f"{stem}-{attempt}"
        )
        writer.write(to_arrow(frame, CLEAN.schema))
        file = writer.close()
        kept = sum(each["outcome"] == "kept" for each in rows)
        from pipelines.lake.fingerprint import shard_id

        return commit(
            self.lake,
            Manifest(
                name=name,
                stage="clean",
                stage_version=1,
                shard=shard_id(CORPUS, day, source, chunk),
                source_file=source,
                source_chunk=chunk,
                fingerprint=print_of,
                inputs=("checksum",),
                outputs=(file,),
                counts={"in": len(rows), "kept": kept, "dropped": len(rows) - kept},
                attempt=attempt,
                run_id="run",
                created_at=now(),
                seconds=0.1,
            ),
        )

    def session(self) -> Session:
        config = SimpleNamespace(dedup=self.config, engine=EngineConfig(workers=1))
        journal = Journal(self.lake, "test")
        screen = Screen(quiet=True)
        return Session(self.lake, config, self.folder, KEY_ID, journal, self.engine, screen)

    def dedup(self, cleaned: list[Manifest], *, failed=None, rebuild=False) -> list[Manifest]:
        """One run of the stage, unpublished."""
        session = self.session()
        made = dedup(session, cleaned, failed if failed is not None else set(), rebuild=rebuild)
        session.journal.finish(0, None)
        assert not session.failures, session.failures
        return made

    def run(self, cleaned: list[Manifest], *, rebuild=False) -> list[Manifest]:
        """One run of the stage, published with its clean shards."""
        made = self.dedup(cleaned, rebuild=rebuild)
        sources = {CORPUS: {manifest.source_file for manifest in cleaned}}

        def change(newest):
            return candidates(
                self.lake,
                [*cleaned, *made],
                newest,
                sources=sources,
                made={("clean", ""), *MADE},
            )

        publish(self.lake, "run", change)
        return made

    def rows(self, made: list[Manifest]) -> pl.DataFrame:
        """The dedup rows that these manifests name, by record id."""
        files = [
            self.lake.path(file.path)
            for manifest in made
            for file in manifest.outputs
            if file.dataset == "dedup"
        ]
        return pl.concat([pl.read_parquet(file) for file in files]).sort("record_id")

    def published(self) -> pl.DataFrame:
        """The dedup rows of the newest snapshot, by record id."""
        parts = [part for part in state(self.lake)[1].values() if part.dataset == "dedup"]
        files = [self.lake.path(name) for part in parts for name in part.stored]
        return pl.concat([pl.read_parquet(file) for file in files]).sort("record_id")


def reasons(frame: pl.DataFrame) -> dict[str, str | None]:
    """What was decided: reason by record id, None for kept rows."""
    assert frame["outcome"].to_list() == [
        "kept" if reason is None else "dropped" for reason in frame["reason"]
    ]
    return dict(zip(frame["record_id"], frame["reason"], strict=True))


def clusters(frame: pl.DataFrame) -> dict[str, str]:
    """Cluster by record id."""
    return dict(zip(frame["record_id"], frame["cluster"], strict=True))
