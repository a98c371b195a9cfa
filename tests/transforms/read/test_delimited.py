import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import SourceError
from tests.transforms.read.reading import Whole, read
from transforms.read.chunk import POSITION, Limits
from transforms.read.delimited import CSV, TSV

cells = st.text(st.sampled_from('ab",;\t\n\r é😀[]'), max_size=6).filter(lambda t: "\r" not in t)


def table(path: Path, data: bytes, options: dict[str, Any] | None = None, **limits: int) -> Whole:
    path.write_bytes(data)
    return read(path, CSV, options, Limits(**limits))


def rows(whole: Whole) -> list[tuple[str, ...]]:
    return [row[:-1] for row in whole.frame.rows()]


@settings(deadline=None, max_examples=100)
@given(
    data=st.integers(2, 4).flatmap(
        lambda n: st.lists(st.tuples(*[cells] * n), min_size=1, max_size=6)
    ),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    records=st.integers(1, 4),
    size=st.integers(1, 60),
)
def test_what_the_csv_module_writes_is_read(
    tmp_path_factory, data, end, quoting, records, size
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=end, quoting=quoting)
    names = [f"c{i}" for i in range(len(data[0]))]
    writer.writerows([names, *data])
    path = tmp_path_factory.getbasetemp() / "a.csv"
    options = {"delimiter": ","}
    one = table(path, out.getvalue().encode(), options)
    many = table(path, out.getvalue().encode(), options, records=records, bytes=size)
    assert rows(one) == data
    assert rows(many) == data
    assert one.frame.columns == [*names, POSITION]
    assert one.skipped == many.skipped == {"header": 1}


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.sampled_from([b'"', b"a", b",", b"\n", b'","', b"\r\n", b"\xff"]), max_size=30),
    st.integers(1, 4),
    st.integers(1, 40),
)
def test_dirty_tables_do_not_depend_on_limits(tmp_path_factory, parts, records, size) -> None:
    path, data = tmp_path_factory.getbasetemp() / "b.csv", b"x,y\n" + b"".join(parts)
    one = table(path, data, {"delimiter": ","})
    many = table(path, data, {"delimiter": ","}, records=records, bytes=size)
    assert (one.units, one.bad, one.skipped) == (many.units, many.bad, many.skipped)
    assert one.frame.rows() == many.frame.rows()


def test_bad_rows_and_only_they_are_quarantined(tmp_path: Path) -> None:
    data = (
        b"id,text\n1,fine\n2\n3,a,b\n\n4,\xff\xfe\n"
        b'5,"a ""quoted""\r\ncell"\r\n6,"broken" here\n7,5" disk\n8,"a\rb"\n9,"x",\n10,last'
    )
    whole = table(tmp_path / "a.csv", data)
    assert whole.classes == [
        (2, "ragged_row"),
        (3, "ragged_row"),
        (5, "invalid_utf8"),
        (7, "bad_quote"),
        (10, "ragged_row"),
    ]
    assert rows(whole) == [
        ("1", "fine"),
        ("5", 'a "quoted"\r\ncell'),
        ("7", '5" disk'),
        ("8", "a\rb"),
        ("10", "last"),
    ]
    assert whole.skipped == {"header": 1, "blank_line": 1}
    assert data[whole.bad[3].offset :].startswith(b'6,"broken" here\n')
    assert whole.bad[0].message == "1 cells, where the table has 2 columns"


def test_a_stray_quote_swallows_nothing(tmp_path: Path) -> None:
    data = b'id,text\n1,"never closed\n' + b"".join(b"%d,fine\n" % i for i in range(2, 5000))
    whole = table(tmp_path / "a.csv", data, record_bytes=1000, bytes=3000)
    assert whole.classes == [(1, "bad_quote")]
    assert whole.frame.height == 4998


def test_a_cell_beyond_record_bytes(tmp_path: Path) -> None:
    data = b'id,text\n1,fine\n2,"' + b"x\n" * 5000 + b'"\n3,' + b"y" * 5000 + b"\n4,fine\n"
    whole = table(tmp_path / "a.csv", data, record_bytes=2000, bytes=4000)
    assert rows(whole) == [("1", "fine"), ("4", "fine")]
    assert {kind for _, kind in whole.classes} == {"bad_quote", "ragged_row", "unit_too_long"}


@pytest.mark.parametrize(
    ("encoding", "option"),
    [
        ("utf-8", "auto"),
        ("utf-8-sig", "auto"),
        ("utf-16", "auto"),
        ("utf-16", "utf-16"),
        ("latin-1", "latin-1"),
        ("cp1252", "cp1252"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, option: str) -> None:
    data = '"id","text"\n1,"é\n""è"""\n2,ü\n'.encode(encoding)
    whole = table(tmp_path / "a.csv", data, {"encoding": option}, records=1)
    assert whole.frame.columns == ["id", "text", POSITION]
    assert rows(whole) == [("1", 'é\n"è"'), ("2", "ü")]


def test_wrong_encodings(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is not utf-16 text"):
        table(tmp_path / "a.csv", b"\xff\xfea\x00,\x00\x00", {"encoding": "utf-16"})
    with pytest.raises(SourceError, match=r"not known.*latin-1"):
        table(tmp_path / "a.csv", b"a,b", {"encoding": "klingon"})
    with pytest.raises(SourceError, match="header of the table is not UTF-8"):
        table(tmp_path / "a.csv", b"a,\xe9\n1,2\n")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    data = f"id{delimiter}text\n1{delimiter}x\n".encode()
    assert rows(table(tmp_path / "a.csv", data)) == [("1", "x")]


def test_headers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert table(path, b"\n\n,a,a,\n1,2,3,4\n", records=1).frame.columns == [
        "column_1",
        "a",
        "a_2",
        "column_4",
        POSITION,
    ]
    assert table(path, b"1,2\n3,4\n", {"header": False}).frame.columns[:2] == [
        "column_1",
        "column_2",
    ]
    named = table(path, b"\xef\xbb\xbf1,2\n3,4\n", {"names": ["id", "text"]}, records=1)
    assert rows(named) == [("1", "2"), ("3", "4")]
    with pytest.raises(SourceError, match="quote that is not closed"):
        table(path, b'a,"b\n1,2\n')
    with pytest.raises(SourceError, match="one ASCII character"):
        table(path, b"a,b\n", {"delimiter": ",,"})


@pytest.mark.parametrize("data", [b"", b"\n\n", b"id,text\n"])
def test_tables_without_rows(tmp_path: Path, data: bytes) -> None:
    whole = table(tmp_path / "a.csv", data)
    assert (whole.frame.height, whole.bad, whole.units) == (0, [], data.count(b"\n"))


def test_tsv_takes_quotes_as_text_unless_told(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_bytes(b'id\ttext\n1\t"oops\n2\tsaid "x"\n3\t"a\tb"\n')
    plain = read(tmp_path / "a.tsv", TSV)
    assert rows(plain) == [("1", '"oops'), ("2", 'said "x"')]
    assert plain.classes == [(3, "ragged_row")]
    quoted = read(tmp_path / "a.tsv", TSV, {"quote": '"'})
    assert rows(quoted) == [("2", 'said "x"'), ("3", "a\tb")]


def test_nul_and_odd_characters_stay(tmp_path: Path) -> None:
    data = 'id,text\n1,a\0b\n2,"c\0d"\n3,e\u2028f\x0b\n'.encode()
    assert [row[1] for row in rows(table(tmp_path / "a.csv", data))] == [
        "a\0b",
        "c\0d",
        "e\u2028f\x0b",
    ]
