"""The bars of redaction on real texts with known identifiers (see benchmarks/privacy_sets.py)."""

from pathlib import Path

import pytest

from benchmarks import privacy_sets as sets
from benchmarks.privacy import Score, scored

STRUCTURED = 0.99
NAMES = 0.95
PRECISION = 0.95


def check(score: Score, kind: str, recall: float, *, known: int) -> None:
    assert score.hit[kind] + score.missed[kind] >= known, f"{kind}: the set has too few"
    assert (score.recall(kind) or 0) >= recall, f"{kind}: recall {score.recall(kind)}"
    precision = score.precision(kind)
    assert precision is None or precision >= PRECISION, f"{kind}: precision {precision}"


@pytest.mark.slow
def test_customers_of_multidogo(shared_data: Path) -> None:
    score = scored(sets.multidogo(shared_data))
    for kind, known in (
        ("id", 1000),
        ("ssn", 500),
        ("card", 200),
        ("phone", 300),
        ("zip", 300),
        ("address", 400),
    ):
        check(score, kind, STRUCTURED, known=known)
    check(score, "name", NAMES, known=800)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "known"), [("changelog", 7000), ("metamuse", 200)])
def test_speakers_in_transcripts(shared_data: Path, name: str, known: int) -> None:
    cases = {"changelog": sets.changelog, "metamuse": sets.metamuse}[name](shared_data)
    check(scored(cases, only_known=True), "name", NAMES, known=known)


@pytest.mark.slow
def test_authors_of_a_thread(shared_data: Path) -> None:
    check(scored(sets.stackexchange(shared_data)), "name", NAMES, known=60)


@pytest.mark.slow
def test_clinical_notes_and_talks(shared_data: Path) -> None:
    score = scored(sets.clinical(shared_data), safe_harbor=True)
    check(score, "name", NAMES, known=80)
    check(score, "date", STRUCTURED, known=150)
    check(score, "age", STRUCTURED, known=5)
