"""All labelers, by the name that configs and commands use: students, and language models by their labeler file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from schemas.errors import ConfigError
from schemas.label_task import LabelTask
from schemas.language_model import is_language_model, load_language_model
from schemas.taxonomy import Taxonomy
from transforms.label import registry
from transforms.label.labeler import Labeler


def load_labeler(
    name: str,
    task: LabelTask,
    taxonomy: Taxonomy,
    *,
    options: Mapping[str, str] | None = None,
    free_text: bool = True,
) -> Labeler:
    """The labeler `name`, ready to answer `task` with `taxonomy`: a student (transforms.label.registry), or the path of
    a labeler file (*.yaml) that says which language model answers.

    `options` are the values of the task's options; without `free_text`, answers keep no free text. Both are for
    language models. Raises ConfigError for a name or file that is unknown, or that cannot answer this.
    """
    if not is_language_model(name):
        if options:
            raise ConfigError(
                f"The labeler {name} takes no options.", remedy="Options are for language models."
            )
        if task.answer not in ("labels", "scalars", "ordinals"):
            raise ConfigError(
                f"No student answers the task {task.name!r}.",
                remedy="Give the labeler file of a language model: affectmine serve MODEL --labeler FILE",
            )
        return registry.load_labeler(name, task, taxonomy)
    from pipelines.serving.ensemble import Ensemble
    from pipelines.serving.labeler import LanguageModelLabeler

    path = Path(name)
    model = load_language_model(path)
    if not model.members:
        return LanguageModelLabeler(
            model, task, taxonomy, base=path.parent, options=options, free_text=free_text
        )
    members = [
        _member(path, each, task, taxonomy, options, free_text=free_text) for each in model.members
    ]
    return Ensemble(model, task, taxonomy, members)


def _member(
    ensemble: Path,
    name: str,
    task: LabelTask,
    taxonomy: Taxonomy,
    options: Mapping[str, str] | None,
    *,
    free_text: bool,
) -> Labeler:
    """A member of an ensemble; files lie beside the ensemble's own."""
    if not is_language_model(name):
        place = str(ensemble.parent / name) if name.endswith(registry.WEIGHTS) else name
        return load_labeler(place, task, taxonomy)
    path = ensemble.parent / name
    if load_language_model(path).members:
        raise ConfigError(
            f"The member {name} of {ensemble} is an ensemble itself.",
            remedy="List its members instead.",
        )
    return load_labeler(str(path), task, taxonomy, options=options, free_text=free_text)
