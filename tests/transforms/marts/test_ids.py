"""Ids as numbers: any ids come back as they were, in the same order."""

import uuid

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.marts.ids import as_uuid

IDS = st.lists(st.one_of(st.none(), st.uuids().map(lambda each: each.hex)))


@given(IDS, st.integers(0, 5))
def test_as_pythons_own_reading(ids, skipped):
    array = pa.array(ids, pa.string())[skipped:]
    expected = [None if each is None else uuid.UUID(each) for each in ids[skipped:]]
    assert as_uuid(array).to_pylist() == expected


@pytest.mark.parametrize("wrong", ["", "abc", "0" * 31, "0" * 33, "x" * 32, "A" * 32])
def test_other_strings_are_refused(wrong):
    with pytest.raises(ValueError, match="32"):
        as_uuid(pa.array(["0" * 32, wrong]))
