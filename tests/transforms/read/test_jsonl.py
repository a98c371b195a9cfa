"""JSON lines against an independent reader, line by line with the standard library."""

import json
import math
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.transforms.read.reading import Whole, read
from transforms.read.chunk import POSITION, WANTED, Kind, Limits
from transforms.read.jsonl import JsonLines

KINDS: dict[str, Kind] = {
    "text": "text",
    "id": "key",
    "at": "time",
    "labels": "labels",
    "any": "any",
    "n": "number",
}
READER = JsonLines()


def jsonl(path: Path, data: bytes, **limits: int) -> Whole:
    path.write_bytes(data)
    return read(path, READER, {WANTED: KINDS}, Limits(**limits))


class BrokenError(ValueError):
    pass


def strict(line: bytes) -> Any:
    """One JSON value, or ValueError; of duplicate keys the first."""

    def firsts(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        json.dumps(pairs, ensure_ascii=False).encode()  # no half surrogate pair, even in doubles
        return dict(reversed(pairs))

    def number(text: str) -> float:
        if math.isinf(float(text)):
            raise BrokenError
        return float(text)

    def no_constant(text: str) -> None:
        raise BrokenError

    text = line.decode()
    value = json.loads(
        text, object_pairs_hook=firsts, parse_float=number, parse_constant=no_constant
    )
    json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair cannot be encoded
    return value


def canonical(value: Any, kind: Kind) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if kind == "text" or (kind == "key" and isinstance(value, bool)):
        raise TypeError
    if isinstance(value, bool):
        if kind not in ("any", "labels"):
            raise TypeError
        return str(value).lower()
    if isinstance(value, float) and not value.is_integer():
        if kind == "key":
            raise TypeError
        return repr(value)
    if isinstance(value, int | float):
        return str(int(value))
    if kind == "any":
        return json.dumps(value)
    strings = isinstance(value, list) and all(type(item) in (str, int) for item in value)
    if kind == "labels" and strings:
        return json.dumps([str(item) for item in value])
    raise TypeError


def reference(data: bytes, kinds: Mapping[str, Kind]) -> tuple[list[dict[str, Any]], list[Any]]:
    rows, bad = [], []
    data = data.removeprefix(b"\xef\xbb\xbf")
    lines = data.split(b"\n")
    for position, line in enumerate(lines if lines[-1] else lines[:-1]):
        if not line.strip(b" \t\r"):
            continue
        try:
            value = strict(line)
        except UnicodeDecodeError:
            bad.append((position, "invalid_utf8"))
            continue
        except ValueError:
            bad.append((position, "invalid"))
            continue
        if not isinstance(value, dict):
            bad.append((position, "not_an_object"))
            continue
        try:
            row = {name: canonical(value.get(name), kind) for name, kind in kinds.items()}
        except TypeError:
            bad.append((position, "wrong_type"))
            continue
        rows.append({**row, POSITION: position})
    return rows, bad


def comparable(row: Mapping[str, Any]) -> dict[str, Any]:
    """Nested JSON and numbers by their value: several spellings are right."""

    def read_back(cell: Any) -> Any:
        try:
            return (
                json.loads(cell) if isinstance(cell, str) and cell[:1] in "[{-0123456789" else cell
            )
        except ValueError:
            return cell

    return {name: read_back(cell) for name, cell in row.items()}


def check(path: Path, data: bytes, **limits: int) -> None:
    whole = jsonl(path, data, **limits)
    rows, bad = reference(data, KINDS)
    got = [
        (at, "invalid" if kind in ("invalid_json", "lone_surrogate") else kind)
        for at, kind in whole.classes
    ]
    assert got == bad
    assert list(map(comparable, whole.frame.to_dicts())) == list(map(comparable, rows))


SCALARS = [
    b"1", b"-0", b"0.0", b"-1.0", b"1.5", b"1e5", b"true", b"false", b"null", b'"a"', b'""',
    b'"[deleted]"', b'"5"', b'"true"', b'"[1]"', b'"{}"', b'"\\ud83d\\ude00"', b'"\\ud83d"',
    b'"\\u0000"', b'"\\u0041"', b'"text"', b'"\\"text\\":"', b"12345678901234567890123", b"1e-7",
    b"0.1234567890123456789", b"9007199254740993.0", b"90071992547040993.0", b"9223372036854775808",
    b"-9223372036854775809", b"1.7976931348623157e308", b"5e-324", b"1E22", b"0.00001", b'"-"',
    '"é😀"'.encode(), b"[]", b"{}", b'["a","b"]', b"[1,[2]]", b'{"text":"inner"}', b'"\\/"',
]  # fmt: skip
DIRT = [
    b"{", b"}", b"[", b"]", b'"', b"\\", b":", b",", b"\n", b"\r", b"\0", b"\x01", b"\xff", b"\x0b",
    b" ", b"NaN", b"Infinity", b"01", b"1.", b".5", b"1E400", b'"\\q"', b"\xef\xbb\xbf", b"'a'",
    b"\xe2\x80\xa8", b'"\xed\xa0\x80"', b"nul", b"/**/", b"\x7f", b"\xc2\xa0", b"true",
]  # fmt: skip
keys = st.sampled_from(
    [b'"text"', b'"id"', b'"at"', b'"labels"', b'"any"', b'"n"', b'"other"', b'"te\\u0078t"']
)
pairs = st.tuples(keys, st.sampled_from([b":", b": ", b" :", b"\t:\r"]), st.sampled_from(SCALARS))
objects = st.lists(pairs.map(b"".join), max_size=6).map(lambda p: b"{" + b",".join(p) + b"}")


@st.composite
def dirty_lines(draw: st.DrawFn) -> bytes:
    line = draw(objects)
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        at = draw(st.integers(0, len(line)))
        line = line[:at] + draw(st.sampled_from(DIRT)) + line[at:]
    return line


blank_lines = st.sampled_from([b"", b" ", b"\r", b"\t \r"])
rubbish = st.lists(st.sampled_from(DIRT + SCALARS), max_size=6).map(b"".join)
files = st.lists(
    st.one_of(objects, objects, dirty_lines(), dirty_lines(), blank_lines, rubbish), max_size=8
).map(b"\n".join)


@settings(deadline=None, max_examples=400)
@given(files, st.sampled_from([b"", b"\n", b"\r\n"]))
@example(b'{"text":"a","text":"b"}', b"")
@example(b'{"text":"a","te\\u0078t":null}\n{"text":7}', b"")
def test_dirty_files_like_the_reference(tmp_path_factory, lines: bytes, end: bytes) -> None:
    check(tmp_path_factory.getbasetemp() / "a.jsonl", lines + end)


@settings(deadline=None, max_examples=80)
@given(files, st.integers(1, 4), st.integers(1, 60), st.integers(1, 60))
def test_rows_do_not_depend_on_limits(tmp_path_factory, data, records, size, batch) -> None:
    path = tmp_path_factory.getbasetemp() / "b.jsonl"
    one = jsonl(path, data)
    many = jsonl(path, data, records=records, bytes=size, batch_bytes=batch)
    assert (many.units, many.skipped, many.bad) == (one.units, one.skipped, one.bad)
    assert many.frame.to_dicts() == one.frame.to_dicts()


def test_large_clean_pieces_take_the_fast_path(tmp_path: Path, monkeypatch) -> None:
    from transforms.read import jsonl as module

    calls = []
    original = module.read_fast
    monkeypatch.setattr(module, "read_fast", lambda *a: calls.append(original(*a)) or calls[-1])
    data = b"".join(
        b'{"id":%d,"text":"[NAME] %d was here \\ud83d\\ude00"}\n' % (i, i) for i in range(5000)
    )
    whole = jsonl(tmp_path / "a.jsonl", data)
    assert whole.frame.height == 5000
    assert [call is not None for call in calls] == [True]
    assert whole.frame["text"][7] == "[NAME] 7 was here 😀"


@pytest.mark.parametrize(
    ("line", "error_class"),
    [
        (b'{"text":"a"', "invalid_json"),
        (b'{"text":"a"} x', "invalid_json"),
        (b'{"text":"a\0b"}', "invalid_json"),
        (b'{"text":NaN}', "invalid_json"),
        (b'{"text":"\\ud800"}', "lone_surrogate"),
        (b'{"other":"\\ud800"}', "lone_surrogate"),
        (b'{"text":"\xff"}', "invalid_utf8"),
        (b"[1]", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b'{"text":5}', "wrong_type"),
        (b'{"text":["a"]}', "wrong_type"),
        (b'{"text":{"a":1}}', "wrong_type"),
        (b'{"text":true}', "wrong_type"),
        (b'{"text":"a","id":1.5}', "wrong_type"),
        (b'{"text":"a","id":[]}', "wrong_type"),
        (b'{"text":"a","x":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "too_deep"),
        (b'{"text":"a","x":' + b'[{"a":' * 5_000 + b"1" + b"}]" * 5_000 + b"}", "too_deep"),
        (b'{"x":' * 300 + b"1" + b"}" * 300, "too_deep"),
        (b"[" * 1_000_000, "too_deep"),
        (b'{"text":"' + b"x" * 70_000 + b'"}', "unit_too_long"),
    ],
)
def test_one_bad_line_costs_only_itself(tmp_path: Path, line: bytes, error_class: str) -> None:
    good = [b'{"text":"%d"}' % i for i in range(100)]
    data = b"\n".join([*good[:50], line, *good[50:]])
    size = 65_536 if error_class == "unit_too_long" else 4 << 20
    whole = jsonl(tmp_path / "a.jsonl", data, record_bytes=size)
    assert whole.classes == [(50, error_class)]
    assert whole.frame["text"].to_list() == [str(i) for i in range(100)]
    [unit] = whole.bad
    assert data[unit.offset : unit.offset + unit.length].removesuffix(b"\n") == line
    assert "xxx" not in unit.message
    assert "[[" not in unit.message


def test_brackets_are_no_depth(tmp_path: Path) -> None:
    data = b'{"text":"' + b"[" * 5000 + b'","any":[' + b"[]," * 500 + b"[]]}\n"
    assert jsonl(tmp_path / "a.jsonl", data).frame["text"].to_list() == ["[" * 5000]


def test_ids_of_any_size_stay_exact(tmp_path: Path) -> None:
    ids = ["7", "007", "1234567890123456789", "18446744073709551616", "1" * 60]
    data = "".join(f'{{"text":"a","id":{i}}}\n' for i in ids if not i.startswith("0"))
    data += "".join(f'{{"text":"a","id":"{i}"}}\n' for i in ids)
    got = jsonl(tmp_path / "a.jsonl", data.encode()).frame["id"].to_list()
    assert got == [i for i in ids if not i.startswith("0")] + ids


@pytest.mark.parametrize("data", [b"", b"\n", b" \n\r\n"])
def test_empty_files_have_no_rows(tmp_path: Path, data: bytes) -> None:
    whole = jsonl(tmp_path / "a.jsonl", data)
    assert (whole.frame.height, whole.bad) == (0, [])
    assert whole.units == whole.skipped["blank_line"] == data.count(b"\n")


def test_byte_order_mark(tmp_path: Path) -> None:
    whole = jsonl(tmp_path / "a.jsonl", b'\xef\xbb\xbf{"text":"a"}\n{"text":5}\n')
    assert whole.frame["text"].to_list() == ["a"]
    assert (whole.bad[0].offset, whole.bad[0].length) == (16, 10)


def test_names_that_need_escapes(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a\\"b\\\\":"x","tëxt":"y","a/b":"z"}\n')
    wanted = {'a"b\\': "text", "tëxt": "text", "a/b": "text"}
    row = read(tmp_path / "a.jsonl", READER, {WANTED: wanted}).frame.row(0, named=True)
    assert list(row.values())[:3] == ["x", "y", "z"]


def test_found_names_come_from_the_head(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"a":1}\nrubbish\n{"b":2,"a":3}\n')
    from tests.transforms.read.reading import source_of

    assert READER.found(source_of(tmp_path / "a.jsonl"), {}) == ["a", "b"]


MEMORY = """
import resource, sys
from pathlib import Path
from transforms.read.chunk import Limits, WANTED
from transforms.read.jsonl import JsonLines
from transforms.read.source import expand
[source] = expand([sys.argv[1]], Path("/"))
reader, limits = JsonLines(), Limits(bytes=4 << 20, record_bytes=1 << 20)
options = {WANTED: {"text": "text"}}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows, bad = 0, []
for chunk in reader.cut(source, limits, options):
    for batch in reader.parse(source, chunk, limits, options):
        rows += batch.frame.height
        bad += [(unit.error_class, unit.length) for unit in batch.bad]
print(rows, bad, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "zstd"])
def test_a_line_of_100_mb_is_never_held(tmp_path: Path, packed: bool) -> None:
    import zstandard

    path = tmp_path / "a.jsonl"
    head, long, tail = (
        b'{"text":"a"}\n',
        b'{"text":"' + b"x" * 100_000_000 + b'"}\n',
        b'{"text":"b"}\n',
    )
    data = head + long + tail
    path.write_bytes(zstandard.compress(data) if packed else data)
    run = subprocess.run(
        [sys.executable, "-c", MEMORY, str(path)],
        capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    rows, rest = run.stdout.split(" ", 1)
    assert rows == "2"
    assert f"[('unit_too_long', {len(long)})]" in rest
    assert int(rest.split()[-1]) < 60, "MiB of memory"


def test_a_file_that_changes_is_refused(tmp_path: Path) -> None:
    from schemas.errors import SourceError
    from tests.transforms.read.reading import source_of

    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text":"a"}\n')
    source = source_of(path)
    [chunk] = READER.cut(source, Limits(), {})
    path.write_bytes(b'{"text":"b"}\n')
    with pytest.raises(SourceError, match="changed while it was read"):
        list(READER.parse(source, chunk, Limits(), {WANTED: KINDS}))
