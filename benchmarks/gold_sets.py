"""The gold sets of the data pack as frames for training and evaluation, read by our own readers.

    python benchmarks/gold_sets.py [--data ../shared/data] [NAME ...]

prints what each set holds. Official test splits are not in the pack. Texts are as they were read.

`group` is what must stay on one side in cross-validation: the conversation, else equal texts. `split`
is the source's, where it has one. A row without a decision (no majority, in a taxonomy of which
exactly one label holds) has no gold: `read_annotated` has it, `read_gold` leaves it out.

BRIGHTER asked for five of six emotions in English (no disgust) and Afrikaans (no surprise): there,
`label_set` lists them, and a text with none of them has no label, as it need not be neutral.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.gold_frames import label_frame, read_records, value_frame
from schemas.label_task import LabelTask, load_task
from schemas.taxonomy import Taxonomy, load_taxonomy


@dataclass(frozen=True)
class GoldSet:
    """Rows with gold, and what they answer.

    Columns of `frame`: text, lang, group, split, annotators; for labels also labels and label_set
    (null: all could be given), for numbers a column per dimension, null where it was not annotated.
    """

    name: str
    task: LabelTask
    taxonomy: Taxonomy
    frame: pl.DataFrame


_ANNOMI = ("annomi", ["clinical/annomi_full.csv.zst"])
_EDOS = ("edos", ["conversation/edos_mturk_groundtruth.csv.zst"])


def goemotions(data: Path) -> pl.DataFrame:
    records = read_records("goemotions", data, ["social/goemotions/*.tsv.zst"])
    return label_frame(records, "emotion", load_taxonomy("goemotions"))


def brighter(data: Path) -> pl.DataFrame:
    records = read_records("brighter", data, ["social/brighter.tar.zst"])
    return label_frame(records, "emotion", load_taxonomy("ekman"))


def brighter_intensity(data: Path) -> pl.DataFrame:
    records = read_records("brighter", data, ["social/brighter.tar.zst"])
    levels = load_taxonomy("ekman_intensity")
    frame = value_frame(records, "emotion_intensity", levels)
    return frame.with_columns(pl.col(levels.names).cast(pl.Int8))


def xed(data: Path) -> pl.DataFrame:
    files = ["gold/xed/*-annotated.tsv.zst", "gold/xed/neu_*.txt.zst"]  # no projections
    return label_frame(read_records("xed", data, files), "emotion", load_taxonomy("plutchik"))


def emobank(data: Path) -> pl.DataFrame:
    records = read_records("emobank", data, ["gold/emobank/*.zst"])
    return value_frame(records, "vad", load_taxonomy("vad"))


def topical_chat(data: Path) -> pl.DataFrame:
    records = read_records("topical_chat", data, ["conversation/topical_chat/*.json.zst"])
    return label_frame(records, "emotion", load_taxonomy("topical_chat"), "conversation_id")


def edos(data: Path) -> pl.DataFrame:
    return label_frame(read_records(*_edos(data)), "emotion", load_taxonomy("edos"), _dialogue())


def edos_intents(data: Path) -> pl.DataFrame:
    intents = load_taxonomy("empathetic_intents")
    return label_frame(read_records(*_edos(data)), "intent", intents, _dialogue())


def annomi_therapist(data: Path) -> pl.DataFrame:
    return _annomi(data, "annomi_therapist")


def annomi_client(data: Path) -> pl.DataFrame:
    return _annomi(data, "annomi_client")


def multidogo(data: Path) -> pl.DataFrame:
    records = read_records("multidogo", data, ["conversation/multidogo_turn_level.tar.zst"])
    return label_frame(records, "intent", load_taxonomy("multidogo"), "conversation_id")


def premo(data: Path) -> pl.DataFrame:
    records = read_records("premo", data, ["social/premo_github_pr.json.zst"])
    return label_frame(records, "emotion", load_taxonomy("premo"), "conversation_id")


def _edos(data: Path) -> tuple[str, Path, list[str]]:
    return _EDOS[0], data, _EDOS[1]


def _dialogue() -> pl.Expr:
    """EDOS has some dialogues in several rows, labeled anew: DialogID is what they share."""
    native = pl.col("meta").list.eval(pl.element().struct.field("value")).list.first()
    return native.alias("group")


def _annomi(data: Path, taxonomy: str) -> pl.DataFrame:
    records = read_records(_ANNOMI[0], data, _ANNOMI[1])
    return label_frame(records, "talk_type", load_taxonomy(taxonomy), "conversation_id")


# Name: (task, taxonomy, how it is read).
GOLD_SETS: dict[str, tuple[str, str, Callable[[Path], pl.DataFrame]]] = {
    "goemotions": ("emotion", "goemotions", goemotions),
    "brighter": ("emotion", "ekman", brighter),
    "brighter_intensity": ("emotion_intensity", "ekman_intensity", brighter_intensity),
    "xed": ("emotion", "plutchik", xed),
    "emobank": ("vad", "vad", emobank),
    "topical_chat": ("emotion", "topical_chat", topical_chat),
    "edos": ("emotion", "edos", edos),
    "edos_intents": ("intent", "empathetic_intents", edos_intents),
    "annomi_therapist": ("talk_type", "annomi_therapist", annomi_therapist),
    "annomi_client": ("talk_type", "annomi_client", annomi_client),
    "multidogo": ("intent", "multidogo", multidogo),
    "premo": ("emotion", "premo", premo),
}


def read_annotated(name: str, data: Path) -> GoldSet:
    """A set with all annotated rows, also those whose annotators did not decide (labels null)."""
    task, taxonomy, read = GOLD_SETS[name]
    return GoldSet(name, load_task(task), load_taxonomy(taxonomy), read(data))


def read_gold(name: str, data: Path) -> GoldSet:
    """A set with the rows that have gold."""
    whole = read_annotated(name, data)
    if whole.task.answer != "labels":
        return whole
    frame = whole.frame.filter(pl.col("labels").is_not_null())
    return GoldSet(name, whole.task, whole.taxonomy, frame)


def describe(whole: GoldSet) -> dict[str, str]:
    """Cells of the table: rows, languages, labels, label shares, annotators per row, splits."""
    frame, names = whole.frame, whole.taxonomy.names
    if whole.task.answer == "labels":
        gold = frame.filter(pl.col("labels").is_not_null())
        counts = dict(gold["labels"].explode(empty_as_null=False).value_counts().iter_rows())
        shares = [f"{n} {counts.get(n, 0) / gold.height:.3f}" for n in names]
        none = (gold["labels"].list.len() == 0).sum()
        shares += [f"(none) {none / gold.height:.3f}"] if none else []
    else:
        gold = frame
        shares = [
            f"{n} {mean:.3f} ± {spread:.3f} (n {frame[n].count():,})"
            for n, mean, spread in zip(
                names, frame[names].mean().row(0), frame[names].std().row(0), strict=True
            )
        ]
    people = frame["annotators"].list.len().value_counts().sort("annotators").iter_rows()
    splits = frame["split"].fill_null("none").value_counts().sort("split").iter_rows()
    return {
        "rows": f"{gold.height:,}",
        "undecided": f"{frame.height - gold.height:,}",
        "languages": f"{gold['lang'].n_unique()}: {' '.join(sorted(gold['lang'].unique()))}",
        "labels": str(len(names)),
        "shares": ", ".join(shares),
        "annotators per row": ", ".join(f"{n}: {rows:,}" for n, rows in people),
        "groups": f"{gold['group'].n_unique():,}",
        "splits": ", ".join(f"{split} {rows:,}" for split, rows in splits),
    }


def edos_votes(data: Path) -> str:
    """What the votes of EDOS are that are no gold of the intents."""
    frame, intents = edos(data), load_taxonomy("edos").mappings["empathetic_intents"]
    first = pl.col("labels").list.first()
    kind = (
        pl.when(first.is_in(list(intents)))
        .then(pl.lit("an intent or Neutral"))
        .when(first.is_not_null())
        .then(pl.lit("an emotion"))
        .otherwise(pl.lit("no vote, or on a free answer"))
    )
    found = frame.group_by(kind.alias("vote")).len().sort("len").iter_rows()
    return ", ".join(f"{vote}: {rows:,}" for vote, rows in found)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="sets (default: all)")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    arguments = parser.parse_args()
    titles = False
    for name in arguments.names or GOLD_SETS:
        cells = describe(read_annotated(name, arguments.data))
        if not titles:
            print(f"| set | {' | '.join(cells)} |\n|{'---|' * (len(cells) + 1)}")
            titles = True
        print(f"| {name} | {' | '.join(cells.values())} |", flush=True)
    print(f"\nEDOS, votes of two workers in {edos_votes(arguments.data)}.")


if __name__ == "__main__":
    main()
