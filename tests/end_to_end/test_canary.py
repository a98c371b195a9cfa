"""Canaries: planted names, numbers and sentences go through every stage, with debug logging and faults on.

They may stand where they belong and nowhere else: names and numbers under restricted/ only, sentences also in the
redacted text of published Parquet files. Everything else (logs, errors, journals, manifests, snapshots, pages,
catalogs, the screen) is searched byte by byte, Parquet by its values.
"""

import gzip
import json
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.end_to_end.corpus import Ran, command

pytestmark = pytest.mark.slow

NAMES = ("Zebulon Quaxley", "Quaxley", "Ottoline Vrisk", "Vrisk", "quaxhandle77")
NUMBERS = ("415-555-0132", "zeb.quax@canary.example", "4539 1488 0343 6467", "078-05-1121")
IDS = ("native-canary-1", "conversation-canary-9", "canaryfile")
SECRETS = (*NAMES, *NUMBERS, *IDS)
SENTENCES = (
    "the purple heron counted eleven umbrellas",
    "my second turnip is terribly lonely today",
)

LOGGING = """import logging, os
logging.basicConfig(level=logging.DEBUG, filename=os.environ["CANARY_LOG"], filemode="a")
logging.captureWarnings(True)
"""
CONFIG = """lake: lake
corpora:
  - name: posts
    domain: social
    license: CC0-1.0
    sources: [canaryfile.jsonl, canaryfile-cut.jsonl.gz]
    columns: {text: body, id: id, speaker: author, created_at: at, conversation_id: thread, reply_to: parent}
  - name: talk
    domain: podcast
    license: CC0-1.0
    sources: canaryfile-talk.md
  - name: clinic
    domain: clinical
    license: CC0-1.0
    sources: canaryfile-clinic.csv
    columns: {text: text, id: id, speaker: who, role: role, conversation_id: session, turn: n, created_at: at}
ingest: {shard_records: 40}
dedup: {}
windows: {}
engine: {workers: 2}
"""


def posts() -> list[str]:
    lines = []
    for number in range(120):
        lines.append(
            json.dumps(
                {
                    "id": f"native-canary-{number}",
                    "author": "quaxhandle77",
                    "body": f"{SENTENCES[number % 2]}, call {NUMBERS[0]} or {NUMBERS[1]} "
                    f"or pay {NUMBERS[2]}, mine is {NUMBERS[3]} @quaxhandle77 ({number})",
                    "at": f"2026-03-0{1 + number % 3}T10:00:00Z",
                    "thread": "conversation-canary-9",
                    "parent": f"native-canary-{number - 1}",
                }
            )
        )
    lines[7] = lines[7][:-9]  # broken: it has all of the secrets
    lines[8] = json.dumps({"id": "native-canary-8", "body": 5, "at": "Quaxley o'clock"})
    lines[9] = lines[9].replace("2026-03", "Zebulon Quaxley")  # a time that is none
    return lines


def write(folder: Path) -> None:
    text = "\n".join(posts()) + "\n"
    (folder / "canaryfile.jsonl").write_text(text)
    packed = gzip.compress(text.replace("native-canary-", "native-canary-1cut").encode())
    (folder / "canaryfile-cut.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    (folder / "canaryfile-talk.md").write_text(
        "".join(
            f"**Zebulon Quaxley:** Hello Ottoline, {SENTENCES[0]}. Mail {NUMBERS[1]}, Vrisk.\n\n"
            f"**Ottoline Vrisk:** Yes, Zebulon Quaxley, {SENTENCES[1]}. \\[laughs\\] Quaxley's idea.\n\n"
            for _ in range(30)
        )
    )
    rows = ["id,who,role,session,n,at,text"]
    for turn in range(40):
        who, role = (("Zebulon Quaxley", "client"), ("Ottoline Vrisk", "therapist"))[turn % 2]
        rows.append(
            f"native-canary-c{turn},{who},{role},conversation-canary-9,{turn},2026-04-01 09:00,"
            f'"{SENTENCES[turn % 2]}, said Ottoline Vrisk to Zebulon Quaxley, {NUMBERS[0]}"'
        )
    rows.append('native-canary-c99,Zebulon Quaxley,client,s,not a number,,"Zebulon Quaxley again"')
    (folder / "canaryfile-clinic.csv").write_text("\n".join(rows) + "\n")
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "hooks").mkdir()
    (folder / "hooks" / "sitecustomize.py").write_text(LOGGING)


def values(path: Path) -> str:
    """All values of a Parquet file, and its metadata, as text."""
    table = pq.read_table(path)
    return json.dumps(table.to_pylist(), default=str, ensure_ascii=False) + str(
        table.schema.metadata
    )


