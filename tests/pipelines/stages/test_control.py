"""Control: what is planted falls, items stay whole, and the order of rows and shards changes nothing."""

import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.lake.commit import DataWriter
from pipelines.lake.lake import Lake
from pipelines.stages.control import control
from schemas.datasets import DRAFTS

WORDS = [f"{a}{b}{c}" for a in "bdfgklm" for b in "aeiou" for c in "nprst"]
JUDGED = [{"rubric": "naturalness", "score": 4.0, "probabilities": [0.0, 1.0]}]


def sentence(seed: int, words: int = 14) -> str:
    return " ".join(np.random.default_rng(seed).choice(WORDS, words))


def row(
    item: str, text: str | None, *, part: str = "utterance", label: str | None = "joy", **more
) -> dict:
    record_id = f"{item}/{part}/{more.get('turn', 0)}"
    key = int.from_bytes(hashlib.blake2b(record_id.encode(), digest_size=7).digest(), "little")
    return {
        "record_id": record_id, "sample_key": key, "corpus": "made", "domain": "synthetic", "partition": "synthetic",
        "text_clean": text, "recipe": "r", "recipe_version": 1, "item": item, "part": part, "task": "emotion",
        "taxonomy": "ekman", "target": None if label is None else [label], "seed_record_ids": [], "generator": "m",
        "judge_scores": JUDGED, "checker": "student", "checked_labels": ["joy"],
        "agreed": None if label is None else True, "outcome": "kept", **more,
    }  # fmt: skip


def verdicts(
    folder: Path, rows: list[dict], *, shards: int = 1, most: int | None = None
) -> dict[str, str | None]:
    lake = Lake(folder / hashlib.blake2b(repr(rows).encode(), digest_size=6).hexdigest())
    files = []
    for number in range(shards):
        writer = DataWriter(
            lake, "drafts", corpus="made", partition="synthetic", stem=f"shard-{number}-{shards}"
        )
        writer.write(pa.Table.from_pylist(rows[number::shards], schema=DRAFTS.schema))
        files.append(writer.close())
    with control(
        lake, files, similarity=0.8, max_per_label=most, memory_limit="400MB", threads=1
    ) as found:
        decided = pl.concat([found.of(number) for number in range(shards)])
        reasons, kept = found.reasons(), found.kept()
    assert kept + sum(reasons.values()) == len(rows) == decided.height
    assert Counter(decided["reason"].drop_nulls().to_list()) == Counter(reasons)
    assert ((decided["outcome"] == "kept") == decided["reason"].is_null()).all()
    return dict(decided.select("record_id", "reason").iter_rows())


def test_of_two_items_that_are_alike_one_stays_whole(tmp_path: Path) -> None:
    text = sentence(1)
    rows = [row(item, f"{text} {item}") for item in ("a", "b", "c")] + [row("d", sentence(2))]
    rows += [row("a", sentence(3), part="chosen"), row("b", sentence(4), part="chosen")]
    found = verdicts(tmp_path, rows)
    near = {name for name, reason in found.items() if reason == "near_duplicate"}
    stays = {"a", "b", "c"} - {name[0] for name in near}
    assert len(stays) == 1
    assert all(found[each["record_id"]] is None for each in rows if each["item"] in stays | {"d"})
    for other in {"a", "b"} - stays:
        assert found[f"{other}/chosen/0"] == "incomplete"


def test_texts_of_one_item_may_be_alike(tmp_path: Path) -> None:
    text = sentence(1, 30)
    pair = [row("a", text, part="affect"), row("a", f"{text} so", part="neutral", label="neutral")]
    turns = [row("b", sentence(5), part="turn", turn=turn) for turn in range(4)]
    assert set(verdicts(tmp_path, pair + turns).values()) == {None}


def test_two_items_that_are_alike_in_two_texts_do_not_both_fall(tmp_path: Path) -> None:
    rows = [
        row(item, f"{sentence(number)} {item}", part=part)
        for item in ("a", "b")
        for number, part in ((1, "chosen"), (2, "rejected"))
    ]
    found = verdicts(tmp_path, rows)
    assert sorted(map(str, found.values())) == ["None", "None", "near_duplicate", "near_duplicate"]
    assert len({name[0] for name, reason in found.items() if reason is None}) == 1


def test_prompts_and_short_texts_are_not_compared(tmp_path: Path) -> None:
    rows = [row(item, sentence(1), part="prompt") for item in "ab"]
    rows += [row(item, "thank you so much") for item in "ab"]
    assert set(verdicts(tmp_path, rows).values()) == {None}


@pytest.mark.parametrize("missing", ["judge_scores", "checker", "checked_labels"])
def test_nothing_passes_unchecked(tmp_path: Path, missing: str) -> None:
    rows = [
        row("a", sentence(1), **{missing: None}),
        row("a", sentence(2), part="chosen"),
        row("b", sentence(3)),
    ]
    assert verdicts(tmp_path, rows) == {
        "a/utterance/0": "unchecked",
        "a/chosen/0": "incomplete",
        "b/utterance/0": None,
    }


def test_what_was_dropped_keeps_its_reason_and_takes_its_item_along(tmp_path: Path) -> None:
    rows = [
        row("a", sentence(1), outcome="dropped", reason="judge"),
        row("a", sentence(2), part="chosen"),
        row("b", sentence(1)),
    ]
    found = verdicts(tmp_path, rows)
    assert found == {"a/utterance/0": "judge", "a/chosen/0": "incomplete", "b/utterance/0": None}


def test_a_label_has_as_many_items_as_the_cap_allows(tmp_path: Path) -> None:
    rows = [row(f"i{n}", sentence(n), label="joy" if n < 6 else "fear") for n in range(8)]
    found = verdicts(tmp_path, rows, most=2)
    kept = sorted(name for name, reason in found.items() if reason is None)
    joys = sorted(
        (each for each in rows if each["target"] == ["joy"]), key=lambda each: each["sample_key"]
    )
    assert kept == sorted(
        [each["record_id"] for each in joys[:2]] + ["i6/utterance/0", "i7/utterance/0"]
    )
    assert set(found.values()) == {None, "cap"}


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(["chosen", "rejected", "turn"])),
        min_size=2,
        max_size=16,
    ),
    st.randoms(use_true_random=False),
)
def test_order_and_shards_change_nothing(tmp_path_factory, drawn, random) -> None:
    rows = [
        row(f"item{place // 2}", f"{sentence(number)} {place}", part=part, turn=place)
        for place, (number, part) in enumerate(drawn)
    ]
    expected = verdicts(tmp_path_factory.mktemp("one"), rows)
    shuffled = random.sample(rows, len(rows))
    assert verdicts(tmp_path_factory.mktemp("other"), shuffled, shards=2) == expected
    fates: dict[str, set[bool]] = {}
    for each in rows:
        fates.setdefault(each["item"], set()).add(expected[each["record_id"]] is None)
    assert all(len(fate) == 1 for fate in fates.values())
