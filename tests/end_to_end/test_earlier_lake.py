"""Lakes that earlier versions wrote are read, continued and cleansed by this one; those of newer ones are refused."""

import json
import shutil
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

import affectmine
from schemas.datasets import DATASETS
from tests.end_to_end.corpus import Ran, command

pytestmark = pytest.mark.slow

EARLIER = Path(__file__).parent / "earlier"
COMPARED = "dedup: {}\nwindows: {}\n"
LAKES = {
    "aa783b0": "",
    "df57c8b": COMPARED,
    "2016621": COMPARED,
    "29f1577": f"{COMPARED}marts: {{}}\n",
}
SPEAKER = "Ottilie"
# What talk.jsonl holds, counted by hand: 32 turns of four speakers, and four posts of which one was removed and one
# repeats another. Turns keep their place, so only the post goes.
RECORDS, KEPT, TWICE, HERS = 36, 35, 1, 9
WITH_CONTEXT = 32 - 4  # the first turn of each talk has none


class Old:
    """An unpacked lake with its config, in a folder of its own."""

    def __init__(self, folder: Path, commit: str) -> None:
        self.folder, self.compares = folder, bool(LAKES[commit])
        self.lake = folder / "lake"
        with tarfile.open(EARLIER / f"lake-{commit}.tar.xz") as archive:
            archive.extractall(folder, filter="data")
        shutil.copy(EARLIER / "talk.jsonl", folder)
        base = (EARLIER / "config.yaml").read_text()
        (folder / "config.yaml").write_text(base + LAKES[commit])
        labeled = KEPT - TWICE if self.compares else KEPT
        self.views = {
            "records": RECORDS, "quarantine": 1, "quarantine_raw": 1, "clean": RECORDS,
            "signatures": KEPT * self.compares, "dedup": KEPT * self.compares,
            "contexts": KEPT * self.compares, "labels": 2 * labeled,
            "selection": 0, "annotations": 0, "calls": 0, "synthetic": 0,
        }  # fmt: skip

    def run(self, *arguments: str) -> Ran:
        ran = command(*arguments, cwd=self.folder)
        assert ran.code == 0, ran.err
        return ran

    def frame(self, query: str, as_of: int | None = None) -> pl.DataFrame:
        with affectmine.open_lake(self.lake, as_of=as_of, restricted=True) as lake:
            return lake.frame(query)

    def counts(self, as_of: int | None = None) -> dict[str, int]:
        query = " UNION ALL ".join(f"SELECT '{v}' AS v, count(*) AS n FROM {v}" for v in self.views)
        return dict(self.frame(query, as_of).iter_rows())

    def files(self) -> dict[str, int]:
        return {
            str(path.relative_to(self.lake)): path.stat().st_mtime_ns
            for path in self.lake.rglob("*")
            if path.is_file()
        }


@pytest.fixture(params=LAKES)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Old:
    return Old(tmp_path, request.param)


def test_it_is_read_as_it_is(old: Old) -> None:
    before = old.files()
    assert old.counts() == old.views
    for name, dataset in DATASETS.items():
        columns = old.frame(f"SELECT * FROM {name} LIMIT 0").columns
        assert set(columns) >= set(dataset.schema.names), name
    frame = old.frame("SELECT outcome, reason, count(*) AS n FROM clean GROUP BY ALL ORDER BY ALL")
    assert frame.rows() == [("dropped", "removed", 1), ("kept", None, KEPT)]
    talks = old.frame(
        "SELECT count(DISTINCT conversation_id), count(DISTINCT speaker), count(reply_to) FROM records"
    )
    assert talks.row(0) == (4, 4, WITH_CONTEXT)
    known = old.frame(
        "SELECT count(*) FROM labels JOIN clean USING (record_id) WHERE outcome = 'kept'"
    )
    assert known.item() == old.views["labels"]
    scores = old.frame("SELECT DISTINCT taxonomy, label FROM label_scores")
    assert Counter(scores["taxonomy"]) == {"goemotions": 28, "ekman": 7}
    if old.compares:
        context = "SELECT count(*) FROM contexts WHERE len(context) > 0"
        assert old.frame(context).item() == WITH_CONTEXT
        dropped = old.frame("SELECT reason FROM dedup WHERE outcome = 'dropped'")
        assert dropped["reason"].to_list() == ["exact_duplicate"]
    assert old.files() == before


