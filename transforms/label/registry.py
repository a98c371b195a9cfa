"""The labelers, by the name that configs and commands use."""

from pathlib import Path

from schemas.errors import ConfigError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.label.labeler import Labeler

LABELERS = ("student",)
WEIGHTS = ".safetensors"
MODEL = "student:"


def load_labeler(name: str, task: LabelTask, taxonomy: Taxonomy) -> Labeler:
    """The labeler `name`, ready to answer `task` with `taxonomy`.

    `student` are the models that ship, each row by the one for its language; `student:NAME` is one of them alone; a
    path to weights that `affectmine train` wrote is a student of your own. Raises ConfigError for an unknown name, or
    when it cannot answer this.
    """
    if not is_student(name):
        raise ConfigError(
            f"There is no labeler {name!r}.",
            remedy=f"Choose one of: {', '.join(LABELERS)} ({MODEL}NAME for one of its models), or a path to your own "
            f"weights (*{WEIGHTS}).",
        )
    from transforms.label.student.catalog import shipped, shipped_names
    from transforms.label.student.student import StudentLabeler

    if name == "student":
        return StudentLabeler.load_for(task, taxonomy)
    if name.startswith(MODEL):
        known = shipped_names()
        if name.removeprefix(MODEL) not in known:
            raise ConfigError(
                f"There is no model {name.removeprefix(MODEL)!r} among the students that ship.",
                remedy=f"Choose one of: {', '.join(known)}.",
            )
        student = StudentLabeler(shipped(name.removeprefix(MODEL)))
    else:
        student = StudentLabeler.load(Path(name))
    student.question(task, taxonomy)
    return student


def is_student(name: str) -> bool:
    """Whether the labeler of this name is a student."""
    return name == "student" or name.startswith(MODEL) or name.endswith(WEIGHTS)
