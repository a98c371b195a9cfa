import polars as pl
import pytest

from transforms.read import distinct
from transforms.read.distinct import Distinct


@pytest.mark.parametrize("few", [1, 3, 1 << 20])
def test_rows_are_kept_once(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distinct, "_FEW", few)
    rows = [(n * n % 11, f"{n % 3}") for n in range(100)]
    found = Distinct({"a": pl.Int64, "b": pl.String})
    for at in range(0, 100, 7):
        part = rows[at : at + 7]
        found.add(pl.DataFrame({"b": [b for _, b in part], "a": [a for a, _ in part]}))
        assert found._height <= max(few, 2 * len(set(rows)))
    assert found.rows().rows() == sorted(set(rows))
    assert Distinct({"a": pl.Int64}).rows().schema == {"a": pl.Int64}
