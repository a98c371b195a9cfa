import json
import random
from pathlib import Path

import polars as pl
import pytest

from jobs.audit.synthetic import audit_synthetic
from schemas.errors import SourceError
from tests.jobs.audit.labelers import WordLabeler, asked
from transforms.audit.measured import Draw
from transforms.evaluate.figures import Undefined

FEW = Draw(resamples=200)
WORD = {"glad": "happy", "gloomy": "sad", "flat": "table"}
BY_WORD = WordLabeler(WORD)
FILL = """
    river house walk talk green paper seven music garden window letter bread winter road
""".split()  # noqa: SIM905


def texts(rows: int, seed: int, *, also: str = "", wrong: float = 0.0) -> pl.DataFrame:
    chance = random.Random(seed)
    lines = []
    for _ in range(rows):
        label = chance.choice(list(WORD))
        told = label if chance.random() >= wrong else "flat"
        words = [WORD[told], *chance.choices(FILL, k=10)]
        chance.shuffle(words)
        lines.append((" ".join(words) + also, [label]))
    return pl.DataFrame(lines, schema=["text", "labels"], orient="row")


def test_texts_from_one_source_cannot_be_told_apart(tmp_path: Path) -> None:
    both = pl.concat([
        texts(200, 1).with_columns(synthetic=pl.lit(value=False)),
        texts(200, 2).with_columns(synthetic=pl.lit(value=True)),
    ])  # fmt: skip
    both.write_parquet(tmp_path / "x.parquet")
    found = audit_synthetic(tmp_path / "x.parquet", None, asked(BY_WORD), draw=FEW)
    for name, middle in (("probe.auc", 0.5), ("length_auc", 0.5), ("difference.words", 0.0)):
        interval = found.figures[name].interval
        assert interval is not None
        assert interval[0] <= middle <= interval[1], name
    p = found.figures["divergence"].p
    assert p is not None
    assert not isinstance(p, Undefined)
    assert p > 0.05
    assert (found.about["human"], found.about["synthetic"]) == (200, 200)


def test_a_manner_of_its_own_and_worse_figures_are_found(tmp_path: Path) -> None:
    texts(150, 1).write_parquet(tmp_path / "human.parquet")
    texts(150, 2, also=" as an author", wrong=0.5).write_parquet(tmp_path / "made.parquet")
    found = audit_synthetic(
        tmp_path / "human.parquet", tmp_path / "made.parquet", asked(BY_WORD), draw=FEW
    )
    figures = found.to_json()["figures"]
    assert figures["probe.auc"]["value"] > 0.99
    assert figures["probe.accuracy"]["value"] > 0.95
    assert figures["difference.words"]["value"] == pytest.approx(3)
    assert figures["transfer.human.micro_f1"]["value"] == 1
    assert figures["transfer.difference.micro_f1"]["interval"][1] < -0.1
    assert figures["divergence"]["p"] < 0.01
    assert figures["divergence"]["value"] > figures["chance_divergence"]["value"]


def test_less_variety_is_found(tmp_path: Path) -> None:
    chance = random.Random(1)
    many, few = ([f"w{n}" for n in range(size)] for size in (2000, 50))
    for name, words in (("many", many), ("few", few)):
        lines = [" ".join(chance.choices(words, k=20)) for _ in range(100)]
        pl.DataFrame({"text": lines}).write_parquet(tmp_path / f"{name}.parquet")
    found = audit_synthetic(
        tmp_path / "many.parquet",
        tmp_path / "few.parquet",
        asked(BY_WORD),
        with_gold=False,
        draw=FEW,
    )
    interval = found.figures["difference.distinct_1"].interval
    assert interval is not None
    assert interval[1] < -0.5
    assert isinstance(found.figures["divergence"].value, Undefined)  # no text has a label
    assert "transfer.difference.macro_f1" not in found.figures


def test_degenerate_sides(tmp_path: Path) -> None:
    texts(30, 1).write_parquet(tmp_path / "human.parquet")
    texts(5, 2).write_parquet(tmp_path / "made.parquet")
    found = audit_synthetic(
        tmp_path / "human.parquet", tmp_path / "made.parquet", asked(BY_WORD), draw=FEW
    )
    assert "fewer than 20 texts" in str(found.figures["probe.auc"].value)
    odd = texts(30, 1).with_columns(synthetic=pl.lit("perhaps"))
    odd.write_parquet(tmp_path / "odd.parquet")
    with pytest.raises(SourceError, match="true and false"):
        audit_synthetic(tmp_path / "odd.parquet", None, asked(BY_WORD), draw=FEW)
    same = pl.DataFrame(
        {"text": ["happy"] * 40, "labels": ["glad"] * 40, "synthetic": [True, False] * 20}
    )
    same.write_parquet(tmp_path / "same.parquet")
    found = audit_synthetic(tmp_path / "same.parquet", None, asked(BY_WORD), draw=FEW)
    json.dumps(found.to_json(), allow_nan=False)
