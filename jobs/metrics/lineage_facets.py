"""Our nouns in the words of OpenLineage: numbers and names, nothing that people wrote."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa

from jobs.metrics.lineage_datasets import Name, is_about
from jobs.metrics.told import our_version
from pipelines.gates.result import Finding, GateResult
from pipelines.lake.lake import Lake
from pipelines.lake.place import open_parquet
from pipelines.lake.rows import locate
from schemas.datasets import DATASETS
from schemas.errors import AffectmineError
from schemas.manifest import DataFile, Manifest

_SEVERITY = {"critical": "error", "warning": "warn"}


class Facets:
    """Makes datasets and facets; the ones of a run all name the same producer."""

    def __init__(self) -> None:
        self._version = our_version()
        self.producer = f"urn:affectmine:{self._version}"

    def engine(self) -> dict[str, Any]:
        """Who ran it."""
        from openlineage.client.facet_v2 import processing_engine_run as facet

        version = self._version
        made = facet.ProcessingEngineRunFacet(version, "affectmine", producer=self.producer)
        return {"processing_engine": made}

    def job(self, kind: str) -> dict[str, Any]:
        """What kind of job it is: RUN or STAGE."""
        from openlineage.client.facet_v2 import job_type_job as facet

        made = facet.JobTypeJobFacet("BATCH", "AFFECTMINE", jobType=kind, producer=self.producer)
        return {"jobType": made}

    def parent(self, namespace: str, name: str, run: str, *, root: Sequence[str]) -> dict[str, Any]:
        """The run above, and the topmost one (namespace, job, run id)."""
        from openlineage.client.facet_v2 import parent_run as facet

        top = facet.Root(facet.RootRun(root[2]), facet.RootJob(root[0], root[1]))
        made = facet.ParentRunFacet(
            facet.Run(run), facet.Job(namespace, name), root=top, producer=self.producer
        )
        return {"parent": made}

    def parameters(self, values: Mapping[str, str]) -> dict[str, Any]:
        """What the run was told and came to, by name."""
        from openlineage.client.facet_v2 import execution_parameters_run as facet

        given = [facet.ExecutionParameter(key, value=value) for key, value in values.items()]
        made = facet.ExecutionParametersRunFacet(given, producer=self.producer)
        return {"executionParameters": made}

    def error(self, message: str) -> dict[str, Any]:
        """Why it failed."""
        from openlineage.client.facet_v2 import error_message_run as facet

        return {
            "errorMessage": facet.ErrorMessageRunFacet(message, "python", producer=self.producer)
        }

    def corpus(self, namespace: str, name: str, manifests: Sequence[Manifest]) -> Any:
        """The source files of a corpus, as one dataset: their paths may name people. `manifests`: what was read now."""
        from openlineage.client.event_v2 import InputDataset
        from openlineage.client.facet_v2 import input_statistics_input_dataset as facet

        counted = facet.InputStatisticsInputDatasetFacet(
            rowCount=sum(each.counts["in"] for each in manifests),
            fileCount=len({each.source_file for each in manifests}),
            producer=self.producer,
        )
        return InputDataset(namespace, f"corpora/{name}", {"inputStatistics": counted})

    def input(self, lake: Lake, name: Name) -> Any:
        """A dataset of the lake, as it is read."""
        from openlineage.client.event_v2 import InputDataset

        return InputDataset(*_address(lake, name))

    def gated(self, lake: Lake, name: Name, gates: Iterable[GateResult]) -> Any:
        """A dataset of the lake, with the expectations of its gates that could be judged."""
        from openlineage.client.event_v2 import InputDataset
        from openlineage.client.facet_v2 import data_quality_assertions_dataset as facet

        judged = [
            facet.Assertion(
                assertion=each.type,
                success=each.success,
                column=each.column,
                severity=_SEVERITY[each.severity],
                name=f"{gate.title}.{each.id}",
                actual=_actual(each),
            )
            for gate in gates
            if is_about(gate, name)
            for each in gate.findings
            if each.judged
        ]
        made = facet.DataQualityAssertionsDatasetFacet(judged, producer=self.producer)
        return InputDataset(*_address(lake, name), {"dataQualityAssertions": made})

    def output(
        self, lake: Lake, name: Name, files: Sequence[DataFile], now: Sequence[DataFile]
    ) -> Any:
        """A dataset of the lake: its columns, and what this run wrote of its `files`: those that are of `now`."""
        from openlineage.client.event_v2 import OutputDataset
        from openlineage.client.facet_v2 import output_statistics_output_dataset as facet
        from openlineage.client.facet_v2 import schema_dataset

        facets: dict[str, Any] = {}
        if (schema := _schema(lake, (now or files)[0])) is not None:
            columns = [
                schema_dataset.SchemaDatasetFacetFields(
                    field.name, str(field.type), ordinal_position=number
                )
                for number, field in enumerate(schema, start=1)
            ]
            facets["schema"] = schema_dataset.SchemaDatasetFacet(columns, producer=self.producer)
        counted = facet.OutputStatisticsOutputDatasetFacet(
            rowCount=sum(file.rows for file in now),
            size=sum(file.bytes for file in now),
            fileCount=len(now),
            producer=self.producer,
        )
        return OutputDataset(*_address(lake, name), {"outputStatistics": counted}, facets=facets)


def _address(lake: Lake, name: Name) -> tuple[str, str]:
    """Namespace and name of a dataset, as OpenLineage names folders: `file` and a path, or `s3://BUCKET` and a key."""
    dataset, variant = name
    restricted = dataset in DATASETS and DATASETS[dataset].restricted
    inside = "/".join(part for part in ("restricted" * restricted, dataset, variant) if part)
    url = urlsplit(str(lake.root))
    if url.scheme:
        return f"{url.scheme}://{url.netloc}", f"{url.path}/{inside}".strip("/")
    return "file", f"{lake.root}/{inside}"


def _schema(lake: Lake, file: DataFile) -> pa.Schema | None:
    # Compacted rows lie in another file. One that cannot be read just now must not cost the whole event.
    try:
        with open_parquet(locate(lake, file)[0]) as parquet:
            return parquet.schema_arrow
    except (AffectmineError, OSError):
        return None


def _actual(finding: Finding) -> str | None:
    seen = finding.unexpected_count if finding.observed is None else finding.observed
    return None if seen is None else str(seen)
