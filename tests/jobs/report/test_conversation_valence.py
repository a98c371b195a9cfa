"""Valence over the turns, against arithmetic by hand."""

import pyarrow as pa
import pytest

from jobs.report.charts.look import NARROW, WIDE
from jobs.report.conversation_rows import Answers
from jobs.report.conversation_valence import MOST_POINTS, Point, chart, thinned, trajectory
from schemas.datasets import LABELS
from tests.jobs.report.conversation_lake import Row, key, label, scores, turn


def asked(rows: list[Row], taxonomy: str = "ekman") -> Answers:
    loose = pa.schema([field.with_nullable(nullable=True) for field in LABELS.schema])
    return Answers("emotion", taxonomy, "student", pa.Table.from_pylist(rows, schema=loose))


def feeling(n: int, **p: float) -> Row:
    return label(turn(f"{n}"), "emotion", "ekman", labels=["joy"], scores=scores(**p))


def places(count: int) -> tuple[dict[str, int], dict[str, int]]:
    return {key(f"{n}"): n for n in range(1, count + 1)}, {
        key(f"{n}"): n % 2 for n in range(1, count + 1)
    }


def test_a_point_for_each_turn() -> None:
    """joy counts 1, sadness -1, surprise and neutral 0; weighted by probability, over the sum of probabilities."""
    rows = [
        feeling(1, joy=0.6, sadness=0.2, neutral=0.2),  # (0.6 - 0.2) / 1 = 0.4
        feeling(2, joy=0.1, sadness=0.3),  # (0.1 - 0.3) / 0.4 = -0.5
        feeling(3, surprise=1.0),  # 0
        label(turn("4"), "emotion", "ekman", status="rejected", reason="language:ja"),
        label(turn("5"), "emotion", "ekman", labels=["anger"]),  # no probabilities: -1
    ]
    shown = trajectory(asked(list(reversed(rows))), *places(5))
    assert shown is not None
    assert [(point.number, point.hue) for point in shown.points] == [(1, 1), (2, 0), (3, 1), (5, 1)]
    assert [point.valence for point in shown.points] == pytest.approx([0.4, -0.5, 0.0, -1.0])
    assert shown.bins == ()  # fewer than ten


def test_the_line_is_the_mean_of_a_tenth_and_its_neighbors() -> None:
    """12 turns: the tenth of place k is floor((k - 1) * 10 / 12) + 1:
    places 1,2 | 3 | 4 | 5 | 6 | 7,8 | 9 | 10 | 11 | 12. joy is 1 where the place is 1, 2 or 12; else 0.5.
    """
    rows = [
        feeling(n, joy=1.0) if n in (1, 2, 12) else feeling(n, joy=0.5, surprise=0.5)
        for n in range(1, 13)
    ]
    shown = trajectory(asked(rows), *places(12))
    assert shown is not None
    assert [each.turns for each in shown.bins] == [2, 1, 1, 1, 1, 2, 1, 1, 1, 1]
    assert [each.middle for each in shown.bins] == [1.5, 3, 4, 5, 6, 7.5, 9, 10, 11, 12]
    assert [each.valence for each in shown.bins] == pytest.approx([1] + [0.5] * 8 + [1])
    smoothed = [
        (1 + 1 + 0.5) / 3,  # places 1, 2, 3
        (1 + 1 + 0.5 + 0.5) / 4,  # 1 to 4
        *[0.5] * 6,
        (0.5 + 0.5 + 1) / 3,  # 10 to 12
        (0.5 + 1) / 2,  # 11 and 12
    ]
    assert [each.smoothed for each in shown.bins] == pytest.approx(smoothed)


def test_turns_that_are_not_on_the_page_do_not_count() -> None:
    numbers, hues = places(2)
    shown = trajectory(asked([feeling(1, joy=1.0), feeling(9, sadness=1.0)]), numbers, hues)
    assert shown is not None
    assert [point.valence for point in shown.points] == [1.0]


def test_labels_that_tell_no_valence_have_no_picture() -> None:
    rows = [label(turn("1"), "intent", "own", labels=["order"], scores=scores(order=1.0))]
    assert trajectory(asked(rows, "somebody_s_own"), *places(1)) is None
    assert trajectory(asked([]), {}, {}) is None


def test_the_picture_of_a_long_conversation_draws_every_kth_point() -> None:
    points = [Point(n, 0.0, 0) for n in range(1, 2 * MOST_POINTS + 2)]
    assert [point.number for point in thinned(points)][:3] == [1, 4, 7]
    assert len(thinned(points)) <= MOST_POINTS
    assert thinned(points[:MOST_POINTS]) == points[:MOST_POINTS]


@pytest.mark.parametrize("look", [WIDE, NARROW])
def test_the_picture_has_points_by_speaker_and_the_line(look) -> None:
    numbers, hues = places(12)
    shown = trajectory(
        asked([feeling(n, joy=n / 12, anger=1 - n / 12) for n in range(1, 13)]), numbers, hues
    )
    assert shown is not None
    spec = chart(shown, look)
    assert [(row["x"], row["hue"]) for row in spec["data"]["values"]] == [
        (n, n % 2) for n in range(1, 13)
    ]
    marks = [layer["mark"]["type"] for layer in spec["layer"]]
    assert marks == ["rule", "point", "line"]
    assert len(spec["layer"][2]["data"]["values"]) == 10
    assert spec["width"] == look.width
