import polars as pl
import pytest

from transforms.audit.perturb import neighbors, perturbations

CHANGES = perturbations(0.05)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("lower_case", "I AM Here [NAME]", "i am here [name]"),
        ("upper_case", "so [NAME] it is", "SO [NAME] IT IS"),
        ("final_period", "so it is.", "so it is"),
        ("final_period", "so it is", "so it is."),
        ("final_period", "so it is...", "so it is..."),
        ("final_period", "is it?", "is it?"),
        ("blanks", "so it is", " so  it  is\n"),
        ("blanks", "", ""),
        ("quotes", """he said "it's so" """, "he said “it’s so” "),
        ("quotes", "“it’s so”", '"it\'s so"'),
        ("contractions", "I don't know, IT'S fine", "I do not know, IT IS fine"),
        ("contractions", "I am here and do not care", "I'm here and don't care"),
        ("contractions", "We’re late", "We are late"),
        ("contractions", "none", "none"),
        ("spelling", "My favourite colour", "My favorite color"),
        ("spelling", "Favorite GRAY things", "Favourite GREY things"),
        ("spelling", "colorful", "colourful"),
        ("spelling", "the same", "the same"),
    ],
)
def test_surfaces_by_hand(name: str, before: str, after: str) -> None:
    texts = pl.Series([before, None])
    assert CHANGES[name](texts, 0).to_list() == [after, None]


def test_typos_are_neighbors_at_the_stated_rate() -> None:
    near = neighbors()
    assert set(near["a"]) == set("qwsz")
    assert set(near["g"]) == set("tyfhvb")
    for letter, others in near.items():
        assert all(letter in near[other] for other in others)
    text = "The quick brown fox [NAME] jumps over the lazy dog" * 300
    typed = CHANGES["typos"](pl.Series([text]), 7)[0]
    assert typed.count("[NAME]") == 300
    changed = [(a, b) for a, b in zip(text, typed, strict=True) if a != b]
    letters = sum(a.isalpha() for a in text.replace("[NAME]", ""))
    assert len(changed) / letters == pytest.approx(0.05, abs=0.01)
    assert all(b.lower() in near[a.lower()] and a.isupper() == b.isupper() for a, b in changed)
    assert CHANGES["typos"](pl.Series([text]), 7)[0] == typed
    assert perturbations(0.0)["typos"](pl.Series([text]), 7)[0] == text
