"""Random conversations in random shards, days and runs: contexts are those of a plain-Python reference."""

import random
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.config.windows import WindowsConfig
from tests.jobs.window_runs import DAYS, WindowRuns, reference, said

pytestmark = pytest.mark.slow


@st.composite
def talks(draw) -> tuple[list[dict], list[int], WindowsConfig]:
    size = draw(st.integers(1, 24))
    rows = []
    for number in range(size):
        name = f"r{number}{'x' * draw(st.integers(0, 9))}"
        earlier = [each["record_id"] for each in rows]
        rows.append(
            said(
                name,
                day=draw(st.sampled_from(DAYS)),
                minute=draw(st.integers(0, 3)),
                conversation_id=draw(st.sampled_from(["a", "b", None])),
                turn=draw(st.sampled_from([None, 0, 1, 2, 3, 4])),
                start_ms=draw(st.sampled_from([None, 10, 20])),
                reply_to=draw(st.sampled_from([None, None, "lost", *earlier])),
                outcome=draw(st.sampled_from(["kept", "kept", "kept", "dropped"])),
            )
        )
    shards = [draw(st.integers(0, 3)) for _ in rows]
    config = WindowsConfig(
        turns=draw(st.integers(1, 5)), chars=draw(st.sampled_from([0, 25, 40, 999]))
    )
    return rows, shards, config


def cleaned_of(runs: WindowRuns, rows: list[dict], cut: list[int]) -> list:
    """The rows as clean shards, one a day and number of `cut`, in no particular order."""
    pieces = defaultdict(list)
    for each, shard in zip(rows, cut, strict=True):
        pieces[each["partition"], shard].append(each)
    cleaned = [runs.clean(f"s{day}{shard}", piece) for (day, shard), piece in pieces.items()]
    random.Random(len(rows)).shuffle(cleaned)
    return cleaned


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(talks())
def test_any_cut_gives_the_contexts_of_one_piece(tmp_path_factory, talk) -> None:
    rows, cut, config = talk
    runs = WindowRuns(tmp_path_factory.mktemp("lake"), windows=config)
    cleaned = cleaned_of(runs, rows, cut)
    expected = reference(rows, config)
    assert runs.contexts(runs.make(cleaned)) == expected
    # Some shards published by a run before: the others have the same contexts as in one run.
    first, second = cleaned[::2], cleaned[1::2]
    runs.publish(first, runs.make(first))
    found = runs.contexts(runs.make(second))
    days = {manifest.source_file for manifest in second}
    late = {
        each["record_id"]
        for each, shard in zip(rows, cut, strict=True)
        if f"s{each['partition']}{shard}" in days
    }
    assert found == {name: context for name, context in expected.items() if name in late}


def test_little_memory(tmp_path: Path) -> None:
    """More references than the memory limit holds: they go to disk, encrypted."""
    runs = WindowRuns(tmp_path, memory_limit="100MB", windows=WindowsConfig(turns=32, chars=99_999))
    rows = [
        said(f"r{n}", turn=n // 500, conversation_id=f"c{n % 500}")
        | {"reply_to": None, "start_ms": None}
        for n in range(100_000)
    ]
    cleaned = [runs.clean(f"s{part}", rows[part::4]) for part in range(4)]
    found = runs.make(cleaned)
    assert runs.contexts(found) == reference(rows, runs.windows)
