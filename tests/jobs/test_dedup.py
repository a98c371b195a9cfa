"""What dedup decides; expected outcomes are worked by hand, or come from sets and loops of plain Python."""

import itertools
import random
from pathlib import Path

import pytest

from schemas.config.dedup import DedupConfig
from schemas.errors import ConfigError
from tests.jobs.dedup_runs import Runs, clusters, reasons, row

FOX = "the quick brown fox jumps over the lazy dog and runs away into the deep dark forest"
NEXT_DAY = "2026-03-03"


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Runs(tmp_path)


def decided(runs: Runs, rows: list[dict]) -> dict[str, str | None]:
    return reasons(runs.rows(runs.dedup([runs.clean("file", rows)])))


def test_by_hand(runs: Runs) -> None:
    rows = [
        row("late", "Hello   World!", minute=5),
        row("first", "hello world!", minute=3),
        row("retweet", "RT [USER]: hello world!", minute=9),
        row("fox", FOX, minute=1),
        row("near", f"{FOX} ok", minute=2),
        row("near_retweet", f"RT [USER]: {FOX} :)", minute=3),
        row("other", "something else altogether"),
        row("hi", "hi", minute=1),  # too short for grams: equal texts only
        row("hi_again", "Hi", minute=2),
        row("ho", "ho", minute=2),
    ]
    found = runs.rows(runs.dedup([runs.clean("file", rows)]))
    assert reasons(found) == {
        "late": "exact_duplicate", "first": None, "retweet": "retweet", "fox": None, "near": "near_duplicate",
        "near_retweet": "retweet", "other": None, "hi": None, "hi_again": "exact_duplicate", "ho": None,
    }  # fmt: skip
    assert clusters(found) == {
        "late": "first", "first": "first", "retweet": "first", "fox": "fox", "near": "fox",
        "near_retweet": "fox", "other": "other", "hi": "hi", "hi_again": "hi", "ho": "ho",
    }  # fmt: skip
    similarity = dict(zip(found["record_id"], found["similarity"], strict=True))
    # The fox has 83 characters, so 79 grams, of which 78 are different (" the " comes twice); " ok" adds three.
    assert similarity["near"] == pytest.approx(78 / 81)
    assert similarity["late"] == 1.0
    assert similarity["first"] is None
    assert found.filter("representative")["record_id"].to_list() == [
        "first",
        "fox",
        "hi",
        "ho",
        "other",
    ]


def test_dropped_rows_of_clean_are_not_looked_at_and_counts_add_up(runs: Runs) -> None:
    gone = {"outcome": "dropped", "reason": "bot"}
    rows = [
        row("a", "hello there", **gone),
        row("b", "hello there", minute=1),
        row("c", "hello there", minute=2),
    ]
    signatures, made = runs.dedup([runs.clean("file", rows)])
    assert signatures.counts == {"in": 2, "kept": 2}
    assert made.counts == {"in": 2, "kept": 1, "dropped": 1}
    assert made.reasons == {"exact_duplicate": 1}
    assert reasons(runs.rows([made])) == {"b": None, "c": "exact_duplicate"}


def test_turns_gold_and_replies_are_marked_only(runs: Runs) -> None:
    gold = [{"task": "emotion", "labels": ["joy"]}]
    rows = [
        row("post", "yeah, right", minute=0),
        row("turn", "yeah, right", minute=1, conversation_id="x", turn=3),
        row("gold", "yeah, right", minute=2, gold=gold),
        row("no_gold", "yeah, right", minute=3, gold=[]),
        row("reply", "yeah, right", minute=4, conversation_id="x", reply_to="post"),
        row("root", "yeah, right", minute=5, conversation_id="y"),
    ]
    found = runs.rows(runs.dedup([runs.clean("file", rows)]))
    assert set(found["cluster"]) == {"post"}
    assert reasons(found) == {
        "post": None, "turn": None, "gold": None, "reply": None,
        "no_gold": "exact_duplicate", "root": "exact_duplicate",
    }  # fmt: skip


def test_replies_are_dropped_where_the_config_says_so(tmp_path: Path) -> None:
    runs = Runs(tmp_path, DedupConfig(replies="drop"))
    rows = [row("post", "yeah, right"), row("reply", "yeah, right", minute=1, reply_to="post")]
    assert decided(runs, rows) == {"post": None, "reply": "exact_duplicate"}


