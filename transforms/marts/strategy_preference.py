"""Which strategies a labeler prefers more than people do, from counts of what it gives and what people say.

Kang, Kim, Kwon, Moon, Cho, Yu, Lee, Yeo. Can Large Language Models be Good Emotional Supporter? Mitigating Preference
Bias on Emotional Support Conversation. ACL 2024, arXiv:2402.13211: a strategy that is given where people say another
one has won against that one, and the strengths of a Bradley-Terry model of these games are the preferences. They sum to
the number of strategies, so that 1 is no preference; their standard deviation is the preference bias.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

_KEYS: Final = ["corpus", "task", "taxonomy", "labeler", "role", "phase"]
STRATEGY_PREFERENCE: Final = pa.schema(
    [
        *((name, pa.string()) for name in _KEYS[:-1]),
        ("phase", pa.int32()),
        ("strategy", pa.string()),
        ("n", pa.int64()),
        ("total", pa.int64()),
        ("share", pa.float64()),
        ("reference_share", pa.float64()),
        ("preference", pa.float64()),
        ("bias", pa.float64()),
    ]
)
_ROUNDS: Final = 10_000
_CLOSE: Final = 1e-10

Floats = NDArray[np.float64]


def strategy_preference(counts: pa.Table) -> pa.Table:
    """The rows of the mart (`STRATEGY_PREFERENCE`), of the table that its SQL gives: the keys, part, strategy, said, n.

    A row for each strategy that the labeler gave or people said in that role and phase; groups in which the labeler
    gave none are left out.
    """
    table = pl.DataFrame(pl.from_arrow(counts)).sort(
        [*_KEYS, "part", "strategy", "said"], nulls_last=True
    )
    rows: list[dict[str, Any]] = []
    for key, group in table.group_by(_KEYS, maintain_order=True):
        found = dict(zip(_KEYS, key, strict=True))
        rows += [found | row for row in _rows(group)]
    return pa.Table.from_pylist(rows, schema=STRATEGY_PREFERENCE)


def _rows(group: pl.DataFrame) -> list[dict[str, Any]]:
    given: dict[str, int] = defaultdict(int)
    people: dict[str, int] = defaultdict(int)
    confused: dict[tuple[str, str], int] = defaultdict(int)
    for part, strategy, said, n in group.select("part", "strategy", "said", "n").iter_rows():
        if part == "confused":
            confused[strategy, said] += n
        else:
            (given if part == "given" else people)[strategy] += n
    total, reference = sum(given.values()), sum(people.values())
    if total == 0:
        return []
    names = sorted(given.keys() | people.keys())
    wins = np.array([[confused.get((i, j), 0) for j in names] for i in names], np.float64)
    strengths = preferences(wins)
    bias = None if strengths is None else float(np.std(strengths[~np.isnan(strengths)]))
    return [
        {
            "strategy": name,
            "n": given.get(name, 0),
            "total": total,
            "share": given.get(name, 0) / total,
            "reference_share": people.get(name, 0) / reference if reference else None,
            "preference": None
            if strengths is None or np.isnan(strengths[place])
            else float(strengths[place]),
            "bias": bias,
        }
        for place, name in enumerate(names)
    ]


def preferences(wins: Floats) -> Floats | None:
    """Bradley-Terry strengths of `wins` (strategies x strategies: how often i is given where people say j).

    Iterated, from 1 each, to the maximum of the likelihood:
    p_i = sum_j(w_ij p_j / (p_i + p_j)) / sum_j(w_ji / (p_i + p_j)), over j other than i (Newman. Efficient Computation
    of Rankings from Pairwise Comparisons. Journal of Machine Learning Research 24, 2023), then scaled to sum to the
    number of strategies that are compared. NaN: a strategy that never was confused. 0: one that never is given wrongly,
    or only in place of such. None: no maximum, as some strategy has no finite strength beside the others (it is never
    missed, or never stood against some of them).
    """
    wins = np.array(wins, np.float64)
    np.fill_diagonal(wins, 0)
    compared = (wins.sum(0) + wins.sum(1)) > 0
    rest = compared.copy()
    while (lost := rest & ~(wins[:, rest] > 0).any(axis=1)).any():
        rest &= ~lost
    inner = wins[np.ix_(rest, rest)]
    if not _connected(inner):
        return None
    found = np.full(len(wins), np.nan)
    found[compared] = 0
    found[rest] = _strengths(inner)
    found[rest] *= compared.sum() / found[rest].sum()
    return found


def _connected(wins: Floats) -> bool:
    """Whether each of two or more has beaten each other one, if by way of others: then the maximum is unique (Ford.
    Solution of a Ranking Problem from Binary Comparisons. American Mathematical Monthly 64, 1957).
    """
    if len(wins) < 2:
        return False
    reached = (wins > 0) | np.eye(len(wins), dtype=bool)
    for _ in range(len(wins).bit_length()):
        reached = reached @ reached
    return bool(reached.all())


def _strengths(wins: Floats) -> Floats:
    p = np.ones(len(wins))
    for _ in range(_ROUNDS):
        before = p.copy()
        for i in range(len(p)):
            both = p[i] + p
            p[i] = (wins[i] * p / both).sum() / (wins[:, i] / both).sum()
        p /= np.exp(np.mean(np.log(p)))
        if np.abs(np.log(p / before)).max() < _CLOSE:
            break
    return p
