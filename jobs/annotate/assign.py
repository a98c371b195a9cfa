"""Who gets which rows."""

from __future__ import annotations

import polars as pl

from jobs.annotate.draw import shuffled


def assigned(ids: list[str], annotators: tuple[str, ...], overlap: int, seed: int) -> pl.DataFrame:
    """Columns id, assigned_to, in the order in which annotators see them: `overlap` rows for each of them, the others
    in turn. Without annotators: each row once, for nobody.

    Which rows overlap is drawn at random, and where they stand too, so that nobody can tell them.
    """
    drawn = shuffled(ids, seed, "annotate overlap")
    if not annotators:
        return pl.DataFrame(
            {"id": drawn, "assigned_to": None}, schema={"id": pl.String, "assigned_to": pl.String}
        )
    pairs = [(one, name) for one in drawn[:overlap] for name in annotators]
    pairs += [
        (one, annotators[place % len(annotators)]) for place, one in enumerate(drawn[overlap:])
    ]
    order = {one: place for place, one in enumerate(shuffled(ids, seed, "annotate order"))}
    pairs.sort(key=lambda pair: (annotators.index(pair[1]), order[pair[0]]))
    return pl.DataFrame(pairs, schema={"id": pl.String, "assigned_to": pl.String}, orient="row")