def found(text: str, words: tuple[str, ...]) -> list[str]:
    lower = text.lower()
    return [word for word in words if word.lower() in lower]


def searched(folder: Path) -> dict[str, list[str]]:
    """Each file of the lake that holds what it must not."""
    hits = {}
    for path in sorted((folder / "lake").rglob("*")):
        inside = path.relative_to(folder / "lake")
        if not path.is_file() or inside.parts[0] == "restricted":
            continue
        if path.suffix == ".parquet":
            published = inside.parts[0] in ("clean", "contexts", "labels")
            hit = found(values(path), SECRETS if published else (*SECRETS, *SENTENCES))
        else:
            hit = found(path.read_bytes().decode("latin-1"), (*SECRETS, *SENTENCES))
        hit += found(str(inside), (*SECRETS, *SENTENCES))
        if hit:
            hits[str(inside)] = hit
    return hits


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Ran]]:
    folder = tmp_path_factory.mktemp("aviary")
    write(folder)
    debug = {
        "CANARY_LOG": str(folder / "debug.log"),
        "PYTHONDEVMODE": "1",
        "POLARS_VERBOSE": "1",
        "RUST_BACKTRACE": "1",
        "PYTHONPATH": str(folder / "hooks"),
    }
    from tests.end_to_end import corpus

    path = corpus.environment()["PYTHONPATH"]
    debug["PYTHONPATH"] = f"{debug['PYTHONPATH']}:{path}"
    runs = [
        command(
            "run", "config.yaml", cwd=folder, AFFECTMINE_FAILPOINT="commit.data_synced:3", **debug
        ),
        command("run", "config.yaml", cwd=folder, **debug),
        command("run", "config.yaml", "--json", cwd=folder, **debug),
        command("status", cwd=folder, **debug),
        command("plan", "config.yaml", cwd=folder, **debug),
        command("compact", cwd=folder, **debug),
        command("sql", "SELECT * FROM quarantine", "--format", "csv", cwd=folder, **debug),
        command("sql", "SELECT nothing FROM clean", cwd=folder, **debug),
        command("sql", "SELECT CAST(text_clean AS INT) FROM clean", cwd=folder, **debug),
        command("dedup", "config.yaml", "--rebuild", cwd=folder, **debug),
        command("windows", "config.yaml", cwd=folder, **debug),
        command(
            "forget",
            "--corpus",
            "posts",
            "--speaker",
            "quaxhandle77",
            "--dry-run",
            cwd=folder,
            **debug,
        ),
    ]
    for beat in (folder / "lake" / "runs").glob("*/heartbeat"):
        os.utime(beat, (0, 0))  # the killed run counts as alive for two minutes
    one = ("--corpus", "clinic", "--record", "native-canary-c3")
    runs.append(command("forget", *one, cwd=folder, **debug))
    return folder, runs


def test_the_faults_really_happened(ran: tuple[Path, list[Ran]]) -> None:
    folder, runs = ran
    killed, broken, again, *_ = runs
    assert killed.code == -9
    assert broken.code == again.code == 1  # the cut file
    assert again.json["snapshot"]
    ingest = again.json["stages"][0]
    assert ingest["counts"]["quarantined"] >= 5
    assert (folder / "debug.log").exists()
    raw = [values(path) for path in (folder / "lake" / "restricted").rglob("*.parquet")]
    assert found("".join(raw), (*NAMES, *NUMBERS, *SENTENCES)) == [*NAMES, *NUMBERS, *SENTENCES]
    clean = [values(path) for path in (folder / "lake" / "clean").rglob("*.parquet")]
    assert found("".join(clean), SENTENCES) == list(SENTENCES)
    contexts = [values(path) for path in (folder / "lake" / "contexts").rglob("*.parquet")]
    assert found("".join(contexts), SENTENCES) == list(SENTENCES)
    assert (folder / "lake" / "dedup").is_dir()
    assert [each.code for each in runs[-2:]] == [0, 0]
    assert "1" in runs[-1].out


def test_nothing_in_the_lake_outside_restricted(ran: tuple[Path, list[Ran]]) -> None:
    assert searched(ran[0]) == {}


def test_nothing_in_logs_and_on_the_screen(ran: tuple[Path, list[Ran]]) -> None:
    folder, runs = ran
    text = (folder / "debug.log").read_text() + "".join(each.out + each.err for each in runs)
    # Names of source files may be told to who runs the command, not kept in the lake.
    words = (*NAMES, *NUMBERS, "native-canary", "conversation-canary", *SENTENCES)
    assert found(text, words) == []
