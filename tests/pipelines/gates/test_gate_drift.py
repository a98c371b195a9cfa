"""Drift gates: what is counted from label files, and what is made of it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.gates.drift import judge
from pipelines.gates.drift_counts import Bins, Counted, Sides, count_answers
from pipelines.gates.page import render_page
from pipelines.gates.result import Finding, GateResult, enforce
from pipelines.lake.lake import Lake
from schemas.config.check import DriftConfig, DriftLimit
from schemas.datasets import DATASETS
from schemas.errors import GateError
from schemas.manifest import DataFile
from tests.pipelines.gates.conftest import Row, clean, labels

Write = Callable[..., list[str]]
SHARE = DriftConfig(limits=(DriftLimit(figure="share_change", max=0.1),), min_rows=50)


def rows(joy: int, fear: int, none: int = 0, *, first: int = 0, **more: object) -> list[Row]:
    answers = [["joy"]] * joy + [["joy", "fear"]] * fear + [[]] * none
    made = labels(len(answers))
    return [
        row
        | {"record_id": f"r{first + number}", "labels": answer, "status": "labeled", "reason": None}
        | more
        for number, (row, answer) in enumerate(zip(made, answers, strict=True))
    ]


@pytest.fixture
def count(tmp_path: Path, write: Write) -> Callable[..., Counted]:
    def _count(
        before: list[Row], now: list[Row], by: Sequence[str] = (), cleaned: list[Row] | None = None
    ) -> Counted:
        shards, published, texts = {}, [], []
        if before:
            for file in write("labels", before):
                path = Path(file)
                published.append(str(path.rename(path.with_name(f"old-{path.name}"))))
        for place, file in enumerate(write("labels", now)):
            shards[place] = DataFile(
                dataset="labels", corpus="c", partition="2024-05-01", path=Path(file).name,
                rows=len(now[place::2]), bytes=1, checksum="", schema_version=1,
            )  # fmt: skip
        if cleaned is not None:
            texts = write("clean", cleaned)
        sides = Sides(shards, published, texts, texts)
        return count_answers(Lake(tmp_path), sides, by, memory_limit="200MB", threads=1)

    return _count


def judged(config: DriftConfig, counted: Counted, corpora: Sequence[str] = ("c",)) -> list[Finding]:
    return judge(config, counted, corpora, against="snapshot 7")[0]


def test_answers_are_counted_on_both_sides_without_rows_that_have_none(count):
    rejected = {"status": "rejected", "labels": None, "reason": "language"}
    found = count([*rows(3, 2, 1), rows(1, 0)[0] | rejected], rows(1, 4))
    (group,) = found.groups
    assert group.labels == ("fear", "joy")
    told = {
        tuple(kind.tolist()): (int(b), int(n))
        for kind, b, n in zip(group.kinds, group.before, group.now, strict=True)
    }
    assert told == {(False, True): (3, 1), (True, True): (2, 4), (False, False): (1, 0)}
    assert found.versions_before == found.versions_now == {"c": {("1", "1", "1")}}


def test_order_of_labels_makes_no_other_answer(count):
    turned = [row | {"labels": row["labels"][::-1]} for row in rows(0, 3)]
    (group,) = count(rows(0, 2), turned).groups
    assert (group.before.tolist(), group.now.tolist()) == ([2], [3])


def test_groups_by_role_and_language(count):
    before = rows(4, 0, role="host") + rows(0, 3, role="guest", first=4)
    now = rows(2, 0, role="host", first=7)
    cleaned = [
        row | {"record_id": f"r{number}", "lang": "de" if number == 0 else "en"}
        for number, row in enumerate([clean(1)[0]] * 9)
    ]
    found = count(before, now, ("lang", "role"), cleaned)
    told = {
        (group.corpus, *group.by): (int(group.before.sum()), int(group.now.sum()))
        for group in found.groups
    }
    assert told == {("c", "de", "host"): (1, 0), ("c", "en", "guest"): (3, 0), ("c", "en", "host"): (3, 2)}  # fmt: skip


def test_numbers_are_counted_in_steps_of_their_range(tmp_path):
    kind = pa.struct([("valence", pa.float32()), ("arousal", pa.float32())])
    schema = DATASETS["labels"].schema.append(pa.field("answer", kind))
    answers = [(0.0, 1.0), (0.34, 0.99), (0.3, None), (1.0, 0.05)]
    made = [
        row | {"labels": [], "answer": {"valence": valence, "arousal": arousal}}
        for row, (valence, arousal) in zip(rows(4, 0), answers, strict=True)
    ]
    file = tmp_path / "labels.parquet"
    pq.write_table(pa.Table.from_pylist(made, schema=schema), file)
    shard = DataFile(
        dataset="labels", corpus="c", partition="2024-05-01", path=file.name, rows=4, bytes=1,
        checksum="", schema_version=1,
    )  # fmt: skip
    (group,) = count_answers(
        Lake(tmp_path), Sides({0: shard}, [str(file)]), (), memory_limit="200MB", threads=1,
        bins=Bins(("valence", "arousal"), 0, 1),
    ).groups  # fmt: skip
    told = dict(zip(group.labels, (group.now @ group.kinds).tolist(), strict=True))
    assert told == {
        "valence from 0": 1, "valence from 0.3": 2, "valence from 0.9": 1,
        "arousal from 0": 1, "arousal from 0.9": 2,
    }  # fmt: skip
    assert group.before.tolist() == group.now.tolist()


def test_a_shift_over_the_limit_fails_and_says_what_moved(count):
    version, finding = judged(SHARE, count(rows(90, 10), rows(50, 50)))
    assert version.success
    assert (finding.success, finding.severity) == (False, "critical")
    assert finding.observed == pytest.approx(0.4)
    assert "fear 10.0% → 50.0%" in (finding.told or "")
    assert "100 rows of snapshot 7, 100 new" in (finding.told or "")


def test_a_small_shift_holds_and_so_does_one_within_chance(count):
    assert judged(SHARE, count(rows(90, 10), rows(85, 15)))[1].success
    few = SHARE.model_copy(update={"min_rows": 5})
    finding = judged(few, count(rows(10, 0), rows(8, 2)))[1]
    assert finding.observed == pytest.approx(0.2)
    assert finding.success
    assert "by chance: holds" in (finding.told or "")


def test_too_few_rows_and_nothing_before_are_not_judged(count):
    (_, finding) = judged(SHARE, count(rows(90, 10), rows(0, 20)))
    assert (finding.judged, finding.success) == (False, True)
    assert "100 labeled rows before, 20 now: under min_rows (50)" in (finding.told or "")
    (finding,) = judged(SHARE, count([], rows(0, 200)))
    assert not finding.judged
    assert "nothing to compare with" in (finding.told or "")


def test_small_groups_are_named_together(count):
    before = rows(90, 0, role="host") + rows(9, 0, role="guest") + rows(9, 0, role=None)
    by_role = SHARE.model_copy(update={"by": ("role",)})
    found = judged(by_role, count(before, rows(90, 0, role="host"), ("role",)))
    assert [finding.judged for finding in found] == [True, True, False]
    assert found[1].column == "c, role host"
    assert (found[2].told or "").endswith("by role: guest; unknown")


@pytest.mark.parametrize(
    ("setting", "outcome"),
    [("warn", [(False, "warning")]), ("block", [(False, "critical")]), ("ignore", [])],
)
def test_another_version_is_told_or_blocks_or_is_ignored(count, setting, outcome):
    config = SHARE.model_copy(update={"new_version": setting})
    found = judged(config, count(rows(90, 10), rows(90, 10, labeler_version="2")))
    versions = [finding for finding in found if finding.id == "same_versions"]
    assert [(finding.success, finding.severity) for finding in versions] == outcome
    for finding in versions:
        assert "from labeler 2, taxonomy 1, task 1, those before from labeler 1" in finding.told


def test_corpora_are_judged_each_by_itself(count):
    before = rows(90, 10) + rows(10, 90, corpus="d", first=100)
    now = rows(90, 10, first=200) + rows(50, 50, corpus="d", first=300)
    found = judged(SHARE, count(before, now), ("c", "d"))
    assert [f.success for f in found if f.type == "drift" and f.observed is not None] == [
        True,
        False,
    ]


def test_a_result_comes_back_from_json_and_the_error_says_what_to_do(count):
    findings, shares = judge(SHARE, count(rows(90, 10), rows(50, 50)), ["c"], against="snapshot 7")
    result = GateResult(
        "drift", 1, "labels", 100, 2, 0.1, tuple(findings), "drift", "emotion/tiny/student",
        tuple(shares), "key",
    )  # fmt: skip
    assert GateResult.from_dict(json.loads(json.dumps(result.to_dict()))) == result
    with pytest.raises(GateError) as caught:
        enforce([result])
    told = str(caught.value)
    assert "drift of emotion/tiny/student: c: share_change 0.4, limit 0.1" in told
    assert "raise this limit of check.drift" in told
    moved = shares[0]["labels"][0]
    assert (moved["label"], moved["before"], moved["now"]) == ("fear", 0.1, 0.5)
    assert moved["low"] > 0.2


def test_the_page_shows_what_moved_and_what_was_not_judged(count):
    before, now = rows(90, 10, 0) + rows(9, 0, role="x"), rows(50, 50)
    config = SHARE.model_copy(update={"by": ("role",)})
    findings, shares = judge(config, count(before, now, ("role",)), ["c"], against="snapshot 7")
    result = GateResult(
        "drift", 1, "labels", 100, 2, 0.1, tuple(findings), "drift", "emotion/tiny/student",
        tuple(shares),
    )  # fmt: skip
    page = render_page([result], title="Gates")
    assert "drift of emotion/tiny/student" in page
    assert "<td>fear</td><td>10.0 %</td>" in page
    assert "+40.0" in page
    assert "– not judged" in page
    assert "suite drift" not in page
    alone = replace(result, findings=tuple(f for f in findings if not f.judged))
    assert "✓ all" not in render_page([alone], title="Gates")
