"""Texts from anywhere lose their PII, and lose nothing more a second time."""

import json
from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from transforms.clean.redacted import redacted

CORPUS = Path(__file__).resolve().parents[3] / "jobs" / "demo" / "corpus"
PIECES = st.sampled_from(
    ["jo.doe@example.org", "+1 202 555 0143", "[EMAIL]", "[NAME]", "https://x.example/a", "@somebody",
     "4111 1111 1111 1111", "Dr. Miller", "my name is Ann", " ", ", ", "so happy", "1984", "(", ")", "\n"]
)  # fmt: skip


def test_by_example():
    texts = pl.Series("t", ["mail jo.doe@example.org!", "a@b.example@you", "nothing", None, ""])
    assert redacted(texts).to_list() == ["mail [EMAIL]!", "[EMAIL][USER]", "nothing", None, ""]


@given(st.lists(PIECES, max_size=8).map("".join))
def test_a_second_time_changes_nothing(text):
    once = redacted(pl.Series([text]))
    assert redacted(once).to_list() == once.to_list()


def test_a_second_time_changes_nothing_of_the_demo():
    lines = [
        json.loads(line)
        for path in sorted(CORPUS.glob("*.jsonl"))
        for line in path.read_text(errors="replace").splitlines()
        if line.startswith("{") and line.endswith("}")
    ]
    once = redacted(pl.Series([str(row.get("body") or row.get("text") or "") for row in lines]))
    assert redacted(once).to_list() == once.to_list()
    assert once.str.contains("[", literal=True).any()
