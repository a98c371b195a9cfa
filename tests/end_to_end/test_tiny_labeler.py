"""The tiny labeler that is in the repository, through a real vLLM: what it is worth, calibrated, and in a cascade."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml

from benchmarks.tiny_labeler import figures
from benchmarks.tiny_labeler_data import EKMAN, Rows, by_words, held_out, majority, read_rows
from pipelines.serving.model_source import hash_folder
from schemas.lexicon import load_lexicon
from tests.end_to_end.corpus import ROOT, command
from tests.pipelines.serving.tiny_server import TinyServer, serving

MODEL = ROOT / "benchmarks" / "tiny_ekman"
DATA = ROOT.parent / "shared" / "data"
FIRST, SECOND = "student:emotion-goemotions", "tiny_ekman"
START = 1_772_409_600  # 2026-03-02T00:00:00Z


def test_the_folder_is_what_the_labeler_file_says():
    labeler = yaml.safe_load((MODEL / "labeler.yaml").read_text())
    assert labeler["revision"] == hash_folder(MODEL)
    calibration = json.loads((MODEL / labeler["calibration"]).read_text())
    assert calibration["revision"] == labeler["revision"]
    assert calibration["gold"]["rows"] == 4261  # the held-out tenth of train, no row of dev
    assert sum(file.stat().st_size for file in MODEL.rglob("*") if file.is_file()) < 5_000_000


@pytest.fixture(scope="module")
def ekman_server(vllm_python, shared_folder) -> Iterator[TinyServer]:
    with serving(vllm_python, MODEL, shared_folder / "ekman") as server:
        yield server


@pytest.fixture(scope="module")
def dev() -> Rows:
    """A fixed sample of GoEmotions dev, which nothing was fitted on."""
    if not DATA.is_dir():
        pytest.skip("needs ../shared/data, which is not here")
    rows = read_rows(DATA, "dev")
    drawn = np.zeros(len(rows), np.bool_)
    drawn[np.random.default_rng(7).permutation(len(rows))[:1500]] = True
    return rows.take(drawn)


@pytest.fixture(scope="module")
def folder(dev, ekman_server, tmp_path_factory) -> Path:
    """Gold, and labeler files that name the server: calibrated.yaml, plain.yaml."""
    made = tmp_path_factory.mktemp("tiny_labeler")
    write_gold(made / "dev.jsonl", dev)
    labeler = yaml.safe_load((MODEL / "labeler.yaml").read_text())
    assert labeler["model"] == ekman_server.model
    labeler["urls"] = [ekman_server.url]
    labeler["calibration"] = str(MODEL / labeler["calibration"])
    (made / "calibrated.yaml").write_text(yaml.safe_dump(labeler))
    (made / "plain.yaml").write_text(yaml.safe_dump(labeler | {"calibration": None}))
    return made


def write_gold(path: Path, rows: Rows) -> None:
    lines = [
        {"id": f"c{number}", "text": text, "labels": labels_of(holds), "lang": "en", "at": START + 60 * number}
        for number, (text, holds) in enumerate(zip(rows.texts, rows.holds, strict=True))
    ]  # fmt: skip
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def labels_of(holds: np.ndarray) -> list[str]:
    return [name for name, there in zip(EKMAN.names, holds, strict=True) if there]


def evaluated(folder: Path, labeler: str) -> dict:
    ran = command(
        "evaluate", "--task", "emotion", "--taxonomy", "ekman", "--labeler", labeler,
        "--gold", "dev.jsonl", "--json", cwd=folder,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


@pytest.mark.slow
def test_it_beats_majority_and_emotion_words_and_calibration_makes_it_truer(folder, dev):
    calibrated, plain = (evaluated(folder, f"{name}.yaml") for name in ("calibrated", "plain"))
    for found in (calibrated, plain):
        assert found["n"] == len(dev)
        assert found["statuses"] == {"labeled": len(dev)}
    train = read_rows(DATA, "train")
    train = train.take(~held_out(train.texts))
    for baseline in (majority(train.holds, len(dev)), by_words(dev.texts, load_lexicon(), EKMAN)):
        theirs = figures(dev.holds, baseline)["macro_f1"]
        for found in (calibrated, plain):
            assert found["intervals"]["macro_f1"][0] > theirs["interval"][1]
            assert found["macro_f1"] > theirs["value"] + 0.05
    assert calibrated["ece"] < plain["ece"]
    assert calibrated["macro_f1"] > plain["macro_f1"]  # by its thresholds


@pytest.mark.slow
def test_the_probabilities_are_those_of_the_model_itself(folder, dev):
    """Through the file, against a cell of gold: ranking by `yes` finds the label (area under the curve)."""
    from sklearn.metrics import roc_auc_score

    (folder / "few.jsonl").write_text(
        "".join((folder / "dev.jsonl").read_text().splitlines(keepends=True)[:300])
    )
    ran = command(
        "label", "few.jsonl", "--labeler", "plain.yaml", "--taxonomy", "ekman", "--output", "few.parquet",
        cwd=folder,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    scores = pl.read_parquet(folder / "few.parquet")["scores"]
    p = np.array(scores.list.eval(pl.element().struct.field("probability")).to_list())
    for label in ("joy", "neutral", "anger"):
        at = EKMAN.names.index(label)
        assert roc_auc_score(dev.holds[:300, at], p[:, at]) > 0.7


CONFIG = f"""lake: lake
corpora:
  - name: comments
    domain: social
    license: CC-BY-4.0
    sources: comments.jsonl
    columns: {{text: text, id: id, created_at: at, lang: lang}}
    gold: [{{task: emotion, taxonomy: ekman, labels: labels}}]
