import gzip
import json
import tracemalloc
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import SourceError
from tests.transforms.read.reading import source_of
from transforms.read.chunk import POSITION, BadUnit, Limits
from transforms.read.json_elements import (
    Element,
    WrongElementError,
    cut_elements,
    head_elements,
    parse_elements,
)
from transforms.read.pieces import chunk_bytes

SCHEMA = {"key": pl.String, "json": pl.String}


def rows_of(element: Element) -> list[tuple[Any, ...]]:
    """One row an element; none for null, and "wrong" is refused."""
    if element.value == "wrong":
        raise WrongElementError("not what it should be")
    return [] if element.value is None else [(element.key, json.dumps(element.value))]


class Outcome:
    def __init__(self, path: Path, **limits: int) -> None:
        self.values: list[tuple[int, str | None, Any]] = []
        self.bad: list[BadUnit] = []
        self.skipped: dict[str, int] = {}
        self.units = 0
        self.error: str | None = None
        self.pieces: list[bytes] = []
        source, bounds = source_of(path), Limits(**limits)
        try:
            for chunk in cut_elements(source, bounds):
                assert chunk.position == self.units
                assert chunk.offset == sum(map(len, self.pieces))
                self.pieces.append(
                    bytes(chunk.length) if chunk.oversize else chunk_bytes(source, chunk)
                )
                self._parse(source, chunk, bounds)
                assert self.units == chunk.position + chunk.units
        except SourceError as error:
            self.error = str(error)
        self.bad.sort(key=lambda unit: unit.position)

    def _parse(self, source, chunk, bounds) -> None:
        for batch in parse_elements(source, chunk, bounds, SCHEMA, rows_of):
            assert batch.units == batch.frame.height + len(batch.bad) + sum(batch.skipped.values())
            self.units += batch.units
            self.bad += batch.bad
            for reason, count in batch.skipped.items():
                self.skipped[reason] = self.skipped.get(reason, 0) + count
            self.values += [
                (position, key, json.loads(text))
                for key, text, position in batch.frame.select("key", "json", POSITION).rows()
            ]

    @property
    def told(self) -> tuple[Any, ...]:
        bad = [(u.position, u.offset, u.length, u.error_class) for u in self.bad]
        return self.values, bad, self.skipped, self.units, self.error


def of_text(folder: Path, text: str | bytes, **limits: int) -> Outcome:
    path = folder / "a.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return Outcome(path, **limits)


def test_elements_of_an_array_and_members_of_an_object(tmp_path: Path) -> None:
    found = of_text(tmp_path, ' [1, {"a": [2, "],\\""]} ,\n null, "wrong"\n]\n')
    assert found.values == [(0, None, 1), (1, None, {"a": [2, '],"']})]
    assert found.skipped == {"empty": 1}
    assert [(unit.position, unit.error_class) for unit in found.bad] == [(3, "wrong_type")]
    assert (found.units, found.error) == (4, None)
    found = of_text(tmp_path, '\ufeff{"a,": "{", "b\\"": [[]]}')
    assert found.values == [(0, "a,", "{"), (1, 'b"', [[]])]


@pytest.mark.parametrize("text", ["[]", "{}", " [ \n] \n", "\ufeff{ }"])
def test_a_document_without_elements(tmp_path: Path, text: str) -> None:
    for size in (1, 1000):
        found = of_text(tmp_path, text, bytes=size, record_bytes=30)
        assert found.told == ([], [], {"no_element": 1}, 1, None)


def test_an_empty_file_has_no_unit(tmp_path: Path) -> None:
    assert of_text(tmp_path, "").told == ([], [], {}, 0, None)


def test_a_broken_element_loses_only_itself(tmp_path: Path) -> None:
    for element, error_class in {
        "nil": "invalid_json",
        '{"a": [1 2]}': "invalid_json",
        '"a\tb"': "invalid_json",
        '"\\ud800"': "invalid_json",
        '"\\x"': "invalid_json",
        "": "invalid_json",
        "[" * 5000 + "]" * 5000: "invalid_json",
        '"not closed\n': "invalid_json",
    }.items():
        found = of_text(tmp_path, f"[1,{element},2]")
        assert [value for _, _, value in found.values] == [1, 2], element
        [unit] = found.bad
        length = len(element) + 1  # with its comma
        assert (unit.error_class, unit.offset, unit.length) == (error_class, 3, length)
        assert "closed" not in unit.message
    found = of_text(tmp_path, b'{"a": 1, "b": "caf\xe9", "c" 5, : 6, "d": 7}')
    assert found.values == [(0, "a", 1), (4, "d", 7)]
    assert [unit.error_class for unit in found.bad] == ["invalid_utf8"] + ["invalid_json"] * 2


