"""The plan of a synthesis: what is worked by hand, and what holds of any."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from schemas.taxonomy import load_taxonomy
from transforms.synthesize.plan import (
    drawn,
    label_numbers,
    label_variables,
    planned_counts,
    table_variables,
    turn_entry,
)


def test_even_plans_give_each_label_as_many():
    assert planned_counts(["a", "b", "c"], 8) == {"a": 3, "b": 3, "c": 2}


def test_filling_levels_what_is_there():
    # 10 and 4 and 1 are 15; with 9 more, b and c can come to 7 each: 3 and 6.
    assert planned_counts(["a", "b", "c"], 9, {"a": 10, "b": 4, "c": 1}) == {"a": 0, "b": 3, "c": 6}
    # With 18 more, all three come to 11.
    assert planned_counts(["a", "b", "c"], 18, {"a": 10, "b": 4, "c": 1}) == {
        "a": 1,
        "b": 7,
        "c": 10,
    }
    # With 2, only the rarest grows.
    assert planned_counts(["a", "b", "c"], 2, {"a": 10, "b": 4, "c": 1}) == {"a": 0, "b": 0, "c": 2}


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 50), min_size=1),
    st.integers(1, 300),
)
def test_any_plan_adds_up_and_never_overtakes(have, items):
    labels = sorted(have)
    given_ = planned_counts(labels, items, have)
    assert sum(given_.values()) == items
    assert min(given_.values()) >= 0
    after = {label: have[label] + given_[label] for label in labels}
    grown = [after[label] for label in labels if given_[label]]
    # Whoever got something ends at the common level, and nobody who has less got nothing.
    assert max(grown) - min(grown) <= 1
    assert all(after[label] >= max(grown) - 1 for label in labels)


def test_the_labels_of_items_are_those_of_the_plan():
    counts = {"joy": 4, "anger": 0, "fear": 6}
    numbers = label_numbers(counts, seed=3)
    found = Counter(list(counts)[number] for number in numbers)
    assert found == Counter({"joy": 4, "fear": 6})
    assert (numbers == label_numbers(counts, seed=3)).all()
    assert (numbers != label_numbers(counts, seed=4)).any()


def test_draws_are_even_and_of_the_item_alone():
    found = Counter(drawn(1, "persona", item, 4) for item in range(4000))
    assert min(found.values()) > 900
    assert drawn(1, "persona", 7, 4) == drawn(1, "persona", 7, 4)


def test_the_opposite_is_that_of_the_taxonomy():
    plutchik = load_taxonomy("plutchik")
    pairs = dict(plutchik.opposites) | {b: a for a, b in plutchik.opposites}
    found = label_variables("emotion", "joy", plutchik, 0, 5)
    assert found["emotion"] == "joy"
    assert found["emotion.opposite"] == pairs["joy"] == "sadness"
    ekman = load_taxonomy("ekman")
    other = label_variables("emotion", "joy", ekman, 0, 5)["emotion.opposite"]
    assert other in ekman.names
    assert other not in ("joy", ekman.neutral) or ekman.opposites


def test_a_row_of_a_table_is_drawn_whole():
    table = ({"who": "a cook", "age": "40"}, {"who": "a nurse", "age": "30"})
    found = {tuple(table_variables("persona", table, 0, item).items()) for item in range(40)}
    assert found == {
        (("persona.who", "a cook"), ("persona.age", "40")),
        (("persona.who", "a nurse"), ("persona.age", "30")),
    }


def test_a_list_is_stretched_over_the_turns():
    told = [turn_entry("fear > hope > relief", turn, 6) for turn in range(6)]
    assert told == ["fear", "fear", "hope", "hope", "relief", "relief"]
    assert [turn_entry("a > b > c", turn, 2) for turn in range(2)] == ["a", "b"]