ingest: {{shard_records: 150}}
engine: {{workers: 2}}
label:
  - {{task: emotion, taxonomy: ekman, labeler: '{FIRST}'}}
  - task: emotion
    taxonomy: ekman
    labeler: calibrated.yaml
    select: {{from: '{FIRST}', margin: 0.3, budget: 0.3, audit: 0.2}}
"""


@pytest.mark.slow
def test_a_cascade_of_student_and_model(folder, tmp_path):
    lines = (folder / "dev.jsonl").read_text().splitlines(keepends=True)[:400]
    (tmp_path / "comments.jsonl").write_text("".join(lines))
    shutil.copy(folder / "calibrated.yaml", tmp_path)
    (tmp_path / "config.yaml").write_text(CONFIG)
    ran = command("run", "config.yaml", "--json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert ran.json["partitions_changed"] > 0
    (told,) = ran.json["cascades"]
    rows, asked = told["rows"], told["asked"]
    assert rows > 390
    assert told["saved"] == pytest.approx(1 - asked / rows)
    assert 0.5 < told["saved"] < 0.8
    assert told["saved_cost"]["prompt_tokens"] > 0

    both = ask(
        tmp_path,
        "SELECT list_sort(one.labels) = list_sort(two.labels) AS same FROM selection "
        "JOIN labels AS one USING (record_id) JOIN labels AS two USING (record_id) "
        f"WHERE audit AND one.status = 'labeled' AND two.status = 'labeled' AND two.labeler = '{SECOND}' "
        f"AND one.labeler <> '{SECOND}'",
    )
    audit = told["audit"]
    assert audit["rows"] == both.height > 40
    match = audit["agreement"]["exact_match"]
    assert match["value"] == pytest.approx(both["same"].mean())
    assert match["interval"][0] < match["value"] < match["interval"][1]
    assert match["value"] > 0.3  # a model that answers at random agrees on some percent
    assert audit["gold_rows"] > 40
    for name in (SECOND, "cascade"):
        assert audit["macro_f1"][name]["value"] > 0.25

    last = ask(tmp_path, "SELECT record_id, answered_by FROM label_cascade")
    kept = ask(tmp_path, "SELECT record_id FROM clean WHERE outcome = 'kept'")
    assert last["record_id"].is_unique().all()
    assert sorted(last["record_id"]) == sorted(kept["record_id"])
    second = ask(
        tmp_path,
        f"SELECT record_id FROM labels WHERE labeler = '{SECOND}' AND status = 'labeled'",
    )
    of_model = last.filter(pl.col("answered_by") == SECOND)
    assert sorted(of_model["record_id"]) == sorted(second["record_id"])
    assert second.height == asked


def ask(folder: Path, sql: str) -> pl.DataFrame:
    ran = command("sql", sql, "--output", "asked.parquet", cwd=folder)
    assert ran.code == 0, ran.err
    return pl.read_parquet(folder / "asked.parquet")
