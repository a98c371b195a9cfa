"""A lake on an object store, against a server that speaks S3's protocol: commits, snapshots, failures, cleaning up."""

import datetime as dt
import json
import threading
from collections.abc import Iterator
from datetime import timedelta

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.cli import run_command
from pipelines.lake import object_store
from pipelines.lake.compact import compact_lake
from pipelines.lake.journal import Journal, PastRun
from pipelines.lake.lake import Lake, create_lake
from pipelines.lake.lease import leased
from pipelines.lake.object_store import abandon_uploads
from pipelines.lake.place import created_locally, open_parquet, place, register
from pipelines.lake.remote_path import RemotePath
from pipelines.lake.rows import read_batches
from pipelines.lake.snapshots import numbers, state
from pipelines.lake.vacuum import vacuum
from schemas.errors import ConfigError, TransientError
from tests.pipelines.lake.builders import DAY, commit_clean
from tests.pipelines.lake.s3_server import CREDENTIALS, Fault, ObjectStore, Request
from tests.pipelines.lake.test_snapshots import put

pytestmark = pytest.mark.slow

KEY_ID = "0123456789abcdef"
DAYS = timedelta(days=2)
A_DAY = 86_400.0


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectStore]:
    store = ObjectStore()
    store.start()
    yield store
    store.stop()


@pytest.fixture
def store(server: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(object_store, "_ATTEMPTS", 1)  # what else takes a minute
    monkeypatch.setattr(object_store, "_ROUNDS", 1)
    object_store._filesystem.cache_clear()
    yield server
    server.fault = lambda _: None
    object_store._filesystem.cache_clear()


@pytest.fixture
def patient(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that asks again."""
    monkeypatch.setattr(object_store, "_ATTEMPTS", 2)
    monkeypatch.setattr(object_store, "_ROUNDS", 2)
    object_store._filesystem.cache_clear()


@pytest.fixture
def root(store: ObjectStore) -> RemotePath:
    found = place(f"s3://{store.bucket()}/a/lake")
    assert isinstance(found, RemotePath)
    return found


@pytest.fixture
def lake(root: RemotePath) -> Lake:
    return create_lake(root, KEY_ID)


def bucket_of(root: RemotePath) -> str:
    return root.parts[0]


# --- create if absent ---


def test_of_many_creators_one_wins_and_nobody_overwrites(root: RemotePath) -> None:
    path = root / "manifest.json"
    contents = [f"writer {number}".encode() * 100 for number in range(12)]
    won: list[bytes] = []

    def write(content: bytes) -> None:
        if path.create(content):
            won.append(content)

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert path.read_bytes() == won[0]


def test_manifests_and_snapshots_are_put_on_condition(store: ObjectStore, lake: Lake) -> None:
    conditional: list[str] = []

    def watch(request: Request) -> None:
        if request.method == "PUT" and request.conditional:
            conditional.append(request.path.rpartition("/")[2])

    store.fault = watch
    shard = commit_clean(lake, ["a"])
    put(lake, [shard])
    assert conditional == [shard.name.rpartition("/")[2], "00000001.json"]


@pytest.mark.usefixtures("patient")
def test_an_answer_lost_on_its_way_does_not_make_a_winner_a_loser(
    store: ObjectStore, lake: Lake
) -> None:
    """The store has the manifest, the writer does not know; it asks again and is told that there is one."""
    lost: list[Request] = []

    def lose_first(request: Request) -> Fault | None:
        if request.conditional and not lost:
            lost.append(request)
            return Fault(lost=True)
        return None

    store.fault = lose_first
    shard = commit_clean(lake, ["a", "b"])
    assert len(lost) == 1
    # A loser would have removed its data.
    (batch,) = read_batches(lake, shard.outputs[0], ["record_id"])
    assert batch["record_id"].to_list() == ["a", "b"]
    assert put(lake, [shard]) == (1, 1)


def test_the_loser_adopts_the_winners_manifest_and_leaves_nothing_behind(
    store: ObjectStore, lake: Lake
) -> None:
    winner = commit_clean(lake, ["a", "b"])
    loser = commit_clean(lake, ["a", "b"])
    assert loser == winner
    found = [key for key in store.keys(bucket_of(lake.root)) if "/clean/" in key]
    assert found == sorted(f"a/lake/{name}" for name in (winner.name, winner.outputs[0].path))


def test_a_put_that_meets_another_one_is_tried_again(store: ObjectStore, root: RemotePath) -> None:
    """S3 answers 409 while another conditional put of the name is under way: it says nothing of who won."""
    met: list[Request] = []

    def conflict(request: Request) -> Fault | None:
        if request.conditional and len(met) < 2:
            met.append(request)
            return Fault(status=409, code="ConditionalRequestConflict")
        return None

    store.fault = conflict
    assert (root / "x.json").create(b"mine")
    assert (root / "x.json").read_bytes() == b"mine"
    assert len(met) == 2


def test_two_publishers_take_two_numbers(lake: Lake) -> None:
    shards = [
        commit_clean(lake, [f"r{n}"], source=f"f{n}", day=f"2026-03-0{n + 1}") for n in range(2)
    ]
    found: list[tuple[int, int]] = []
    threads = [
        threading.Thread(target=lambda shard=shard: found.append(put(lake, [shard])))
        for shard in shards
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [(1, 1), (2, 1)]
    assert numbers(lake) == [1, 2]
    assert {part.partition for part in state(lake)[1].values()} == {"2026-03-01", "2026-03-02"}


def test_a_store_that_overwrites_is_refused(
    root: RemotePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that does not know the header puts the object all the same."""
    files = object_store.filesystem("s3")
    plain = files.pipe_file
    monkeypatch.setattr(files, "pipe_file", lambda url, data, mode: plain(url, data))
    with pytest.raises(ConfigError, match="does not keep If-None-Match"):
        create_lake(root, KEY_ID)
    assert not root.exists()


# --- what fails ---


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503, code="SlowDown"),
        Fault(status=500, code="InternalError"),
        Fault(broken=True),
        Fault(lost=True),
        Fault(seconds=0.4),
    ],
)
def test_what_may_pass_is_tried_again(store: ObjectStore, lake: Lake, fault: Fault) -> None:
    """One request of each kind goes wrong once; nobody notices."""
    met: set[tuple[str, str]] = set()

    def once(request: Request) -> Fault | None:
        kind = (request.method, request.path.rpartition(".")[2])
        if kind in met:
            return None
        met.add(kind)
        return fault

    store.fault = once
    shards = [commit_clean(lake, [f"r{n}"], source=f"f{n}") for n in range(2)]
    assert put(lake, shards) == (1, 1)
    (part,) = state(lake)[1].values()
    rows = [row for f in part.files for b in read_batches(lake, f) for row in b["record_id"]]
    assert sorted(rows) == ["r0", "r1"]
    assert {("PUT", "parquet"), ("PUT", "json"), ("GET", "json"), ("GET", "parquet")} <= met


