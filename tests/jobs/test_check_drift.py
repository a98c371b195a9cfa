"""Which rows a drift gate compares: new shards against published ones, never with themselves."""

import json
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from jobs.check_drift import drift_gates
from jobs.check_memory import NAME, Memory, as_json
from jobs.check_stages import stages
from jobs.screen import Screen
from pipelines.gates.result import GateResult
from pipelines.lake.journal import Journal
from pipelines.lake.lake import Lake, create_lake
from schemas.config.check import DriftConfig
from schemas.config.engine import EngineConfig
from schemas.config.run import LabelConfig
from schemas.datasets import CLEAN, LABELS
from schemas.manifest import DataFile, Part
from tests.pipelines.gates.conftest import clean, labels
from transforms.arrow import polars_schema, to_arrow

VARIANT = "emotion/goemotions/student"


class Shards:
    """A lake whose label shards a test writes."""

    def __init__(self, root: Path) -> None:
        self.lake: Lake = create_lake(root / "lake", "0123456789abcdef")
        self.made = 0

    def part(self, day: str, *shares: float, corpus: str = "c", rows: int = 200) -> list[Part]:
        """A partition of labels, and its clean one: a shard for each share of rows with fear, the rest with joy."""
        files, cleaned, names = [], [], []
        for share in shares:
            self.made += 1
            answers = [["fear"] if number < share * rows else ["joy"] for number in range(rows)]
            common = {"corpus": corpus, "partition": day}
            rows_of = [
                labels(1)[0]
                | common
                | {"record_id": f"{self.made}-{n}", "labels": answer, "taxonomy": "goemotions"}
                for n, answer in enumerate(answers)
            ]
            texts = [
                clean(1)[0] | common | {"record_id": row["record_id"], "lang": "en"}
                for row in rows_of
            ]
            files.append(self._write("labels", VARIANT, rows_of, corpus, day))
            cleaned.append(self._write("clean", "", texts, corpus, day))
            names.append(f"{self.made}.json")
        return [
            Part(
                dataset=of[0].dataset, variant=of[0].variant, corpus=corpus, partition=day, manifests=tuple(names),
                sources=tuple(names), files=tuple(of), stored=tuple(file.path for file in of),
            )
            for of in (files, cleaned)
        ]  # fmt: skip

    def _write(self, dataset: str, variant: str, rows: list, corpus: str, day: str) -> DataFile:
        schema = {"labels": LABELS, "clean": CLEAN}[dataset].schema
        folder = self.lake.folder(dataset, corpus, day, variant)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.made}.parquet"
        frame = pl.DataFrame(rows, schema=polars_schema(schema))
        pl.from_arrow(to_arrow(frame, schema)).write_parquet(path)
        return DataFile(
            dataset=dataset, variant=variant, corpus=corpus, partition=day, path=self.lake.relative(path),
            rows=len(rows), bytes=1, checksum=str(self.made), schema_version=1,
        )  # fmt: skip

    def gates(
        self, config: DriftConfig, parts: Iterable[Part], published: Iterable[Part]
    ) -> list[GateResult]:
        journal = Journal(self.lake, "test")
        label = LabelConfig()
        check = SimpleNamespace(drift=(config,))
        session = SimpleNamespace(
            lake=self.lake,
            config=SimpleNamespace(check=check, engine=EngineConfig(workers=1)),
            screen=Screen(quiet=True),
        )
        asked = stages([label], [VARIANT], self.lake.root)
        state = {part.key: part for part in published}
        found = list(drift_gates(session, asked, list(parts), (4, state), Memory(self.lake)))
        (journal.folder / NAME).write_bytes(as_json(found))
        journal.finish(0, None)
        return found


@pytest.fixture
def shards(tmp_path: Path) -> Shards:
    return Shards(tmp_path)


CONFIG = DriftConfig(min_rows=100)


def merged(old: list[Part], new: list[Part]) -> list[Part]:
    """Both as one partition each, as candidates come."""
    return [
        a.model_copy(
            update={
                name: getattr(a, name) + getattr(b, name)
                for name in ("manifests", "sources", "files", "stored")
            }
        )
        for a, b in zip(old, new, strict=True)
    ]


