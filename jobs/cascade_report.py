"""What a cascade came to: how many rows went on, how far its labelers agree, what it saved, how good it is.

Only rows of the audit sample are read beside counts, so that memory grows with the sample alone.
"""

from collections.abc import Sequence

import duckdb
import numpy as np

from jobs.cascade_files import CascadeFiles
from jobs.cascade_told import CascadeReport
from jobs.costs import add_cost
from jobs.evaluation.gold import LabelGold, gold_of
from pipelines.engines.duck_database import DuckDatabase
from pipelines.lake.lake import Lake
from pipelines.stages.database import create_view, open_database
from schemas.manifest import Manifest
from transforms.evaluate.cascade_figures import agreement, quality
from transforms.evaluate.figures import Figure, Undefined
from transforms.evaluate.metrics import indicator
from transforms.label.labeler import LABELED

_NOTHING = "SELECT NULL::VARCHAR AS record_id, NULL::VARCHAR AS status, NULL::VARCHAR[] AS labels WHERE false"


def report(lake: Lake, files: CascadeFiles, *, memory_limit: str, threads: int) -> CascadeReport:
    """The report of one cascade. TransientError: memory and disk are too little."""
    with open_database(memory_limit, threads, "The report of a cascade") as database:
        _views(database, lake, files)
        reasons = dict(
            database.execute(
                "SELECT reason, count(*) FROM selection WHERE reason <> 'dedup' GROUP BY 1 ORDER BY 1"
            ).fetchall()
        )
        ((asked,),) = database.execute(
            "SELECT count(*) FROM selection WHERE outcome = 'kept'"
        ).fetchall()
        audit = database.sql(_AUDIT).pl()
    names, rows = list(files.taxonomy.names), sum(reasons.values())
    first, second = (indicator(audit[f"labels_{side}"], names) for side in ("one", "two"))
    answered = [
        (audit[f"status_{side}"] == LABELED).fill_null(value=False) for side in ("one", "two")
    ]
    both = (answered[0] & answered[1]).to_numpy()
    groups = audit["drawn"].to_numpy()
    saved, saved_cost = _saved(files.spent, rows - asked)
    truth = gold_of(audit["gold"], files.task, files.taxonomy).truth
    assert isinstance(truth, LabelGold)
    known = truth.asked.any(axis=1)
    one = first & answered[0].to_numpy()[:, None]
    two = second & answered[1].to_numpy()[:, None]
    # For the sample alone a row goes on to the second labeler that the cascade would not have asked.
    goes_on = (audit["reason"] != "audit").to_numpy() & answered[1].to_numpy()
    sides = {
        files.first: one, files.second: two, "cascade": np.where(goes_on[:, None], two, one)
    }  # fmt: skip
    return CascadeReport(
        task=files.task.name,
        taxonomy=files.taxonomy.name,
        first=files.first,
        second=files.second,
        rows=rows,
        asked=asked,
        reasons=reasons,
        audited=int(both.sum()),
        agreement=agreement(one[both], two[both], groups[both]),
        saved=saved,
        saved_cost=saved_cost,
        gold_rows=int(known.sum()),
        quality=quality(
            truth.holds[known], truth.asked[known],
            {name: given[known] for name, given in sides.items()}, groups[known],
        ),
    )  # fmt: skip


# Materialized: each holds the rows of the sample only, before anything is joined.
_OF_SAMPLE = "record_id IN (SELECT record_id FROM sample)"
_AUDIT = f"""
WITH sample AS MATERIALIZED (
    SELECT record_id, reason, coalesce(conversation_id, record_id) AS drawn FROM selection WHERE audit
),
one AS MATERIALIZED (SELECT record_id, status, labels FROM first_labels WHERE {_OF_SAMPLE}),
two AS MATERIALIZED (SELECT record_id, status, labels FROM second_labels WHERE {_OF_SAMPLE}),
cleaned AS MATERIALIZED (
    SELECT record_id, any_value(gold) AS gold FROM clean WHERE outcome = 'kept' AND {_OF_SAMPLE} GROUP BY record_id
)
SELECT
    sample.reason, sample.drawn, one.status AS status_one, one.labels AS labels_one, two.status AS status_two,
    two.labels AS labels_two, cleaned.gold
FROM sample
LEFT JOIN one ON sample.record_id = one.record_id
LEFT JOIN two ON sample.record_id = two.record_id
LEFT JOIN cleaned ON sample.record_id = cleaned.record_id
ORDER BY sample.record_id
"""


def _views(database: duckdb.DuckDBPyConnection, lake: Lake, files: CascadeFiles) -> None:
    labels = "record_id, status, labels"
    for name, given, columns in (
        ("selection", files.selection, "record_id, conversation_id, outcome, reason, audit"),
        ("first_labels", files.first_labels, labels),
        ("second_labels", files.second_labels, labels),
        ("clean", files.clean, "record_id, outcome, gold"),
    ):
        if given:
            create_view(DuckDatabase(database), lake, name, dict(enumerate(given)), columns)
        else:
            database.execute(f"CREATE VIEW {name} AS {_NOTHING}")


def _saved(spent: Sequence[Manifest], left: int) -> tuple[Figure, dict[str, float]]:
    """The share of what asking about all rows would have cost, and how much that is: as the rows that were asked cost
    on average.
    """
    cost: dict[str, float] = {}
    for manifest in spent:
        add_cost(cost, manifest.cost)
    asked = sum(manifest.counts.get("in", 0) for manifest in spent)
    if not asked:
        return Undefined("the second labeler was asked about no row"), {}
    # Answers of the cache cost nothing this time: they would, had all been asked for.
    requests, known = cost.get("requests", 0.0), cost.get("from_cache", 0.0)
    if not requests:
        free = (
            "all its answers came from the cache" if known else "the second labeler costs nothing"
        )
        return Undefined(free), {}
    scale = left / asked * (requests + known) / requests
    kinds = ("requests", "prompt_tokens", "completion_tokens", "seconds", "price")
    return left / (left + asked), {name: cost[name] * scale for name in kinds if cost.get(name)}
