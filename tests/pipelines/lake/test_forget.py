"""Forgetting in a lake of talks: every dataset that is made of records, counts, and names that stay redacted."""

import json
from pathlib import Path

import polars as pl
import pytest

from pipelines.engines.duck_database import open_duck_database
from pipelines.lake.commit import DataWriter, check_conservation, commit, read_manifest
from pipelines.lake.forget import Report, Request, forget
from pipelines.lake.forget_intent import Intent, declare, pending, refuse_while_forgetting
from pipelines.lake.forget_list import Forgotten, forgotten, mark
from pipelines.lake.forget_memory import Memory, read_memory
from pipelines.lake.lake import Lake, now
from pipelines.lake.rows import read_batches
from pipelines.lake.snapshots import publish, state
from pipelines.lake.vacuum import vacuum
from pipelines.stages.conversation_names import conversation_names
from schemas.datasets import DATASETS
from schemas.errors import TransientError
from schemas.manifest import Manifest, Part
from tests.pipelines.lake.builders import DAY, commit_clean, new_lake
from tests.pipelines.lake.test_forget_rows import rows
from transforms.ingest.keyed import KeyedHasher

HER, HIM = "a" * 32, "b" * 32
WHO = Request(speakers={HER})
HASHER = KeyedHasher(b"k" * 32)


def turn(number: int, speaker: str, *names: str, unit: int | None = None, **more: object) -> dict:
    place = {"file": "f", "position": number if unit is None else unit}
    return {
        "record_id": f"r{number}", "sample_key": number, "speaker": speaker, "conversation_id": "k", "turn": number,
        "pii_hints": list(names) or None, "text": f"turn {number}", "source": place, "domain": "podcast",
        "outcome": "kept",
    } | more  # fmt: skip


def put(lake: Lake, dataset: str, chunk: int, given: list[dict], **counts: int) -> Manifest:
    """One committed shard of any dataset."""
    schema = DATASETS[dataset]
    stem = f"shard-{dataset}{chunk}-{'f' * 16}"
    writer = DataWriter(lake, dataset, corpus="c", partition=DAY, stem=f"{stem}-00000000")
    writer.write(rows(schema, *given))
    file = writer.close()
    folder = lake.ingest_folder("c", "f") if dataset == "records" else lake.path(file.path).parent
    manifest = Manifest(
        name=lake.relative(folder / f"{stem}.json"), stage="ingest" if dataset == "records" else dataset,
        stage_version=1, shard=f"{chunk}", source_file="f", source_chunk=chunk, fingerprint="f" * 16, inputs=("i",),
        outputs=(file,), counts=counts, attempt="00000000", run_id="run", created_at=now(), seconds=0.1,
    )  # fmt: skip
    return commit(lake, manifest)


def published(lake: Lake, manifests: list[Manifest]) -> None:
    parts: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        parts.setdefault(manifest.outputs[0].dataset, []).append(manifest)
    made = [
        Part(
            dataset=name, corpus="c", partition=DAY, manifests=tuple(each.name for each in found),
            sources=tuple("f" for _ in found), files=tuple(each.outputs[0] for each in found),
            stored=tuple(each.outputs[0].path for each in found),
        )
        for name, found in parts.items()
    ]  # fmt: skip
    publish(lake, "run", lambda _: (made, []))


def content(lake: Lake, dataset: str) -> list[dict]:
    """The rows of a dataset in the newest snapshot."""
    files = [
        lake.path(name)
        for part in state(lake)[1].values()
        if part.dataset == dataset
        for name in part.stored
    ]
    return [row for file in files for row in pl.read_parquet(file).to_dicts()]


