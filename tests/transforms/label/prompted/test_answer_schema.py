"""The schemas of all shipped tasks are valid, closed and bounded; our checker agrees with jsonschema on them."""

import copy
import json

import jsonschema
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.label.prompted.answer_schema import json_schema, longest
from transforms.label.prompted.checked import wrong

from .made import SHIPPED, answers_to, task, taxonomy

NAMES = [each.name for each, _ in SHIPPED]
ODD = st.sampled_from(
    [None, True, False, -4, 0, 4, 101, 1e9, 0.5, "", "x", "joy", "y" * 5000, [], ["x"], {}, {"a": 1}]
)  # fmt: skip
ALL_KINDS = [
    {"name": "a_label", "kind": "label"},
    {"name": "a_choice", "kind": "choice", "choices": ['say "no"', "né"]},
    {"name": "a_level", "kind": "level", "range": [-100, 3], "optional": True},
    {"name": "a_number", "kind": "number", "range": [1, 7]},
    {"name": "a_flag", "kind": "flag"},
    {"name": "a_text", "kind": "text", "max_chars": 5, "optional": True},
    {"name": "a_turn", "kind": "turn"},
    {"name": "a_span", "kind": "span"},
    {"name": "some", "kind": "items", "max_items": 2, "fields": [{"name": "b", "kind": "flag"}]},
]
OWN = json_schema(
    task("fields", fields=ALL_KINDS, context={"turns": 3}), taxonomy("joy", 'a "b"', "né")
)
SCHEMAS = {each.name: json_schema(each, labels) for each, labels in SHIPPED} | {"own": OWN}


def walk(schema):
    yield schema
    items = [schema["items"]] if "items" in schema else []
    for inner in [*schema.get("properties", {}).values(), *schema.get("anyOf", []), *items]:
        yield from walk(inner)


def compact(answer) -> str:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize("name", SCHEMAS)
def test_valid_closed_and_bounded(name):
    schema = SCHEMAS[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    for part in walk(schema):
        kind = part.get("type")
        if kind == "object":
            assert part["additionalProperties"] is False
            assert part["required"] == list(part["properties"])
        elif kind == "array":
            assert 1 <= part["maxItems"] <= 64
        elif kind == "string":
            assert "enum" in part or 1 <= part["maxLength"] <= 4000
        elif kind == "integer":
            assert part["minimum"] <= part["maximum"]
        else:
            assert kind in ("boolean", "null", None)


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_the_checker_and_the_longest_answer(data):
    """On valid answers, and on such with one change: by jsonschema, which is not ours."""
    schema = SCHEMAS[data.draw(st.sampled_from(sorted(SCHEMAS)))]
    validator = jsonschema.Draft202012Validator(schema)
    answer = data.draw(answers_to(schema))
    assert validator.is_valid(answer)
    assert wrong(answer, schema) is None
    # Escapes are the only thing that makes it longer than counted.
    escaped = sum(
        len(json.dumps(text, ensure_ascii=False)) - len(text) - 2 for text in strings(answer)
    )
    assert len(compact(answer)) - escaped <= longest(schema)
    changed = mutated(answer, data.draw)
    if not any(isinstance(value, float) and value.is_integer() for value in leaves(changed)):
        assert (wrong(changed, schema) is None) == validator.is_valid(changed)


def test_the_longest_answer_is_one_that_can_be_given():
    answer = {
        "a_label": 'a "b"', "a_choice": 'say "no"', "a_level": -100, "a_number": 100, "a_flag": False,
        "a_text": "abcde", "a_turn": 3, "a_span": "s" * 200, "some": [{"b": False}, {"b": False}],
    }  # fmt: skip
    jsonschema.validate(answer, OWN)
    assert len(compact(answer)) <= longest(OWN) <= len(compact(answer)) + 10


def test_the_longest_number_may_be_the_least():
    assert longest({"type": "integer", "minimum": -100, "maximum": 3}) == len("-100")
    assert longest({"type": "string", "enum": ["a", 'b"']}) == len('"b\\""')


def test_whole_numbers_are_written_as_such():
    schema = json_schema(task("ordinals"), taxonomy("joy", range=(0, 3)))
    assert wrong({"joy": 2.0}, schema)
    assert wrong({"joy": True}, schema)


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_what_is_wrong_quotes_nobody(schema):
    secret = "my secret 7319"
    for bad in (secret, [secret], {secret: secret}, dict.fromkeys(schema["properties"], secret)):
        said = wrong(bad, schema)
        assert said
        assert secret not in said


def test_labels_stand_in_the_order_in_which_they_are_shown():
    schema = json_schema(task(), taxonomy("joy", "fear"), ["fear", "joy"])
    assert schema["properties"]["labels"]["items"]["enum"] == ["fear", "joy"]


def test_arrow_holds_the_type_of_every_task():
    from transforms.label.prompted.answer_type import answer_type

    for asked, labels in SHIPPED:
        kind = answer_type(asked, labels)
        if kind is not None:
            names = [kind.field(place).name for place in range(kind.num_fields)]
            assert len(set(names)) == len(names)
            assert pa.array([None], kind).null_count == 1


def strings(value):
    return [each for each in leaves(value) if isinstance(each, str)]


def leaves(value):
    if isinstance(value, dict):
        return [each for inner in value.values() for each in leaves(inner)]
    if isinstance(value, list):
        return [each for inner in value for each in leaves(inner)]
    return [value]


def mutated(answer, draw):
    """One place of an answer changed: a value, a key less, a key more, an entry more."""
    changed = copy.deepcopy(answer)
    spots = [changed]
    for each in spots:
        inner = each.values() if isinstance(each, dict) else each
        spots += [value for value in inner if isinstance(value, (dict, list)) and value]
    spot = draw(st.sampled_from(spots))
    if isinstance(spot, list):
        spot[draw(st.integers(0, len(spot) - 1))] = draw(ODD)
        spot *= draw(st.sampled_from([1, 70]))
        return changed
    key = draw(st.sampled_from(sorted(spot)))
    how = draw(st.sampled_from(["value", "less", "more"]))
    if how == "value":
        spot[key] = draw(ODD)
    elif how == "less":
        del spot[key]
    else:
        spot["another"] = 1
    return changed
