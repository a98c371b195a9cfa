import gzip
import re
import subprocess
import time
import tracemalloc
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import SourceError
from tests.transforms.read.reading import source_of
from transforms.read.chunk import BadUnit, Limits
from transforms.read.pieces import chunk_bytes
from transforms.read.source import SourceFile
from transforms.read.xml_rows import cut_rows, parse_rows

HEAD = '\ufeff<?xml version="1.0" encoding="utf-8"?>\r\n<posts>\r\n'
ROWS = (
    '  <row Id="1" Body="a &lt;b&gt; /> &#xA;c &amp;#x" />\r\n'
    "\t<row Id='2' Body='é \"x\"'/>\r\n"
    '  <row Id="3"/> <row Body="d" Id="4" /></posts>'
)


def read(
    source: SourceFile, limits: Limits | None = None, names: tuple[str, ...] = ("Id", "Body")
) -> tuple[list[tuple[object, ...]], dict[str, int], list[BadUnit], int]:
    """(rows with their positions, skipped, bad, units); the bytes of the chunks are the file's."""
    limits = limits or Limits()
    rows: list[tuple[object, ...]] = []
    skipped: dict[str, int] = {}
    bad: list[BadUnit] = []
    at = units = 0
    for chunk in cut_rows(source, limits):
        assert (chunk.offset, chunk.position) == (at, units)
        at, units = at + chunk.length, units + chunk.units
        if chunk.oversize:
            bad.append(BadUnit(chunk.position, chunk.offset, chunk.length, "unit_too_long", ""))
            continue
        count = 0
        for batch in parse_rows(chunk_bytes(source, chunk), chunk, limits, names):
            assert batch.units == batch.frame.height + len(batch.bad) + sum(batch.skipped.values())
            rows += batch.frame.rows()
            bad += batch.bad
            for reason, number in batch.skipped.items():
                skipped[reason] = skipped.get(reason, 0) + number
            count += batch.units
        assert count == chunk.units
    return rows, skipped, bad, units


def of_text(tmp_path: Path, text: str | bytes, limits: Limits | None = None):
    path = tmp_path / "Posts.xml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read(source_of(path), limits)


def test_rows_and_all_that_is_around_them(tmp_path: Path) -> None:
    rows, skipped, bad, units = of_text(tmp_path, HEAD + ROWS)
    assert rows == [
        ("1", "a <b> /> \nc &#x", 2),
        ("2", 'é "x"', 3),
        ("3", None, 4),
        ("4", "d", 5),
    ]
    assert (skipped, bad, units) == ({"xml_markup": 3}, [], 7)


@pytest.mark.parametrize("records", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 40, 90])
def test_chunks_do_not_change_what_is_read(tmp_path: Path, records: int, size: int) -> None:
    whole = of_text(tmp_path, HEAD + ROWS)
    assert (
        of_text(tmp_path, HEAD + ROWS, Limits(records=records, bytes=size, batch_bytes=50)) == whole
    )


@settings(deadline=None, max_examples=300)
@given(
    st.lists(
        st.sampled_from(["<row ", "/>", ">", "\n", "\r\n", " ", 'a="b"', "x", "</p>", '"']),
        max_size=30,
    ),
    st.integers(1, 4),
    st.integers(1, 30),
)
def test_dirty_files_do_not_depend_on_limits(tmp_path_factory, parts, records, size) -> None:
    folder = tmp_path_factory.getbasetemp()
    whole = of_text(folder, "".join(parts))
    small = Limits(records=records, bytes=size, record_bytes=400, batch_bytes=20)
    assert of_text(folder, "".join(parts), small) == whole


