"""Reading the GoEmotions tables of the data pack (../shared/data, not part of this repository)."""

from __future__ import annotations

from pathlib import Path

import polars as pl


def read_goemotions(folder: Path, split: str) -> pl.DataFrame:
    """Columns text, labels (list of names), group (comment id) of `train` or `dev`.

    The table has no header and no quoting: text TAB comma-joined label ids TAB comment id.
    """
    names = (folder / "labels.txt").read_text(encoding="utf-8").split()
    table = pl.read_csv(
        folder / f"{split}.tsv.zst", separator="\t", has_header=False, quote_char=None,
        infer_schema=False,
        new_columns=["text", "ids", "group"],
    )  # fmt: skip
    labels = (
        pl.col("ids")
        .str.split(",")
        .list.eval(pl.element().replace_strict(list(map(str, range(len(names)))), names))
    )
    return table.select("text", labels=labels, group="group")
