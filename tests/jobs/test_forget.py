"""How whom is named becomes what is looked for."""

import re

import pytest

from jobs.forget import _pattern


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (b'{"author": "alice", "body', True),
        (b"alice: hello", True),
        (b"malice, alices", False),
        (b"ALICE", False),
        ('{"author": "J\u00fcrgen"'.encode(), True),
        (b'{"author": "J\\u00fcrgen"', True),
        (b"a.b", True),
        (b"axb", False),
    ],
)
def test_raw_bytes_that_hold_a_name_as_a_word(raw: bytes, found: bool) -> None:
    assert bool(re.search(_pattern(["alice", "Jürgen", "a.b"]), raw)) is found
