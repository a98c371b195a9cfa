"""What is shown fits; the oldest turns go first, then the examples, then the text is cut."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.label.prompted.blocks import row_block
from transforms.label.prompted.fit import Limits, fitted
from transforms.label.prompted.row import Row, Turn

TEXT = st.text(st.sampled_from("ab. \n漢😀"), max_size=80)
TURNS = tuple(Turn(str(n), "x", f"{n}" * 10) for n in range(5))
ROW = Row("t" * 20, context=TURNS, demonstrations=(("d" * 9, "{}"),))


def size(text: str) -> int:
    return len(text.encode())


def show(row, text, context):
    return row_block(row, text, context, cues=True)


def fit(row: Row, room: int, *, cut: bool = True):
    return fitted(row, row.text, Limits(room, size), show, cut=cut)


def test_turns_go_from_the_oldest_on():
    whole = size(show(ROW, ROW.text, ROW.context)) + 16
    found = fit(ROW, whole)
    assert (found.row, found.pieces) == (ROW, ((0, 20),))
    assert [turn.record_id for turn in fit(ROW, whole - 1).row.context] == ["1", "2", "3", "4"]
    three = size(show(ROW, ROW.text, ROW.context[2:])) + 16
    assert [turn.record_id for turn in fit(ROW, three).row.context] == ["2", "3", "4"]
    assert [turn.record_id for turn in fit(ROW, three - 1).row.context] == ["3", "4"]
    none = size(show(ROW, ROW.text, ())) + 16
    found = fit(ROW, none)
    assert (found.row.context, found.row.demonstrations) == ((), ROW.demonstrations)
    assert fit(ROW, none - 1).row == replace(ROW, context=(), demonstrations=())


def test_a_text_is_cut_where_that_is_allowed_and_makes_sense():
    row = Row("I am sad. " * 40)
    empty = size(show(row, "", ()))
    found = fit(row, 150)
    assert len(found.pieces) > 2
    assert fit(row, 150, cut=False) is None
    assert fit(row, empty + 16 + 8) is not None
    assert fit(row, empty + 16 + 7) is None
    assert fit(Row("I", hint="h" * 500), 150) is None


def test_a_text_is_counted_only_where_it_might_not_fit():
    asked = []
    limits = Limits(100, lambda text: asked.append(text) or 90)
    assert limits.fits("a" * 84)
    assert asked == []
    assert not limits.fits("a" * 85)
    assert len(asked) == 1
    assert not limits.fits("a" * 3201)  # not even counted
    assert len(asked) == 1


@settings(deadline=None)
@given(
    st.builds(
        Row,
        text=TEXT,
        context=st.lists(st.builds(Turn, st.none(), st.none(), TEXT), max_size=5).map(tuple),
        demonstrations=st.lists(st.tuples(TEXT, st.just("{}")), max_size=2).map(tuple),
        hint=st.none() | TEXT,
    ),
    st.integers(30, 400),
    st.booleans(),
)
def test_what_is_shown_is_never_too_long(row, room, cut):
    found = fit(row, room, cut=cut)
    if found is None:
        bare = replace(row, context=(), demonstrations=())
        assert size(show(bare, row.text, ())) + 16 > room
        return
    for start, end in found.pieces:
        assert size(show(found.row, row.text[start:end], found.row.context)) + 16 <= room
    assert (found.pieces[0][0], found.pieces[-1][1]) == (0, len(row.text))
    kept = found.row.context
    assert kept == row.context[len(row.context) - len(kept) :]
