"""A cascade in whole runs, as a user starts them: choices, reruns, kills, dedup, talks, gold."""

import json
import shutil
from collections import Counter
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from tests.end_to_end.corpus import WORDS, checksum, command, manifests, write_corpus

pytestmark = pytest.mark.slow

SECOND = "student_emotion-brighter"
PRIME = 2**32 - 5


def cascade(select: str) -> str:
    return (
        "label:\n  - {task: emotion, taxonomy: ekman, labeler: student}\n"
        f"  - {{task: emotion, taxonomy: ekman, labeler: 'student:emotion-brighter', select: {select}}}\n"
    )


def ask(folder: Path, sql: str, *more: str) -> pl.DataFrame:
    ran = command("sql", sql, "--output", "asked.parquet", *more, cwd=folder)
    assert ran.code == 0, ran.err
    return pl.read_parquet(folder / "asked.parquet")


def expected(labels: pl.DataFrame, *, margin: float, budget: str, audit: str) -> dict[str, str]:
    """Reason by record id, in plain Python: exclusive of ekman is no matter, as it lets several labels hold."""
    found = {}
    for (_,), rows in labels.partition_by("partition", as_dict=True).items():
        wished = []
        for row in rows.iter_rows(named=True):
            audited = row["sample_key"] % PRIME < int(Fraction(audit) * PRIME)
            far = min((abs(s["probability"] - 0.5) for s in row["scores"] or ()), default=None)
            name = row["record_id"]
            if row["status"] != "labeled":
                wished.append((0, 0.0, row["sample_key"], name, "unanswered", audited))
            elif far < margin:
                wished.append((1, far, row["sample_key"], name, "margin", audited))
            else:
                found[name] = "audit" if audited else "confident"
        allowed = int(Fraction(budget) * rows.height)
        for place, (*_, name, reason, audited) in enumerate(sorted(wished)):
            found[name] = reason if place < allowed else "audit" if audited else "over_budget"
    return found


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cascade")
    config = write_corpus(folder, 1200, shard_records=200)
    select = cascade("{from: student, margin: 0.2, budget: 0.25, audit: 0.1}")
    config.write_text(config.read_text() + select)
    first = command("run", config, "--json", cwd=folder)
    assert first.code == 0, first.err
    (folder / "outcome.json").write_text(first.out.splitlines()[-1])
    return folder


def test_the_choice_is_what_it_should_be(ran: Path) -> None:
    labels = ask(ran, "SELECT * FROM labels WHERE labeler = 'student'")
    wanted = expected(labels, margin=0.2, budget="1/4", audit="1/10")
    chosen = ask(ran, "SELECT * FROM selection")
    assert dict(zip(chosen["record_id"], chosen["reason"], strict=True)) == wanted
    kept = {name for name, reason in wanted.items() if reason in ("margin", "unanswered", "audit")}
    assert set(chosen.filter(pl.col("outcome") == "kept")["record_id"]) == kept
    second = ask(ran, f"SELECT record_id FROM labels WHERE labeler = '{SECOND}'")
    assert sorted(second["record_id"]) == sorted(kept)
    for (_,), rows in chosen.partition_by("partition", as_dict=True).items():
        spent = rows.filter(pl.col("reason").is_in(["margin", "unanswered"])).height
        assert spent == rows.height // 4  # more rows than that have a small margin
    share = chosen["audit"].sum() / chosen.height
    assert abs(share - 0.1) < 4 * (0.1 * 0.9 / chosen.height) ** 0.5


def test_the_report(ran: Path) -> None:
    outcome = json.loads((ran / "outcome.json").read_text())
    (told,) = outcome["cascades"]
    chosen = ask(ran, "SELECT reason, outcome, audit, record_id FROM selection")
    assert told["reasons"] == dict(Counter(chosen["reason"]))
    assert told["asked"] == (chosen["outcome"] == "kept").sum()
    assert told["rows"] == 1198
    both = ask(
        ran,
        "SELECT list_sort(one.labels) = list_sort(two.labels) AS same FROM labels AS one "
        "JOIN labels AS two USING (record_id) JOIN selection USING (record_id) "
        f"WHERE audit AND one.labeler = 'student' AND two.labeler = '{SECOND}' "
        "AND one.status = 'labeled' AND two.status = 'labeled'",
    )
    assert told["audit"]["rows"] == both.height > 50
    match = told["audit"]["agreement"]["exact_match"]
    assert match["value"] == pytest.approx(both["same"].mean())
    assert match["interval"][0] < match["value"] < match["interval"][1]
    assert told["audit"]["gold_rows"] == 0
    assert told["audit"]["macro_f1"]["cascade"]["value"] == {
        "undefined": "no gold in the audit sample"
    }
    assert told["saved"] == {"undefined": "the second labeler costs nothing"}
    status = command("status", "--json", cwd=ran).json
    assert status["cascades"] == outcome["cascades"]
    assert "no gold in the audit sample" in command("status", cwd=ran).out


