"""affectmine from Python: mistakes of the caller."""

import polars as pl
import pyarrow as pa
import pytest

import affectmine
from schemas.errors import ConfigError

pytestmark = pytest.mark.slow


SECRET = "nobody may see this"


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ("hello", "One str"),
        (b"hello", "One bytes"),
        (7, "One int"),
        (None, "One NoneType"),
        ([SECRET, 7, None], "not int"),
        (pl.Series([1, 2]), "holds Int64"),
        (pl.DataFrame({"text": [[SECRET]]}), "holds List"),
        (pl.DataFrame({"text": [SECRET], "lang": [1]}), "'lang' holds Int64"),
        (pa.table({"text": [1.5]}), "holds Float64"),
        (pa.table({"body": [SECRET]}), "no column 'text'"),
    ],
)
def test_what_is_no_list_of_texts(texts: object, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        affectmine.label(texts)  # type: ignore[arg-type]
    assert SECRET not in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("gold", "told"),
    [
        ({"text": [SECRET]}, "no column 'labels'"),
        ({"labels": ["joy"]}, "no column 'text'"),
        ({"text": [1], "labels": ["joy"]}, "holds Int64"),
        ({"text": [SECRET], "labels": [3]}, "'labels' holds Int64"),
        ({"text": [SECRET], "labels": [[3]]}, "'labels' holds List"),
    ],
)
def test_what_is_no_gold(gold: dict[str, list[object]], told: str) -> None:
    for frame in (pl.DataFrame(gold), pa.table(gold)):
        with pytest.raises(ConfigError, match=told) as caught:
            affectmine.evaluate(frame)
        assert SECRET not in str(caught.value)
        assert caught.value.remedy


def test_every_kind_of_texts() -> None:
    texts = ["Thank you so much!", None]
    for given in (
        texts,
        tuple(texts),
        pl.Series(texts),
        pl.Series(texts, dtype=pl.Categorical),
        pl.DataFrame({"text": texts}),
        pa.table({"text": texts}),
        [],
        pl.Series([None]),
    ):
        found = affectmine.label(given)  # type: ignore[arg-type]
        assert found.columns == ["status", "labels", "scores", "reason"]
    gold = pl.DataFrame({"text": texts, "labels": ["gratitude", None]})
    assert affectmine.evaluate(gold).n == 2
