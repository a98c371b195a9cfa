"""Label Studio's labeling config for a task and its taxonomy: what annotators see and can answer. Pure.

Tags as documented: Text (https://labelstud.io/tags/text), Choices and Choice (https://labelstud.io/tags/choices,
…/choice), Number (https://labelstud.io/tags/number), Header (https://labelstud.io/tags/header). `valueType="text"`
says that the task's data are the text itself: in its secure mode, Label Studio takes them for an address otherwise.
Levels are a Number, not a Rating: a rating of 0 is the same as none, but level 0 is an answer.
"""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as ET

from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.annotate.given import NONE

LABELS: Final = "labels"
"""Name of the control that holds labels; numbers are in controls that are named after their dimension."""
TEXT: Final = "text"
CONTEXT: Final = "context"


def labeling_config(task: LabelTask, taxonomy: Taxonomy, *, context: bool) -> str:
    """The config as XML; every answer is required. `context`: also show earlier turns."""
    view = ET.Element("View")
    # Label Studio says so itself: without it, line breaks and spaces of a text are not shown.
    ET.SubElement(view, "Style").text = ".htx-text { white-space: pre-wrap; }"
    if context:
        ET.SubElement(view, "Header", value="Earlier turns", size="5")
        _shown(view, CONTEXT)
        ET.SubElement(view, "Header", value="Text", size="5")
    _shown(view, TEXT)
    if task.answer == "labels":
        _choices(view, taxonomy)
    else:
        for label in taxonomy.labels:
            low, high = scale(taxonomy)
            ET.SubElement(view, "Header", value=f"{label.name} ({low:g} to {high:g})", size="5")
            number = ET.SubElement(view, "Number", name=label.name, toName=TEXT)
            number.set("min", f"{low:g}")
            number.set("max", f"{high:g}")
            if task.answer == "ordinals":
                number.set("step", "1")
            number.set("required", "true")
    ET.indent(view)
    return ET.tostring(view, encoding="unicode") + "\n"


def choices(taxonomy: Taxonomy) -> tuple[str, ...]:
    """What can be chosen: the labels and, where none of them may hold and no label says so, `none`."""
    if taxonomy.exclusive or taxonomy.neutral is not None or NONE in taxonomy.names:
        return taxonomy.names
    return (*taxonomy.names, NONE)


def scale(taxonomy: Taxonomy) -> tuple[float, float]:
    """The least and the greatest number that people give: the scale of gold, else that of answers."""
    return taxonomy.gold_range or taxonomy.range or (0.0, 1.0)


def _shown(view: ET.Element, name: str) -> None:
    ET.SubElement(
        view, "Text", name=name, value=f"${name}", valueType="text", selectionEnabled="false"
    )


def _choices(view: ET.Element, taxonomy: Taxonomy) -> None:
    kind = "single" if taxonomy.exclusive else "multiple"
    group = ET.SubElement(
        view, "Choices", name=LABELS, toName=TEXT, choice=kind, required="true", showInline="true"
    )
    meaning = {label.name: label.definition for label in taxonomy.labels}
    for name in choices(taxonomy):
        choice = ET.SubElement(group, "Choice", value=name)
        if told := meaning.get(name, "None of these."):
            choice.set("hint", told)