def test_a_store_that_stays_away_is_told_as_transient(
    store: ObjectStore, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    shard = commit_clean(lake, ["a"])
    put(lake, [shard])
    with duckdb.connect() as database:
        path = str(lake.path(shard.outputs[0].path))
        register(database, [path])
        assert database.sql(f"SELECT count(*) FROM '{path}'").fetchall() == [(1,)]
    store.fault = lambda _: Fault(status=503, code="SlowDown")
    with pytest.raises(TransientError, match=r"did not answer .*\(SlowDown\)"):
        commit_clean(lake, ["b"], source="other")
    with pytest.raises(TransientError):
        state(lake)
    assert run_command(["status", "--lake", str(lake.root)]) == 75
    told = capsys.readouterr().err
    assert "Run again" in told
    assert "Traceback" not in told


def test_sql_tells_a_store_that_goes_away_meanwhile_as_transient(
    store: ObjectStore, lake: Lake, capsys: pytest.CaptureFixture[str]
) -> None:
    put(lake, [commit_clean(lake, ["a"])])

    def data_only(request: Request) -> Fault | None:
        return Fault(status=503, code="SlowDown") if request.path.endswith(".parquet") else None

    store.fault = data_only
    assert run_command(["sql", "--lake", str(lake.root), "SELECT count(*) FROM clean"]) == 75
    told = capsys.readouterr().err
    assert "did not answer" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (403, "AccessDenied", "refuses this"),
        (403, "SignatureDoesNotMatch", "does not accept the credentials"),
        (403, "InvalidAccessKeyId", "does not accept the credentials"),
        (404, "NoSuchBucket", "There is no bucket"),
        (501, "NotImplemented", "does not offer what a lake needs"),
    ],
)
def test_what_needs_a_person_is_told_at_once(
    store: ObjectStore,
    root: RemotePath,
    capsys: pytest.CaptureFixture[str],
    status: int,
    code: str,
    says: str,
) -> None:
    store.fault = lambda _: Fault(status=status, code=code)
    with pytest.raises(ConfigError, match=says):
        (root / "x.json").create(b"x")
    before = store.counts.total()
    assert run_command(["sql", "--lake", str(root), "SELECT 1"]) == 2
    assert store.counts.total() - before < 8  # not tried again and again
    told = capsys.readouterr().err
    assert "Traceback" not in told
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in told


