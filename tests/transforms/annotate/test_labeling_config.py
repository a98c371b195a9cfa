"""The labeling config against Label Studio's documented tags, read by the standard library."""

from xml.etree import ElementTree as ET

import pytest

from schemas.label_task import load_task
from schemas.taxonomy import Taxonomy, load_taxonomy, taxonomy_names
from transforms.annotate.labeling_config import choices, labeling_config

EMOTION = load_task("emotion")


def tree(task: str, taxonomy: Taxonomy, *, context: bool = False) -> ET.Element:
    return ET.fromstring(labeling_config(load_task(task), taxonomy, context=context))


@pytest.mark.parametrize("name", [n for n in taxonomy_names() if load_taxonomy(n).range is None])
def test_every_label_can_be_chosen(name: str) -> None:
    taxonomy = load_taxonomy(name)
    (group,) = tree("emotion", taxonomy).iter("Choices")
    assert group.attrib["toName"] == "text"
    assert group.attrib["choice"] == ("single" if taxonomy.exclusive else "multiple")
    values = [choice.attrib["value"] for choice in group]
    assert tuple(values[: len(taxonomy.names)]) == taxonomy.names
    assert tuple(values) == choices(taxonomy)
    assert (values[-1] == "none") == (not taxonomy.exclusive and taxonomy.neutral is None)


def test_names_are_data() -> None:
    odd = ("a<b>\"c\"&'d'", "</Choices><Choice value='x'/>", "naïve", "two words")
    made = Taxonomy.model_validate(
        {"name": "odd", "version": "1", "labels": [{"name": n, "definition": n} for n in odd]}
    )
    (group,) = tree("emotion", made).iter("Choices")
    assert [c.attrib["value"] for c in group] == [*odd, "none"]
    assert [c.attrib["hint"] for c in group][:4] == list(odd)


def test_numbers_on_the_scale_of_gold() -> None:
    numbers = list(tree("vad", load_taxonomy("vad")).iter("Number"))
    assert [n.attrib["name"] for n in numbers] == ["valence", "arousal", "dominance"]
    for number in numbers:
        assert (number.attrib["min"], number.attrib["max"]) == ("1", "5")
        assert number.attrib["toName"] == "text"
        assert "step" not in number.attrib  # Label Studio refuses 1.1 in steps of .1


def test_levels_are_whole() -> None:
    numbers = list(tree("emotion_intensity", load_taxonomy("ekman_intensity")).iter("Number"))
    assert len(numbers) == 6
    assert {(n.attrib["min"], n.attrib["max"], n.attrib["step"]) for n in numbers} == {
        ("0", "3", "1")
    }
    assert all(n.attrib["required"] == "true" for n in numbers)


@pytest.mark.parametrize("context", [True, False])
def test_what_is_shown(context: bool) -> None:
    shown = {
        t.attrib["name"]: t.attrib
        for t in tree("emotion", load_taxonomy("ekman"), context=context).iter("Text")
    }
    assert set(shown) == ({"text", "context"} if context else {"text"})
    for name, attributes in shown.items():
        assert attributes["value"] == f"${name}"
        assert attributes["valueType"] == "text"