@pytest.mark.parametrize(
    ("text", "values", "error"),
    [
        ('[1, 2, "thr', [1, 2], "cut short at decompressed byte 11"),
        ("[1, 2", [1], "cut short"),
        ("[1, 2] [3]", [1, 2], "corrupt at decompressed byte 7"),
        ("[1, [2}, 3]", [1], None),
        ("[1, 2}", [1], "corrupt at decompressed byte 5: wrong bracket"),
        ('{"a": 1}\n{"a": 2}\n', [1], "ends before"),
        ("hello", [], "does not start with"),
        ("  \n", [], "does not start with"),
        ("\x00[1]", [], "does not start with"),
    ],
)
def test_a_broken_document_is_told_after_what_is_whole(tmp_path, text, values, error) -> None:
    found = of_text(tmp_path, text)
    assert [value for _, _, value in found.values][: len(values)] == values
    assert error is None or error in str(found.error)
    assert error is None or len(found.values) == len(values)
    assert "a.json" in (found.error or "a.json")


def test_a_compressed_file_that_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    data = json.dumps([{"n": n, "text": f"words {n * n}"} for n in range(20_000)]).encode()
    path.write_bytes(gzip.compress(data)[:-1000])
    found = Outcome(path, records=1000)
    assert "a.json.gz" in str(found.error)
    assert 10_000 < len(found.values) < 20_000
    assert found.values == [
        (n, None, {"n": n, "text": f"words {n * n}"}) for n in range(len(found.values))
    ]


def test_other_encodings(tmp_path: Path) -> None:
    found = of_text(tmp_path, '["é", "😀"]'.encode("utf-16"))
    assert found.values == [(0, None, "é"), (1, None, "😀")]
    found = of_text(tmp_path, '["é", 1]'.encode("latin-1"))
    assert found.values == [(1, None, 1)]
    assert [unit.error_class for unit in found.bad] == ["invalid_utf8"]


def test_a_huge_element_is_not_held(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b'["first", ["')
        for _ in range(40):
            file.write(b"words,[" * 150_000)
        file.write(b'\\"", {}], "last"]')
    tracemalloc.start()
    source, limits = source_of(path), Limits(bytes=1 << 20, record_bytes=1 << 20)
    chunks = list(cut_elements(source, limits))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 24 << 20
    assert [(chunk.units, chunk.oversize) for chunk in chunks] == [
        (1, False),
        (1, True),
        (1, False),
    ]
    assert chunks[1].length == len(b' ["') + 40 * 7 * 150_000 + len(b'\\"", {}],')
    [batch] = parse_elements(source, chunks[1], limits, SCHEMA, rows_of)
    assert [unit.error_class for unit in batch.bad] == ["unit_too_long"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(JSON, max_size=5) | st.dictionaries(st.text(max_size=6), JSON, max_size=5),
    st.sampled_from([None, 1, "\t"]),
    st.booleans(),
    st.integers(1, 3),
    st.integers(1, 60),
)
def test_what_json_says(tmp_path_factory, document, indent, ascii, records, size) -> None:  # noqa: A002
    folder = tmp_path_factory.getbasetemp()
    text = json.dumps(document, indent=indent, ensure_ascii=ascii)
    try:
        data = text.encode()
    except UnicodeEncodeError:  # half characters are no text
        return
    found = of_text(folder, data, records=records, bytes=size, batch_bytes=20)
    items = document.items() if isinstance(document, dict) else ((None, v) for v in document)
    expected = [(n, key, value) for n, (key, value) in enumerate(items) if value is not None]
    halves = {unit.position for unit in found.bad}
    assert found.values == [each for each in expected if each[0] not in halves]
    for (
        position
    ) in halves:  # escaped half characters, numbers beyond 64 bits, or what rows_of refuses
        [(_, key, value)] = [each for each in expected if each[0] == position]
        assert value == "wrong" or "\\ud" in json.dumps([key, value]) or _is_big(value)
    assert found.units == max(1, len(document))
    assert b"".join(found.pieces) == data


def _is_big(value: Any) -> bool:
    if isinstance(value, list | dict):
        return any(map(_is_big, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and not -(2**63) <= value < 2**64


@settings(deadline=None, max_examples=500)
@given(
    st.lists(
        st.sampled_from(
            ["[", "]", "{", "}", ",", '"', "\\", "\n", " ", '"a":', "1", "x", "\ufeff"]
        ),
        max_size=30,
    ),
    st.integers(1, 3),
    st.integers(1, 30),
)
def test_dirty_documents_do_not_depend_on_limits(tmp_path_factory, parts, records, size) -> None:
    folder = tmp_path_factory.getbasetemp()
    text = "[" + "".join(parts)
    whole = of_text(folder, text)
    small = of_text(folder, text, records=records, bytes=size, batch_bytes=7, record_bytes=500)
    assert small.told == whole.told


def test_heads() -> None:
    assert head_elements(b'{"a": 1, "b": [2], "c') == (b"{", [1, [2]])
    assert head_elements(b"[1, 2, 3, 4, 5") == (b"[", [1, 2, 3])
    assert head_elements(b"[7]\n") == (b"[", [7])
    assert head_elements(b'{"a": 1}\n{"a": 2}\n') == (b"", [])
    assert head_elements(b"") == (b"", [])
    assert head_elements(b"id,text\n1,[2]\n") == (b"", [])