def test_only_new_shards_of_a_day_are_compared_with_those_before(shards: Shards) -> None:
    published = shards.part("2026-03-01", 0.1, 0.1)
    candidate = merged(published, shards.part("2026-03-01", 0.1))
    (result,) = shards.gates(CONFIG, candidate, published)
    (group,) = result.shares
    assert (group["rows_before"], group["rows_now"], result.rows) == (400, 200, 200)
    assert result.passed


def test_a_shift_blocks_and_is_remembered_until_something_changes(
    shards: Shards, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = shards.part("2026-03-01", 0.1)
    candidate = published + shards.part("2026-03-02", 0.6)
    (first,) = shards.gates(CONFIG, candidate, published)
    assert first.blocked
    monkeypatch.setattr("jobs.check_drift.count_answers", pytest.fail)
    (again,) = shards.gates(CONFIG, candidate, published)
    assert (again.findings, again.shares) == (first.findings, first.shares)
    monkeypatch.undo()
    wider = CONFIG.model_copy(update={"min_rows": 300})
    (other,) = shards.gates(wider, candidate, published)
    assert (other.judged, other.blocked) == (1, False)  # the versions only


def test_where_no_row_is_new_there_is_no_result(shards: Shards) -> None:
    published = shards.part("2026-03-01", 0.1)
    assert shards.gates(CONFIG, published, published) == []


def test_a_window_of_days_ends_with_the_newest_published_day(shards: Shards) -> None:
    published = [
        *shards.part("2026-03-01", 0.9),
        *shards.part("2026-03-08", 0.1),
        *shards.part("2026-03-09", 0.1),
        *shards.part("2026-03-09", 0.9, corpus="other"),
    ]
    candidate = shards.part("2026-03-10", 0.1)
    for days, rows in ((1, 200), (2, 400), (8, 400), (9, 600)):
        config = DriftConfig.model_validate({"min_rows": 100, "against": {"last_days": days}})
        (result,) = shards.gates(config, candidate, published)
        assert result.shares[0]["rows_before"] == rows
        assert f"snapshot 4 (its newest {days} days)" in str(result.findings[-1].told)
        assert result.passed is (days < 9)


def test_other_corpora_and_gates_about_others(shards: Shards) -> None:
    published = [*shards.part("2026-03-01", 0.1), *shards.part("2026-03-01", 0.9, corpus="d")]
    fresh = [*shards.part("2026-03-02", 0.1), *shards.part("2026-03-02", 0.1, corpus="d")]
    (result,) = shards.gates(CONFIG, fresh, published)
    assert {f.column: f.success for f in result.findings if f.severity == "critical"} == {
        "c": True, "d": False,
    }  # fmt: skip
    (result,) = shards.gates(CONFIG.model_copy(update={"corpora": ("c",)}), fresh, published)
    assert {finding.column for finding in result.findings} == {"c"}
    assert shards.gates(CONFIG.model_copy(update={"taxonomy": "ekman"}), fresh, published) == []


def test_by_language_reads_the_language_from_clean(shards: Shards) -> None:
    published = shards.part("2026-03-01", 0.1)
    config = CONFIG.model_copy(update={"by": ("lang",)})
    (result,) = shards.gates(config, shards.part("2026-03-02", 0.1), published)
    assert [group["group"] for group in result.shares] == ["c, lang en"]


def test_a_file_that_cannot_be_read_blocks(shards: Shards) -> None:
    published = shards.part("2026-03-01", 0.1)
    fresh = shards.part("2026-03-02", 0.1)
    shards.lake.path(fresh[0].stored[0]).write_bytes(b"PAR1 no longer")
    (result,) = shards.gates(CONFIG, fresh, published)
    assert result.blocked
    assert result.findings[0].error
    assert json.loads(as_json([result]))[0]["findings"][0]["error"] == result.findings[0].error
    assert (
        Memory(shards.lake).find(result.key) is None
    )  # what could not be evaluated is tried again