def test_broken_rows_lose_only_themselves(tmp_path: Path) -> None:
    good = '  <row Id="9" Body="ok" />\n'
    broken = {
        '  <row Id="1" Body="cut of\n': "bad_xml",
        '  <row Id="1" Body="a & b" />\n': "bad_xml",
        '  <row Id="1" Body="&lol;" />\n': "bad_xml",
        '  <row Id="1" Id="2" />\n': "bad_xml",
        '  <row Id="1" Body="&#x0;" />\n': "bad_xml",
        "lost words\n": "bad_xml",
        "<!DOCTYPE posts [ \n": "doctype",
        '<!ENTITY lol "lol">\n': "doctype",
    }
    for line, error_class in broken.items():
        rows, _, bad, units = of_text(tmp_path, f"<posts>\n{good}{line}{good}</posts>\n")
        assert [row[0] for row in rows] == ["9", "9"], line
        assert [unit.error_class for unit in bad] == [error_class], line
        assert (units, bad[0].offset, bad[0].length) == (5, 8 + len(good), len(line)), line
        assert "cut of" not in bad[0].message
    data = f'<posts>\n{good}  <row Id="1" Body="caf'.encode() + b'\xe9" />\n' + good.encode()
    rows, _, bad, _ = of_text(tmp_path, data)
    assert ([row[0] for row in rows], [each.error_class for each in bad]) == (
        ["9", "9"],
        ["invalid_utf8"],
    )


def test_a_bomb_of_entities_does_not_go_off(tmp_path: Path) -> None:
    lines = ['<!DOCTYPE r [<!ENTITY a0 "ha">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 20)]
    lines += ["]>", "<posts>", '<row Id="1" Body="&a19;" />', '<row Id="2" />', "</posts>"]
    started = time.process_time()
    rows, _, bad, _ = of_text(tmp_path, "\n".join(lines))
    assert time.process_time() - started < 2
    assert [row[0] for row in rows] == ["2"]
    assert [each.error_class for each in bad].count("doctype") == 21


def test_too_long_rows_are_not_held(tmp_path: Path) -> None:
    path = tmp_path / "Posts.xml.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b'<posts>\n  <row Id="1" />\n  <row Id="2" Body="')
        for _ in range(40):
            file.write(b"words " * 170_000)
        file.write(b'" />\n  <row Id="3" />\n</posts>\n')
    limits = Limits(bytes=1 << 20, record_bytes=1 << 20)
    tracemalloc.start()
    rows, skipped, bad, units = read(source_of(path), limits)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20
    assert ([row[0] for row in rows], skipped, units) == (["1", "3"], {"xml_markup": 2}, 5)
    [unit] = bad
    assert (unit.error_class, unit.position) == ("unit_too_long", 2)
    assert unit.length == len(b'  <row Id="2" Body="" />\n') + 40 * 6 * 170_000


def test_empty_and_cut_off(tmp_path: Path) -> None:
    assert of_text(tmp_path, "") == ([], {}, [], 0)
    assert of_text(tmp_path, HEAD) == ([], {"xml_markup": 2}, [], 2)
    rows, _, bad, _ = of_text(tmp_path, HEAD + '  <row Id="1" />\n  <row Id="2" Bo')
    assert ([row[0] for row in rows], [each.error_class for each in bad]) == (["1"], ["bad_xml"])
    lines = "".join(f'  <row Id="{n}" Body="words {n * n}" />\n' for n in range(20_000))
    path = tmp_path / "Posts.xml.gz"
    path.write_bytes(gzip.compress((HEAD + lines).encode())[:-1000])
    chunks = []
    with pytest.raises(SourceError, match=r"Posts\.xml\.gz"):
        chunks.extend(cut_rows(source_of(path), Limits(records=1000)))
    assert 10_000 < sum(chunk.units for chunk in chunks) < 20_002


def test_real_dump(shared_data: Path) -> None:
    folder = shared_data / "social" / "stackexchange_bicycles_meta"
    for name, count, text in (("Posts", 1_446, "Body"), ("Comments", 2_448, "Text")):
        path = folder / f"{name}.xml.zst"
        data = subprocess.run(["zstd", "-dc", path], capture_output=True, check=True).stdout
        tree = ET.fromstring(data)
        expected = [(row.get("Id"), row.get(text)) for row in tree]
        rows, skipped, bad, units = read(source_of(path), None, ("Id", text))
        assert [row[:2] for row in rows] == expected
        assert len(rows) == count == len(re.findall(rb"<row ", data))
        assert (skipped, bad, units) == ({"xml_markup": 3}, [], count + 3)
        assert [row[-1] for row in rows] == list(range(2, count + 2))