def test_only_equal_texts_without_near(tmp_path: Path) -> None:
    runs = Runs(tmp_path, DedupConfig(near=False))
    rows = [row("fox", FOX), row("near", f"{FOX} ok", minute=1), row("same", FOX, minute=2)]
    assert decided(runs, rows) == {"fox": None, "near": None, "same": "exact_duplicate"}


def test_ties_are_broken_by_sample_key_then_id(runs: Runs) -> None:
    rows = [
        row("d", "same old text", sample_key=7),
        row("b", "same old text", sample_key=2),
        row("a", "same old text", sample_key=2),
        row("c", "same old text", created_at=None, sample_key=1),  # without a time: last
    ]
    assert set(clusters(runs.rows(runs.dedup([runs.clean("file", rows)]))).values()) == {"a"}


def similarity(one: str, other: str) -> float:
    first, second = ({text[at : at + 5] for at in range(len(text) - 4)} for text in (one, other))
    return len(first & second) / len(first | second)


def families(number: int, seed: int) -> list[str]:
    """Texts of which many are edits of one another, at all distances."""
    draw = random.Random(seed)
    texts: list[str] = []
    while len(texts) < number:
        if texts and draw.random() < 0.6:
            letters = list(draw.choice(texts))
            for _ in range(draw.randrange(1, 4)):
                letters[draw.randrange(len(letters))] = draw.choice("abcdefgh")
            texts.append("".join(letters))
        else:
            texts.append(
                "".join(draw.choices("abcdefghijklmnopqrstuvwxyz", k=draw.randrange(60, 140)))
            )
    return texts


def test_against_all_pairs(runs: Runs) -> None:
    texts = families(400, seed=1)
    rows = [row(f"{n:03d}", text, minute=n) for n, text in enumerate(texts)]
    found = clusters(runs.rows(runs.dedup([runs.clean("file", rows)])))
    group = list(range(len(texts)))  # by repeated merging over all pairs
    near = [
        (a, b)
        for a, b in itertools.combinations(range(len(texts)), 2)
        if similarity(texts[a], texts[b]) >= 0.8
    ]
    for _ in range(len(texts)):
        for a, b in near:
            group[a] = group[b] = min(group[a], group[b])
    assert len(near) > 150
    for name, cluster in found.items():
        assert group[int(name)] == group[int(cluster)]  # no wrong pair
    together = sum(found[f"{a:03d}"] == found[f"{b:03d}"] for a, b in near)
    assert together / len(near) >= 0.99


