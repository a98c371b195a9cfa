"""The labelers, by the name that configs and commands use."""

from schemas.errors import ConfigError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.label.labeler import Labeler

LABELERS = ("student",)


def load_labeler(name: str, task: LabelTask, taxonomy: Taxonomy) -> Labeler:
    """The labeler `name`, ready to answer `task` with `taxonomy`.

    Raises ConfigError for an unknown name, or when it has no weights for them.
    """
    if name == "student":
        from transforms.label.student.student import load_student

        return load_student(task, taxonomy)
    raise ConfigError(
        f"There is no labeler {name!r}.", remedy=f"Choose one of: {', '.join(LABELERS)}."
    )
