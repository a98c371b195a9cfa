"""Every kind that a suite may hold works on DuckDB: holds where it must, fails where it must."""

from pipelines.gates import run_gate
from schemas.expectation_suite import Suite
from schemas.expectations.supported import KINDS

from .conftest import clean

# kind, about, parameters under which the valid rows hold, parameters under which they fail
CASES: list[tuple[str, dict, dict, dict]] = [
    ("every_row", {}, {"rule": "n_chars = 40"}, {"rule": "n_chars = 41"}),
    ("every_row", {}, {"rule": "sample_key > 0", "mostly": 0.9}, {"rule": "sample_key > 0"}),
    ("share_of_rows", {}, {"rule": "sample_key < 10", "min_value": 0.5, "max_value": 0.5},
     {"rule": "sample_key < 10", "among": "sample_key < 5", "max_value": 0.5}),
    ("no_rows", {}, {"sql": "FROM {batch} WHERE corpus LIKE '{x}%' OR corpus = ':a'"},
     {"sql": "SELECT 1 FROM {batch} -- all of them"}),
    ("expect_table_row_count_to_be_between", {}, {"min_value": 20, "max_value": 20}, {"min_value": 21}),
    ("expect_table_row_count_to_equal", {}, {"value": 20}, {"value": 2}),
    ("expect_table_columns_to_match_set", {}, {"column_set": ["lang"], "exact_match": False},
     {"column_set": ["lang", "nosuch"], "exact_match": False}),
    ("expect_table_column_count_to_be_between", {}, {"min_value": 5}, {"max_value": 5}),
    ("expect_column_values_to_not_be_null", {"column": "lang"}, {}, {}),
    ("expect_column_values_to_be_null", {"column": "start_ms"}, {}, {}),
    ("expect_column_values_to_be_unique", {"column": "record_id"}, {}, {}),
    ("expect_column_values_to_be_in_set", {"column": "lang"}, {"value_set": ["en"]}, {"value_set": ["de"]}),
    ("expect_column_values_to_not_be_in_set", {"column": "lang"}, {"value_set": ["de"]},
     {"value_set": ["en"]}),
    ("expect_column_values_to_be_between", {"column": "n_chars"}, {"min_value": 40, "max_value": 40},
     {"max_value": 39}),
    ("expect_column_value_lengths_to_be_between", {"column": "lang"}, {"max_value": 2}, {"min_value": 3}),
    ("expect_column_distinct_values_to_be_in_set", {"column": "lang"}, {"value_set": ["en", "de"]},
     {"value_set": ["de"]}),
    ("expect_column_distinct_values_to_contain_set", {"column": "lang"}, {"value_set": ["en"]},
     {"value_set": ["de"]}),
    ("expect_column_unique_value_count_to_be_between", {"column": "record_id"}, {"min_value": 20},
     {"max_value": 19}),
    ("expect_column_proportion_of_unique_values_to_be_between", {"column": "record_id"},
     {"min_value": 1}, {"max_value": 0.9}),
    ("expect_column_proportion_of_non_null_values_to_be_between", {"column": "reason"},
     {"max_value": 0.05}, {"min_value": 0.5}),
    ("expect_column_min_to_be_between", {"column": "sample_key"}, {"max_value": 0}, {"min_value": 1}),
    ("expect_column_max_to_be_between", {"column": "sample_key"}, {"max_value": 19}, {"min_value": 20}),
    ("expect_column_mean_to_be_between", {"column": "sample_key"}, {"max_value": 9.5}, {"min_value": 9.6}),
    ("expect_column_median_to_be_between", {"column": "sample_key"}, {"max_value": 10},
     {"min_value": 11}),
    ("expect_column_sum_to_be_between", {"column": "sample_key"}, {"max_value": 190}, {"min_value": 191}),
    ("expect_column_stdev_to_be_between", {"column": "sample_key"}, {"max_value": 6}, {"min_value": 7}),
    ("expect_column_pair_values_to_be_equal", {"columns": ["n_urls", "n_mentions"]}, {}, {}),
    ("expect_column_pair_values_a_to_be_greater_than_b", {"columns": ["n_chars", "n_words"]}, {}, {}),
    ("expect_compound_columns_to_be_unique", {"columns": ["record_id", "corpus"]}, {}, {}),
    ("expect_select_column_values_to_be_unique_within_record", {"columns": ["corpus", "lang"]}, {}, {}),
    ("expect_column_to_exist", {"column": "lang"}, {}, {}),
]  # fmt: skip
# Where no parameter tells good from bad, other columns do.
OTHER = {
    "expect_column_values_to_not_be_null": {"column": "reason"},
    "expect_column_values_to_be_null": {"column": "lang"},
    "expect_column_values_to_be_unique": {"column": "lang"},
    "expect_column_pair_values_to_be_equal": {"columns": ["n_urls", "n_chars"]},
    "expect_column_pair_values_a_to_be_greater_than_b": {"columns": ["n_words", "n_chars"]},
    "expect_compound_columns_to_be_unique": {"columns": ["lang", "corpus"]},
    "expect_select_column_values_to_be_unique_within_record": {"columns": ["n_urls", "n_mentions"]},
    "expect_column_to_exist": {"column": "nosuch"},
}


def _run(write, cases: list[tuple[str, dict, dict]]):
    items = [
        {"id": f"e{i}", "type": kind, **about, "parameters": parameters, "severity": "critical",
         "why": "a reason to be here"}
        for i, (kind, about, parameters) in enumerate(cases)
    ]  # fmt: skip
    suite = Suite.model_validate(
        {"suite": "k", "dataset": "clean", "version": 1, "expectations": items}
    )
    return run_gate(suite, write("clean", clean()))


def test_all_kinds_are_here():
    assert {kind for kind, *_ in CASES} == KINDS.keys()


def test_each_kind_holds(write):
    result = _run(write, [(kind, about, good) for kind, about, good, _ in CASES])
    assert [(f.type, f.error) for f in result.findings if not f.success] == []


def test_each_kind_fails(write):
    result = _run(write, [(kind, OTHER.get(kind, about), bad) for kind, about, _, bad in CASES])
    assert [f.type for f in result.findings if f.success] == []
    crashed = [(f.type, f.error) for f in result.findings if f.error]
    assert crashed == [("expect_column_to_exist", "there is no column nosuch")]
