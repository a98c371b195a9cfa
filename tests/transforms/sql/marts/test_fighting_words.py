"""The mart `expressions` against ConvoKit's FightingWords, run by benchmarks/fighting_words.py on the same texts."""

import json
from collections import Counter
from math import isclose

from benchmarks.fighting_words import EXPECTED, MIN_RECORDS, PRIOR_WORDS, demo_rows
from tests.transforms.sql.marts.texts import run_text_mart


def test_equal_to_convokit():
    rows = demo_rows()
    question = {"corpus": "demo", "task": "roles", "taxonomy": "own", "labeler": "people"}
    tables = {
        "answers": [
            question | {"record_id": str(i), "labels": list(row.labels), "bucket": i % 64}
            for i, row in enumerate(rows)
        ],
        "texts": [{"record_id": str(i), "text": row.text} for i, row in enumerate(rows)],
    }
    told = run_text_mart(
        "expressions", tables, min_records=MIN_RECORDS, min_speakers=1, prior_words=PRIOR_WORDS, top=1_000_000
    )  # fmt: skip
    ours = {(row["label"], row["words"], row["expression"]): row["z"] for row in told}
    theirs = {
        (row["label"], row["words"], row["expression"]): row["z"] for row in json.loads(EXPECTED.read_text())
    }  # fmt: skip
    assert Counter(words for _, words, _ in theirs)[2] > 100
    assert len(theirs) > 500
    # An expression whose odds are equal in both may be a rounding above 0 here and below there.
    assert all(
        max(ours.get(key, 0), theirs.get(key, 0)) < 1e-6 for key in ours.keys() ^ theirs.keys()
    )
    for key in ours.keys() & theirs.keys():
        assert isclose(ours[key], theirs[key], rel_tol=1e-6, abs_tol=1e-6), key
