"""Somebody is forgotten: no byte of the lake tells of them, in no snapshot, and they do not come back."""

import json
import shutil
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.lake.forget import FORGET_FAILPOINTS
from pipelines.lake.journal import Journal
from pipelines.lake.lake import Lake
from tests.end_to_end.corpus import START, checksum, command, manifests

pytestmark = pytest.mark.slow

ROWS = 400
LATER = [
    f"forget.{each}:3"
    for each in ("file_written", "manifest_replaced", "snapshot_replaced", "file_deleted")
]
NAME = "Mildred Özgür"
CONFIG = """lake: lake
corpora:
  - name: posts
    domain: social
    license: CC0-1.0
    sources: {sources}
    columns: {{text: body, id: id, speaker: author, reply_to: parent, created_at: at, revision: edited}}
ingest: {{shard_records: 100}}
engine: {{workers: 2}}
"""


def post(number: int, **more: object) -> dict:
    """Every seventh post is Mildred's; every post answers the one before."""
    theirs = number % 7 == 0
    return {
        "id": f"post{number}",
        "author": NAME if theirs else f"user{number % 5}",
        "body": f"my {'secret orchard' if theirs else 'plain garden'} is number {number} today",
        "parent": f"post{number - 1}",
        "at": START + number * 400,
        "edited": 0,
    } | more


def write(path: Path, rows: list[dict], *, broken: str = "") -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + broken)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a lake of two runs, compacted: doubles of Mildred's and of others, and a broken line of hers."""
    folder = tmp_path_factory.mktemp("forget")
    first = [post(number) for number in range(ROWS)]
    doubles = [post(14, body="my secret orchard was edited", edited=9), post(15, edited=9)]
    whole = json.dumps(post(777))
    write(folder / "a.jsonl", [*first[:150], *doubles, *first[150:]], broken=whole[:-5] + "\n")
    write(folder / "b.jsonl", [post(number) for number in range(ROWS, ROWS + 50)])
    for name, sources in (("a", "a.jsonl"), ("config", "[a.jsonl, b.jsonl]")):
        config = folder / f"{name}.yaml"
        config.write_text(CONFIG.format(sources=sources))
        ran = command("run", config, "--json", cwd=folder)
        assert ran.code == 0, ran.err
    assert ran.json["snapshot"] == 2
    assert command("compact", cwd=folder).code == 0
    return folder


def secrets(folder: Path) -> list[str]:
    """Her pseudonym and the ids of her records, as they stand in the lake now."""
    files = [str(path) for path in (folder / "lake/restricted/records").rglob("*.parquet")]
    rows = duckdb.execute(
        f"SELECT DISTINCT record_id, speaker FROM read_parquet({files!r}) WHERE text LIKE '%secret%'"
    ).fetchall()
    assert len({speaker for _, speaker in rows}) == 1
    assert len(rows) == len([n for n in range(ROWS + 50) if n % 7 == 0])
    return [rows[0][1], *(record for record, _ in rows)]


def found(folder: Path, words: list[str]) -> list[str]:
    """The files of the lake in which one of the words stands, Parquet unpacked."""
    hits = []
    for path in sorted((folder / "lake").rglob("*")):
        if not path.is_file():
            continue
        text = path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            text += json.dumps(pq.read_table(path).to_pylist(), default=str, ensure_ascii=False)
        hits += [str(path)] if any(word in text for word in words) else []
    return hits


def forget(folder: Path, *more: str, **extra: str):
    named = ("--corpus", "posts", "--speaker", NAME)
    return command("forget", *named, "--json", *more, cwd=folder, **extra)


def asked(folder: Path, sql: str, *more: str) -> list[dict]:
    ran = command("sql", sql, "--format", "json", *more, cwd=folder)
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def copy(lake: Path, folder: Path) -> Path:
    shutil.copytree(lake, folder / "copy")
    return folder / "copy"