def test_every_dataset_and_its_counts(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    entry = {"role": None, "text": "turn 1"}
    records = put(
        lake, "records", 0,
        # Two of her turns stand in one native unit with one of his; two others are a unit of their own.
        [turn(0, HIM), turn(1, HER, unit=0), turn(2, HER, unit=1), turn(3, HER, unit=1), turn(4, HIM, unit=2)],
        **{"in": 4, "used": 3, "skipped": 1, "quarantined": 0, "records": 5},
    )  # fmt: skip
    dropped = {"outcome": "dropped", "reason": "empty"}
    clean = put(
        lake, "clean", 0,
        [turn(0, HIM), turn(1, HER), turn(2, HER, **dropped), turn(3, HER), turn(4, HIM)],
        **{"in": 5, "kept": 4, "dropped": 1},
    )  # fmt: skip
    left = [turn(0, HIM), turn(1, HER), turn(3, HER), turn(4, HIM)]
    signatures = put(lake, "signatures", 0, left, **{"in": 4, "kept": 4})
    clusters = [row | {"cluster": "r1"} for row in left]
    dedup = put(lake, "dedup", 0, clusters, **{"in": 4, "kept": 4, "dropped": 0})
    windows = [
        row | {"context": [entry | {"record_id": f"r{number}"} for number in range(row["turn"])]}
        for row in left
    ]
    contexts = put(
        lake, "contexts", 0, windows, **{"in": 4, "with_context": 3, "without_context": 1}
    )
    published(lake, [records, clean, signatures, dedup, contexts])

    report = forget(lake, WHO, HASHER)
    assert report.rows == {"records": 3, "clean": 3, "signatures": 2, "dedup": 2, "contexts": 2}
    assert report.mentions == {"dedup": 2, "contexts": 1}
    counts = {
        each.stage: read_manifest(lake.path(each.name)).counts
        for each in (records, clean, signatures, dedup, contexts)
    }
    assert counts == {
        "ingest": {"in": 4, "used": 2, "skipped": 2, "quarantined": 0, "records": 2},
        "clean": {"in": 2, "kept": 2, "dropped": 0},
        "signatures": {"in": 2, "kept": 2},
        "dedup": {"in": 2, "kept": 2, "dropped": 0},
        "contexts": {"in": 2, "with_context": 1, "without_context": 1},
    }
    for each in (records, clean, signatures, dedup, contexts):
        now_ = read_manifest(lake.path(each.name))
        check_conservation(now_)
        assert now_.outputs[0].identity == each.outputs[0].identity
        assert [row["record_id"] for row in content(lake, each.outputs[0].dataset)] == ["r0", "r4"]
        assert not lake.path(each.outputs[0].path).exists()
    assert [len(row["context"]) for row in content(lake, "contexts")] == [0, 1]
    assert {row["cluster"] for row in content(lake, "dedup")}.isdisjoint({"r1"})
    assert forget(lake, WHO, HASHER) == Report({}, {}, 0)


def test_names_that_only_she_knew_stay_redacted(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    one = put(
        lake, "records", 0, [turn(0, HIM, "Bob"), turn(1, HIM, "Bob")],
        **{"in": 2, "used": 2, "skipped": 0, "quarantined": 0, "records": 2},
    )  # fmt: skip
    two = put(
        lake, "records", 1, [turn(2, HER, "Ann", "Cleo"), turn(3, HER, "Ann")],
        **{"in": 2, "used": 2, "skipped": 0, "quarantined": 0, "records": 2},
    )  # fmt: skip
    published(lake, [one, two])

    def names() -> list[tuple[str, tuple[str, ...]]]:
        files = [read_manifest(lake.path(each.name)).outputs[0] for each in (one, two)]
        with open_duck_database("200MB", 1, "A test") as database:
            found = conversation_names(database, lake, files)
        hints = [
            row["pii_hints"] or []
            for file in files
            for batch in read_batches(lake, file)
            for row in batch.to_dicts()
        ]
        return sorted(
            {
                *(each for known in found.values() for each in known),
                *(("k", tuple(sorted(each))) for each in hints),
            }
        )

    assert ("k", ("Ann", "Bob", "Cleo")) in names()
    forget(lake, WHO, HASHER)
    assert names() == [("k", ("Ann", "Bob", "Cleo"))]
    assert [row["pii_hints"] for row in content(lake, "records")] == [["Ann", "Bob", "Cleo"]] * 2


def test_nothing_is_committed_published_or_vacuumed_meanwhile(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    commit_clean(lake, ["r1"])
    declare(lake, Intent(speakers={HER}))
    with pytest.raises(TransientError, match="affectmine forget"):
        commit_clean(lake, ["r2"], chunk=1)
    with pytest.raises(TransientError, match="affectmine forget"):
        publish(lake, "run", lambda _: ([], ["no|such||part"]))
    with pytest.raises(TransientError, match="affectmine forget"):
        vacuum(lake, retain=1, older_than=0, dry_run=False)
    forget(lake, Request(), HASHER)
    assert pending(lake) is None
    refuse_while_forgetting(lake)
    commit_clean(lake, ["r2"], chunk=1)


def test_the_list_holds_no_pseudonym(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    records = put(
        lake, "records", 0, [turn(0, HIM), turn(1, HER)],
        **{"in": 2, "used": 2, "skipped": 0, "quarantined": 0, "records": 2},
    )  # fmt: skip
    published(lake, [records])
    forget(lake, WHO, HASHER)
    forget(lake, Request(records={"r7"}), HASHER)
    # The ids of her records too: a later file may have them without her name.
    assert forgotten(lake) == Forgotten(
        {mark(HASHER, HER)}, {mark(HASHER, "r1"), mark(HASHER, "r7")}
    )
    told = (lake.root / "forgotten.json").read_text()
    assert HER not in told
    assert mark(HASHER, HER) in json.loads(told)["speakers"]


def test_vacuum_keeps_what_shards_remember_of_erased_rows(tmp_path: Path) -> None:
    lake = new_lake(tmp_path)
    records = put(
        lake, "records", 0, [turn(0, HIM), turn(1, HER)],
        **{"in": 2, "used": 2, "skipped": 0, "quarantined": 0, "records": 2},
    )  # fmt: skip
    published(lake, [records])
    for _ in range(2):  # each leaves a note of its own; only the last one's shard is there
        forget(lake, Request(records={"r1"}), HASHER)
        forget(lake, Request(records={"r0"}), HASHER)
    assert len(list(lake.root.rglob("erased-*.json"))) == 2
    vacuum(lake, retain=1, older_than=0, dry_run=False)
    (file,) = read_manifest(lake.path(records.name)).outputs
    assert read_memory(lake, file.path) == Memory((0, 1), ())
    assert [note.stem for note in lake.root.rglob("erased-*.json")] == [
        f"erased-{Path(file.path).stem}"
    ]
    assert content(lake, "records") == []
