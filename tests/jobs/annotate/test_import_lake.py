"""Answers of people in the demo's lake: asked with SQL, newest first, forgotten, kept by all that cares for a lake."""

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from jobs.annotate.import_command import Imported, import_annotations
from pipelines.lake.journal import Journal
from pipelines.lake.lake import open_lake
from pipelines.lake.snapshots import numbers, published_files, state
from schemas.errors import ConfigError, TransientError
from tests.end_to_end.corpus import command
from tests.jobs.annotate.test_import_files import annotation, task, write

pytestmark = pytest.mark.slow

MAIL = "ann@example.org"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    ran = command("demo", "--json", cwd=folder)
    assert ran.code == 0, ran.err
    return folder


@pytest.fixture
def folder(demo: Path, tmp_path: Path) -> Path:
    shutil.copytree(demo, tmp_path / "demo")
    return tmp_path / "demo"


def ask(folder: Path, query: str) -> list[dict]:
    ran = command("sql", "--lake", "demo-lake", query, "--format", "json", cwd=folder)
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def records(folder: Path, count: int = 6) -> list[dict]:
    """Kept records of two corpora."""
    lake = open_lake(folder / "demo-lake")
    files = published_files(lake, state(lake)[1])["clean"]
    rows = duckdb.execute(
        "SELECT record_id, speaker, corpus, partition FROM (SELECT *, row_number() OVER (PARTITION BY corpus "
        f"ORDER BY record_id) AS n FROM read_parquet({files!r}) WHERE outcome = 'kept' AND speaker IS NOT NULL) "
        "ORDER BY n, corpus LIMIT $count",
        {"count": count},
    )
    names = [column[0] for column in rows.description]
    return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


def take(folder: Path, tasks: list, *, name: str = "export.json", **more: object) -> Imported:
    file = write(folder / name, tasks)
    asked = {"task": "emotion", "taxonomy": "ekman", "lake": folder / "demo-lake"} | more
    return import_annotations(file, **asked)


def two_annotators(ids: list[str]) -> list[dict]:
    return [task(each, annotation("joy"), annotation("fear", who=7)) for each in ids]


def test_rows_can_be_asked_for_and_stay_for_later_runs(folder: Path) -> None:
    some = records(folder)
    strange = task("0" * 32, annotation("joy"))
    found = take(folder, [*two_annotators([each["record_id"] for each in some]), strange])
    told = found.to_json()
    assert (told["units"], told["imported"]) == (13, 12)
    assert told["quarantined"] == {"unknown_record": 1}
    assert told["places"] == {"unknown_record": ["task 7, annotation 1"]}
    assert told["lake_rows"] == {"added": 12, "replaced": 0, "unchanged": 0, "older": 0}
    ran = command("status", "--lake", "demo-lake", "--json", cwd=folder)
    assert ran.code == 0, ran.err
    assert ran.json["last_run"]["state"] == "done"
    datasets = ran.json["datasets"]
    assert sum(row["rows"] for row in datasets if row["dataset"] == "annotations") == 12
    query = (
        "SELECT record_id, corpus, partition, speaker, labels, task, taxonomy FROM annotations "
        "WHERE list_contains(labels, 'joy') ORDER BY record_id"
    )
    rows = ask(folder, query)
    assert rows == [
        each | {"labels": ["joy"], "task": "emotion", "taxonomy": "ekman"}
        for each in sorted(some, key=lambda each: each["record_id"])
    ]
    everything = ask(folder, "SELECT * FROM annotations ORDER BY ALL")
    assert len({row["annotator"] for row in everything}) == 2
    assert all(len(row["annotator"]) == len(row["file"]) == 32 for row in everything)
    for path in (folder / "demo-lake").rglob("*"):
        assert path.is_dir() or MAIL.encode() not in path.read_bytes()
    # Care of the lake, and another run over its sources, change nothing of them.
    for each in ("compact", "vacuum"):
        options = ["--retain", "1", "--older-than", "0s"] if each == "vacuum" else []
        ran = command(each, "--lake", "demo-lake", *options, cwd=folder)
        assert ran.code == 0, ran.err
        assert ask(folder, "SELECT * FROM annotations ORDER BY ALL") == everything
    assert command("demo", cwd=folder).code == 0
    assert ask(folder, "SELECT * FROM annotations ORDER BY ALL") == everything
    again = take(folder, two_annotators([each["record_id"] for each in some]))
    assert again.lake["unchanged"] == 12
    assert command("status", "--lake", "demo-lake", cwd=folder).code == 0


def test_the_same_twice_changes_nothing_and_the_newest_holds(folder: Path) -> None:
    ids = [each["record_id"] for each in records(folder)]
    lake = open_lake(folder / "demo-lake")
    take(folder, two_annotators(ids))
    before = numbers(lake)
    again = take(folder, two_annotators(ids), name="copy.json")
    assert again.lake == {"added": 0, "replaced": 0, "unchanged": 12, "older": 0}
    assert numbers(lake) == before
    later = [task(ids[0], annotation("anger", at="2024-06-01T00:00:00Z"))]
    assert take(folder, later).lake["replaced"] == 1
    assert take(folder, two_annotators(ids)).lake["older"] == 1
    rows = ask(folder, f"SELECT labels FROM annotations WHERE record_id = '{ids[0]}' ORDER BY ALL")
    assert rows == [{"labels": ["anger"]}, {"labels": ["fear"]}]
    assert len(numbers(lake)) == len(before) + 1


