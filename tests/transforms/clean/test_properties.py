"""What holds for every text, however dirty."""

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.config.clean import CleanConfig, ClinicalPolicy, Policy, SocialPolicy
from tests.transforms.clean.dirt import dirty
from tests.transforms.clean.rows import records
from transforms.clean import clean
from transforms.clean.edits import apply_edits, way_back
from transforms.clean.name_rows import named
from transforms.clean.pii import find_pii
from transforms.clean.pii_names import names_of
from transforms.clean.prefilter import sifted, suspects
from transforms.clean.tidy import Tidier

POLICIES = [
    SocialPolicy(),
    ClinicalPolicy(),
    SocialPolicy(urls="remove", mentions="remove", hashtags="word"),
    SocialPolicy(hashtags="remove", quotes="keep", markdown=False),
]
thorough = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
texts = st.lists(dirty, min_size=1, max_size=12)


@pytest.mark.slow
@pytest.mark.parametrize("policy", POLICIES)
@thorough
@given(rows=texts)
def test_a_row_that_is_no_suspect_needs_no_change(policy: Policy, rows: list[str]) -> None:
    tidier = Tidier(policy)
    trimmed = pl.Series("text", rows).str.strip_chars()
    for row, text, suspect in zip(rows, trimmed, suspects(trimmed, policy), strict=True):
        if not suspect:
            assert tidier.tidy(row).text == text
            assert tidier.tidy(row).pii == []


@pytest.mark.slow
@pytest.mark.parametrize("policy", POLICIES)
@thorough
@given(rows=texts)
def test_many_rows_come_out_as_each_alone(policy: Policy, rows: list[str]) -> None:
    tidier = Tidier(policy)
    names = [("Joe Example",) if len(row) % 3 == 0 else () for row in rows]
    worded = sifted(pl.Series("text", rows).str.strip_chars(), policy).worded
    for row, known, done in zip(rows, names, tidier.tidy_all(rows, names, worded), strict=True):
        alone = tidier.tidy(row, known)
        assert (done.text, done.pii) == (alone.text, alone.pii)
        assert (done.urls, done.mentions) == (alone.urls, alone.mentions)
        assert done.hashtags == alone.hashtags


@pytest.mark.parametrize("policy", POLICIES)
@thorough
@given(row=dirty)
def test_cleaning_clean_text_changes_nothing(policy: Policy, row: str) -> None:
    tidier = Tidier(policy)
    once = tidier.tidy(row)
    twice = tidier.tidy(once.text)
    assert twice.text == once.text
    assert twice.pii == []


@thorough
@given(row=dirty)
def test_no_pii_is_left(row: str) -> None:
    assert find_pii(Tidier(SocialPolicy()).tidy(row).text) == []
    assert find_pii(Tidier(ClinicalPolicy()).tidy(row).text, safe_harbor=True) == []


@thorough
@given(row=dirty)
def test_no_name_that_is_known_is_left(row: str) -> None:
    names = ("Joe Example", "Elm Larsen", "May Dayton", "中文 日本")
    once = Tidier(SocialPolicy()).tidy(row, names)
    assert not [found for found in find_pii(once.text, names) if found[0] == "name"]
    hint = pl.Series([list(names)], dtype=pl.List(pl.String))
    if list(names_of(names).find(row)):
        assert named(pl.Series([row]), hint).item()


@thorough
@given(row=dirty)
def test_spans_lie_in_the_raw_text_in_order_and_apart(row: str) -> None:
    last = 0
    for _, start, end in Tidier(SocialPolicy()).tidy(row).pii:
        assert last <= start < end <= len(row)
        last = end


@settings(thorough, max_examples=40)
@given(first=texts, second=texts)
def test_batch_boundaries_do_not_matter(first: list[str], second: list[str]) -> None:
    domains = ["social", "podcast", "clinical"]
    rows = first + second
    batch = records(rows, [domains[len(row) % 3] for row in rows])
    at = len(first)
    parts = [clean(batch[:at], CleanConfig()), clean(batch[at:], CleanConfig())]
    assert clean(batch, CleanConfig()).equals(pl.concat(parts))


@given(data=st.data(), text=st.text(alphabet="abc ", min_size=1, max_size=20))
def test_the_way_back_finds_untouched_characters(data: st.DataObject, text: str) -> None:
    places = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    pairs = zip(places[::2], places[1::2], strict=False)
    edits = [(start, end, data.draw(st.sampled_from(["", "X", "XYZ"]))) for start, end in pairs]
    edited = apply_edits(text, edits)
    touched = {place for start, end, _ in edits for place in range(start, end)}
    kept = [place for place in range(len(text)) if place not in touched]
    here = [place for place, letter in enumerate(edited) if letter not in "XYZ"]
    spans = way_back(edits, [(place, place + 1) for place in here])
    assert spans == [(place, place + 1) for place in kept]
