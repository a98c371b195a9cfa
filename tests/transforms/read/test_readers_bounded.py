"""A gigabyte through every reader, in a process of its own: memory is bounded, all is accounted for."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.transforms.read.formats import DOCUMENTS, STREAMS, Format, write_parquet
from transforms.read.chunk import MIB, Limits
from transforms.read.registry import READERS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc"),
]
GIGABYTE = 1_000_000_000
SHORT = 20 * MIB  # of it in short units: a batch of the most rows, and more


def outcome(reader: str, folder: Path, most_mib: int) -> dict[str, Any]:
    """What reading the folder gave; the file is gone afterwards."""
    command = [sys.executable, "-m", "tests.transforms.read.measured", reader, str(folder)]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    for path in folder.iterdir():
        path.unlink()
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["sources"] == 1
    assert found["peak_mib"] < most_mib
    return found


def registered(forms: tuple[Format, ...]) -> list[Any]:
    return [pytest.param(form, id=form.reader) for form in forms if form.reader in READERS]


def test_every_reader_is_here() -> None:
    assert {form.reader for form in (*STREAMS, *DOCUMENTS)} | {"parquet"} >= set(READERS)


@pytest.mark.parametrize("form", registered(STREAMS))
def test_a_gigabyte(form: Format, tmp_path: Path) -> None:
    count = form.write(tmp_path, GIGABYTE, SHORT)
    found = outcome(form.reader, tmp_path, form.most_mib)
    assert found["bad"] == {}
    assert (found["used"], found["rows"]) == (count, count * form.rows)
    assert sum(found["skipped"].values()) == form.around
    assert found["units"] == count + form.around


@pytest.mark.parametrize("form", registered(STREAMS))
def test_one_unit_without_end(form: Format, tmp_path: Path) -> None:
    form.write_long(tmp_path, GIGABYTE)
    found = outcome(form.reader, tmp_path, form.most_mib)
    # Where lines of a quoted cell follow, the cell is not closed: they are bad units of their own.
    assert found["bad"].pop("unit_too_long") == 1
    rest = sum(found["bad"].values())
    assert rest <= 2
    assert (found["used"], found["units"]) == (2, 3 + rest + form.around)


def test_a_gigabyte_of_parquet(tmp_path: Path) -> None:
    count = write_parquet(tmp_path, GIGABYTE)
    found = outcome("parquet", tmp_path, 600)
    assert (found["units"], found["rows"], found["bad"]) == (count, count, {})


@pytest.mark.parametrize("form", registered(DOCUMENTS))
def test_a_document_of_a_gigabyte_is_quarantined(form: Format, tmp_path: Path) -> None:
    form.write_again(tmp_path, GIGABYTE)
    found = outcome(form.reader, tmp_path, form.most_mib)
    assert (found["units"], found["bad"]) == (1, {"unit_too_long": 1})


@pytest.mark.parametrize("form", registered(DOCUMENTS))
def test_the_longest_document(form: Format, tmp_path: Path) -> None:
    size = Limits().record_bytes - MIB
    count = form.write(tmp_path, size, short=size)
    found = outcome(form.reader, tmp_path, form.most_mib)
    assert found["bad"] == {}
    assert found["units"] >= (1 if form.single else count)
    assert found["used"] > 0
