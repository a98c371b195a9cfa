"""What words give away: names behind titles, addresses, record numbers, dates, ages."""

import random
from collections import Counter

import polars as pl
import pytest

from tests.transforms.clean.planted_words import planted
from transforms.clean.identifier_rows import identified
from transforms.clean.pii import find_pii


@pytest.mark.parametrize("safe_harbor", [False, True])
def test_recall_and_precision_on_generated_texts(safe_harbor: bool) -> None:
    rng = random.Random(20260302)
    hit, missed, right, wrong = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for _ in range(10_000):
        text, planned = planted(rng, safe_harbor=safe_harbor)
        found = find_pii(text, safe_harbor=safe_harbor)
        covered = {place for _, start, end in found for place in range(start, end)}
        gold = {place for _, start, end in planned for place in range(start, end)}
        for kind, start, end in planned:
            whole = all(at in covered for at in range(start, end) if text[at].isalnum())
            (hit if whole else missed)[kind] += 1
        for kind, start, end in found:
            inside = all(at in gold for at in range(start, end) if text[at].isalnum())
            (right if inside else wrong)[kind] += 1
    assert {*hit} >= {"name", "address", "id", "zip", "ssn", "card"}
    for kind in hit | missed:
        assert hit[kind] / (hit[kind] + missed[kind]) >= 0.99, f"{kind}: recall"
    for kind in right | wrong:
        assert right[kind] / (right[kind] + wrong[kind]) >= 0.95, f"{kind}: precision"


@pytest.mark.parametrize("safe_harbor", [False, True])
def test_the_prefilter_lets_no_row_pass_that_holds_one(safe_harbor: bool) -> None:
    rng = random.Random(20260303)
    texts = [planted(rng, safe_harbor=safe_harbor)[0] for _ in range(5_000)]
    for text, maybe in zip(
        texts, identified(pl.Series(texts), safe_harbor=safe_harbor), strict=True
    ):
        assert maybe or find_pii(text, safe_harbor=safe_harbor) == [], text
