"""Which kinds of expectation a suite may hold, and what each one takes.

Those named `expect_…` are Great Expectations' own, as far as they work on DuckDB (its regex ones do
not). Three are ours; they say in SQL what would otherwise cost one scan of the data each:

- `every_row`: `rule` is true for every row (null counts as false); `mostly` allows exceptions.
- `share_of_rows`: the share of rows with a true `rule`, among those with a true `among`.
- `no_rows`: the query `sql` finds nothing; `{batch}` stands for the candidate.
"""

from dataclasses import dataclass, field
from typing import Literal

Target = Literal["table", "column", "pair", "columns"]


@dataclass(frozen=True)
class Kind:
    """What an expectation is about, its parameters by name, and which of them must be given."""

    target: Target
    parameters: frozenset[str] = field(default_factory=frozenset)
    required: frozenset[str] = field(default_factory=frozenset)


def _kind(target: Target, parameters: str = "", required: str = "") -> Kind:
    needed = frozenset(required.split())
    return Kind(target, frozenset(parameters.split()) | needed, needed)


_BETWEEN = "min_value max_value strict_min strict_max"

KINDS: dict[str, Kind] = {
    "every_row": _kind("table", "mostly", "rule"),
    "share_of_rows": _kind("table", "min_value max_value among", "rule"),
    "no_rows": _kind("table", required="sql"),
    "expect_table_row_count_to_be_between": _kind("table", _BETWEEN),
    "expect_table_row_count_to_equal": _kind("table", required="value"),
    "expect_table_columns_to_match_set": _kind("table", "exact_match", "column_set"),
    "expect_table_column_count_to_be_between": _kind("table", "min_value max_value"),
    "expect_column_to_exist": _kind("column"),
    "expect_column_values_to_not_be_null": _kind("column", "mostly"),
    "expect_column_values_to_be_null": _kind("column", "mostly"),
    "expect_column_values_to_be_unique": _kind("column", "mostly"),
    "expect_column_values_to_be_in_set": _kind("column", "mostly", "value_set"),
    "expect_column_values_to_not_be_in_set": _kind("column", "mostly", "value_set"),
    "expect_column_values_to_be_between": _kind("column", f"{_BETWEEN} mostly"),
    "expect_column_value_lengths_to_be_between": _kind("column", f"{_BETWEEN} mostly"),
    "expect_column_distinct_values_to_be_in_set": _kind("column", required="value_set"),
    "expect_column_distinct_values_to_contain_set": _kind("column", required="value_set"),
    "expect_column_unique_value_count_to_be_between": _kind("column", _BETWEEN),
    "expect_column_proportion_of_unique_values_to_be_between": _kind("column", _BETWEEN),
    "expect_column_proportion_of_non_null_values_to_be_between": _kind("column", _BETWEEN),
    "expect_column_min_to_be_between": _kind("column", _BETWEEN),
    "expect_column_max_to_be_between": _kind("column", _BETWEEN),
    "expect_column_mean_to_be_between": _kind("column", _BETWEEN),
    "expect_column_median_to_be_between": _kind("column", _BETWEEN),
    "expect_column_sum_to_be_between": _kind("column", _BETWEEN),
    "expect_column_stdev_to_be_between": _kind("column", _BETWEEN),
    "expect_column_pair_values_to_be_equal": _kind("pair", "mostly ignore_row_if"),
    "expect_column_pair_values_a_to_be_greater_than_b": _kind(
        "pair", "or_equal mostly ignore_row_if"
    ),
    "expect_compound_columns_to_be_unique": _kind("columns", "mostly ignore_row_if"),
    "expect_select_column_values_to_be_unique_within_record": _kind(
        "columns", "mostly ignore_row_if"
    ),
}
