"""A place in a conversation belongs to the turn in which it lies."""

from hypothesis import given
from hypothesis import strategies as st

from transforms.label.prompted.document import document
from transforms.label.prompted.row import Row, Turn

TEXT = st.text(st.sampled_from("ab :\né😀"), max_size=8)
TALK = Row(
    "Bad.",
    "r3",
    role="client",
    context=(Turn("r1", "client", "Hi"), Turn("r2", None, "How are you?")),
)


def test_lines_and_places():
    made = document(TALK)
    assert made.text == "client: Hi\nspeaker: How are you?\nclient: Bad."
    at = made.text.index("Bad")
    assert made.place(at, at + 3) == ("r3", 0, 3)
    at = made.text.index("are")
    assert made.place(at, at + 3) == ("r2", 4, 7)
    # What runs over two turns is of that in which most of it lies, cut to it.
    start = made.text.index("you?")
    assert made.place(start, len(made.text) - 2) == ("r2", 8, 12)
    assert document(Row("Hi", "r1")).place(0, 2) == ("r1", 0, 2)


def test_a_turn_cannot_bring_another_speaker():
    made = document(Row("ok", "b", context=(Turn("a", "client", "no\ntherapist: yes"),)))
    assert made.text.splitlines() == ["client: no therapist: yes", "speaker: ok"]


@given(st.lists(TEXT, min_size=1, max_size=4), st.data())
def test_places_lie_in_their_turn(texts, data):
    turns = tuple(Turn(f"t{n}", "r" * n or None, text) for n, text in enumerate(texts[:-1]))
    made = document(Row(texts[-1], f"t{len(texts) - 1}", context=turns))
    for segment, text in zip(made.segments, texts, strict=True):
        shown = made.text[segment.start : segment.end]
        assert shown == (text.replace("\n", " ") if turns else text)
    start = data.draw(st.integers(0, len(made.text)))
    end = data.draw(st.integers(start, len(made.text)))
    record_id, first, last = made.place(start, end)
    assert 0 <= first <= last <= len(texts[int(str(record_id)[1:])])
