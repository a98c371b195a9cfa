"""`affectmine calibrate`: a labeler is asked about gold, and what it writes is used for that labeler."""

import hashlib
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import jobs.calibrate as calibrating
from jobs.calibrate import calibrate
from jobs.cli import run_command
from schemas.errors import ConfigError, SourceError
from schemas.label_task import LabelTask, load_task
from schemas.language_model import LanguageModel, load_language_model
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.label.labeler import ANSWER_SCHEMA
from transforms.label.prompted.calibration import load_calibration

TASK, EKMAN = load_task("emotion"), load_taxonomy("ekman")
LABELER = "name: made\nmodel: made/model\nrevision: r1\nmode: score\n"


class TooSure:
    """Its texts tell the true probability of joy and of fear; it says a probability that is too sure."""

    name, version, languages = "made", "1", frozenset({"en"})

    def __init__(self, *, scores: bool = True, fails: int = 0) -> None:
        self.scores, self.fails = scores, fails

    def label(self, batch: pl.DataFrame, task: LabelTask, taxonomy: Taxonomy) -> pl.DataFrame:
        rows = []
        for number, text in enumerate(batch["text_clean"].to_list()):
            if number < self.fails:
                rows.append(("failed", None, None, "unavailable"))
                continue
            odds = dict.fromkeys(taxonomy.names, 0.02)
            odds |= {word: float(p) for word, p in (part.split("=") for part in text.split())}
            said = {name: p**3 / (p**3 + (1 - p) ** 3) for name, p in odds.items()}
            labels = [name for name, p in said.items() if p >= 0.5]
            scores = [{"label": name, "probability": p} for name, p in said.items()]
            rows.append(("labeled", labels, scores if self.scores else None, None))
        return pl.DataFrame(rows, schema=ANSWER_SCHEMA, orient="row")


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    p = rng.uniform(0.02, 0.98, (1500, 2)).round(4)
    holds = rng.random(p.shape) < p
    texts = [f"joy={joy} fear={fear}" for joy, fear in p]
    labels = [[n for n, there in zip(("joy", "fear"), row, strict=True) if there] for row in holds]
    splits = ["train" if n < 1000 else "dev" for n in range(1500)]
    path = tmp_path / "gold.parquet"
    pl.DataFrame({"text": texts, "labels": labels, "split": splits}).write_parquet(path)
    (tmp_path / "made.yaml").write_text(LABELER)
    return path


def asks(monkeypatch: pytest.MonkeyPatch, made: TooSure) -> None:
    """The command asks the made labeler, as the language model of the file."""

    def uncalibrated(name: str, task: LabelTask, taxonomy: Taxonomy) -> calibrating.Asked:
        return calibrating.Asked(made, task, taxonomy, load_language_model(name))

    monkeypatch.setattr(calibrating, "uncalibrated", uncalibrated)


def test_probabilities_become_true(gold: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asks(monkeypatch, TooSure())
    labeler = gold.parent / "made.yaml"
    found = calibrate(gold, labeler=str(labeler), taxonomy="ekman", splits=["train"])
    assert found.path == gold.parent / "made.calibration.json"
    assert found.file.gold.rows == 1000
    assert found.file.gold.splits == ("train",)
    assert found.file.gold.checksum == hashlib.sha256(gold.read_bytes()).hexdigest()
    assert found.file.fit.ece_after < 0.5 * found.file.fit.ece_before
    assert set(found.file.kept) == {"anger", "disgust", "sadness", "surprise"}
    used = load_calibration(
        found.path, TASK, EKMAN, "score", load_language_model(labeler).model_copy()
    )
    # Undone: what was said of a true .3 and .9 (both distorted by a power of three).
    true = np.array([0.3, 0.9])
    said = true**3 / (true**3 + (1 - true) ** 3)
    p = np.full((1, 7), 0.01)
    p[0, [EKMAN.names.index("joy"), EKMAN.names.index("fear")]] = said
    after = dict(zip(used.labels, used.apply(p)[0], strict=True))
    assert [after["joy"], after["fear"]] == pytest.approx(true, abs=0.05)
    other = LanguageModel(name="made", model="other", revision="r1", mode="score")
    with pytest.raises(ConfigError, match="its model is made/model, not other"):
        load_calibration(found.path, TASK, EKMAN, "score", other)


def test_the_command(
    gold: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asks(monkeypatch, TooSure(fails=3))
    labeler = gold.parent / "made.yaml"
    command = ["calibrate", str(gold), "--labeler", str(labeler), "--taxonomy", "ekman"]
    assert run_command([*command, "--kind", "isotonic", "-o", str(gold.parent / "c.json")]) == 0
    told = capsys.readouterr().out
    assert "1,497 rows of gold, isotonic" in told
    assert "too little gold: kept as it is" in told
    assert "3 rows had no probabilities and do not count (unavailable 3)" in told
    assert "calibration: c.json" in told
    assert run_command([*command, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["rows"] == 1497
    assert json.loads(Path(answer["output"]).read_text())["version"] == answer["version"]


def test_what_cannot_be_calibrated(gold: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labeler = str(gold.parent / "made.yaml")
    with pytest.raises(ConfigError, match="vad is answered by scalars"):
        calibrate(gold, labeler=labeler, task="vad")
    asks(monkeypatch, TooSure(scores=False))
    with pytest.raises(ConfigError, match="gives no probability of each label"):
        calibrate(gold, labeler=labeler, taxonomy="ekman")
    asks(monkeypatch, TooSure(fails=900))
    with pytest.raises(SourceError, match="Only 600 of 1,500 rows"):
        calibrate(gold, labeler=labeler, taxonomy="ekman")
    with pytest.raises(SourceError, match="there are: dev, train"):
        calibrate(gold, labeler=labeler, taxonomy="ekman", splits=["test"])


def test_an_ensemble_is_refused(gold: Path) -> None:
    path = gold.parent / "all.yaml"
    path.write_text(LABELER + "members: [made.yaml]\n")
    with pytest.raises(ConfigError, match="is an ensemble"):
        calibrate(gold, labeler=str(path), taxonomy="ekman")


def test_the_student(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "social/goemotions"
    names = (source / "labels.txt").read_text().split()
    frame = pl.read_csv(
        source / "dev.tsv.zst", separator="\t", has_header=False, quote_char=None,
        new_columns=["text", "labels", "id"],
    ).head(2000)  # fmt: skip
    places = (
        pl.col("labels")
        .cast(pl.String)
        .str.split(",")
        .list.eval(pl.element().replace_strict([str(n) for n in range(len(names))], names))
    )
    path = tmp_path / "gold.parquet"
    frame.select("text", places).write_parquet(path)
    found = calibrate(path, labeler="student", output=tmp_path / "student.calibration.json")
    fit = found.file.fit
    assert found.file.model == "student"
    # Shipped students are calibrated already: there is little to gain, and nothing breaks.
    assert fit.ece_before < 0.03
    assert fit.ece_after < fit.ece_before + 0.005
    assert fit.macro_f1_after > fit.macro_f1_before - 0.03
