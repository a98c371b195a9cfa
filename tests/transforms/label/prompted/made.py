"""What the tests of the prompt compiler share: labeler files, questions, and answers that a schema allows."""

from random import Random
from typing import Any

from hypothesis import strategies as st

from schemas.label_task import LabelTask, load_task, task_names
from schemas.language_model import LanguageModel
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.label.prompted.question import Question
from transforms.label.prompted.row import Turn

SHIPPED = [(task, load_taxonomy(task.taxonomy)) for task in map(load_task, task_names())]
EACH_MODE = [(task, taxonomy, mode) for task, taxonomy in SHIPPED for mode in task.modes]
CHARS = st.characters(exclude_categories=["Cs"])


def model(**more: Any) -> LanguageModel:
    return LanguageModel.model_validate({"name": "m", "model": "m", "revision": "r", **more})


def taxonomy(*labels: str, **more: Any) -> Taxonomy:
    each = [{"name": name} for name in labels]
    return Taxonomy.model_validate({"name": "t", "version": "1", "labels": each, **more})


def task(answer: str = "labels", **more: Any) -> LabelTask:
    base = {"name": "asked", "version": "1", "description": "d", "taxonomy": "t"}
    return LabelTask.model_validate({"multi_label": True, **base, "answer": answer, **more})


def question(
    text: str, *turns: str, piece: tuple[int, int] | None = None, order: int = 0
) -> Question:
    context = tuple(Turn(f"turn{len(turns) - n}", None, turn) for n, turn in enumerate(turns))
    return Question("", {}, piece or (0, len(text)), text, context, order)


def answers_to(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema of ours allows."""
    if "anyOf" in schema:
        return st.none() | answers_to(schema["anyOf"][0])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema["type"]
    if kind == "object":
        return st.fixed_dictionaries({k: answers_to(v) for k, v in schema["properties"].items()})
    if kind == "array":
        return st.lists(answers_to(schema["items"]), max_size=schema["maxItems"])
    if kind == "string":
        return st.text(CHARS, min_size=schema.get("minLength", 0), max_size=schema["maxLength"])
    if kind == "boolean":
        return st.booleans()
    return st.integers(schema["minimum"], schema["maximum"])


def one_answer(schema: dict[str, Any], rng: Random) -> Any:
    """As `answers_to`, quickly."""
    if "anyOf" in schema:
        return None if rng.random() < 0.3 else one_answer(schema["anyOf"][0], rng)
    if "enum" in schema:
        return rng.choice(schema["enum"])
    kind = schema["type"]
    if kind == "object":
        return {name: one_answer(each, rng) for name, each in schema["properties"].items()}
    if kind == "array":
        return [one_answer(schema["items"], rng) for _ in range(rng.randint(0, schema["maxItems"]))]
    if kind == "string":
        return "".join(
            rng.choices('ab \n\x01"\\é漢😀\u2028', k=rng.randint(1, schema["maxLength"]))
        )
    if kind == "boolean":
        return rng.random() < 0.5
    return rng.randint(schema["minimum"], schema["maximum"])
