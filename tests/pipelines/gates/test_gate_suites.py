"""Each expectation of the shipped suites: plant what it is there for, and it fails, and nothing
else does.
"""

import math
from collections.abc import Callable
from typing import Any

import pytest

from pipelines.gates import GateResult, run_gate
from schemas.expectation_suite import load_suite

from .conftest import TABLES, VALID, Row

NAN = math.nan


def _set(**values: Any) -> Callable[[list[Row]], list[Row]]:
    """Changes two rows, one per file."""

    def change(rows: list[Row]) -> list[Row]:
        return [row | values if i in (2, 5) else row for i, row in enumerate(rows)]

    return change


def _all(**values: Any) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [row | values for row in rows]


def _twice(rows: list[Row]) -> list[Row]:
    return [*rows, rows[4]]


def _score(label: str, probability: float | None) -> Callable[[list[Row]], list[Row]]:
    def change(rows: list[Row]) -> list[Row]:
        scores = [*rows[2]["scores"][1:], {"label": label, "probability": probability}]
        return [row | {"scores": scores} if i == 2 else row for i, row in enumerate(rows)]

    return change


SPOILED: list[tuple[str, str, Callable[[list[Row]], list[Row]]]] = [
    ("records", "record_id_given", lambda rows: [rows[0] | {"record_id": None}, *rows[1:]]),
    ("records", "sample_key_given", _set(sample_key=None)),
    ("records", "corpus_given", _set(corpus=None)),
    ("records", "text_given", _set(text=None)),
    ("records", "domain_known", _set(domain="news")),
    ("records", "domain_known", _set(domain=None)),
    ("records", "revision_unique", _twice),
    ("records", "partition_is_a_day", _set(partition="2024-5-1", created_at=None)),
    ("records", "partition_is_a_day", _set(partition=None, created_at=None)),
    ("records", "partition_is_day_of_creation", _set(partition="2024-05-03")),
    ("records", "turn_not_negative", _set(turn=-1)),
    ("records", "turn_not_negative", _set(conversation_id=None)),
    ("records", "times_in_order", _set(start_ms=6)),
    ("records", "lang_shape", _set(lang="English!")),
    ("records", "empty_text_share", _all(text="  ")),
    ("clean", "record_id_given", lambda rows: [rows[0] | {"record_id": None}, *rows[1:]]),
    ("clean", "sample_key_given", _set(sample_key=None)),
    ("clean", "corpus_given", _set(corpus=None)),
    ("clean", "domain_known", _set(domain="")),
    ("clean", "record_id_unique", _twice),
    ("clean", "partition_is_a_day", _set(partition="yesterday", created_at=None)),
    ("clean", "partition_is_day_of_creation", _set(partition="2024-05-03")),
    ("clean", "outcome_known", _set(outcome="maybe")),
    ("clean", "reason_iff_dropped", _set(reason="bot")),
    ("clean", "reason_iff_dropped", _set(outcome="dropped")),
    ("clean", "kept_has_text", _set(text_clean=None)),
    ("clean", "kept_has_text", _set(text_clean="")),
    ("clean", "no_email_left", _set(text_clean="ask jane.doe+x@mail.example.org now")),
    ("clean", "no_email_left", _set(text_clean="A@B.CD")),
    ("clean", "no_phone_left", _set(text_clean="call me at +49 30 1234567")),
    ("clean", "no_phone_left", _set(text_clean="Tel.: (555) 123-4567")),
    ("clean", "no_phone_left", _set(text_clean="my cell is 555-123-4567.")),
    ("clean", "phone_shapes_rare", _set(text_clean="order 555-123-4567")),
    ("clean", "pii_spans_in_order", _set(pii=[{"kind": "email", "start": 9, "end": 9}])),
    ("clean", "pii_spans_in_order", _set(pii=[{"kind": None, "start": 3, "end": 9}])),
    ("clean", "lang_shape", _set(lang="e")),
    ("clean", "lang_has_source", _set(lang=None)),
    ("clean", "lang_has_source", _set(lang_source="guessed")),
    ("clean", "ratios_between_0_and_1", _set(upper_ratio=1.2)),
    ("clean", "ratios_between_0_and_1", _set(lang_confidence=NAN)),
    ("clean", "counts_not_negative", _set(n_urls=-1)),
    ("clean", "counts_not_negative", _set(n_letters=41)),
    ("clean", "kept_share", _all(outcome="dropped", reason="bot")),
    ("clean", "lang_unknown_share", _all(lang=None, lang_source="unknown")),
    ("labels", "record_id_given", lambda rows: [rows[0] | {"record_id": None}, *rows[1:]]),
    ("labels", "sample_key_given", _set(sample_key=None)),
    ("labels", "corpus_given", _set(corpus=None)),
    ("labels", "origin_given", _set(labeler_version="")),
    ("labels", "one_answer_per_record", _twice),
    ("labels", "partition_is_a_day", _set(partition="2024-13-01", created_at=None)),
    ("labels", "partition_is_day_of_creation", _set(partition="2024-05-03")),
    ("labels", "status_known", _set(status="skipped", labels=None, scores=None, reason="x")),
    ("labels", "reason_iff_not_labeled", _set(reason="language")),
    ("labels", "labels_only_where_labeled", _set(labels=None)),
    ("labels", "labels_only_where_labeled", _set(status="rejected", reason="x", scores=None)),
    ("labels", "scores_only_where_labeled", _set(status="rejected", reason="x", labels=[])),
    ("labels", "labels_in_taxonomy", _set(labels=["happy"])),
    ("labels", "labels_in_taxonomy", _set(labels=[None])),
    ("labels", "labels_distinct", _set(labels=["joy", "joy"])),
    ("labels", "probabilities_between_0_and_1", _score("joy", 1.01)),
    ("labels", "probabilities_between_0_and_1", _score("joy", -0.01)),
    ("labels", "probabilities_between_0_and_1", _score("joy", None)),
    ("labels", "probabilities_between_0_and_1", _score("joy", NAN)),
    ("labels", "one_score_per_label", _score("sadness", 0.5)),
    ("labels", "one_score_per_label", _score("happy", 0.5)),
    ("labels", "one_score_per_label", _set(scores=[])),
    ("labels", "rejected_share", _all(status="rejected", labels=None, scores=None, reason="x")),
    ("labels", "failed_share", _set(status="failed", labels=None, scores=None, reason="x")),
    ("labels", "neutral_share", _all(labels=["neutral"], status="labeled", reason=None)),
]
# A row of which nothing is left to count makes a share unknown, and unknown is reported.
ALSO = {
    ("labels", "rejected_share"): {"neutral_share"},
    ("clean", "kept_share"): {"lang_unknown_share"},
    ("clean", "no_phone_left"): {"phone_shapes_rare"},
}