def test_a_bucket_that_is_not_there_is_named(
    store: ObjectStore, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ConfigError, match="There is no bucket s3://nobody-made-this"):
        create_lake(place("s3://nobody-made-this/lake"), KEY_ID)
    assert run_command(["status", "--lake", "s3://nobody-made-this/lake"]) == 2
    assert "no bucket s3://nobody-made-this" in " ".join(capsys.readouterr().err.split())


def test_credentials_that_are_not_there_are_named(
    root: RemotePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in CREDENTIALS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    object_store._filesystem.cache_clear()
    with pytest.raises(ConfigError, match="no credentials for s3://"):
        (root / "x.json").create(b"x")


# --- uploads in parts, and cleaning up ---


def test_a_large_file_is_sent_in_parts_and_a_failed_one_leaves_none(
    store: ObjectStore, root: RemotePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = object_store.filesystem("s3")
    plain = files.put_file
    monkeypatch.setattr(files, "put_file", lambda source, to: plain(source, to, chunksize=5 << 20))
    table = pa.table({"n": pa.array(range(1_700_000), pa.int64())})
    with created_locally(root / "good.parquet") as made:
        pq.write_table(table, made, compression="none", use_dictionary=False)
    assert (
        store.client()
        .head_object(Bucket=bucket_of(root), Key="a/lake/good.parquet")["ETag"]
        .endswith('-3"')
    )  # of three parts
    with open_parquet(root / "good.parquet") as parquet:
        assert parquet.read() == table

    def second_part(request: Request) -> Fault | None:
        return Fault(status=503, code="SlowDown") if "partNumber=2" in request.query else None

    store.fault = second_part
    with pytest.raises(TransientError), created_locally(root / "bad.parquet") as made:
        pq.write_table(table, made, compression="none", use_dictionary=False)
    assert not (root / "bad.parquet").exists()
    uploads = store.client().list_multipart_uploads(Bucket=bucket_of(root))
    assert "Uploads" not in uploads


def test_vacuum_gives_up_uploads_of_killed_writers_below_the_lake_only(
    store: ObjectStore, lake: Lake
) -> None:
    client, bucket = store.client(), bucket_of(lake.root)
    keys = ("a/lake/clean/c/x.parquet", "a/lake2/x.parquet", "x.parquet")
    for key in keys:
        client.create_multipart_upload(Bucket=bucket, Key=key)
    # moto says of each that it began in November 2010.
    young = dt.datetime(2010, 11, 1, tzinfo=dt.UTC).timestamp()
    assert abandon_uploads(lake.root.as_posix(), young, dry_run=False) == 0
    assert vacuum(lake, retain=1, older_than=A_DAY, dry_run=True).uploads == 1
    assert vacuum(lake, retain=1, older_than=A_DAY, dry_run=False).uploads == 1
    left = client.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert sorted(each["Key"] for each in left) == sorted(keys[1:])


def test_vacuum_removes_what_killed_runs_left_and_nothing_else(
    store: ObjectStore, lake: Lake
) -> None:
    old = commit_clean(lake, ["a"])
    put(lake, [old])
    new = commit_clean(lake, ["a2"], fingerprint="e" * 16)
    put(lake, [new])
    killed = lake.runs / "20260101-000000000-killed"
    left = [
        lake.folder("clean", "c", DAY) / "shard-x-y-attempt.parquet",  # between data and manifest
        killed / "scratch-1" / "references" / "part-0.parquet",
        killed / "told-1" / "00000" / "000001.json",
    ]
    for path in left:
        path.write_bytes(b"left over")
    (killed / "journal-00000001.jsonl").write_bytes(b'{"event": "start", "at": "x"}\n')
    assert vacuum(lake, retain=5, older_than=A_DAY, dry_run=False).files == 0  # too young
    store.age(bucket_of(lake.root), DAYS)
    swept = vacuum(lake, retain=1, older_than=A_DAY, dry_run=False)
    assert swept.files == len(left) + 2  # and data and manifest of the older snapshot
    keys = store.keys(bucket_of(lake.root))
    for path in left:
        assert path.as_posix().partition("://")[2].partition("/")[2] not in keys
    assert (killed / "journal-00000001.jsonl").exists()
    (part,) = state(lake)[1].values()
    assert [row for f in part.files for b in read_batches(lake, f) for row in b["record_id"]] == [
        "a2"
    ]


def test_compaction_keeps_the_rows(store: ObjectStore, lake: Lake) -> None:
    shards = [commit_clean(lake, [f"r{n}", f"s{n}"], source=f"f{n}") for n in range(3)]
    put(lake, shards)
    assert compact_lake(lake, "run") == 1
    store.age(bucket_of(lake.root), DAYS)
    assert vacuum(lake, retain=1, older_than=A_DAY, dry_run=False).files == 3
    (part,) = state(lake)[1].values()
    assert len(part.stored) == 1
    rows = [row for f in part.files for b in read_batches(lake, f) for row in b["record_id"]]
    assert sorted(rows) == sorted(f"{letter}{n}" for n in range(3) for letter in "rs")


# --- leases and journals, which a file system keeps by locks and appends ---


def test_a_lease_keeps_others_out_and_is_free_again(store: ObjectStore, lake: Lake) -> None:
    root = lake.root
    assert isinstance(root, RemotePath)
    with leased(root, "care", "Somebody is at it.") as held:
        assert held()
        with pytest.raises(TransientError, match="Another forget or vacuum"):
            vacuum(lake, retain=1, older_than=A_DAY, dry_run=False)
    vacuum(lake, retain=1, older_than=A_DAY, dry_run=False)
    # A holder that was killed does not release it; it ends by itself.
    (root / "care-00000009.lease").create(b'{"owner": "killed"}')
    with pytest.raises(TransientError, match="Another forget or vacuum"):
        vacuum(lake, retain=1, older_than=A_DAY, dry_run=False)
    store.age(bucket_of(root), timedelta(minutes=5))
    vacuum(lake, retain=1, older_than=A_DAY, dry_run=False)


def test_a_journal_is_read_as_it_was_written(store: ObjectStore, lake: Lake) -> None:
    journal = Journal(lake, "run")
    run = PastRun(journal.run_id, journal.folder)
    assert run.alive
    shard = commit_clean(lake, ["a"], run_id=journal.run_id)
    journal.planned("clean", 1, 1)
    journal.done(shard)
    journal.ended_stage("clean", 0.1)
    store.fault = lambda _: Fault(status=503, code="SlowDown")
    with pytest.raises(TransientError, match="end of the journal could not be written"):
        journal.finish(0, 1)
    store.fault = lambda _: None
    journal.finish(0, 1)
    assert [event["event"] for event in run.events()][:4] == [
        "start", "planned", "done", "stage_end",
    ]  # fmt: skip
    assert list(run.committed()) == [(shard.name, [shard.outputs[0].path])]
    assert not run.alive


def test_sql_reads_each_file_by_few_requests(store: ObjectStore, lake: Lake) -> None:
    """DuckDB asks what a file is at each scan; the store is asked once a connection."""
    shards = [commit_clean(lake, [f"r{n}"], source=f"f{n}") for n in range(3)]
    put(lake, shards)
    store.age(
        bucket_of(lake.root), DAYS
    )  # DuckDB keeps nothing of a file that is a few seconds old
    paths = [str(lake.path(shard.outputs[0].path)) for shard in shards]
    with duckdb.connect() as database:
        register(database, paths)
        database.execute(
            f"CREATE VIEW shown AS SELECT * FROM read_parquet({json.dumps(paths)})".replace(
                '"', "'"
            )
        )
        before = store.counts.copy()
        for _ in range(5):
            found = database.sql("SELECT count(*), max(record_id) FROM shown").fetchall()
            assert found == [(3, "r2")]
        asked = store.counts - before
    assert asked["HEAD"] <= len(paths)
    assert asked["GET"] <= 3 * len(paths)
