"""Paths that name a day; expected days and paths are written by hand."""

import datetime as dt
import glob
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.day_pattern import any_day, at_day, day_in, mistake, names_day

DAY = dt.date(2026, 3, 2)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("posts/{day}.jsonl", "posts/2026-03-02.jsonl"),
        ("{day:%Y/%m/%d}/a.csv", "2026/03/02/a.csv"),
        ("{day:%Y%m%d}-{day}.csv", "20260302-2026-03-02.csv"),
        ("d.{day:%d_%m_%Y}", "d.02_03_2026"),
    ],
)
def test_by_hand(pattern: str, path: str) -> None:
    assert names_day(pattern)
    assert mistake(pattern) is None
    assert at_day(pattern, DAY) == path
    assert day_in(pattern, path) == DAY


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("{day}.jsonl", "2026-02-30.jsonl"),  # there is no such day
        ("{day}.jsonl", "2026-03-02.jsonl.gz"),
        ("{day}.jsonl", "a2026-03-02.jsonl"),
        ("{day}x.jsonl", "2026-03-02.jsonl"),
        ("{day}/{day}", "2026-03-02/2026-03-03"),  # two days are none
        ("a+b/{day}", "aab/2026-03-02"),
        ("*/{day}", "a/b/2026-03-02"),
    ],
)
def test_paths_of_no_day(pattern: str, path: str) -> None:
    assert day_in(pattern, path) is None


def test_mistakes() -> None:
    for wrong in ("{day:}x", "{day:%Y-%m}", "{day:%Y%m%d%H}", "{day:%F}", "{day:%Y%Y%m%d}"):
        found = mistake(wrong)
        assert (found is None) == (wrong == "{day:}x"), wrong
    assert "{day:%Y-%m}" in str(mistake("a/{day:%Y-%m}/{day}"))
    assert mistake("no {place} here") is None
    assert not names_day("no {place} here")


@given(
    st.dates(dt.date(1000, 1, 1)),
    st.sampled_from(["{day}", "{day:%Y/%m/%d}", "{day:%d%m%Y}", "x[y]/{day}/*/z?", "**/{day}.a.b"]),
)
def test_a_day_comes_back(day: dt.date, pattern: str) -> None:
    path = at_day(pattern, day)
    for special, plain in (("[y]", "y"), ("/*/", "/some/"), ("?", "1"), ("**", "a/b")):
        path = path.replace(special, plain)
    assert day_in(pattern, path) == day


def test_globs_find_what_the_pattern_names(tmp_path: Path) -> None:
    for name in ("2026-03-01/x.csv", "2026-03-02/y/z.csv", "2026-3-02/x.csv", "soon/x.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    pattern = f"{tmp_path}/{{day}}/**/*.csv"
    found = {day_in(pattern, path) for path in glob.glob(any_day(pattern), recursive=True)}
    # `**` also stands for no folder at all in a glob; days are told by paths, so it must in both.
    assert found == {dt.date(2026, 3, 1), DAY}
