"""label, evaluate and train on single files, as commands."""

import csv
import json
from pathlib import Path

import polars as pl
import pytest

from schemas.taxonomy import load_taxonomy
from tests.end_to_end.corpus import Ran, command, write_corpus

pytestmark = pytest.mark.slow


TEXTS = [
    "Thank you so much for your help, I really appreciate it!",
    "Why would anyone do that? I don't understand.",
    "",
    "Das ist wirklich eine ganz wunderbare Nachricht für uns alle hier in der Stadt",
    "I am so sorry for your loss",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    rows = [{"id": str(n), "text": text} for n, text in enumerate(TEXTS)]
    lines = [json.dumps(row) for row in rows]
    lines.insert(2, '{"id": "x", "text": 7}')
    (folder / "posts.jsonl").write_text("\n".join(lines) + "\n")
    pl.DataFrame(rows).write_csv(folder / "posts.csv")
    pl.DataFrame(rows).write_parquet(folder / "posts.parquet")
    return folder


@pytest.mark.parametrize("source", ["posts.jsonl", "posts.csv", "posts.parquet"])
def test_label_reads_every_format_and_writes_every_format(folder: Path, source: str) -> None:
    for suffix in ("parquet", "jsonl", "csv"):
        ran = command("label", source, "-o", f"out.{suffix}", "--json", cwd=folder)
        assert ran.code == 0, ran.err
        found = ran.json
        assert (found["labeled"], found["rejected"], found["failed"]) == (3, 2, 0)
        assert found["reasons"] == {"empty_text": 1, "language:de": 1}
        assert found["unreadable"] == ({"wrong_type": 1} if source == "posts.jsonl" else {})
        assert found["units"] == 5 + found["skipped"] + sum(found["unreadable"].values())
    parquet = pl.read_parquet(folder / "out.parquet")
    jsonl = [json.loads(line) for line in (folder / "out.jsonl").read_text().splitlines()]
    with (folder / "out.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert parquet["labels"].to_list() == [row["labels"] for row in jsonl]
    assert [row["labels"].split("|") if row["labels"] else None for row in table] == [
        row["labels"] for row in jsonl
    ]
    assert "gratitude" in jsonl[0]["labels"]
    assert [row["status"] for row in jsonl] == [
        "labeled", "labeled", "rejected", "rejected", "labeled",
    ]  # fmt: skip
    scores = {each["label"]: each["probability"] for each in jsonl[0]["scores"]}
    assert len(scores) == 28
    assert json.loads(table[0]["scores"]) == pytest.approx(scores, abs=1e-4)
    assert parquet["id"].to_list() == ["0", "1", "2", "3", "4"]


def test_mistakes_are_told(folder: Path) -> None:
    cases = {
        ("label", "posts.jsonl", "--text-column", "texts"): (1, "no column 'texts'"),
        ("label", "posts.jsonl", "--labeler", "gpt"): (2, "no labeler 'gpt'"),
        ("label", "posts.jsonl", "--task", "emotoin"): (2, "emotion"),
        ("label", "posts.jsonl", "--taxonomy", "ekmann"): (2, "ekman"),
        ("label", "posts.jsonl", "-o", "out.xlsx"): (2, ".parquet"),
        ("label", "none.jsonl"): (1, "There is no file"),
        ("evaluate", "--gold", "posts.jsonl"): (1, "labels"),
        ("nonsense",): (2, "nonsense"),
        ("sql", "SELECT 1", "--lake", "nowhere"): (2, "no lake"),
    }
    for arguments, (code, told) in cases.items():
        ran = command(*arguments, cwd=folder)
        assert ran.code == code, (arguments, ran)
        assert told in ran.err, (arguments, ran.err)
        assert "Traceback" not in ran.err


def told(ran: Ran, code: int, *words: str) -> None:
    """The exit code, these words, and nothing that reads like a defect."""
    assert ran.code == code, ran
    for word in words:
        assert word in ran.err, ran.err
    assert "Unexpected" not in ran.err
    assert "Traceback" not in ran.err


def test_label_never_replaces_what_it_reads(tmp_path: Path) -> None:
    content = '{"text": "thank you"}\n'
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.jsonl").write_text(content)
    (tmp_path / "same.jsonl").hardlink_to(tmp_path / "in" / "x.jsonl")
    for source in ("in/x.jsonl", "in"):
        for output in ("in/x.jsonl", "in/../in/x.jsonl", "same.jsonl"):
            told(command("label", source, "-o", output, cwd=tmp_path), 2, "replaced", "-o")
            assert (tmp_path / "in" / "x.jsonl").read_text() == content


def test_label_says_where_it_cannot_write(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.csv").mkdir()
    for output, words in {
        tmp_path / "none" / "out.csv": "no folder",
        tmp_path / "file" / "out.csv": "no folder",
        tmp_path / "folder.csv": "is a folder",
        tmp_path / ("x" * 300 + ".csv"): "cannot be written",
        Path("/proc/out.csv"): "cannot be written",  # read-only, for root too
    }.items():
        told(command("label", "posts.jsonl", "-o", output, cwd=folder), 2, words)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.csv"]


def test_label_refuses_options_that_say_nothing(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("corpora: []\n")
    for option in (
        ("--taxonomy", "ekman"), ("--labeler", "student"), ("--task", "emotion"),
        ("--text-column", "text"), ("-o", "labels.parquet"),
    ):  # fmt: skip
        ran = command("label", "config.yaml", *option, cwd=tmp_path)
        told(ran, 2, option[0] if option[0] != "-o" else "--output", "is a config")
    for option in (("--group", "1/2"), ("--lake", "lake"), ("--data", ".")):
        told(command("label", "posts.jsonl", *option, cwd=folder), 2, option[0], "single file")
    ran = command("label", "--help", cwd=folder)
    for default in ("emotion", "student", "labels.parquet"):
        assert f"[default: ({default})]" in ran.out


def test_train_checks_its_output_first(tmp_path: Path) -> None:
    for output, words in {"w.bin": ".safetensors", "none/w.safetensors": "no folder"}.items():
        # Before anything is read: there is no file.
        told(command("train", "none.parquet", "-o", output, cwd=tmp_path), 2, words)


def test_train_says_what_does_not_fit(tmp_path: Path) -> None:
    own = own_labels(3)
    numbers = own.with_columns(labels=pl.int_range(pl.len()))
    for name, frame, words in (
        ("numbers", numbers, ("labels holds Int64", "names")),
        ("groups", own.with_columns(group=pl.lit("a")), ("1 groups", "group out")),
        ("nested", own.with_columns(group=pl.lit([1])), ("group holds List",)),
        ("texts", own.with_columns(text=pl.lit(1)), ("text holds Int32",)),
    ):
        frame.write_parquet(tmp_path / f"{name}.parquet")
        told(command("train", f"{name}.parquet", cwd=tmp_path), 1, *words)
    (tmp_path / "own.csv").write_bytes(b'text,labels\n"private \xff words,joy\n')
    ran = command("train", "own.csv", cwd=tmp_path)
    told(ran, 1, "cannot be read as CSV")
    assert "private" not in ran.err
    assert not list(tmp_path.glob("*.safetensors"))


def test_a_column_with_a_blank_in_its_name(tmp_path: Path) -> None:
    lines = [json.dumps({"id": n, " text": f"so it was {n}"}) for n in range(2)]
    (tmp_path / "posts.jsonl").write_text("\n".join(lines) + "\n")
    ran = command("init", "--from", "posts.jsonl", "-o", "c.yaml", cwd=tmp_path)
    assert ran.code == 0, ran.err
    ran = command("ingest", "c.yaml", "--json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert ran.json["stages"][0]["counts"]["records"] == 2


def test_times_beyond_the_calendar_are_quarantined(tmp_path: Path) -> None:
    times = ["9999-12-31T23:59:59-10:00", "0001-01-01T00:00+10:00", -99999999999, 1772409600]
    lines = [json.dumps({"text": "so it was", "created_at": time}) for time in times]
    (tmp_path / "posts.jsonl").write_text("\n".join(lines) + "\n")
    assert command("init", "--from", "posts.jsonl", "-o", "c.yaml", cwd=tmp_path).code == 0
    config = (tmp_path / "c.yaml").read_text()
    (tmp_path / "c.yaml").write_text(config.replace("# created_at:", "created_at: created_at"))
    ran = command("ingest", "c.yaml", "--json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    counts = ran.json["stages"][0]["counts"]
    assert (counts["records"], counts["quarantined"]) == (1, 3)
    [partition] = (tmp_path / "lake" / "restricted" / "records" / "posts").iterdir()
    assert partition.name.endswith("2026-03-02")


def test_sql_writes_what_the_suffix_says(tmp_path: Path) -> None:
    # A lake below a folder named restricted is a lake like any other.
    home = tmp_path / "restricted"
    config = write_corpus(home, 40, shard_records=100, name="restricted")
    assert command("run", config, cwd=home).code == 0
    query = "SELECT record_id FROM clean"
    for name in ("o.csv", "o.json", "o.jsonl", "o.parquet"):
        ran = command("sql", query, "-o", name, cwd=home)
        assert ran.code == 0, ran.err
    rows = pl.read_parquet(home / "o.parquet").height
    assert rows > 30
    assert len((home / "o.csv").read_text().splitlines()) == rows + 1
    for name in ("o.json", "o.jsonl"):
        found = [json.loads(line) for line in (home / name).read_text().splitlines()]
        assert len(found) == rows
    assert command("sql", query, "-o", "p.csv", "-f", "csv", cwd=home).code == 0
    told(command("sql", query, "-o", "o.xlsx", cwd=home), 2, ".parquet")
    told(command("sql", query, "-o", "q.parquet", "-f", "csv", cwd=home), 2, "--format")
    told(command("sql", query, "-o", "none/o.csv", cwd=home), 2, "no folder")
    told(command("sql", query, "--limit", "0", cwd=home), 2, "--limit")
    assert not (home / "q.parquet").exists()


def test_evaluate_counts_rejected_rows_as_empty_predictions(folder: Path) -> None:
    gold = [["gratitude"], ["curiosity"], ["neutral"], ["joy"], None]
    pl.DataFrame({"text": TEXTS, "labels": gold}).write_parquet(folder / "gold.parquet")
    ran = command("evaluate", "--gold", "gold.parquet", "--json", cwd=folder)
    assert ran.code == 0, ran.err
    found = ran.json
    assert found["n"] == 4
    assert found["unannotated"] == 1
    assert found["coverage"] == pytest.approx(2 / 4)
    assert found["per_label"]["neutral"]["support"] == 1
    assert found["per_label"]["neutral"]["recall"] == 0
    assert found["per_label"]["gratitude"]["recall"] == 1
    bad = pl.DataFrame({"text": ["a"], "labels": [["hapiness"]]})
    bad.write_parquet(folder / "bad.parquet")
    ran = command("evaluate", "--gold", "bad.parquet", cwd=folder)
    assert ran.code == 1
    assert "hapiness" in ran.err


def own_labels(rows: int) -> pl.DataFrame:
    """Texts that name their label, in invented sentences."""
    names = load_taxonomy("goemotions").names
    texts = [
        f"today number {n} I only feel {name} and more {name}"
        for n in range(rows)
        for name in names
    ]
    return pl.DataFrame({"text": texts, "labels": [[name] for _ in range(rows) for name in names]})


def test_a_student_of_ones_own(folder: Path) -> None:
    own_labels(40).write_parquet(folder / "own.parquet")
    ran = command(
        "train", "own.parquet", "--output", "own.safetensors", "--folds", "2", "--json", cwd=folder
    )
    assert ran.code == 0, ran.err
    first = ran.json["version"]
    again = command(
        "train", "own.parquet", "--output", "own2.safetensors", "--folds", "2", "--json", cwd=folder
    )
    assert again.json["version"] == first  # same input, same weights
    ran = command("label", "posts.jsonl", "--labeler", "own.safetensors", "--json", cwd=folder)
    assert ran.code == 0, ran.err
    assert ran.json["labeled"] == 3
    found = command(
        "evaluate", "--gold", "own.parquet", "--labeler", "own.safetensors", "--json", cwd=folder
    )
    assert found.json["macro_f1"] > 0.9  # it has learned its own few texts


def test_own_taxonomy_and_weights_in_a_config(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mood.yaml").write_text(
        "name: mood\nversion: '1'\nlabels:\n  - {name: up}\n  - {name: down}\n"
    )
    texts = [
        f"{word} and {word} again, number {n}" for n in range(60) for word in ("great", "awful")
    ]
    own = pl.DataFrame({"text": texts, "labels": [["up"], ["down"]] * 60})
    own.write_parquet(tmp_path / "own.parquet")
    ran = command(
        "train", "own.parquet", "--taxonomy", "mood.yaml", "-o", "mine.safetensors", cwd=tmp_path
    )
    assert ran.code == 0, ran.err
    (tmp_path / "posts.jsonl").write_text(
        '{"text": "such a great day"}\n{"text": "awful, awful"}\n'
    )
    (tmp_path / "config.yaml").write_text(
        "lake: lake\ncorpora:\n  - {name: own, domain: social, license: x, sources: posts.jsonl, "
        "columns: {text: text}}\nlabel: [{taxonomy: mood.yaml, labeler: mine.safetensors}]\n"
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ran = command("run", tmp_path / "config.yaml", "--json", cwd=elsewhere)
    assert ran.code == 0, ran.err
    asked = command(
        "sql", "SELECT labels FROM labels ORDER BY text_clean", "--lake", tmp_path / "lake",
        cwd=tmp_path,
    )  # fmt: skip
    assert asked.code == 1  # labels have no text: it is in clean
    asked = command(
        "sql", "SELECT text_clean, labels FROM labels JOIN clean USING (record_id) ORDER BY 1 DESC",
        "--lake", tmp_path / "lake", "--format", "json", cwd=tmp_path,
    )  # fmt: skip
    found = [json.loads(line)["labels"] for line in asked.out.splitlines()]
    assert found == [["up"], ["down"]]