def test_the_view(ran: Path) -> None:
    told = ask(ran, "SELECT record_id, answered_by, labels, cascade FROM label_cascade")
    assert told.height == told["record_id"].n_unique() == 1198
    assert set(told["cascade"]) == {SECOND}
    labeled = ask(
        ran,
        f"SELECT record_id, labels FROM labels WHERE labeler = '{SECOND}' AND status = 'labeled'",
    )
    second = told.filter(pl.col("answered_by") == SECOND).select("record_id", "labels")
    assert second.sort("record_id").equals(labeled.sort("record_id"))


def test_nothing_is_done_again_and_another_budget_is(ran: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(ran, folder)
    before = manifests(folder / "lake") | {
        str(path): path.stat().st_mtime_ns for path in folder.glob("lake/selection/**/*.json")
    }
    again = command("run", "config.yaml", "--json", cwd=folder)
    assert all(stage["done_before"] == stage["shards"] for stage in again.json["stages"])
    assert again.json["partitions_changed"] == 0
    after = manifests(folder / "lake") | {
        str(path): path.stat().st_mtime_ns for path in folder.glob("lake/selection/**/*.json")
    }
    assert after == before
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("budget: 0.25", "budget_rows: 7"))
    other = command("run", config, "--json", cwd=folder)
    assert other.code == 0, other.err
    first, chosen, second = other.json["stages"][2:]
    assert (first["done_before"], first["shards"]) == (first["shards"], first["shards"])
    assert chosen["done_before"] == second["done_before"] == 0
    assert chosen["reasons"]["margin"] == 14  # two days
    assert second["counts"]["in"] == chosen["counts"]["kept"]


@pytest.mark.parametrize("passing", [2, 5, 9, 11])
def test_killed_and_run_again(ran: Path, tmp_path: Path, passing: int) -> None:
    lake, undisturbed = tmp_path / "lake", checksum(ran / "lake")
    killed = command(
        "run", ran / "config.yaml", "--lake", lake, "--json",
        cwd=ran, AFFECTMINE_FAILPOINT=f"commit.manifest_linked:{passing}",
    )  # fmt: skip
    assert killed.code == -9
    again = command("run", ran / "config.yaml", "--lake", lake, "--json", cwd=ran)
    assert again.code == 0, again.err
    assert checksum(lake) == undisturbed