@pytest.mark.parametrize("old", ["aa783b0", "29f1577"], indirect=True)
def test_status_report_and_marts_know_it(old: Old) -> None:
    status = old.run("status", "--json").json
    rows = Counter()
    for each in status["datasets"]:
        rows[each["dataset"]] += each["rows"]
    assert +rows == Counter(old.views) - Counter()
    assert status["last_run"]["state"] == "done"
    assert "ingest" in {each["stage"] for each in status["last_run"]["stages"]}
    old.run("report", "-o", "page.html")
    page = (old.folder / "page.html").read_text()
    assert f"{RECORDS}" in page
    assert page.count("<svg") > 5
    old.run("marts", "build")
    counted = old.frame("SELECT count(DISTINCT taxonomy) FROM mart_label_counts")
    assert counted.item() == 2


def made(lake: Path) -> dict[str, tuple[str, int]]:
    """Manifests by stage and version."""
    found = {}
    for path in lake.rglob("*.json"):
        content = json.loads(path.read_bytes())
        if isinstance(content, dict) and "stage_version" in content:
            found[str(path.relative_to(lake))] = (content["stage"], content["stage_version"])
    return found


def newest(manifests: dict[str, tuple[str, int]]) -> dict[str, int]:
    """The highest version of each stage."""
    return dict(sorted(manifests.values()))


def everything(old: Old, as_of: int) -> dict[str, Any]:
    return {
        name: old.frame(f"SELECT * FROM {name} ORDER BY record_id, taxonomy" if name == "labels"
                        else f"SELECT * FROM {name} ORDER BY ALL", as_of).rows()
        for name, rows in old.views.items() if rows
    }  # fmt: skip


def test_the_same_config_goes_on_from_it(old: Old) -> None:
    """Stages whose version is the same are skipped, others made anew; nothing is lost, and the old snapshot stays."""
    first = everything(old, 1)
    before = made(old.lake)
    ran = old.run("run", "config.yaml", "--json").json
    after = made(old.lake)
    assert before.items() <= after.items()
    of_before, of_after = newest(before), newest(after)
    anew = False
    for stage in ran["stages"]:
        name, done = stage["stage"], stage["done_before"]
        assert stage["failed"] == 0
        assert done in (0, stage["shards"])
        if name != "label":  # weights may be others, too
            if of_before[name] != of_after[name]:
                assert done == 0, name
            elif not anew:
                assert done == stage["shards"], name
        anew = anew or done == 0
    assert ran["snapshot"] == (2 if anew else 1)
    assert old.counts() == old.views
    assert everything(old, 1) == first
    ids = 'SELECT record_id, speaker, conversation_id, "partition" FROM clean ORDER BY ALL'
    assert old.frame(ids).rows() == old.frame(ids, 1).rows()
    again = old.run("run", "config.yaml", "--json").json
    assert (again["snapshot"], again["partitions_changed"]) == (ran["snapshot"], 0)
    assert all(each["done_before"] == each["shards"] for each in again["stages"])


@pytest.mark.parametrize("old", ["aa783b0", "df57c8b"], indirect=True)
def test_more_rows_come_beside_it(old: Old) -> None:
    """Partitions of an earlier version and of this one, in one lake."""
    lines = [json.loads(line) for line in (EARLIER / "talk.jsonl").read_text().splitlines()[:5]]
    later = [row | {"id": f"new-{row['id']}", "talk": "new", "at": row["at"] + 1} for row in lines]
    (old.folder / "later.jsonl").write_text("".join(json.dumps(row) + "\n" for row in later))
    config = (EARLIER / "config.yaml").read_text().replace("talk.jsonl", "later.jsonl")
    config = config.replace("label: [", "label: [{task: vad, taxonomy: vad}, ")  # numbers: `answer`
    (old.folder / "config.yaml").write_text(f"{config}{COMPARED}marts: {{}}\n")
    ran = old.run("run", "config.yaml", "--json").json
    assert ran["snapshot"] == 2
    assert ran["marts"]["missing"] == []
    more = {"records": 5, "clean": 5, "signatures": 5, "dedup": 5, "contexts": 5, "labels": 15}
    more = {name: rows + more.get(name, 0) for name, rows in old.views.items()}
    assert old.counts() == more
    assert old.counts(1) == old.views
    assert old.frame("SELECT count(answer) FROM labels_vad").item() == 5
    # Files of both versions become one, and those that are not needed any more go.
    assert old.run("compact").out.split()[0] > "0"
    old.run("vacuum", "--older-than", "0s", "--retain", "1")
    assert old.counts() == more


