"""Marks of typed answers, and texts cut at them. Offsets are counted by hand."""

from jobs.report.conversation_spans import Mark, Piece, cut, ordered, read_answer


def span(record: str, start: int, end: int) -> dict[str, object]:
    return {"record_id": record, "start": start, "end": end}


def test_a_text_is_cut_where_marks_begin_and_end() -> None:
    #       0123456789
    text = "ab😀cdefghi"
    assert len(text) == 10  # code points: the emoji is one
    pieces = cut(text, [Mark("r", 1, 5, "one"), Mark("r", 3, 8, "two")])
    assert pieces == [
        Piece("a"),
        Piece("b😀", begins=(0,), inside=(0,), lanes=(0,)),
        Piece("cd", begins=(1,), inside=(0, 1), lanes=(0, 1)),
        Piece("efg", inside=(1,), lanes=(None, 1)),  # keeps its line: the second
        Piece("hi"),
    ]


def test_no_mark_is_one_piece_and_no_letter_is_lost() -> None:
    assert cut("plain", []) == [Piece("plain")]
    assert cut("", [Mark("r", 0, 4, "beyond")]) == []
    nested = [
        Mark("r", 0, 6, "a"),
        Mark("r", 2, 4, "b"),
        Mark("r", 2, 4, "c"),
        Mark("r", 4, 99, "d"),
    ]
    assert "".join(piece.text for piece in cut("abcdef", nested)) == "abcdef"


def test_marks_that_do_not_overlap_share_a_line() -> None:
    lanes = [piece.lanes for piece in cut("abcd", [Mark("r", 0, 2, "a"), Mark("r", 2, 4, "b")])]
    assert lanes == [(0,), (1,)]
    assert cut("ab", [Mark("r", 0, 2, "a"), Mark("r", 0, 2, "b")])[0].style == (
        "box-shadow:0 2px #0072B2,0 3px #fff,0 5px #D55E00"
    )


def test_order_is_by_start_then_the_longer_one_and_equal_ones_count_once() -> None:
    marks = [Mark("r", 5, 6, "x"), Mark("r", 0, 2, "y"), Mark("r", 0, 4, "z"), Mark("r", 5, 6, "x")]
    assert [mark.meaning for mark in ordered(marks)] == ["z", "y", "x"]


def test_a_cause_in_an_earlier_turn_lies_there() -> None:
    answer = {
        "emotion": "fear",
        "causes": [
            {
                "turn": {"record_id": "first", "back": 2},
                "span": span("first", 2, 9),
                "type": "hybrid",
            },
            {
                "turn": {"record_id": "own", "back": 0},
                "span": span("own", 0, 3),
                "type": "no_context",
            },
            {"turn": None, "span": None, "type": "latent"},
        ],
    }
    marks, facts = read_answer(answer, "own", {"first": 1, "own": 3})
    assert marks == [
        Mark("first", 2, 9, "hybrid, for turn 3 (fear)"),
        Mark("own", 0, 3, "no_context"),
    ]
    assert facts == [("emotion", "fear"), ("causes", "latent")]


def test_what_has_no_span_is_told_as_it_is() -> None:
    answer = {
        "flag": True,
        "level": -2,
        "number": 0.123456,
        "nothing": None,
        "where": {"record_id": "x", "back": 4},
        "opinion": span("own", 1, 2),
        "spread": {"valence": 0.1},
        "sentences": [{"span": span("own", 0, 1), "labels": ["joy", "fear"]}],
        "opinions": [{"holder": "speaker", "sentiment": "negative", "opinion": None}],
        "valence": 0.5,
    }
    marks, facts = read_answer(answer, "own", {}, skip=["valence"])
    assert marks == [Mark("own", 1, 2, "opinion"), Mark("own", 0, 1, "joy + fear")]
    assert facts == [
        ("flag", "yes"), ("level", "-2"), ("number", "0.123"), ("where", "4 turns before"),
        ("opinions", "holder speaker, sentiment negative"),
    ]  # fmt: skip
    assert read_answer(None, "own", {}) == ([], [])
