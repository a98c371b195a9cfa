import polars as pl

from schemas.lexicon import load_lexicon
from schemas.taxonomy import load_taxonomy
from transforms.audit.masking import MASK, mask_words, words_of


def test_whole_words_are_masked_whatever_their_case() -> None:
    texts = ["Happy, unhappy and HAPPY!", "it's sad [SAD]", "no word here", "", None, "I can't"]
    found = mask_words(pl.Series(texts), ["happy", "sad", "can't"], seed=0)
    assert found.masked.to_list() == [
        f"{MASK}, unhappy and {MASK}!", f"it's {MASK} [{MASK}]", "no word here", "", None, f"I {MASK}",
    ]  # fmt: skip
    assert found.words.tolist() == [2, 2, 0, 0, 0, 1]


def test_a_curly_apostrophe_is_an_apostrophe() -> None:
    found = mask_words(pl.Series(["I can’t", "I can't"]), ["can’t"], seed=0)
    assert found.masked.to_list() == [f"I {MASK}"] * 2


def test_the_control_masks_as_many_other_words() -> None:
    texts = pl.Series(["so happy about the [NAME] garden and its window", "happy", "sad to be"])
    found = mask_words(texts, ["happy", "sad"], seed=1)
    assert found.control_words.tolist() == [1, 0, 1]
    for text, control in zip(texts, found.control, strict=True):
        assert "happy" not in text or "happy" in control
        assert "[NAME]" not in text or "[NAME]" in control
    # A word of four letters or more goes first: about, garden or window.
    assert any(found.control[0] == texts[0].replace(w, MASK) for w in ("about", "garden", "window"))
    assert found.control[2] in (f"sad {MASK} be", f"sad to {MASK}")
    assert mask_words(texts, ["happy", "sad"], seed=1).control.to_list() == found.control.to_list()


def test_names_of_labels_are_words() -> None:
    words = words_of(load_taxonomy("annomi_therapist"), ["Glad"])
    assert {"glad", "reflection", "therapist", "input"} <= set(words)


def test_the_shipped_list_has_inflections_and_no_common_words() -> None:
    lexicon = load_lexicon()
    forms = set(lexicon.forms)
    assert lexicon.language == "en"
    assert {"happy", "happier", "happiness", "angry", "feared", "grateful", "disgusting"} <= forms
    assert not forms & {
        "like",
        "kind",
        "well",
        "long",
        "content",
        "blue",
        "down",
        "the",
        "good",
        "bad",
    }
    named = {
        name
        for taxonomy in ("goemotions", "ekman", "plutchik")
        for name in load_taxonomy(taxonomy).names
    }
    missing = (
        named
        - forms
        - {"neutral", "caring", "approval", "anticipation", "disapproval", "nervousness"}
    )
    assert missing == set()
