"""The whole config of a run: one YAML file."""

from pydantic import Field, field_validator, model_validator

from schemas.config.airflow import AirflowConfig
from schemas.config.base import Config, operational
from schemas.config.check import CheckConfig
from schemas.config.clean import CleanConfig
from schemas.config.corpus import CorpusConfig
from schemas.config.dedup import DedupConfig
from schemas.config.engine import EngineConfig
from schemas.config.marts import MartsConfig
from schemas.config.metrics import MetricsConfig
from schemas.config.select import SelectConfig
from schemas.config.windows import WindowsConfig
from schemas.yaml_mistakes import SeveralError


class IngestConfig(Config):
    """How sources are cut into shards."""

    shard_records: int = Field(125_000, ge=1, description="at most so many native units a shard")
    shard_bytes: int = Field(64 << 20, ge=1 << 10, description="at most so many bytes a shard")
    record_bytes: int = Field(
        16 << 20, ge=1 << 10, description="a longer native unit is quarantined, never held whole"
    )


class LabelConfig(Config):
    """One label stage: a task, answered by a labeler, with the labels of a taxonomy."""

    task: str = Field("emotion", description="a label task")
    taxonomy: str = Field("goemotions", description="with which labels")
    labeler: str = Field(
        "student",
        description="who answers: student, student:MODEL, a path to own weights, or to a labeler file (*.yaml) of a "
        "language model",
    )
    options: dict[str, str] = Field(
        default_factory=dict, description="values of the task's options"
    )
    select: SelectConfig | None = Field(
        None, description="a cascade; without this section the labeler is asked about every row"
    )


class RunConfig(Config):
    """Corpora to mine, and what to do with them."""

    lake: str = operational("lake", description="the lake's folder; relative to the config file")
    corpora: tuple[CorpusConfig, ...]
    ingest: IngestConfig = IngestConfig()
    clean: CleanConfig = CleanConfig()
    dedup: DedupConfig | None = Field(
        None, description="drop posts that repeat another; without this section nothing is compared"
    )
    windows: WindowsConfig | None = Field(
        None, description="contexts of records; without this section none are made"
    )
    label: tuple[LabelConfig, ...] = Field((LabelConfig(),), description="label stages, in order")
    check: CheckConfig = CheckConfig()
    marts: MartsConfig | None = Field(
        None,
        description="tables over all labels, made when a run has published; without this section none are made",
    )
    engine: EngineConfig = operational(default_factory=EngineConfig)
    metrics: MetricsConfig | None = operational(
        None,
        description="whom runs tell how they go (Prometheus, OpenLineage); without this section nobody",
    )

    airflow: AirflowConfig | None = operational(
        None,
        description="how the DAGs of this config run in Airflow; without this section with the defaults",
    )

    @field_validator("label")
    @classmethod
    def _once(cls, label: tuple[LabelConfig, ...]) -> tuple[LabelConfig, ...]:
        if any(each in label[:number] for number, each in enumerate(label)):
            raise ValueError("two label stages are the same; remove one")
        return label

    @field_validator("label")
    @classmethod
    def _cascades(cls, label: tuple[LabelConfig, ...]) -> tuple[LabelConfig, ...]:
        mistakes = []
        for number, stage in enumerate(label):
            if stage.select is None:
                continue
            asked = stage.model_copy(update={"labeler": stage.select.from_})
            first = [each for each in label[:number] if _same_question(each, asked)]
            where = f"label[{number}].select.from"
            if not first:
                mistakes.append(
                    f"{where} is {stage.select.from_!r}, but no label stage before it has that labeler with this "
                    "task, taxonomy and options"
                )
            elif all(each.select is not None for each in first):
                mistakes.append(
                    f"{where} is {stage.select.from_!r}, which is asked about some rows only: name a labeler that "
                    "is asked about all"
                )
        if mistakes:
            raise SeveralError(mistakes)
        return label

    @field_validator("corpora")
    @classmethod
    def _distinct(cls, corpora: tuple[CorpusConfig, ...]) -> tuple[CorpusConfig, ...]:
        if not corpora:
            raise ValueError("at least one corpus is needed")
        names = [corpus.name for corpus in corpora]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"corpus names must differ; given twice: {', '.join(twice)}")
        return corpora

    @model_validator(mode="after")
    def _something_to_serve(self) -> "RunConfig":
        serve = self.airflow.serve if self.airflow is not None else None
        if serve is not None:
            asked = [each for each in self.label if each.labeler.endswith((".yaml", ".yml"))]
            if serve.labeler is None and not asked:
                raise ValueError(
                    "airflow.serve starts a language model, but no label stage names one: give its labeler file"
                )
        return self

    @model_validator(mode="after")
    def _gates_are_about_something(self) -> "RunConfig":
        names = {corpus.name for corpus in self.corpora}
        mistakes = []
        for kind, gates in (("drift", self.check.drift), ("evaluate", self.check.evaluate)):
            for number, gate in enumerate(gates):
                where = f"check.{kind}[{number}]"
                if not any(
                    gate.fits(each.task, each.taxonomy, each.labeler) for each in self.label
                ):
                    mistakes.append(f"{where} is about no label stage of this config")
                mistakes += [
                    f"{where} is about the corpus {name!r}, which is not among the corpora"
                    for name in gate.corpora
                    if name not in names
                ]
        if mistakes:
            raise SeveralError(mistakes)
        return self


def _same_question(one: LabelConfig, other: LabelConfig) -> bool:
    """Whether two label stages are the same, but for the rows that they are about."""
    return one.model_copy(update={"select": None}) == other.model_copy(update={"select": None})
