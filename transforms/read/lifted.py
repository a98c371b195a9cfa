"""Non-speech marks of a column of texts, as cues beside the texts."""

import polars as pl

from transforms.read.hint_cells import CUES
from transforms.read.nonspeech import lift_cues

_MAY = r"[\[(<*♪♫🎵🎶]|INAUDIBLE|UNINTELLIGIBLE|CROSSTALK"
_FIELDS = ("channel", "value", "start_ms", "end_ms")


def lift_column(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    """(the texts without marks, their cues); a text that is nothing but marks is empty."""
    may = text.str.contains(_MAY).fill_null(value=False).arg_true()
    cues: list[list[dict[str, object]] | None] = [None] * len(text)
    if not len(may):
        return text, pl.Series("cues", cues, dtype=CUES)
    texts = text.to_list()
    for row in may.to_list():
        texts[row], marks = lift_cues(texts[row])
        if marks:
            cues[row] = [dict(zip(_FIELDS, (*mark, None, None), strict=True)) for mark in marks]
    return pl.Series(text.name, texts, dtype=pl.String), pl.Series("cues", cues, dtype=CUES)
