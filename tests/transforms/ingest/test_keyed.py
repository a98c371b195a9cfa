import hashlib
import hmac

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from transforms.ingest.keyed import KeyedHasher, hex_ids, sample_keys

KEY = b"key of the test, long enough....."


@given(key=st.binary(min_size=1, max_size=200), message=st.binary(max_size=300))
def test_digest_is_hmac_sha256(key: bytes, message: bytes) -> None:
    assert KeyedHasher(key).digest(message) == hmac.digest(key, message, "sha256")


@given(st.lists(st.text(max_size=20), max_size=20))
def test_columns_agree_with_single_values(values: list[str]) -> None:
    hasher = KeyedHasher(KEY)
    digests = hasher.digests("record", "reddit", values)
    expected = [hmac.digest(KEY, f"record\0reddit\0{value}".encode(), "sha256") for value in values]
    assert hex_ids(digests).to_list() == [digest[:16].hex() for digest in expected]
    assert sample_keys(digests).to_list() == [
        int.from_bytes(digest[16:24], "little") for digest in expected
    ]
    assert hasher.tokens("record", "reddit", pl.Series(values, dtype=pl.String)).to_list() == [
        digest[:16].hex() for digest in expected
    ]


def test_spaces_are_apart_and_null_stays_null() -> None:
    hasher = KeyedHasher(KEY)
    tokens = {
        hasher.token("speaker", "a", "x"),
        hasher.token("speaker", "b", "x"),
        hasher.token("record", "a", "x"),
        KeyedHasher(hashlib.sha256(KEY).digest()).token("speaker", "a", "x"),
    }
    assert len(tokens) == 4
    assert hasher.tokens("speaker", "a", pl.Series(["x", None])).to_list()[1] is None
