"""Worked examples of the marts, once more by Spark's SQL instead of DuckDB: what a small corpus does not have."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import duckdb
import pytest

from pipelines.engines.spark_database import open_spark_database
from pipelines.engines.spark_session import open_session
from tests.transforms.sql.marts import (
    base,
    test_annotator_disagreement,
    test_change_points,
    test_contagion,
    test_conversation_change_points,
    test_cooccurrence,
    test_label_counts,
    test_label_drift,
    test_speaker_dynamics,
    test_strategy_preference,
    test_text_cue_inconsistency,
)

pytest.importorskip("pyspark")
pytestmark = pytest.mark.slow

EXAMPLES = [
    test_annotator_disagreement.test_by_hand,
    test_annotator_disagreement.test_where_all_say_the_same_alpha_is_unknown,
    test_change_points.test_every_label_has_a_share_on_every_day_with_rows,
    test_contagion.test_no_risk_over_zero,
    test_conversation_change_points.test_of_equal_deviations_the_earliest_counts,
    test_conversation_change_points.test_equal_but_for_rounding_is_equal,
    test_cooccurrence.test_where_all_records_have_both_npmi_is_unknown,
    test_label_counts.test_mean_probability_is_over_all_answers_with_probabilities,
    test_label_drift.test_the_same_distribution_does_not_drift_and_another_drifts_wholly,
    test_speaker_dynamics.test_one_turn,
    test_speaker_dynamics.test_numbers_alone_have_no_shifts,
    test_strategy_preference.test_phases_are_fifths_of_the_conversation,
    test_strategy_preference.test_confusion_by_hand,
    test_text_cue_inconsistency.test_by_hand,
    test_text_cue_inconsistency.test_the_gap_is_over_records_that_have_both,
]
Ask = Callable[[duckdb.DuckDBPyConnection, str, Mapping[str, float]], base.Found]


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Answers from Spark, over what was filled into DuckDB."""
    options = {"spark.sql.shuffle.partitions": "2"}
    with open_session(options, workers=2, retries=0) as session:

        def on_spark(
            filled: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, float]
        ) -> base.Found:
            scratch: Path = tmp_path_factory.mktemp("spark")
            with open_spark_database(session, scratch, "Testing") as database:
                for (name,) in filled.execute("SHOW TABLES").fetchall():
                    if name in sql:
                        database.register(name, filled.table(name).to_arrow_table())
                frame = database.frame(sql, parameters)
                return base.Found(frame.columns, None, [tuple(row) for row in frame.collect()])

        yield on_spark


@pytest.mark.parametrize(
    "example",
    EXAMPLES,
    ids=lambda each: f"{each.__module__.rpartition('.test_')[2]}-{each.__name__}",
)
def test_worked_example(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, example: Callable[[], None]
) -> None:
    monkeypatch.setattr(base, "ask", ask)
    example()
