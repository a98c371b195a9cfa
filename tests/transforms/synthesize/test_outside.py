"""Labels outside the taxonomy."""

import pytest

from schemas.taxonomy import load_taxonomy
from transforms.synthesize.outside import REJECTED, brought_inside

GOEMOTIONS = load_taxonomy("goemotions")


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("Joy", "joy"), ("joyful", "joy"), ("angry", "anger"), ("sad", "sadness"), ("confused", "confusion"),
        ("nervous", "nervousness"), ("disapointment", "disappointment"), ("excited", "excitement"),
    ],
)  # fmt: skip
def test_the_nearest_label(written, label):
    assert brought_inside(written, GOEMOTIONS, "nearest") == (label, None)


@pytest.mark.parametrize("written", ["melancholy", "xyzzy", ""])
def test_what_is_near_to_none_is_rejected(written):
    assert brought_inside(written, GOEMOTIONS, "nearest") == (None, REJECTED)


@pytest.mark.parametrize(
    ("written", "label"),
    [  # Parrott's tree: tertiary emotions under joy, sadness, anger and fear; GoEmotions' own groups
        ("melancholy", "sadness"), ("Jubilation", "joy"), ("wrath", "anger"), ("dread", "fear"),
        ("remorse", "sadness"), ("annoyance", "anger"), ("amusement", "joy"),
    ],
)  # fmt: skip
def test_a_label_of_another_taxonomy_is_what_that_maps_it_to(written, label):
    ekman = load_taxonomy("ekman")
    assert brought_inside(written, ekman, "nearest") == (label, None)
    assert brought_inside(written, ekman, "reject") == (None, REJECTED)


def test_other_rules():
    assert brought_inside("joyful", GOEMOTIONS, "aside") == (None, None)
    assert brought_inside("joyful", GOEMOTIONS, "reject") == (None, REJECTED)
    assert brought_inside(" JOY ", GOEMOTIONS, "reject") == ("joy", None)
    strategies = load_taxonomy("esconv_strategies")
    assert (
        brought_inside("reflection_of_feelings", strategies, "reject")[0]
        == "Reflection of feelings"
    )