def test_parts_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of ten million texts are cut so that each part fits in memory: here, a part has some tens of rows."""
    texts = families(400, seed=2)
    found = []
    for parted in (False, True):
        for name in ("_MEMBER_BYTES", "_TOGETHER_BYTES") if parted else ():
            monkeypatch.setattr(f"pipelines.stages.dedup_compare.{name}", 5 * 10**6)
        runs = Runs(tmp_path / str(parted))
        days = [
            [row(f"{n:03d}", text, day) for n, text in enumerate(texts) if n % 2 == odd]
            for odd, day in enumerate(("2026-03-02", "2026-03-03"))
        ]
        first, second = (runs.clean("file", rows) for rows in days)
        runs.run([first])
        found.append(runs.rows(runs.dedup([first, second])))
    whole, in_parts = found
    assert whole["cluster"].n_unique() < whole.height - 50
    assert whole.equals(in_parts)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 6))]
)
def test_order_and_shards_change_nothing(tmp_path: Path, seed: int) -> None:
    texts = families(60, seed)
    rows = [row(f"{n:03d}", texts[n // 2 if n % 3 else n], minute=n % 7) for n in range(60)]
    draw = random.Random(seed)
    expected = None
    for shards in (1, 1, 3, 7):
        draw.shuffle(rows)
        pieces = [rows[start::shards] for start in range(shards)]
        runs = Runs(tmp_path / f"{shards}{draw.random()}")
        cleaned = [runs.clean(f"file{n}", piece) for n, piece in enumerate(pieces)]
        draw.shuffle(cleaned)
        found = runs.rows(runs.dedup(cleaned))
        expected = found if expected is None else expected
        assert found.equals(expected)


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2, 3))])
def test_day_by_day_is_all_days_at_once(tmp_path: Path, seed: int) -> None:
    texts = families(90, seed)
    days = [f"2026-03-0{n + 1}" for n in range(3)]
    rows = [row(f"{n:03d}", texts[n // 2], days[(n * 7) % 3], minute=n) for n in range(90)]
    pieces = [[each for each in rows if each["partition"] == day] for day in days]
    once = Runs(tmp_path / "once")
    expected = once.rows(
        once.dedup([once.clean(day, piece) for day, piece in zip(days, pieces, strict=True)])
    )
    daily = Runs(tmp_path / "daily")
    for number in range(3):
        daily.run([daily.clean(days[at], pieces[at]) for at in range(number + 1)])
    assert daily.published().equals(expected)
    fresh = Runs(tmp_path / "alone")  # and so where earlier days' sources are not read again
    for day, piece in zip(days, pieces, strict=True):
        fresh.run([fresh.clean(day, piece)])
    assert fresh.published().equals(expected)


def test_clusters_of_earlier_days_do_not_merge(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "two days")
    left = FOX[:70]
    right = FOX[12:]
    assert similarity(left, right) < 0.8 <= min(similarity(left, FOX), similarity(right, FOX))
    first = runs.clean("one", [row("left", left), row("right", right, minute=1)])
    second = runs.clean("two", [row("bridge", FOX, NEXT_DAY), row("copy", FOX, NEXT_DAY, minute=1)])
    runs.run([first])
    runs.run([first, second])
    found = clusters(runs.published())
    assert (found["left"], found["right"]) == ("left", "right")
    assert found["bridge"] == found["copy"]
    assert found["bridge"] in ("left", "right")
    # On one day they are one cluster.
    runs = Runs(tmp_path / "one day")
    day = [row("left", left), row("right", right, minute=1), row("bridge", FOX, minute=2)]
    assert set(clusters(runs.rows(runs.dedup([runs.clean("day", day)]))).values()) == {"left"}


def test_groups_are_refused(runs: Runs) -> None:
    session = runs.session()
    session.group = (1, 2)
    from jobs.dedup import dedup

    with pytest.raises(ConfigError, match="--group"):
        dedup(session, [], set())


def test_a_bucket_of_thousands(runs: Runs) -> None:
    rows = [row(f"{n:05d}", f"{FOX} and this is number {n:04d}", minute=n) for n in range(3000)]
    found = runs.rows(runs.dedup([runs.clean("file", rows)]))
    assert set(found["cluster"]) == {"00000"}
    assert (found["outcome"] == "dropped").sum() == 2999


def test_nothing_to_do(runs: Runs) -> None:
    assert runs.dedup([]) == []
    gone = runs.clean("file", [row("a", None, outcome="dropped", reason="empty")])
    made = runs.dedup([gone])
    assert [manifest.counts["in"] for manifest in made] == [0, 0]
    assert runs.rows(made).height == 0


def test_posts_of_every_length_and_script(runs: Runs) -> None:
    texts = [
        "",
        "a",
        "😂😂😂😂😂😂",
        "日本語のツイートです。よろしくお願いします",
        "x" * 50_000,
        "é" * 4,
        "é" * 5,
        "é" * 6,
    ]
    rows = [row(f"{n}{copy}", text, minute=copy) for n, text in enumerate(texts) for copy in (0, 1)]
    found = decided(runs, rows)
    assert all(found[f"{n}1"] == "exact_duplicate" for n in range(len(texts)))
    assert [n for n in range(len(texts)) if found[f"{n}0"] is not None] == [
        7
    ]  # éééééé has the one gram of ééééé
    assert found["70"] == "near_duplicate"


def test_columns_that_go_along(runs: Runs) -> None:
    rows = [
        row("a", "one two three", speaker="s", role="author", conversation_id="c", sample_key=9)
    ]
    found = runs.rows(runs.dedup([runs.clean("file", rows)])).row(0, named=True)
    for name in (
        "sample_key",
        "speaker",
        "role",
        "conversation_id",
        "partition",
        "created_at",
        "domain",
    ):
        assert found[name] == rows[0][name]
