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

from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.marts.given import Floats, coded, given
from transforms.marts.ids import as_uuid
from transforms.marts.polarity import Polarity
from transforms.marts.score_sums import score_sums

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
_SOMEBODY: Final = "00"  # stands for everybody whom nobody knows


def answers(batch: pa.Table, polarity: Polarity) -> tuple[pa.Table, pa.Table]:
    """The labeled rows of `batch` (of labels; one corpus, task, taxonomy, labeler) as `ANSWERS` and `SCORE_SUMS`.

    Sums have a row for each day, role and label of the batch: those of several batches are added up by who reads them.
    """
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        name: coded(batch[name].combine_chunks()) if name in CODED else batch[name]
        for name in COPIED
    }
    columns["created_at"] = batch["created_at"].cast(pa.timestamp("us"))
    columns["day"] = batch["created_at"].cast(pa.timestamp("us")).cast(pa.date32())
    for name in _IDS:
        columns[name] = as_uuid(batch[name].combine_chunks())
    labels = batch["labels"].combine_chunks()
    columns["labels"] = pa.ListArray.from_arrays(
        labels.offsets, coded(labels.values), mask=labels.is_null()
    )
    columns["bucket"] = _bucket(batch)
    valence, arousal = _dimensions(batch)
    if valence is not None:  # answered by numbers: no label was asked for, and none is missing
        columns["labels"] = pa.nulls(batch.num_rows, pa.list_(_CODE))
    found = given(batch, polarity)
    columns["state"] = _taken(found.names, found.state)
    columns["confidence"] = _floats(found.confidence)
    columns["valence"] = _floats(found.valence) if valence is None else valence
    columns["arousal"] = pa.nulls(batch.num_rows, pa.float32()) if arousal is None else arousal
    hostile = found.hostile
    columns["hostile"] = (
        pa.nulls(batch.num_rows, pa.bool_()) if hostile is None else pa.array(hostile)
    )
    made = pa.table({name: columns[name] for name in ANSWERS.names}, schema=ANSWERS)
    labeled = pc.equal(batch["status"], "labeled")
    sums = score_sums(made, found, found.scored & labeled.to_numpy())
    # Last, as lists of structs are slow to filter; most often there is nothing to filter.
    return (made if pc.all(labeled).as_py() else made.filter(labeled)), sums


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
