"""The labeling config of Label Studio (XML) for a task and taxonomy.

Tags: View, Header, Text, Paragraphs (turns before, layout dialogue), Choices with Choice (`choice="single"` where
exactly one label holds, else `multiple`; `hint` is shown as a tooltip), Number (min, max, step):
https://labelstud.io/tags/choices, https://labelstud.io/tags/choice, https://labelstud.io/tags/number,
https://labelstud.io/tags/paragraphs. Levels are Numbers too, not Ratings: a Rating cannot say 0, so that "not there"
and "not answered" would look alike.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from jobs.annotate.question import Question
from jobs.annotate.tasks import CONTEXT, KEPT, LABELS, TEXT, scale
from schemas.errors import ConfigError


def labeling_config(question: Question, *, with_context: bool) -> str:
    """The config to paste or import into a project. ConfigError: names that cannot be told from those of the data."""
    view = ET.Element("View")
    if with_context:
        ET.SubElement(view, "Header", value="Said before", size="5")
        ET.SubElement(
            view, "Paragraphs", name=CONTEXT, value=f"${CONTEXT}", layout="dialogue", nameKey="author", textKey="text"
        )  # fmt: skip
    ET.SubElement(view, "Header", value=question.task.description, size="4")
    ET.SubElement(view, "Text", name=TEXT, value=f"${TEXT}", valueType="text")
    if question.task.answer == "labels":
        _choices(view, question)
    else:
        _numbers(view, question)
    ET.indent(view)
    return ET.tostring(view, encoding="unicode") + "\n"


def _choices(view: ET.Element, question: Question) -> None:
    taxonomy = question.taxonomy
    # Where there is no label for "none of these", nothing chosen says so.
    required = taxonomy.exclusive or taxonomy.neutral is not None
    choices = ET.SubElement(
        view,
        "Choices",
        name=LABELS,
        toName=TEXT,
        choice="single" if taxonomy.exclusive else "multiple",
        showInline="true",
        required=str(required).lower(),
    )
    for label in taxonomy.labels:
        hint = {"hint": label.definition} if label.definition else {}
        ET.SubElement(choices, "Choice", value=label.name, **hint)


def _numbers(view: ET.Element, question: Question) -> None:
    names = question.taxonomy.names
    if taken := sorted({"record_id", TEXT, CONTEXT, LABELS, "annotator", "id", *KEPT} & set(names)):
        raise ConfigError(
            f"Dimensions called {', '.join(taken)} cannot be annotated: data have that name already.",
            remedy="Rename them in the taxonomy.",
        )
    low, high = scale(question.taxonomy)
    step = 1.0 if question.task.answer == "ordinals" else (high - low) / 40
    for label in question.taxonomy.labels:
        told = f"{label.name}: {label.definition}" if label.definition else label.name
        ET.SubElement(view, "Header", value=f"{told} ({low:g} to {high:g})", size="5")
        ET.SubElement(
            view, "Number", name=label.name, toName=TEXT, min=f"{low:g}", max=f"{high:g}", step=f"{step:g}", required="true"
        )  # fmt: skip
