"""Tuning finds the variant that a made labeler is good at, and reports on rows that did not choose it."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
import yaml

from jobs.commands.tune import tune as command
from jobs.evaluation.gold_columns import Wanted
from jobs.tune import Tuned, tune
from jobs.tune_gold import tuning_gold
from jobs.tune_variants import arms_of, default_names
from schemas.errors import ConfigError, SourceError
from schemas.label_task import LabelTask, load_task
from schemas.language_model import LanguageModel, load_language_model
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.label.labeler import ANSWER_SCHEMA
from transforms.label.prompted.calibration import load_calibration
from transforms.label.prompted.demonstration_gold import read_demonstrations

TASK, EKMAN = load_task("emotion"), load_taxonomy("ekman")
LABELER = "name: made\nmodel: made/model\nrevision: r1\nmode: score\nvariant: {shuffles: 2}\n"


@dataclass
class Made:
    """A model that reads its text right with a probability that its variant decides; what it was asked is noted."""

    quality: dict[str, float]
    asked: dict[str, list[str]] = field(default_factory=dict)
    sure: float = 1.0

    def load(self, model: LanguageModel) -> "MadeLabeler":
        return MadeLabeler(self, model)


def name_of(model: LanguageModel) -> str:
    variant = model.variant
    names = [
        "demonstrations" if variant.demonstrations else "",
        "hints" if variant.hints else "",
        "shuffles" if variant.shuffles > 1 else "",
        "" if variant.stimulus == "none" else variant.stimulus,
        model.mode if model.mode == "generate" else "",
    ]
    return "+".join(name for name in names if name) or "plain"


class MadeLabeler:
    version, languages = "1", frozenset({"en"})

    def __init__(self, of: Made, model: LanguageModel) -> None:
        self.of, self.name, self.variant = of, model.name, name_of(model)
        self.each = model.variant.shuffles
        self.spent = SimpleNamespace(requests=0, prompt_tokens=0, completion_tokens=0)

    def label(self, batch: pl.DataFrame, task: LabelTask, taxonomy: Taxonomy) -> pl.DataFrame:
        rows = []
        for text in batch["text_clean"].to_list():
            self.of.asked.setdefault(self.variant, []).append(text)
            true = text.split()[0]
            digest = hashlib.sha256(f"{self.variant} {text}".encode()).digest()
            right = digest[0] / 256 < self.of.quality.get(self.variant, 0.4)
            label = true if right else taxonomy.names[digest[1] % 6]
            p = {name: 0.45 * self.of.sure if name == label else 0.1 for name in taxonomy.names}
            given = [name for name in taxonomy.names if p[name] >= 0.4]
            scores = [{"label": name, "probability": value} for name, value in p.items()]
            rows.append(("labeled", given, scores, None))
            self.spent.requests += self.each
            self.spent.prompt_tokens += 100 * self.each
            self.spent.completion_tokens += self.each
        return pl.DataFrame(rows, schema=ANSWER_SCHEMA, orient="row")


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    labels = rng.choice(EKMAN.names[:6], 1400)
    texts = [f"{label} is what row {n} tells" for n, label in enumerate(labels)]
    splits = ["train"] * 300 + ["dev"] * 1000 + ["test"] * 100
    path = tmp_path / "gold.parquet"
    pl.DataFrame(
        {"text": texts, "labels": [[label] for label in labels], "split": splits}
    ).write_parquet(path)
    (tmp_path / "made.yaml").write_text(LABELER)
    return path


def tuned(gold: Path, made: Made, **more: object) -> Tuned:
    arguments = {"taxonomy": "ekman", "output": gold.parent / "best.yaml", "load": made.load}
    return tune(gold, labeler=str(gold.parent / "made.yaml"), **(arguments | more))  # type: ignore[arg-type]


def test_the_better_variant_is_found_and_written(gold: Path) -> None:
    made = Made({"demonstrations": 0.85, "emotion": 0.55, "stress": 0.2})
    found = tuned(gold, made)
    assert found.tried[0].name == "demonstrations"
    assert {one.name for one in found.tried} == {
        "plain", "generate", "shuffles", "demonstrations", "hints", "emotion", "negative", "stress",
        "calibration",
    }  # fmt: skip
    assert 1000 < found.requests <= 2000
    assert found.tokens == 101 * found.requests
    report = found.report
    assert report is not None
    assert report.winner > report.plain + 0.2
    assert report.difference.difference == pytest.approx(report.winner - report.plain)
    assert report.difference.interval[0] > 0
    assert report.difference.p < 0.01
    best = load_language_model(gold.parent / "best.yaml")
    assert (best.name, best.mode, best.variant.shuffles) == ("made_tuned", "score", 1)
    assert best.variant.demonstrations.gold == "best.demonstrations.parquet"
    shown = read_demonstrations(gold.parent / "best.demonstrations.parquet", TASK, EKMAN)
    frame = pl.read_parquet(gold)
    assert set(shown["text"]) == set(frame.filter(pl.col("split") == "train")["text"])
    first = (gold.parent / "best.yaml").read_text().splitlines()[0]
    assert first.startswith("# affectmine tasks tune: demonstrations, for emotion in ekman; macro")


def test_rows_are_tuned_on_or_reported_on(gold: Path) -> None:
    made = Made({"shuffles": 0.9})
    found = tuned(gold, made, variants=["shuffles", "emotion"], budget=1500)
    frame = pl.read_parquet(gold)
    dev = set(frame.filter(pl.col("split") == "dev")["text"])
    assert all(set(texts) <= dev for texts in made.asked.values())
    rows = {one.name: one.rows for one in found.tried}
    winner = made.asked["shuffles"]
    assert len(winner) == len(set(winner)) == rows["shuffles"] + found.report.rows
    tuning, kept = set(winner[: rows["shuffles"]]), set(winner[rows["shuffles"] :])
    assert set(made.asked["emotion"]) <= tuning
    assert kept <= set(made.asked["plain"])
    assert not kept & set(made.asked["emotion"])
    assert found.requests == sum(
        len(texts) * (4 if name == "shuffles" else 1) for name, texts in made.asked.items()
    )
    assert found.requests <= 1500


def test_calibration_asks_nothing_more_and_is_written(gold: Path) -> None:
    made = Made({"plain": 0.9}, sure=0.8)  # says .36 of what holds: below the threshold of .5
    found = tuned(gold, made, variants=["calibration"], budget=900)
    assert found.tried[0].name == "calibration"
    assert len(made.asked["plain"]) == len(set(made.asked["plain"])) == found.requests
    assert found.report.winner > 0.8 > found.report.plain
    best = load_language_model(gold.parent / "best.yaml")
    used = load_calibration(gold.parent / best.calibration, TASK, EKMAN, "score", best)
    assert used.file.gold.rows == found.tried[0].rows
    assert used.thresholds["joy"] < used.apply(np.full((1, 7), 0.36))[0, 3]


def test_the_plain_prompt_may_win(gold: Path) -> None:
    found = tuned(gold, Made({"plain": 0.9}), variants=["emotion", "shuffles"])
    assert found.tried[0].name == "plain"
    assert found.report.difference is None
    assert "No variant was better than the plain prompt." in found.notes
    content = yaml.safe_load((gold.parent / "best.yaml").read_text())
    assert content == {
        "name": "made_tuned", "model": "made/model", "revision": "r1", "mode": "score",
    }  # fmt: skip


def test_chance_is_told(gold: Path) -> None:
    found = tuned(gold, Made({}), variants=["emotion", "stress", "negative"], budget=400)
    if found.tried[0].name != "plain":
        assert any("may be chance" in note for note in found.notes)
    assert any("The first round had" in note for note in found.notes)


def test_without_a_split_rows_are_kept_apart(gold: Path) -> None:
    path = gold.parent / "plain.parquet"
    frame = pl.read_parquet(gold).drop("split")
    frame = frame.with_columns(group=pl.int_range(pl.len()) // 7)
    frame.write_parquet(path)
    parts = tuning_gold(path, TASK, EKMAN, [], Wanted(), shown=True, seed=0)
    texts = [
        set(one)
        for one in (parts.tune.rows["text"], parts.report.rows["text"], parts.shown["text"])
    ]
    assert sum(map(len, texts)) == 1400 == len(set.union(*texts))
    assert all(300 < len(one) < 600 for one in texts)
    group = dict(zip(frame["text"], frame["group"], strict=True))
    groups = [{group[text] for text in one} for one in texts]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 200
    assert parts.tune.rows["text"].to_list() != sorted(parts.tune.rows["text"])


def test_what_cannot_be_tuned(gold: Path) -> None:
    made = Made({})
    with pytest.raises(ConfigError, match="There is no variant magic"):
        tuned(gold, made, variants=["magic"])
    with pytest.raises(ConfigError, match="3 variants need at least 60"):
        tuned(gold, made, variants=["emotion", "stress"], budget=50)
    with pytest.raises(ConfigError, match="open_emotion is answered by words"):
        tuned(gold, made, task="open_emotion", taxonomy=None)
    with pytest.raises(SourceError, match="has 0 rows with gold"):
        tuned(gold, made, splits=["none"])
    assert made.asked == {}


def test_variants_of_a_labeler_file(tmp_path: Path) -> None:
    model = LanguageModel.model_validate(yaml.safe_load(LABELER) | {"temperature": 0.5})
    many = model.model_copy(update={"mode": "generate", "samples": 3})
    arms = {
        arm.name: arm
        for arm in arms_of(
            many, TASK, ["score+shuffles+hints", "calibration+stress"], tmp_path, "student"
        )
    }
    assert arms["plain"].model.variant == type(model.variant)()
    joined = arms["score+shuffles+hints"].model
    assert (joined.mode, joined.samples, joined.variant.shuffles) == ("score", 1, 4)
    assert joined.variant.hints == "student"
    assert arms["calibration+stress"].calibrated
    assert arms["calibration+stress"].model.variant.stimulus == "stress"
    vad = load_task("vad")
    assert "calibration" not in default_names(model, vad, hints=False)
    with pytest.raises(ConfigError, match="no labels"):
        arms_of(model, vad, ["calibration"], tmp_path, "student")


def test_the_command(
    gold: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import jobs.tune as tuning

    made = Made({"emotion": 0.9})
    monkeypatch.setattr(tuning, "_loader", lambda _: made.load)
    arguments = {
        "gold": gold, "labeler": str(gold.parent / "made.yaml"), "taxonomy": "ekman",
        "variants": "emotion,stress", "output": gold.parent / "best.yaml", "budget": 1200,
    }  # fmt: skip
    assert command(**arguments) == 0
    told = capsys.readouterr()
    assert "macro-F1" in told.out
    assert "rows that were kept back: emotion macro-F1 0." in told.out
    assert "Difference +0." in told.out
    assert "joy is what row" not in told.out + told.err
    assert command(**arguments, as_json=True) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["tried"][0]["name"] == "emotion"
    assert content["report"]["difference"]["p"] < 0.05
