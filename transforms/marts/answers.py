"""From a batch of labels to `answers`, the table that the marts are computed from; and to sums of probabilities.

A row of labels becomes one row of answers: who said it, where and when, and what the answer comes to:

- `state`: of the labels that were given, the one with the greatest probability (at equal ones the first in the
  taxonomy; null: none was given), `confidence`: its probability.
- `valence`, from -1 to 1: sum(p v) / sum(p) over all labels, with v of `Polarity.values`; where the answer has no
  probabilities, the mean of v over the given labels. Of the task vad: 2 valence - 1.
- `hostile`: whether a given label is hostile (`Polarity.hostile`).
- `bucket`: the speaker's pseudonym modulo 64: as many different buckets as there are, so many speakers there are at
  least. Where nobody is known, a conversation counts as one person, a text that stands alone by itself; but those of
  clinical corpora count as one person together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.marts.ids import as_uuid
from transforms.marts.polarity import Polarity

COPIED: Final = (
    "corpus", "domain", "task", "taxonomy", "labeler", "record_id", "partition", "conversation_id", "turn",
    "created_at", "speaker", "role",
)  # fmt: skip
# Few different strings, each in many rows: as codes they are read, filtered and written several times as fast.
CODED: Final = ("corpus", "domain", "task", "taxonomy", "labeler", "partition", "role")
_CODE: Final = pa.dictionary(pa.int32(), pa.string())
_IDS: Final = ("record_id", "conversation_id", "speaker")
ANSWERS: Final = pa.schema(
    [
        *((name, _CODE if name in CODED else pa.uuid()) for name in COPIED[:8]),
        ("turn", pa.int32()),
        ("created_at", pa.timestamp("us")),  # UTC, without a zone: the same day in every session
        ("speaker", pa.uuid()),
        ("role", _CODE),
        ("day", pa.date32()),
        ("labels", pa.list_(_CODE)),
        ("state", _CODE),
        ("confidence", pa.float32()),
        ("valence", pa.float32()),
        ("arousal", pa.float32()),
        ("hostile", pa.bool_()),
        ("bucket", pa.int32()),
    ]
)
SCORE_SUMS: Final = pa.schema(
    [
        ("corpus", pa.string()),
        ("task", pa.string()),
        ("taxonomy", pa.string()),
        ("labeler", pa.string()),
        ("day", pa.date32()),
        ("role", pa.string()),
        ("label", pa.string()),
        ("n", pa.int64()),
        ("probability", pa.float64()),
    ]
)

Floats = NDArray[np.float64]
_SOMEBODY: Final = "00"  # stands for everybody whom nobody knows
_NO_DAY: Final = -(1 << 31)  # stands for null where days are numbers


@dataclass(frozen=True)
class Given:
    """What the answers of a batch come to, as arrays of a row each.

    `probabilities`: rows x labels, 0 where a label has none; `scored`: whether a row has any. `state` counts in
    `names`, -1: none.
    """

    names: list[str]
    probabilities: Floats
    scored: NDArray[np.bool_]
    state: NDArray[np.int64]
    confidence: Floats
    valence: Floats
    hostile: NDArray[np.bool_] | None


def answers(batch: pa.Table, polarity: Polarity) -> tuple[pa.Table, pa.Table]:
    """The labeled rows of `batch` (of labels; one corpus, task, taxonomy, labeler) as `ANSWERS` and `SCORE_SUMS`.

    Sums have a row for each day, role and label of the batch: those of several batches are added up by who reads them.
    """
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        name: _coded(batch[name].combine_chunks()) if name in CODED else batch[name]
        for name in COPIED
    }
    columns["created_at"] = batch["created_at"].cast(pa.timestamp("us"))
    columns["day"] = batch["created_at"].cast(pa.timestamp("us")).cast(pa.date32())
    for name in _IDS:
        columns[name] = as_uuid(batch[name].combine_chunks())
    labels = batch["labels"].combine_chunks()
    columns["labels"] = pa.ListArray.from_arrays(
        labels.offsets, _coded(labels.values), mask=labels.is_null()
    )
    columns["bucket"] = _bucket(batch)
    valence, arousal = _dimensions(batch)
    if valence is not None:  # answered by numbers: no label was asked for, and none is missing
        columns["labels"] = pa.nulls(batch.num_rows, pa.list_(_CODE))
    given = _given(batch, polarity)
    columns["state"] = _taken(given.names, given.state)
    columns["confidence"] = _floats(given.confidence)
    columns["valence"] = _floats(given.valence) if valence is None else valence
    columns["arousal"] = pa.nulls(batch.num_rows, pa.float32()) if arousal is None else arousal
    hostile = given.hostile
    columns["hostile"] = (
        pa.nulls(batch.num_rows, pa.bool_()) if hostile is None else pa.array(hostile)
    )
    made = pa.table({name: columns[name] for name in ANSWERS.names}, schema=ANSWERS)
    labeled = pc.equal(batch["status"], "labeled")
    sums = _sums(made, given, given.scored & labeled.to_numpy())
    # Last, as lists of structs are slow to filter; most often there is nothing to filter.
    return (made if pc.all(labeled).as_py() else made.filter(labeled)), sums


def _given(batch: pa.Table, polarity: Polarity) -> Given:
    rows = batch.num_rows
    score_rows, score_labels, p = _scores(batch["scores"])
    label_rows, labels = _flat(batch["labels"])
    names = list(dict.fromkeys([*_distinct(score_labels), *_distinct(labels)]))
    place = pa.array(names, pa.string())
    probabilities = _table(rows, len(names), score_rows, _codes(score_labels, place), p)
    scored = np.zeros(rows, bool)
    scored[score_rows] = True

    codes = _codes(labels, place)
    own = probabilities[label_rows, codes]
    state = np.full(rows, -1)
    confidence = np.full(rows, np.nan)
    # Last written wins: ascending probability, and at equal ones the first of the taxonomy last.
    order = np.lexsort((-codes, own))
    state[label_rows[order]] = codes[order]
    certain = (state >= 0) & scored
    confidence[certain] = probabilities[certain, state[certain]]

    valence = np.full(rows, np.nan)
    values = polarity.values(names) if names else None
    if values is not None:
        v = np.asarray(values)
        total = probabilities.sum(axis=1)
        np.divide(probabilities @ v, total, out=valence, where=total > 0)
        bare = np.bincount(label_rows, minlength=rows)
        mean = np.bincount(label_rows, weights=v[codes], minlength=rows)
        np.divide(mean, bare, out=valence, where=(total == 0) & (bare > 0))
    hostile = None
    told = polarity.hostile(names) if names or polarity.toxic else None
    if told is not None:
        hostile = np.bincount(label_rows, np.asarray(told or [False])[codes], rows) > 0
    return Given(names, probabilities, scored, state, confidence, valence, hostile)


def _table(
    rows: int, labels: int, of_row: NDArray[np.int64], of_label: NDArray[np.int64], p: Floats
) -> Floats:
    """Probabilities as rows x labels, 0 where there is none."""
    table = np.zeros((rows, max(labels, 1)))
    whole = len(p) // labels if labels else 0
    if whole * labels == len(p) > 0:
        codes = of_label.reshape(whole, labels)
        first = of_row.reshape(whole, labels)
        if (codes == np.arange(labels)).all() and (first == first[:, :1]).all():
            # All labels in the same order, as nearly always: no cell has to be looked for.
            table[first[:, 0]] = p.reshape(whole, labels)
            return table
    table[of_row, of_label] = p
    return table


def _scores(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.Array, Floats]:
    array = column.combine_chunks()
    entries = array.flatten()
    rows = np.asarray(pc.list_parent_indices(array))
    p = entries.field("probability").to_numpy(zero_copy_only=False).astype(np.float64)
    return rows, _coded(entries.field("label")), np.nan_to_num(p)


def _flat(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.Array]:
    array = column.combine_chunks()
    return np.asarray(pc.list_parent_indices(array)), _coded(array.flatten())


def _coded(strings: pa.Array) -> pa.Array:
    return strings if pa.types.is_dictionary(strings.type) else strings.dictionary_encode()


def _distinct(coded: pa.Array) -> list[str]:
    """The strings that occur, in the order of their first occurrence."""
    used: list[Any] = coded.indices.unique().to_pylist()
    dictionary: list[str] = coded.dictionary.to_pylist()
    return [dictionary[code] for code in used if code is not None]


def _codes(coded: pa.Array, place: pa.Array) -> NDArray[np.int64]:
    """Where each string stands in `place`."""
    translated = pc.index_in(coded.dictionary, place).fill_null(0).to_numpy(zero_copy_only=False)
    if len(translated) == 0:
        return np.zeros(0, np.int64)
    codes: NDArray[np.int64] = translated.astype(np.int64)[np.asarray(coded.indices)]
    return codes


def _dimensions(batch: pa.Table) -> tuple[pa.Array | None, pa.Array | None]:
    """Valence and arousal, where the answer is those numbers (0 to 1)."""
    if "answer" not in batch.column_names:
        return None, None
    kind = batch["answer"].type
    names = {field.name for field in kind} if pa.types.is_struct(kind) else set()
    if not {"valence", "arousal"} <= names or kind.field("valence").type != pa.float32():
        return None, None
    answer = batch["answer"].combine_chunks()
    valence, arousal = (
        pc.struct_field(answer, name).cast(pa.float32()) for name in ("valence", "arousal")
    )
    two, one = pa.scalar(2.0, pa.float32()), pa.scalar(1.0, pa.float32())
    return pc.subtract(pc.multiply(valence, two), one), arousal


def _bucket(batch: pa.Table) -> pa.Array:
    alone = pc.if_else(
        pc.equal(batch["domain"].cast(pa.string()), "clinical"), _SOMEBODY, batch["record_id"]
    )
    who = pc.coalesce(batch["speaker"], batch["conversation_id"], alone)
    return (
        (pl.Series(who).str.slice(0, 2).str.to_integer(base=16, strict=False) % 64)
        .cast(pl.Int32)
        .to_arrow()
    )


def _taken(names: list[str], codes: NDArray[np.int64]) -> pa.Array:
    if not names:
        return pa.nulls(len(codes), _CODE)
    return pa.DictionaryArray.from_arrays(
        pa.array(codes, pa.int32(), mask=codes < 0), pa.array(names, pa.string())
    )


def _floats(values: Floats) -> pa.Array:
    return pa.array(values.astype(np.float32), mask=np.isnan(values))


def _sums(made: pa.Table, given: Given, counted: NDArray[np.bool_]) -> pa.Table:
    """Sums of probabilities by day and role: one row for each and each label, of the rows that are `counted`."""
    if not given.names or not counted.any():
        return SCORE_SUMS.empty_table()
    roles = made["role"].combine_chunks()
    day = made["day"].cast(pa.int32()).fill_null(_NO_DAY).to_numpy()[counted].astype(np.int64)
    role = np.asarray(roles.indices.fill_null(-1))[counted]
    _, first, group = np.unique(
        day * (len(roles.dictionary) + 1) + role + 1, return_index=True, return_inverse=True
    )
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    sums = np.add.reduceat(given.probabilities[counted][order], starts, axis=0)
    repeats, labels = np.diff(np.append(starts, len(order))), len(given.names)
    rows = np.repeat(np.flatnonzero(counted)[first], labels)
    keys = made.select(["corpus", "task", "taxonomy", "labeler", "day", "role"]).take(rows)
    return (
        keys.append_column("label", pa.array(given.names * len(starts), pa.string()))
        .append_column("n", pa.array(np.repeat(repeats, labels)))
        .append_column("probability", pa.array(sums.reshape(-1)))
        .cast(SCORE_SUMS)
    )