def test_order_and_size_of_shards_do_not_matter(ran: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text((ran / "config.yaml").read_text().replace("200", "450"))
    shutil.copy(ran / "posts.jsonl", tmp_path)
    assert command("run", config, "--json", cwd=tmp_path).code == 0
    columns = "SELECT record_id, margin, reason, audit FROM selection ORDER BY record_id"
    assert ask(tmp_path, columns).equals(ask(ran, columns))


def test_with_dedup_talks_gold_and_rejected_rows(tmp_path: Path) -> None:
    lines = []
    for number in range(400):
        talk = number % 4 == 0
        lines.append(
            {
                "id": f"p{number}",
                # A fourth of the posts repeat others; of the talks all turns stay.
                "body": "漢漢漢字" if number % 40 == 1 else f"{WORDS[number % 5]} {number % 90}",
                "talk": f"talk{number // 20}" if talk else None,
                "turn": number % 20 if talk else None,
                "at": 1_772_409_600 + number,
                "mood": "joy" if number % 3 else "anger",
            }
        )
    (tmp_path / "posts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "config.yaml").write_text(
        "lake: lake\ncorpora:\n  - name: posts\n    domain: social\n    license: x\n    sources: posts.jsonl\n"
        "    columns: {text: body, id: id, created_at: at, conversation_id: talk, turn: turn}\n"
        "ingest: {shard_records: 90}\ndedup: {near: false}\nengine: {workers: 2}\n"
        + cascade("{from: student, budget: 0.3, audit: 0.2}")
    )
    run = command("run", "config.yaml", "--json", cwd=tmp_path)
    assert run.code == 0, run.err
    stages = [(stage["stage"], stage) for stage in run.json["stages"]]
    dropped = dict(stages)["dedup"]["counts"]["dropped"]
    first, second = [stage for name, stage in stages if name == "label"]
    chosen = dict(stages)["select"]
    assert dropped > 50
    assert chosen["reasons"]["dedup"] == dropped
    assert chosen["counts"]["in"] == first["counts"]["in"] + dropped
    assert second["counts"]["in"] == chosen["counts"]["kept"]
    assert chosen["reasons"]["unanswered"] == first["counts"]["rejected"] > 0
    spent = chosen["reasons"]["unanswered"] + chosen["reasons"]["margin"]
    assert spent == int(Fraction("3/10") * first["counts"]["in"])
    gone = ask(
        tmp_path,
        "SELECT count(*) AS n FROM selection JOIN dedup USING (record_id) "
        "WHERE (selection.reason = 'dedup') <> (dedup.outcome = 'dropped')",
    )
    assert gone["n"].to_list() == [0]
    told = ask(tmp_path, "SELECT count(*) AS n FROM label_cascade")
    assert told["n"].to_list() == [first["counts"]["in"]]
    forgotten = ask(tmp_path, "SELECT record_id FROM selection WHERE outcome = 'kept' LIMIT 1")
    (name,) = forgotten["record_id"]
    left = command("forget", "--record-id", name, cwd=tmp_path)
    assert left.code == 0, left.err
    assert ask(tmp_path, f"SELECT * FROM selection WHERE record_id = '{name}'").height == 0
    assert ask(tmp_path, "SELECT * FROM label_cascade").height == first["counts"]["in"] - 1


def test_gold_in_the_audit_sample(tmp_path: Path) -> None:
    config = write_corpus(tmp_path, 600, shard_records=300)
    rows = [json.loads(line) if line.endswith("}") else None for line in
            (tmp_path / "posts.jsonl").read_text().splitlines()]  # fmt: skip
    moods = {0: "joy", 1: "anger", 5: "sadness"}
    for row in rows:
        if row:
            row["mood"] = moods.get(int(row["created_utc"]) % 8, "joy")
    (tmp_path / "posts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows if row))
    gold = "    gold: [{task: emotion, taxonomy: ekman, labels: mood}]\n"
    text = config.read_text().replace("ingest:", gold + "ingest:")
    config.write_text(text + cascade("{from: student, budget: 0.2, audit: 0.5}"))
    run = command("run", config, "--json", cwd=tmp_path)
    assert run.code == 0, run.err
    (told,) = run.json["cascades"]
    audit = told["audit"]
    assert audit["gold_rows"] > 200
    rows = ask(
        tmp_path,
        "SELECT clean.gold[1].labels[1] AS mood, selection.reason, one.labels AS one, two.labels AS two "
        "FROM selection JOIN clean USING (record_id) "
        "JOIN labels AS one ON one.record_id = selection.record_id AND one.labeler = 'student' "
        f"JOIN labels AS two ON two.record_id = selection.record_id AND two.labeler = '{SECOND}' "
        "WHERE audit AND clean.outcome = 'kept'",
    )
    from sklearn.metrics import f1_score
    from sklearn.preprocessing import MultiLabelBinarizer

    one, two = ([x or [] for x in rows[name].to_list()] for name in ("one", "two"))
    both = [
        second if reason != "audit" else first
        for first, second, reason in zip(one, two, rows["reason"], strict=True)
    ]
    truth = [[mood] for mood in rows["mood"]]
    for name, given in (("student", one), (SECOND, two), ("cascade", both)):
        names = sorted({label for row in (*truth, *given) for label in row})
        binary = MultiLabelBinarizer(classes=names)
        wanted = f1_score(
            binary.fit_transform(truth), binary.transform(given), average="macro", zero_division=0
        )
        assert audit["macro_f1"][name]["value"] == pytest.approx(wanted)


def test_mistakes_are_told(tmp_path: Path) -> None:
    config = write_corpus(tmp_path, 20, shard_records=20)
    whole = config.read_text()
    config.write_text(whole + cascade("{from: studnt, audit: 0.1}"))
    told = command("run", config, cwd=tmp_path)
    assert told.code == 2
    assert "give a margin, a budget or budget_rows" in told.err
    config.write_text(whole + cascade("{from: studnt, margin: 0.1}"))
    assert "no label stage before it has that labeler" in command("run", config, cwd=tmp_path).err
    config.write_text(
        whole + "label:\n  - {task: vad, taxonomy: vad}\n"
        "  - {task: vad, taxonomy: vad, labeler: 'student:vad-emobank', select: {from: student, margin: .1}}\n"
    )
    told = command("run", config, cwd=tmp_path)
    assert told.code == 2
    assert "answered by scalars" in told.err
