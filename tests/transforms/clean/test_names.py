"""Names that the reader knows: full, in parts, in any case, and words that are names only here."""

import polars as pl
import pytest

from transforms.clean.name_rows import named
from transforms.clean.pii import find_pii

WILL = ("Will Bamberg",)
GRACE = ("Grace May", "Mark Rose")


def found(text: str, names: tuple[str, ...]) -> list[str]:
    return sorted(text[start:end] for _, start, end in find_pii(text, names, worded=False))


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("Jerod Santo and Jerod or SANTO too", ("Jerod Santo",), ["Jerod", "Jerod Santo", "SANTO"]),
        ("that is Jerod's idea, jerod santo!", ("Jerod Santo",), ["Jerod", "jerod santo"]),
        ("so jerod what do you think", ("Jerod Santo",), ["jerod"]),
        ("J. Santo and Jerod S. agree", ("Jerod Santo",), ["J. Santo", "Jerod S."]),
        ("André and Andre", ("André Staltz",), ["Andre", "André"]),
        ("Thanks, Du'An, and O’Brien", ("Du'An Lightfoot", "Pat O'Brien"), ["Du'An", "O’Brien"]),
        ("K-Ball is here", ("Kevin Ball",), ["K-Ball"]),
        ("Adam Stacoviak", ("Adam Q. Stacoviak",), ["Adam Stacoviak"]),
        ("I will. Will you? Will is here, Will.", WILL, ["Will", "Will"]),
        ("hey will, will it work", WILL, ["will"]),
        ("in May the Rose had grace; mark it", GRACE, []),
        ("I asked Mark and Grace. Rose told May", GRACE, ["Grace", "Mark", "May", "Rose"]),
        ("May 5 and March on, since May", GRACE, []),
        ("Rose Garden Street", GRACE, []),
        ("the host spoke, then a guest", ("Host", "Guest 2", "T", ""), []),
        ("a bicycle and a Bicycle", ("Goodbye Bicycle Exchange",), []),
        ("ask heltonbiker or joe_c99", ("heltonbiker", "joe_c99"), ["heltonbiker", "joe_c99"]),
        ("山田さんと話した", ("山田 太郎",), ["山田"]),
        # Emily ends as words do; nobody would take it for one.
        ("I saw Emily's dog; we met Emily. EMILY!", ("Emily Harding",), ["EMILY", "Emily", "Emily"]),
        ("we met Harding and MALONE", ("Jo Harding", "Ed Malone"), ["Harding", "MALONE"]),
        ("madam Adamson is no adam", ("Adam Wiggins",), []),
    ],
)  # fmt: skip
def test_names(text: str, names: tuple[str, ...], expected: list[str]) -> None:
    assert found(text, names) == expected
    hints = pl.Series([list(names)], dtype=pl.List(pl.String))
    if expected:
        assert named(pl.Series([text]), hints).item()


def test_rows_are_tested_against_their_own_names_in_small_and_large_groups() -> None:
    texts = [
        *(["so Jerod said"] * 20),
        *(["so Adam said"] * 20),
        "so Adam said",
        "no",
        "Zoë’s",
        None,
    ]
    names = [*([["Jerod Santo"]] * 40), ["Adam Wiggins"], ["Adam Wiggins"], ["Zoe"], ["Zoe"]]
    hits = named(pl.Series([text or "" for text in texts]), pl.Series(names))
    assert hits.to_list() == [True] * 20 + [False] * 20 + [True, False, True, False]


def test_no_hints_no_hits() -> None:
    hints = pl.Series([None, [], [""]], dtype=pl.List(pl.String))
    assert not named(pl.Series(["Adam", "Adam", "Adam"]), hints).any()