def test_nothing_is_left_and_nothing_is_done_again(lake: Path, tmp_path: Path) -> None:
    folder = copy(lake, tmp_path)
    words = [*secrets(folder), "secret orchard", "Mildred"]
    assert len(found(folder, words)) > 5
    hers = len([n for n in range(ROWS + 50) if n % 7 == 0])
    expected = {"records": hers + 1, "clean": hers + 1, "labels": hers, "quarantine_raw": 1}
    dry = forget(folder, "--dry-run")
    assert dry.json["rows"] == expected
    assert dry.json["mentions"]["records"] > 0  # answers to her posts
    assert len(found(folder, words)) > 5

    gone = forget(folder)
    assert gone.code == 0, gone.err
    assert gone.json["rows"] == expected
    assert found(folder, words) == []
    assert NAME not in gone.out + gone.err
    kept = ROWS + 50 - hers
    for snapshot, rows in ((1, ROWS - len(range(0, ROWS, 7))), (2, kept), (3, kept)):
        (told,) = asked(folder, "SELECT count(*) AS n FROM labels", "--as-of", str(snapshot))
        assert told["n"] == rows
    with duckdb.connect(str(folder / "lake/catalog.duckdb"), read_only=True) as catalog:
        assert catalog.execute("SELECT count(*) FROM labels").fetchone() == (kept,)

    before, made = checksum(folder / "lake"), manifests(folder / "lake")
    ran = command("run", "config.yaml", "--json", cwd=folder)
    assert (ran.code, ran.json["partitions_changed"]) == (0, 0), ran.err
    assert all(stage["done_before"] == stage["shards"] for stage in ran.json["stages"])
    ingest, clean, label = ran.json["stages"]
    assert ingest["counts"] == {
        "in": ROWS + 53, "used": kept + 1, "skipped": hers + 1, "quarantined": 1, "records": kept + 1,
    }  # fmt: skip
    assert ingest["reasons"] == {"forgotten": hers + 1, "invalid_json": 1}
    assert clean["counts"] == {"in": kept + 1, "kept": kept, "dropped": 1}
    assert sum(label["counts"][name] for name in ("labeled", "rejected", "failed")) == kept
    assert (checksum(folder / "lake"), manifests(folder / "lake")) == (before, made)

    again = forget(folder)
    assert (again.code, again.json["rows"], again.json["mentions"]) == (0, {}, {})
    assert (checksum(folder / "lake"), manifests(folder / "lake")) == (before, made)


def test_they_do_not_come_back_from_a_new_file(lake: Path, tmp_path: Path) -> None:
    folder = copy(lake, tmp_path)
    words = secrets(folder)
    assert forget(folder).code == 0
    nameless = post(
        7, author="[deleted]", edited=60
    )  # her text, when its source no longer says whose it is
    posts = [*(post(number, edited=50) for number in range(21) if number != 7), nameless]
    write(folder / "c.jsonl", posts)
    (folder / "config.yaml").write_text(CONFIG.format(sources="c.jsonl"))
    ran = command("run", "config.yaml", "--json", cwd=folder)
    ingest = ran.json["stages"][0]
    assert ingest["counts"] == {
        "in": 21, "used": 18, "skipped": 3, "quarantined": 0, "records": 18,
    }  # fmt: skip
    assert ingest["reasons"] == {"forgotten": 3}
    assert found(folder, words) == []


def test_one_record_by_its_id_and_a_person_by_pseudonym(lake: Path, tmp_path: Path) -> None:
    folder = copy(lake, tmp_path)
    (row,) = asked(
        folder, "SELECT record_id, speaker FROM clean WHERE text_clean LIKE '%number 8 today'"
    )
    ran = command("forget", "--corpus", "posts", "--record", "post8", cwd=folder)
    assert ran.code == 0, ran.err
    assert "post8" not in ran.out + ran.err
    assert found(folder, [row["record_id"]]) == []
    ran = command("forget", "--pseudonym", row["speaker"], "--json", cwd=folder)
    assert ran.code == 0, ran.err
    assert ran.json["raw_bytes_searched"] is False
    assert found(folder, [row["speaker"]]) == []
    (left,) = asked(folder, "SELECT count(*) AS n FROM clean")
    others = len([n for n in range(ROWS + 50) if n % 7 and n % 5 != 8 % 5])
    assert left["n"] == others + 65 + 1 + 1  # hers, an old revision of hers, one of user0


def test_after_vacuum_only_compacted_files_are_left(lake: Path, tmp_path: Path) -> None:
    folder = copy(lake, tmp_path)
    assert command("vacuum", "--retain", "1", "--older-than", "0s", cwd=folder).code == 0
    assert not list((folder / "lake/clean/posts/2026-03-02").glob("shard-*.parquet"))
    words = [*secrets(folder), "secret orchard", "Mildred"]
    assert forget(folder).code == 0
    assert found(folder, words) == []
    before = checksum(folder / "lake")
    ran = command("run", "config.yaml", "--json", cwd=folder)
    assert (ran.code, ran.json["partitions_changed"]) == (0, 0), ran.err
    assert all(stage["done_before"] == stage["shards"] for stage in ran.json["stages"])
    # A new labeler needs the shards one by one.
    config = folder / "config.yaml"
    config.write_text(config.read_text() + "label: [{taxonomy: ekman}]\n")
    ran = command("run", config, "--json", cwd=folder)
    assert ran.code == 0, ran.err
    after = checksum(folder / "lake")
    assert {name: after[name] for name in before} == before
    assert (
        after["labels emotion/ekman/student"][0] == before["labels emotion/goemotions/student"][0]
    )
    assert found(folder, words) == []