def _gate(dataset: str, files: list[str]) -> GateResult:
    return run_gate(load_suite(dataset), files, restricted=dataset == "records", tables=TABLES)


@pytest.mark.parametrize("dataset", VALID)
def test_valid_rows_pass(dataset, write):
    result = _gate(dataset, write(dataset, VALID[dataset]()))
    assert [f for f in result.findings if not f.success] == []
    assert result.passed
    assert not result.blocked
    assert result.rows == 20
    assert result.files == 2


@pytest.mark.parametrize(("dataset", "name", "spoil"), SPOILED)
def test_a_planted_violation_fails_its_expectation_alone(dataset, name, spoil, write):
    result = _gate(dataset, write(dataset, spoil(VALID[dataset]())))
    failed = {f.id: f for f in result.findings if not f.success}
    assert failed.keys() == {name} | ALSO.get((dataset, name), set())
    assert failed[name].error is None
    assert not result.passed
    assert result.blocked == (failed[name].severity == "critical")


@pytest.mark.parametrize("dataset", VALID)
def test_every_expectation_has_a_planted_violation(dataset):
    elsewhere = {"has_rows", "columns_and_types"}
    planted = {name for set_of, name, _ in SPOILED if set_of == dataset}
    assert {e.id for e in load_suite(dataset).expectations} == planted | elsewhere


@pytest.mark.parametrize("dataset", VALID)
def test_nothing_at_all_is_a_warning(dataset, write):
    for files in ([], write(dataset, [])):
        result = _gate(dataset, files)
        assert "has_rows" in {f.id for f in result.failures("warning")}
        assert not result.blocked
        assert result.rows == 0


def test_counts_are_reported(write):
    result = _gate("clean", write("clean", _set(outcome="maybe", reason=None)(VALID["clean"]())))
    by_id = {f.id: f for f in result.findings}
    assert by_id["outcome_known"].unexpected_count == 2
    assert by_id["record_id_given"].unexpected_count == 0
    assert by_id["has_rows"].observed == 20
    assert by_id["kept_share"].observed == pytest.approx(17 / 20)
