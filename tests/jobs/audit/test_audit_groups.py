import json
import random
from pathlib import Path

import polars as pl
import pytest

from jobs.audit.groups import audit_groups
from tests.jobs.audit.labelers import WordLabeler, asked
from transforms.audit.measured import Draw
from transforms.evaluate.figures import Undefined

FEW = Draw(resamples=300)
BY_WORD = WordLabeler({"glad": "happy", "gloomy": "sad", "flat": "table"}, refuse="[none]")
WORD = {"glad": "happy", "gloomy": "sad", "flat": "table"}


def gold(path: Path, wrong: dict[str, float], rows: int = 120, refused: float = 0.0) -> Path:
    """Texts of each group, a share of which says another word than its label."""
    chance = random.Random(3)
    lines = []
    for group, share in wrong.items():
        for _ in range(rows):
            label = chance.choice(list(WORD))
            told = (
                label
                if chance.random() >= share
                else chance.choice([n for n in WORD if n != label])
            )
            mark = " [none]" if chance.random() < refused else ""
            lines.append((f"it is {WORD[told]}{mark}", [label], group))
    pl.DataFrame(lines, schema=["text", "labels", "place"], orient="row").write_parquet(path)
    return path


def test_a_planted_gap_is_found(tmp_path: Path) -> None:
    path = gold(tmp_path / "g.parquet", {"north": 0.1, "south": 0.5, "west": 0.1})
    found = audit_groups(path, asked(BY_WORD), "place", draw=FEW)
    gap = found.figures["macro_f1.gap"]
    assert gap.p is not None
    assert not isinstance(gap.p, Undefined)
    assert gap.p < 0.01
    assert gap.interval is not None
    assert gap.interval[0] > 0.2
    told = found.to_json()
    assert told["largest_gaps"]["macro_f1"]["lowest"] == "south"
    pairs = told["pairs"]
    assert pairs["north - south"]["recall"]["p"] < 0.05
    assert pairs["north - west"]["recall"]["p"] > 0.2
    assert told["groups"]["north"]["rows"] == 120
    assert 0.85 < told["groups"]["north"]["recall"]["value"] < 0.95
    assert 0.4 < told["groups"]["south"]["recall"]["value"] < 0.6


def test_equal_groups_have_no_gap_beyond_chance(tmp_path: Path) -> None:
    path = gold(tmp_path / "g.parquet", dict.fromkeys(("a", "b", "c", "d"), 0.3), refused=0.1)
    found = audit_groups(path, asked(BY_WORD), "place", draw=FEW)
    for name, gap in found.figures.items():
        assert not isinstance(gap.p, Undefined), name
        assert gap.p is not None
        assert gap.p > 0.05, name
    rejected = found.to_json()["groups"]["a"]["unanswered"]["value"]
    assert rejected == pytest.approx(0.1, abs=0.06)


def test_without_gold_shares_are_compared(tmp_path: Path) -> None:
    frame = pl.DataFrame({
        "text": ["happy"] * 60 + ["sad"] * 40 + ["happy"] * 30 + ["sad"] * 70,
        "place": ["a"] * 100 + ["b"] * 100,
    })  # fmt: skip
    frame.write_parquet(tmp_path / "t.parquet")
    found = audit_groups(tmp_path / "t.parquet", asked(BY_WORD), "place", with_gold=False, draw=FEW)
    assert found.figures["glad.gap"].value == pytest.approx(0.3)
    assert found.to_json()["groups"]["a"]["glad"]["value"] == pytest.approx(0.6)
    assert "truly" in found.reading.cannot


def test_degenerate_groups(tmp_path: Path) -> None:
    path = gold(tmp_path / "g.parquet", {"one": 0.1, "two": 0.1}, rows=20)
    found = audit_groups(path, asked(BY_WORD), "place", draw=FEW)
    assert "fewer than two groups have 30 rows" in str(found.figures["largest_gap"].value)
    json.dumps(found.to_json(), allow_nan=False)
    refuse = WordLabeler({}, refuse="")
    found = audit_groups(path, asked(refuse), "place", min_rows=10, draw=FEW)
    assert found.to_json()["groups"]["one"]["unanswered"]["value"] == 1
    assert found.to_json()["groups"]["one"]["ece"]["value"]["undefined"]
    assert found.figures["unanswered.gap"].value == 0
    nothing = audit_groups(path, asked(refuse), "place", min_rows=10, with_gold=False, draw=FEW)
    assert nothing.to_json()["groups"]["two"]["glad"]["value"]["undefined"]
    json.dumps(nothing.to_json(), allow_nan=False)


def test_labels_that_some_group_lacks_do_not_count_in_macro_f1(tmp_path: Path) -> None:
    rows = (
        [("sad", "gloomy", "a")] * 40
        + [("happy", "glad", "a")] * 40
        + [("happy", "glad", "b")] * 40
    )
    frame = pl.DataFrame(rows, schema=["text", "labels", "place"], orient="row")
    frame.write_parquet(tmp_path / "g.parquet")
    found = audit_groups(tmp_path / "g.parquet", asked(BY_WORD), "place", draw=FEW)
    assert any("glad" in note and "gloomy" not in note for note in found.notes)
    assert found.figures["macro_f1.gap"].value == 0
