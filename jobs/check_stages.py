"""The label stages of a run, as gates see them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.gates.drift_counts import Bins
from schemas.config.check import OF_ONE, About, EvaluateConfig
from schemas.config.run import LabelConfig
from schemas.errors import ConfigError
from schemas.label_task import LabelTask, load_task
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.evaluate.ordinals import ORDINAL_FIGURES
from transforms.evaluate.scalars import SCALAR_FIGURES

_OF_LABELS = ("macro_f1", "micro_f1", "subset_accuracy")


@dataclass(frozen=True)
class Stage:
    """A label stage: its config, what is asked, and the folder of its files below labels/."""

    config: LabelConfig
    task: LabelTask
    taxonomy: Taxonomy
    variant: str

    def fits(self, about: About) -> bool:
        """Whether a gate is about this stage."""
        return about.fits(self.config.task, self.config.taxonomy, self.config.labeler)

    @property
    def figures(self) -> tuple[str, ...]:
        """What an evaluation of this stage says: overall, and of one label or dimension."""
        accuracy = ("accuracy",) if self.taxonomy.exclusive else ()
        overall, of_one = {
            "labels": ((*_OF_LABELS, *accuracy, "ece"), (*OF_ONE, "ece")),
            "scalars": (SCALAR_FIGURES, SCALAR_FIGURES),
            "ordinals": ((*ORDINAL_FIGURES, "ece"), ORDINAL_FIGURES),
        }[self.task.answer]
        names = self.taxonomy.names
        return ("coverage", *overall, *(f"{of}.{name}" for of in of_one for name in names))

    @property
    def bins(self) -> Bins | None:
        """How answers that are numbers become labels; None where they are labels already."""
        if self.task.answer != "scalars" or self.taxonomy.range is None:
            return None
        return Bins(self.taxonomy.names, *self.taxonomy.range)


def stages(configs: Iterable[LabelConfig], variants: Iterable[str], base: Path) -> list[Stage]:
    """The label stages of a config, with the variants of jobs.label.variants."""
    return [
        Stage(
            config,
            load_task(_place(config.task, base)),
            load_taxonomy(_place(config.taxonomy, base)),
            variant,
        )
        for config, variant in zip(configs, variants, strict=True)
    ]


def require_figures(known: Sequence[Stage], gates: Iterable[EvaluateConfig]) -> None:
    """Raises ConfigError for a gate on a figure that no label stage it is about has."""
    for gate in gates:
        fitting = [stage for stage in known if stage.fits(gate)]
        if not any(gate.figure in stage.figures for stage in fitting):
            there = "; ".join(
                f"{stage.task.name} in {stage.taxonomy.name}: {', '.join(stage.figures)}"
                for stage in fitting
            )
            raise ConfigError(
                f"check.evaluate: {gate.figure} is no figure of the label stages it is about.",
                remedy=f"They have {there}.",
            )


def _place(name: str, base: Path) -> str | Path:
    return base / name if "." in name else name