def test_numbers_have_a_row_for_each_dimension(folder: Path) -> None:
    record = records(folder, 1)[0]["record_id"]
    result = [
        {"from_name": name, "type": "number", "value": {"number": value}}
        for name, value in (("valence", 4.5), ("arousal", 1))
    ]
    take(folder, [task(record, annotation() | {"result": result})], task="vad", taxonomy="vad")
    rows = ask(folder, "SELECT label_set, value, labels FROM annotations ORDER BY label_set")
    assert rows == [
        {"label_set": "arousal", "value": 1.0, "labels": None},
        {"label_set": "valence", "value": 4.5, "labels": None},
    ]


def bytes_with(folder: Path, secret: str) -> list[str]:
    """Parquet files of the lake with a row that holds it, read without our own code, and other files."""
    found = []
    for path in (folder / "demo-lake").rglob("*"):
        if path.suffix == ".parquet":
            rows = duckdb.execute(
                "SELECT count(*) FROM read_parquet($path) AS t WHERE CAST(t AS VARCHAR) LIKE $secret",
                {"path": str(path), "secret": f"%{secret}%"},
            ).fetchone()
            if rows != (0,):
                found.append(path.name)
        elif path.is_file() and secret.encode() in path.read_bytes():
            found.append(path.name)
    return found


def test_the_forgotten_are_erased_and_do_not_come_back(folder: Path) -> None:
    some = records(folder)
    ids = [each["record_id"] for each in some]
    take(folder, two_annotators(ids))
    take(
        folder, [task(ids[2], annotation("anger", at="2024-06-01"))]
    )  # two shards of one partition
    gone = {ids[0], *(each["record_id"] for each in some if each["speaker"] == some[1]["speaker"])}
    options = ["--record-id", ids[0], "--pseudonym", some[1]["speaker"]]
    ran = command("forget", "--lake", "demo-lake", *options, "--json", cwd=folder)
    assert ran.code == 0, ran.err
    assert ran.json["rows"]["annotations"] >= 2 * len(gone)
    for secret in (*gone, some[1]["speaker"]):
        assert bytes_with(folder, secret) == []
    for path in (folder / "demo-lake/annotations").rglob("shard-*.json"):
        manifest = json.loads(path.read_bytes())
        rows = sum(file["rows"] for file in manifest["outputs"])
        assert manifest["counts"] == {"in": rows, "annotated": rows}
    left = ask(folder, "SELECT DISTINCT record_id FROM annotations")
    assert {row["record_id"] for row in left} == set(ids) - gone
    again = take(folder, two_annotators(ids))
    assert again.read.quarantined == {"unknown_record": 2 * len(gone)}
    assert again.lake["added"] == again.lake["replaced"] == 0


def test_a_forget_that_goes_on_is_waited_for_and_a_wrong_key_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = two_annotators([each["record_id"] for each in records(folder, 2)])
    (folder / "demo-lake/forget.json").write_text("{}")
    with pytest.raises(TransientError, match="forgotten"):
        take(folder, tasks)
    (folder / "demo-lake/forget.json").unlink()
    assert take(folder, tasks).lake["added"] == 4
    monkeypatch.setenv("AFFECTMINE_KEY", "f" * 64)
    with pytest.raises(ConfigError, match="another pseudonym key"):
        take(folder, tasks)


def test_another_publication_in_between_is_merged_with(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [each["record_id"] for each in records(folder, 2)]
    first = Journal.done
    inner = []

    def done(journal: Journal, manifest: object) -> None:
        first(journal, manifest)
        if not inner:
            inner.append(None)
            tasks = [task(each, annotation("anger", who=9)) for each in ids]
            inner[0] = take(folder, tasks, name="b.json")

    monkeypatch.setattr(Journal, "done", done)
    outer = take(folder, two_annotators(ids))
    assert (inner[0].lake["added"], outer.lake["added"]) == (2, 4)
    assert ask(folder, "SELECT count(*) AS n FROM annotations") == [{"n": 6}]


def test_the_gold_file_is_taken_by_evaluate(folder: Path) -> None:
    query = "SELECT record_id, text_clean FROM clean WHERE outcome = 'kept' AND lang = 'en'"
    some = ask(folder, f"{query} ORDER BY record_id LIMIT 40")
    tasks = [
        task(
            each["record_id"], annotation("joy"), annotation("joy", who=7), text=each["text_clean"]
        )
        for each in some
    ]
    gold = folder / "gold.jsonl"
    found = take(folder, tasks, output=gold)
    assert (found.gold, found.lake["added"]) == (80, 80)
    asked = ("--gold", gold, "--taxonomy", "ekman", "--resamples", "0", "--json")
    ran = command("evaluate", *asked, cwd=folder)
    assert ran.code == 0, ran.err
    assert ran.json["n"] == len({each["record_id"] for each in some})
