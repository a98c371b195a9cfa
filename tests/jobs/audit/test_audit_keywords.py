import json
from pathlib import Path

import polars as pl
import pytest

from jobs.audit.asking import Asked
from jobs.audit.keywords import audit_keywords
from jobs.audit.result import AuditResult
from schemas.errors import ConfigError, SourceError
from schemas.label_task import load_task
from schemas.lexicon import Lexicon
from schemas.taxonomy import load_taxonomy
from tests.jobs.audit.labelers import WordLabeler, asked
from transforms.audit.measured import Draw
from transforms.evaluate.figures import Undefined

FEW = Draw(resamples=200)
WORDS = Lexicon(name="some", version="1", language="en", words={"all": ("happy", "sad")})
BY_WORD = WordLabeler({"glad": "happy", "gloomy": "sad", "flat": "table"})
BY_SIGN = WordLabeler({"glad": ":)", "gloomy": ":(", "flat": "table"})


def gold(path: Path, rows: int = 60) -> Path:
    """A third glad, a third gloomy, a third flat; told by a word and by a sign."""
    kinds = (
        ("glad", "this makes me happy :)"),
        ("gloomy", "what a sad story :("),
        ("flat", "a table"),
    )
    texts = [(f"number {n} {kinds[n % 3][1]}", [kinds[n % 3][0]]) for n in range(rows)]
    pl.DataFrame(texts, schema=["text", "labels"], orient="row").write_parquet(path)
    return path


def value(found: AuditResult, name: str) -> float:
    figure = found.figures[name].value
    assert not isinstance(figure, Undefined)
    return figure


def test_a_labeler_that_only_looks_at_keywords_falls_to_zero(tmp_path: Path) -> None:
    found = audit_keywords(gold(tmp_path / "gold.parquet"), asked(BY_WORD), WORDS, draw=FEW)
    assert value(found, "original.macro_f1") == 1
    assert value(found, "control.macro_f1") == 1
    # glad and gloomy are lost; flat has its word still.
    assert value(found, "masked.macro_f1") == pytest.approx(1 / 3)
    assert value(found, "with_words.masked.micro_f1") == 0
    assert value(found, "with_words.kept.micro_f1") == 0
    assert value(found, "with_words.beyond.micro_f1") == 1
    rows = found.to_json()["per_label"]
    assert rows["glad"]["kept"]["value"] == 0
    assert rows["flat"]["kept"]["value"] == 1
    assert rows["glad"]["support"] == 20
    assert (found.about["rows_with_words"], found.about["words_masked"]) == (40, 40)


def test_a_labeler_that_looks_elsewhere_loses_nothing(tmp_path: Path) -> None:
    found = audit_keywords(gold(tmp_path / "gold.parquet"), asked(BY_SIGN), WORDS, draw=FEW)
    for name in ("drop.macro_f1", "with_words.drop.macro_f1", "beyond.micro_f1"):
        assert value(found, name) == 0
        assert found.figures[name].interval == (0, 0)


def test_what_does_not_exist_is_undefined_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "gold.parquet"
    pl.DataFrame({"text": ["ein Tisch"], "labels": [["flat"]], "lang": ["de"]}).write_parquet(path)
    found = audit_keywords(path, asked(BY_WORD), WORDS, draw=FEW)
    assert "language of the word list" in str(found.to_json()["figures"])
    pl.DataFrame({"text": ["a table"], "labels": [["flat"]]}).write_parquet(path)
    found = audit_keywords(path, asked(BY_WORD), WORDS, draw=FEW)
    assert isinstance(found.figures["with_words.drop.macro_f1"].value, Undefined)
    assert found.figures["original.macro_f1"].interval is None  # one row cannot be resampled
    everything = WordLabeler({}, refuse="")  # rejects all
    found = audit_keywords(gold(path), asked(everything), WORDS, draw=FEW)
    assert value(found, "original.macro_f1") == 0
    assert isinstance(found.figures["kept.macro_f1"].value, Undefined)
    json.dumps(found.to_json(), allow_nan=False)


def test_wrong_input_is_told(tmp_path: Path) -> None:
    vad = Asked(BY_WORD, load_task("vad"), load_taxonomy("vad"))
    with pytest.raises(ConfigError, match="answered by numbers"):
        audit_keywords(gold(tmp_path / "gold.parquet"), vad, WORDS)
    pl.DataFrame({"text": ["x"], "labels": [None]}).write_parquet(tmp_path / "none.parquet")
    with pytest.raises(SourceError, match="no gold"):
        audit_keywords(tmp_path / "none.parquet", asked(BY_WORD), WORDS)
