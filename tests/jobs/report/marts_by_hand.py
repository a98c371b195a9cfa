"""Mart tables that tests fill themselves, as the views that a report asks."""

import duckdb
import polars as pl

_QUESTION = "corpus VARCHAR, task VARCHAR, taxonomy VARCHAR, labeler VARCHAR"
COLUMNS = {
    "label_counts": (
        "domain VARCHAR, day DATE, role VARCHAR, label VARCHAR, n BIGINT, rows BIGINT, share DOUBLE, "
        "mean_probability DOUBLE"
    ),
    "cooccurrence": (
        "label_a VARCHAR, label_b VARCHAR, n_a BIGINT, n_b BIGINT, n_both BIGINT, rows BIGINT, "
        "jaccard DOUBLE, npmi DOUBLE"
    ),
    "transitions": (
        "scope VARCHAR, from_label VARCHAR, to_label VARCHAR, n BIGINT, from_n BIGINT, probability DOUBLE, "
        "to_share DOUBLE, lift DOUBLE"
    ),
    "speaker_dynamics": (
        "conversation_id VARCHAR, speaker VARCHAR, role VARCHAR, turns BIGINT, pairs BIGINT, shifts BIGINT, "
        "shift_rate DOUBLE, mean_valence DOUBLE, sd_valence DOUBLE, inertia DOUBLE, mssd DOUBLE"
    ),
    "trajectories": (
        "conversation_id VARCHAR, bin INTEGER, bins INTEGER, turns BIGINT, valence DOUBLE, smoothed DOUBLE, "
        "arousal DOUBLE"
    ),
    "mean_trajectories": (
        "role VARCHAR, bin INTEGER, conversations BIGINT, turns BIGINT, valence DOUBLE, low DOUBLE, "
        "high DOUBLE"
    ),
    "contagion": (
        "from_role VARCHAR, to_role VARCHAR, label VARCHAR, pairs BIGINT, exposed BIGINT, "
        "exposed_with BIGINT, unexposed BIGINT, unexposed_with BIGINT, rate_exposed DOUBLE, "
        "rate_unexposed DOUBLE, difference DOUBLE, relative_risk DOUBLE, z DOUBLE, onset_exposed BIGINT, "
        "onset_exposed_with BIGINT, onset_unexposed BIGINT, onset_unexposed_with BIGINT, "
        "onset_difference DOUBLE"
    ),
    "valence_contagion": (
        "from_role VARCHAR, to_role VARCHAR, pairs BIGINT, correlation DOUBLE, partial_correlation DOUBLE, "
        "slope DOUBLE"
    ),
    "toxic_chains": (
        "conversation_id VARCHAR, start_place INTEGER, end_place INTEGER, turns INTEGER, speakers BIGINT, "
        "start_record VARCHAR, mean_confidence DOUBLE, started_by_role VARCHAR"
    ),
    "conversation_change_points": (
        "conversation_id VARCHAR, turns BIGINT, place INTEGER, valence_before DOUBLE, valence_after DOUBLE, "
        "change DOUBLE, statistic DOUBLE, significant BOOLEAN"
    ),
    "change_points": "label VARCHAR, period DATE, days BIGINT, before DOUBLE, after DOUBLE, change DOUBLE",
    "role_contrast": (
        "role VARCHAR, label VARCHAR, n BIGINT, rows BIGINT, share DOUBLE, other_n BIGINT, "
        "other_rows BIGINT, other_share DOUBLE, log_odds DOUBLE, z DOUBLE"
    ),
    "label_drift": (
        "partition VARCHAR, label VARCHAR, n BIGINT, rows BIGINT, share DOUBLE, baseline_share DOUBLE, "
        "difference DOUBLE, divergence DOUBLE, psi DOUBLE"
    ),
    "sentiment_flips": (
        "conversation_id VARCHAR, speaker VARCHAR, role VARCHAR, place INTEGER, record_id VARCHAR, "
        "own_place INTEGER, from_sentiment VARCHAR, to_sentiment VARCHAR, change DOUBLE, "
        "trigger_record VARCHAR, trigger_speaker VARCHAR, trigger_role VARCHAR, holder VARCHAR, "
        "target VARCHAR, aspect VARCHAR, trigger VARCHAR"
    ),
    "strategy_preference": (
        "role VARCHAR, phase INTEGER, strategy VARCHAR, n BIGINT, total BIGINT, share DOUBLE, "
        "reference_share DOUBLE, preference DOUBLE, bias DOUBLE"
    ),
    "annotator_disagreement": (
        "label_set VARCHAR, label VARCHAR, records BIGINT, ratings BIGINT, agreement DOUBLE, alpha DOUBLE, "
        "positive_share DOUBLE"
    ),
    "text_cue_inconsistency": (
        "channel VARCHAR, role VARCHAR, label VARCHAR, n BIGINT, rows BIGINT, share DOUBLE, "
        "mean_text_valence DOUBLE, mean_cue_valence DOUBLE, mean_gap DOUBLE"
    ),
    "tactic_repetition": (
        "conversation_id VARCHAR, speaker VARCHAR, role VARCHAR, turns BIGINT, pairs BIGINT, "
        "label_repetition DOUBLE, wording_repetition DOUBLE, source VARCHAR"
    ),
    "expressions": (
        "contrast VARCHAR, label VARCHAR, words INTEGER, expression VARCHAR, n BIGINT, n_rest BIGINT, "
        "total BIGINT, total_rest BIGINT, records BIGINT, speakers BIGINT, log_odds DOUBLE, z DOUBLE"
    ),
    "precursor_words": (
        "role VARCHAR, label VARCHAR, words INTEGER, expression VARCHAR, n BIGINT, n_rest BIGINT, "
        "total BIGINT, total_rest BIGINT, records BIGINT, speakers BIGINT, log_odds DOUBLE, z DOUBLE"
    ),
}  # fmt: skip


def columns(name):
    """The columns of a mart with their types, the question's before its own."""
    question = (
        _QUESTION
        if name != "annotator_disagreement"
        else _QUESTION.removesuffix(", labeler VARCHAR")
    )
    return f"{question}, {COLUMNS[name]}"


class Hand:
    """A DuckDB database with all marts (empty at first), `clean`, `labels` and `calls`."""

    def __init__(self):
        self.database = duckdb.connect()
        for name in COLUMNS:
            self.database.execute(f"CREATE TABLE mart_{name} ({columns(name)})")
        self.database.execute(
            "CREATE TABLE clean (record_id VARCHAR, sample_key UBIGINT, corpus VARCHAR, domain VARCHAR, "
            "text_clean VARCHAR, lang VARCHAR, outcome VARCHAR, reason VARCHAR)"
        )
        self.database.execute(
            f"CREATE TABLE labels (record_id VARCHAR, sample_key UBIGINT, domain VARCHAR, {_QUESTION}, "
            "status VARCHAR, labels VARCHAR[])"
        )
        self.views = frozenset({"clean", "labels", *(f"mart_{name}" for name in COLUMNS)})

    def fill(self, table, rows):
        """Inserts rows (dicts); columns that a row lacks are NULL."""
        for row in rows:
            names = ", ".join(f'"{name}"' for name in row)
            marks = ", ".join("?" for _ in row)
            self.database.execute(
                f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values())
            )

    def frame(self, sql):
        """The rows of one SELECT."""
        found = pl.from_arrow(self.database.sql(sql).to_arrow_table())
        assert isinstance(found, pl.DataFrame)
        return found
