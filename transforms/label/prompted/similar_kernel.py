# ruff: noqa: ANN001, ANN201 -- numba infers the types
# mypy: disable-error-code="no-untyped-def,no-untyped-call,untyped-decorator"
"""The compiled half of similar.py."""

from __future__ import annotations

import numpy as np

from transforms.label.student.compiled import compiled


@compiled()
def nearest_rows(bounds, place, weight, starts, row, weights, size, n, near):
    """The n most similar of `size` texts for each query (queries, n), the most similar last; see Index.nearest."""
    queries = len(bounds) - 1
    found = np.full((queries, n), -1, np.int32)
    similarity = np.zeros(size, np.float32)
    touched = np.empty(size, np.int32)
    best = np.empty(n, np.float32)
    for query in range(queries):
        number = 0
        for at in range(bounds[query], bounds[query + 1]):
            feature = place[at]
            if feature < 0:
                continue
            for posting in range(starts[feature], starts[feature + 1]):
                text = row[posting]
                if similarity[text] == 0:
                    touched[number] = text
                    number += 1
                similarity[text] += weight[at] * weights[posting]
        held = 0
        for at in range(number):
            text = touched[at]
            value = similarity[text]
            similarity[text] = 0
            if value > near:
                continue
            # Sorted from the most similar, ties from the earliest text.
            if held == n and (
                value < best[n - 1] or (value == best[n - 1] and text > found[query, n - 1])
            ):
                continue
            slot = held if held < n else n - 1
            held = min(held + 1, n)
            while slot > 0 and (
                best[slot - 1] < value
                or (best[slot - 1] == value and found[query, slot - 1] > text)
            ):
                best[slot] = best[slot - 1]
                found[query, slot] = found[query, slot - 1]
                slot -= 1
            best[slot] = value
            found[query, slot] = text
        for slot in range(n // 2):
            other = n - 1 - slot
            found[query, slot], found[query, other] = found[query, other], found[query, slot]
    return found