@pytest.mark.parametrize("old", ["29f1577"], indirect=True)
def test_it_is_compacted_swept_and_watched(old: Old) -> None:
    """What stages find done lies elsewhere by then; lineage says that nothing was written, and still what it is."""
    old.run("compact")
    old.run("vacuum", "--older-than", "0s", "--retain", "1")
    assert old.counts() == old.views
    config = (old.folder / "config.yaml").read_text()
    told = "metrics: {openlineage: {file: events.jsonl}}\n"
    (old.folder / "config.yaml").write_text(config + told)
    ran = old.run("run", "config.yaml", "--json")
    assert "could not be written" not in ran.err
    assert all(each["done_before"] == each["shards"] for each in ran.json["stages"])
    events = [json.loads(line) for line in (old.folder / "events.jsonl").open()]
    ends = {each["job"]["name"]: each for each in events if each["eventType"] == "COMPLETE"}
    assert len(ends) == len(events) // 2
    outputs = [output for each in ends.values() for output in each["outputs"]]
    assert {each["name"].removeprefix(f"{old.lake}/") for each in outputs} == {
        "restricted/records", "restricted/quarantine_raw", "quarantine", "clean", "restricted/signatures",
        "dedup", "contexts", "labels/emotion/goemotions/student", "labels/emotion/ekman/student",
    }  # fmt: skip
    assert {each["outputFacets"]["outputStatistics"]["rowCount"] for each in outputs} == {0}
    assert all(each["facets"]["schema"]["fields"] for each in outputs)


def found(lake: Path, words: list[str]) -> list[str]:
    """The files in which one of the words stands, Parquet unpacked."""
    hits = []
    for path in sorted(each for each in lake.rglob("*") if each.is_file()):
        text = path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            text += json.dumps(pq.read_table(path).to_pylist(), default=str)
        hits += [str(path)] if any(word in text for word in words) else []
    return hits


@pytest.mark.parametrize(
    ("old", "continued"),
    [("aa783b0", False), ("29f1577", False), ("aa783b0", True)],
    indirect=["old"],
)
def test_a_speaker_of_it_is_forgotten(old: Old, continued: bool) -> None:
    if continued:
        old.run("run", "config.yaml")
    told = old.frame(
        "SELECT record_id, speaker FROM records WHERE speaker IN (SELECT speaker FROM records "
        "WHERE text = 'I got the job, I am so happy I could dance')"
    )
    assert told.height == HERS
    words = [told["speaker"][0], *told["record_id"]]
    assert len(found(old.lake, words)) > 5
    gone = old.run("forget", "--corpus", "talk", "--speaker", SPEAKER, "--json").json
    assert gone["rows"]["records"] in (HERS, 2 * HERS)  # twice where ingest was made anew
    assert found(old.lake, words) == []
    left = old.counts(1)
    assert left["records"] == left["clean"] == RECORDS - HERS
    assert left["labels"] == old.views["labels"] - 2 * (HERS - 1)
    ran = old.run("run", "config.yaml", "--json").json
    ingest = next(each for each in ran["stages"] if each["stage"] == "ingest")
    assert ingest["counts"]["records"] == RECORDS - HERS
    assert ingest["reasons"]["forgotten"] >= HERS
    assert found(old.lake, words) == []


SNAPSHOT = "snapshots/00000001.json"
ASKED = [
    ("sql", "SELECT 1"),
    ("status",),
    ("report", "-o", "page.html"),
    ("run", "config.yaml"),
    ("compact",),
    ("vacuum", "--older-than", "0s"),
    ("forget", "--corpus", "talk", "--speaker", SPEAKER),
    ("marts", "build"),
]


@pytest.mark.parametrize(
    ("where", "old_text", "new_text", "told", "asked"),
    [
        ("lake.json", '"format": 1', '"format": 2', "format 2; this affectmine knows 1", ASKED[:4]),
        (SNAPSHOT, '"schema_version":1', '"schema_version":7', "of schema version 7", ASKED),
        (SNAPSHOT, '"dataset":"quarantine_raw"', '"dataset":"voices"', "'voices'", ASKED[:1]),
    ],
)
def test_a_newer_lake_is_refused(
    tmp_path: Path,
    where: str,
    old_text: str,
    new_text: str,
    told: str,
    asked: list[tuple[str, ...]],
) -> None:
    old = Old(tmp_path, "aa783b0")
    config = old.folder / "config.yaml"
    config.write_text(config.read_text().replace("domain: social", "domain: podcast"))
    place = old.lake / where
    content = place.read_text()
    assert old_text in content
    place.write_text(content.replace(old_text, new_text))
    before = kept(old)
    for arguments in asked:
        ran = command(*arguments, cwd=old.folder)
        assert ran.code == 1, arguments
        assert told in ran.err, arguments
        assert "or a newer one" in ran.err
        assert "Traceback" not in ran.err
    assert kept(old) == before


def kept(old: Old) -> dict[str, int]:
    """Files of a lake without journals and locks."""
    return {
        name: time
        for name, time in old.files().items()
        if not name.startswith("runs/") and not name.endswith(".lock")
    }
