"""How uncertain a labeler was of each row, in SQL, from the probabilities that it gave.

Uncertainty sampling: Lewis, Gale. A sequential algorithm for training text classifiers. SIGIR 1994; margin and
entropy: Settles. Active learning literature survey. 2009, section 3.1.

`margin`: the least distance, in log-odds, of a label's probability from the label's threshold; where one label of
several holds, the difference of the two largest probabilities. Smaller is less certain. `entropy` (bits): of the
distribution over the labels where one holds, else the sum over the labels, each of which holds or does not.

Thresholds are read off the answers: they lie between the largest probability with which a label was not given and the
least one above that with which it was. (A labeler may give its best label below the threshold too: such rows do not
count.) A label that was never given has none. Languages may have thresholds of their own, so each is looked at by itself, and where it does not tell, all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import duckdb

from pipelines.query.views import literal
from schemas.errors import ConfigError

_LEAST: Final = 1e-4  # probabilities are published to four decimals
ALL: Final = "*"

Cuts = dict[str, dict[str, float]]
"""By language (`*`: all), by label: the threshold in log-odds."""


def log_odds(probability: str) -> str:
    """SQL: the logit of a probability that may be 0 or 1."""
    kept = f"least(greatest({probability}::DOUBLE, {_LEAST}), 1 - {_LEAST})"
    return f"ln({kept} / (1 - {kept}))"


def read_cuts(
    database: duckdb.DuckDBPyConnection, relation: str, names: Sequence[str], *, lang: bool
) -> Cuts:
    """Thresholds as the answers of a relation (scores, labels, and lang where asked) show them, in two passes.

    ConfigError: probabilities that are not one for each of the `names`, in their order.
    """
    by = "coalesce(lang, '')" if lang else "''"
    listed = ", ".join(map(literal, names))
    cells = f"""
        SELECT lang, unnest(cells, recursive := true) FROM (
            SELECT {by} AS lang, list_transform(scores, lambda score: struct_pack(
                label := score.label, p := score.probability, given := list_contains(labels, score.label)
            )) AS cells FROM ({relation}) WHERE scores IS NOT NULL AND labels IS NOT NULL
        )"""
    strange = database.sql(
        f"SELECT 1 FROM ({relation}) WHERE scores IS NOT NULL "
        f"AND list_transform(scores, lambda score: score.label) <> [{listed}] LIMIT 1"
    ).fetchall()
    if strange:
        raise ConfigError(
            "The probabilities are not those of this taxonomy, one a label in its order.",
            remedy="Name the taxonomy that the rows were labeled with (--taxonomy).",
        )
    rows = database.sql(
        f"""
        WITH below AS MATERIALIZED (SELECT lang, label, max(p) AS most FROM ({cells}) WHERE NOT given GROUP BY ALL)
        SELECT lang, label, most, min(p) FROM ({cells}) INNER JOIN below USING (lang, label)
        WHERE given AND p > most GROUP BY ALL ORDER BY ALL
        """
    ).fetchall()
    cuts: Cuts = {ALL: {}}
    whole: dict[str, list[float]] = {}
    for language, label, below, above in rows:
        cut = (_logit(below) + _logit(above)) / 2
        cuts.setdefault(language, {})[label] = cut
        whole.setdefault(label, []).append(cut)
    cuts[ALL] = {label: sum(each) / len(each) for label, each in whole.items()}
    return cuts


def _logit(probability: float) -> float:
    kept = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(kept / (1 - kept))


def margin(cuts: Cuts, names: Sequence[str], *, lang: bool) -> str:
    """SQL of a row with scores (and lang): its margin; null where there is no score or no threshold."""
    languages = [name for name in cuts if name != ALL] if lang else []
    everywhere = _listed(cuts[ALL], names)
    cases = "".join(
        f" WHEN {literal(name)} THEN {_listed(cuts[ALL] | cuts[name], names)}" for name in languages
    )
    cut = f"(CASE coalesce(lang, ''){cases} ELSE {everywhere} END)" if cases else everywhere
    return (
        "list_min(list_transform(scores, lambda score, place: "
        f"abs({log_odds('score.probability')} - {cut}[place])))"
    )


def _listed(cuts: dict[str, float], names: Sequence[str]) -> str:
    cells = ", ".join(repr(cuts[name]) if name in cuts else "NULL" for name in names)
    return f"[{cells}]::DOUBLE[]"


def margin_of_best() -> str:
    """SQL of a row with scores: the difference of the two largest probabilities."""
    ordered = "list_reverse_sort(list_transform(scores, lambda score: score.probability::DOUBLE))"
    return f"({ordered}[1] - coalesce({ordered}[2], 0))"


def entropy(*, exclusive: bool) -> str:
    """SQL of a row with scores: its entropy in bits."""

    def term(p: str) -> str:
        return f"CASE WHEN {p} > 0 THEN -{p} * log2({p}) ELSE 0 END"

    p = "score.probability::DOUBLE"
    each = term(p) if exclusive else f"{term(p)} + {term(f'(1 - {p})')}"
    return f"list_sum(list_transform(scores, lambda score: {each}))"
