"""The view label_cascade: of each record that a cascade is about, the answer of the labeler that has the last word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from schemas.datasets import DATASETS

NAME = "label_cascade"


def cascade_view(
    shown: Mapping[str, Sequence[str]],
    source: Callable[[Sequence[str]], str],
    nothing: str,
) -> str:
    """The query. Columns of labels, `cascade` (the labeler that is asked about some rows) and `answered_by`.

    A row is the second labeler's where it has labeled, else the first one's. `shown`: files by dataset and variant, as
    in selection/TASK/TAXONOMY/LABELER; `source`: how files become a table; `nothing`: labels without a row.
    """
    common = ", ".join(f'"{name}"' for name in DATASETS["labels"].schema.names)
    parts = []
    for key, chosen in sorted(shown.items()):
        dataset, _, variant = key.partition("/")
        if dataset != "selection" or not chosen:
            continue
        question, _, cascade = variant.rpartition("/")
        first = [
            path
            for other, paths in sorted(shown.items())
            if other.startswith(f"labels/{question}/") and other != f"labels/{variant}"
            for path in paths
        ]
        second = shown.get(f"labels/{variant}", ())
        told = f"{common}, '{cascade}' AS cascade, labeler AS answered_by"
        last = f"{source(second)} AS second WHERE status = 'labeled'" if second else ""
        if second:
            parts.append(f"SELECT {told} FROM {last}")
        if first:
            # The file of a choice holds rows that dedup dropped, too: they have no labels.
            chosen_rows = f"(SELECT record_id, labeler FROM {source(chosen)})"
            query = (
                f"SELECT {told} FROM {source(first)} AS first "
                f"SEMI JOIN {chosen_rows} AS chosen USING (record_id, labeler)"
            )
            if second:
                query += f" ANTI JOIN (SELECT record_id FROM {last}) AS answered USING (record_id)"
            parts.append(query)
    if parts:
        return " UNION ALL ".join(parts)
    return f"SELECT *, CAST(NULL AS VARCHAR) AS cascade, labeler AS answered_by FROM ({nothing})"
