"""All heads of the student in one run: labeled in one pass, published, queried, compacted, killed and run again."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.corpus import checksum, command, manifests, write_corpus
from transforms.label.student.catalog import answered

pytestmark = pytest.mark.slow

HEADS = [(task, taxonomy) for task, taxonomies in answered().items() for taxonomy in taxonomies]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("heads")
    config = write_corpus(folder, 1200, shard_records=300)
    stages = "".join(f"  - {{task: {task}, taxonomy: {taxonomy}}}\n" for task, taxonomy in HEADS)
    config.write_text(config.read_text() + f"label:\n{stages}")
    ran = command("run", config, "--json", cwd=folder)
    assert ran.code == 0, ran.err
    labels = [stage for stage in ran.json["stages"] if stage["stage"] == "label"]
    assert [stage["variant"] for stage in labels] == [taxonomy for _, taxonomy in HEADS]
    for stage in labels:
        counts = stage["counts"]
        assert counts["in"] == counts["labeled"] + counts["rejected"] + counts["failed"] == 1198
    return folder


def ask(folder: Path, query: str) -> list[dict]:
    ran = command("sql", query, "--format", "json", cwd=folder)
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def test_views(run: Path) -> None:
    rows = ask(run, "SELECT task, taxonomy, count(*) AS n FROM labels GROUP BY ALL ORDER BY ALL")
    assert [(row["task"], row["taxonomy"], row["n"]) for row in rows] == [
        (task, taxonomy, 1198) for task, taxonomy in sorted(HEADS)
    ]
    (vad,) = ask(
        run,
        "SELECT avg(answer.valence) FILTER (text_clean LIKE 'I am so happy%') AS happy, "
        "avg(answer.valence) FILTER (text_clean LIKE 'what a terrible%') AS terrible "
        "FROM labels_vad JOIN clean USING (record_id)",
    )
    assert vad["happy"] > vad["terrible"]
    (levels,) = ask(run, "SELECT max(answer.joy) AS joy FROM labels_emotion_intensity")
    assert levels["joy"] in (1, 2, 3)


def test_a_run_with_one_head_makes_the_same_rows(run: Path, tmp_path: Path) -> None:
    config = write_corpus(tmp_path, 1200, shard_records=300)
    config.write_text(config.read_text() + "label: [{task: vad, taxonomy: vad}]\n")
    key = {"AFFECTMINE_KEY": "one key for both of these runs, long enough"}
    lakes = []
    for folder, source in ((tmp_path / "one", config), (tmp_path / "all", run / "config.yaml")):
        ran = command("run", source, "--lake", folder, "--json", cwd=tmp_path, **key)
        assert ran.code == 0, ran.err
        lakes.append(manifests(folder))
    mine = {name: made for name, made in lakes[0].items() if "/vad/" in name}
    assert mine
    assert set(mine) <= set(lakes[1])


def test_compaction_and_rerun(run: Path) -> None:
    before = checksum(run / "lake")
    sums = ask(run, "SELECT sum(answer.arousal) AS s, count(answer) AS n FROM labels_vad")
    ran = command("compact", "--lake", "lake", cwd=run)
    assert ran.code == 0, ran.err
    assert command("vacuum", "--lake", "lake", "--retain", "1", cwd=run).code == 0
    assert checksum(run / "lake") == before
    again = ask(run, "SELECT sum(answer.arousal) AS s, count(answer) AS n FROM labels_vad")
    assert again[0]["n"] == sums[0]["n"]
    assert again[0]["s"] == pytest.approx(sums[0]["s"], rel=1e-9)
    ran = command("run", "config.yaml", "--json", cwd=run)
    assert ran.code == 0, ran.err
    assert all(stage["done_before"] == stage["shards"] for stage in ran.json["stages"])


@pytest.mark.parametrize("passing", [9, 14, 25])
def test_killed_between_the_heads_of_a_shard(run: Path, tmp_path: Path, passing: int) -> None:
    lake = tmp_path / "lake"
    arguments = ["run", run / "config.yaml", "--lake", lake, "--json"]
    ran = command(*arguments, cwd=run, AFFECTMINE_FAILPOINT=f"commit.data_synced:{passing}")
    assert ran.code == -9
    before = manifests(lake)
    ran = command(*arguments, cwd=run)
    assert ran.code == 0, ran.err
    after = manifests(lake)
    assert {name: after[name] for name in before} == before
    assert checksum(lake) == checksum(run / "lake")