@pytest.fixture(scope="module")
def undisturbed(lake: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = copy(lake, tmp_path_factory.mktemp("undisturbed"))
    assert forget(folder).code == 0
    return checksum(folder / "lake")


@pytest.mark.parametrize("place", [f"{each}:1" for each in FORGET_FAILPOINTS] + LATER)
def test_killed_at_each_step(lake: Path, undisturbed: dict, tmp_path: Path, place: str) -> None:
    folder = copy(lake, tmp_path)
    words = [*secrets(folder), "secret orchard", "Mildred"]
    ran = forget(folder, AFFECTMINE_FAILPOINT=place)
    assert ran.code == -9
    (told,) = asked(folder, "SELECT count(*) AS n FROM labels")  # readable at every instant
    assert told["n"] in {ROWS + 50, ROWS + 50 - len(range(0, ROWS + 50, 7))}
    if place != "forget.listed:1":
        refused = command("run", "config.yaml", cwd=folder)
        assert (refused.code, "affectmine forget" in refused.err) == (75, True)
        assert command("vacuum", cwd=folder).code == command("compact", cwd=folder).code == 75
    # Once the intent stands, nobody needs to be named again.
    again = command("forget", cwd=folder) if place in LATER else forget(folder)
    assert again.code == 0, again.err
    assert found(folder, words) == []
    assert checksum(folder / "lake") == undisturbed
    ran = command("run", "config.yaml", "--json", cwd=folder)
    assert (ran.code, ran.json["partitions_changed"]) == (0, 0), ran.err
    assert all(stage["done_before"] == stage["shards"] for stage in ran.json["stages"])


def test_what_a_killed_run_left_goes_too(lake: Path, tmp_path: Path) -> None:
    folder = copy(lake, tmp_path)
    words = [*secrets(folder), "secret orchard", "Mildred"]
    shard = next((folder / "lake/clean").rglob("shard-*.parquet"))
    shutil.copy(shard, shard.with_name(shard.name.replace(".parquet", "9.parquet")))
    half = shard.with_name(shard.name.replace(".parquet", "8.parquet"))
    half.write_bytes(shard.read_bytes()[:-100])
    (shard.parent / ".shard.parquet.12345678.tmp").write_bytes(b"secret orchard")
    assert forget(folder).code == 0
    assert found(folder, words) == []
    assert not half.exists()


def test_refused_while_a_run_is_at_work(lake: Path, tmp_path: Path) -> None:
    folder = copy(lake, tmp_path)
    before = checksum(folder / "lake")
    journal = Journal(Lake(folder / "lake"), "run")
    ran = forget(folder)
    assert (ran.code, "is at work" in ran.err) == (75, True)
    assert checksum(folder / "lake") == before
    assert not (folder / "lake/forget.json").exists()
    journal.finish(0, None)
    assert forget(folder).code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Nobody is named"),
        (("--speaker", "Zelda Quux"), "--corpus"),
        (("--corpus", "pots", "--speaker", "Zelda Quux"), "It has: posts"),
        (("--pseudonym", "Zelda Quux"), "32 hexadecimal"),
        (("--corpus", "posts", "--record", ""), "empty"),
    ],
)
def test_requests_that_cannot_be_meant(lake: Path, arguments: tuple[str, ...], told: str) -> None:
    ran = command("forget", *arguments, cwd=lake)
    assert (ran.code, told in ran.err) == (2, True), ran.err
    assert "Zelda" not in ran.out + ran.err


def test_another_key_is_refused(lake: Path) -> None:
    ran = forget(lake, AFFECTMINE_KEY="f" * 64)
    assert (ran.code, "another pseudonym key" in ran.err) == (2, True)


def test_a_rerun_with_dedup_and_windows_after_a_whole_file_is_gone(tmp_path: Path) -> None:
    """One file is all hers: what is left of its shards has no rows."""
    hers = [post(number, author=NAME) for number in range(0, 30, 2)]
    write(tmp_path / "hers.jsonl", hers)
    write(tmp_path / "theirs.jsonl", [post(number, author="bob") for number in range(1, 30, 2)])
    config = tmp_path / "config.yaml"
    config.write_text(
        CONFIG.format(sources="[hers.jsonl, theirs.jsonl]") + "dedup: {}\nwindows: {}\n"
    )
    assert command("run", config, cwd=tmp_path).code == 0
    assert command("forget", "--corpus", "posts", "--speaker", NAME, cwd=tmp_path).code == 0
    again = command("run", config, "--json", cwd=tmp_path)
    assert again.code == 0, again.err
    for dataset in ("clean", "contexts", "labels"):
        told = command(
            "sql", f"SELECT count(*) AS n FROM {dataset}", "--format", "csv", cwd=tmp_path
        )
        assert told.out.split() == ["n", "15"]
