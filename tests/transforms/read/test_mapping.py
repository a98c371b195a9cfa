import polars as pl
import pytest

from schemas.config.corpus import Columns, GoldColumn, Values
from schemas.errors import SourceError
from transforms.read.chunk import POSITION
from transforms.read.columns import check_columns, wanted
from transforms.read.mapping import MAPPED, Mapped, map_columns


def mapped(
    columns: Columns, *gold: GoldColumn, values: Values | None = None, **cells: list[object]
) -> Mapped:
    frame = pl.DataFrame(cells, strict=False)
    positions = pl.int_range(10, 10 + frame.height, eager=True).alias(POSITION)
    return map_columns(frame.with_columns(positions), columns, values or Values(), gold)


def bad(found: Mapped) -> list[tuple[int, str]]:
    return [(row.position, row.error_class) for row in found.bad]


def test_all_columns_have_their_types_even_with_nothing_mapped() -> None:
    found = mapped(Columns(text="t"), t=["a", ""])
    assert dict(found.frame.schema) == dict(MAPPED.items())
    assert found.frame["text"].to_list() == ["a", ""]
    assert found.frame["revision"].to_list() == [0, 0]


def test_bad_rows() -> None:
    columns = Columns(text="t", turn="n", created_at="c", revision="r")
    found = mapped(
        columns,
        t=["a", None, "c", "d", "e", "f"],
        n=["1", "1", "x", "2.0", "", "99999999999"],
        c=["2024-01-01", None, None, "soon", "", None],
        r=["false", None, None, None, "1600000000.5", "x"],
    )
    assert bad(found) == [
        (11, "missing_text"),
        (12, "bad_number"),
        (13, "bad_time"),
        (15, "bad_number"),
    ]
    assert found.frame[POSITION].to_list() == [10, 14]
    assert found.frame["revision"].to_list() == [0, 1600000000]
    assert all("soon" not in row.message for row in found.bad)


def test_times_in_a_year_outside_1_to_9999_are_bad() -> None:
    cells = ["9999-12-31T23:59:59-10:00", "0001-01-01T00:00+10:00", "2024-01-01", "-99999999999"]
    found = mapped(Columns(text="t", created_at="c"), t=["a"] * 4, c=cells)
    assert bad(found) == [(10, "bad_time"), (11, "bad_time"), (13, "bad_time")]
    found = mapped(Columns(text="t", created_at="c"), t=["a"] * 2, c=[-99999999999, 1706695872])
    assert bad(found) == [(10, "bad_time")]


def test_revisions() -> None:
    cells = ["7", "2024-01-01", "true", "", None, "nope"]
    found = mapped(Columns(text="t", revision="r"), t=["a"] * 6, r=cells)
    assert found.frame["revision"].to_list() == [7, 1704067200000000, 0, 0, 0]
    assert bad(found) == [(15, "bad_revision")]


def test_constants_fill_what_is_missing() -> None:
    values = Values(lang="en", role="client", conversation_id="c")
    found = mapped(Columns(text="t", lang="l"), values=values, t=["a", "b"], l=["de", ""])
    assert found.frame["lang"].to_list() == ["de", "en"]
    assert found.frame["role"].to_list() == ["client", "client"]


def test_gold() -> None:
    labels = GoldColumn(task="emotion", taxonomy="t", labels="l", separator=",", annotator="w")
    value = GoldColumn(task="vad", taxonomy="v", label_set="valence", value="n")
    found = mapped(
        Columns(text="t"),
        labels,
        value,
        t=list("abcdef"),
        l=["joy, anger", '["a, b","c"]', "", "[]", None, "joy"],
        n=["3.5", "", None, "", "x", "inf"],
        w=["w1", "w2", "w3", "", "w5", "w6"],
    )
    assert bad(found) == [(14, "bad_number"), (15, "bad_number")]
    gold = [
        [(e["task"], e["annotator"], e["labels"], e["value"]) for e in row] if row else row
        for row in found.frame["gold"].to_list()
    ]
    assert gold == [
        [("emotion", "w1", ["joy", "anger"], None), ("vad", None, None, 3.5)],
        [("emotion", "w2", ["a, b", "c"], None)],
        None,
        [("emotion", None, [], None)],
    ]


def test_gold_of_lists() -> None:
    gold = GoldColumn(task="e", taxonomy="t", labels="l")
    found = mapped(Columns(text="t"), gold, t=["a", "b", "c"], l=[["x", "y"], [], None])
    assert [r and r[0]["labels"] for r in found.frame["gold"].to_list()] == [["x", "y"], [], None]


def test_meta_leaves_nulls_out() -> None:
    found = mapped(Columns(text="t", meta=("a", "b")), t=["x", "y"], a=[1, None], b=["p", None])
    assert found.frame["meta"].to_list() == [
        [{"key": "a", "value": "1"}, {"key": "b", "value": "p"}],
        [],
    ]


def test_missing_columns_are_named_with_near_ones() -> None:
    with pytest.raises(SourceError, match=r"no column 'txt'.*found: text, id.*mean 'text'"):
        check_columns(["txt"], ["text", "id"], "a.csv")
    with pytest.raises(SourceError, match=r"'a', 'b'.*options.sparse"):
        check_columns(["a", "b"], ["zzzz"], "a.csv")
    check_columns(["a"], ["b"], "x", sparse=["a"])
    with pytest.raises(SourceError, match="no column 'speaker'"):
        mapped(Columns(text="t", speaker="speaker"), t=["a"])


def test_wanted_takes_the_stricter_kind() -> None:
    gold = GoldColumn(task="e", taxonomy="t", labels="id", value="v")
    found = wanted(Columns(text="t", id="id", meta=("t", "m")), [gold])
    assert found == {"t": "text", "id": "key", "v": "number", "m": "any"}


def test_content_in_the_place_of_a_header_is_not_told() -> None:
    found = ["p1", "Zyndra Quaddle", "I am Zyndra, call me on 415-555-0132, please", "4711"]
    with pytest.raises(SourceError) as told:
        check_columns(["text"], found, "posts.csv")
    assert (
        "posts.csv has no column 'text'. Columns found: p1, Zyndra Quaddle, and 2 that read"
        in str(told.value)
    )
    assert "415" not in str(told.value)


def test_nested_cells_are_json_and_null_ones_are_none() -> None:
    """A null list is not the word null: it would be told as a label set of one label."""
    found = mapped(
        Columns(text="t", meta=("m", "s")),
        t=["a", "b", "c"],
        m=[["joy", "null"], None, []],
        s=[{"x": 1}, None, {"x": None}],
    )
    texts = [{each["key"]: each["value"] for each in row} for row in found.frame["meta"].to_list()]
    assert texts == [{"m": '["joy","null"]', "s": '{"x":1}'}, {}, {"m": "[]", "s": '{"x":null}'}]
