"""Names of a conversation reach all its shards; the expected lists are worked by hand."""

from pathlib import Path

import polars as pl
import pytest

from pipelines.engines.duck_database import open_duck_database
from pipelines.lake.compact import compact_lake
from pipelines.lake.journal import past_runs
from pipelines.lake.lake import open_lake
from pipelines.lake.snapshots import state
from pipelines.stages.conversation_names import conversation_names, hash_names, with_names
from tests.end_to_end.corpus import command

CONFIG = """lake: lake
corpora:
  - name: talk
    domain: DOMAIN
    license: CC0-1.0
    sources: talk.csv
    columns: {text: text, id: id, speaker: who, conversation_id: c, turn: n, created_at: at}
ingest: {shard_records: 3}
engine: {workers: 1}
"""
# Shards of three lines, the first with the header: a crosses all, b only the second, c has one speaker.
ROWS = """id,who,c,n,at,text
1,Ann Lee,a,0,2026-03-01,hello Bo
2,Ann Lee,a,1,2026-03-01,Bo Ray?
3,Bo Ray,a,2,2026-03-01,yes Ann
4,Cy Poe,b,0,2026-03-01,alone
5,Doctor,a,3,2026-03-01,Ann and Bo
6,Eve Foxley,c,0,2026-03-01,Eve
7,Eve Foxley,c,1,2026-03-01,Foxley
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "talk.csv").write_text(ROWS)
    return tmp_path


def run(folder: Path, domain: str) -> dict[str, str]:
    (folder / "config.yaml").write_text(CONFIG.replace("DOMAIN", domain))
    ran = command("run", "config.yaml", "--json", cwd=folder)
    assert ran.code == 0, ran.err
    files = [str(path) for path in (folder / "lake" / "clean").rglob("shard-*.parquet")]
    frame = pl.concat([pl.read_parquet(file, columns=["turn", "text_clean"]) for file in files])
    assert frame.height == 7
    return {text: text for text in frame["text_clean"]}


@pytest.mark.slow
def test_a_name_is_redacted_in_every_shard_of_its_conversation(folder: Path) -> None:
    found = sorted(run(folder, "podcast"))
    assert found == [
        "[NAME]", "[NAME] and [NAME]", "[NAME]?", "alone", "hello [NAME]", "yes [NAME]",
    ]  # fmt: skip


@pytest.mark.slow
def test_which_conversations_lack_names_and_that_compaction_changes_nothing(folder: Path) -> None:
    run(folder, "podcast")
    lake = open_lake(folder / "lake")

    def names() -> list[tuple]:
        parts = [part for part in state(lake)[1].values() if part.dataset == "records"]
        files = [file for part in parts for file in part.files]
        with open_duck_database("200MB", 1, "A test") as database:
            found = conversation_names(database, lake, files)
        return sorted(found.values())

    a = next(iter(names()[0]))[0]
    # The first shard knows Ann only, the second Bo only: both get both. The third has no row of `a`.
    assert names() == [((a, ("Ann Lee", "Bo Ray")),)] * 2
    before = names()
    assert compact_lake(lake, past_runs(lake)[-1].run_id)
    assert names() == before


def test_hints_of_a_batch_are_filled_by_conversation() -> None:
    batch = pl.DataFrame(
        {"conversation_id": ["x", None, "y"], "pii_hints": [None, ["Q"], ["R"]]},
        schema_overrides={"pii_hints": pl.List(pl.String)},
    )
    names = (("x", ("Ann", "Bo")),)
    assert with_names(batch, names)["pii_hints"].to_list() == [["Ann", "Bo"], ["Q"], ["R"]]
    assert hash_names(names) != hash_names((("x", ("Ann",)),))
