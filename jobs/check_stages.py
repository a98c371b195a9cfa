"""The label stages of a run, as gates see them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.gates.drift_counts import Bins
from schemas.config.check import About
from schemas.config.run import LabelConfig
from schemas.label_task import LabelTask, load_task
from schemas.taxonomy import Taxonomy, load_taxonomy


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


def _place(name: str, base: Path) -> str | Path:
    return base / name if "." in name else name
