"""The labelers, by the name that configs and commands use."""

from pathlib import Path

from schemas.errors import ConfigError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.label.labeler import Labeler

LABELERS = ("student",)
WEIGHTS = ".safetensors"


def load_labeler(name: str, task: LabelTask, taxonomy: Taxonomy) -> Labeler:
    """The labeler `name`, ready to answer `task` with `taxonomy`.

    `student` is the one that ships; a path to weights that `affectmine train` wrote is a student of your own.
    Raises ConfigError for an unknown name, or when it cannot answer this.
    """
    if name != "student" and not name.endswith(WEIGHTS):
        raise ConfigError(
            f"There is no labeler {name!r}.",
            remedy=f"Choose one of: {', '.join(LABELERS)}, or a path to your own weights "
            f"(*{WEIGHTS}).",
        )
    from transforms.label.student.student import StudentLabeler

    if name == "student":
        return StudentLabeler.load_for(task, taxonomy)
    student = StudentLabeler.load(Path(name))
    student.question(task, taxonomy)
    return student
