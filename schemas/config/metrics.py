"""The section `metrics` of a config: whom a run tells how it goes. All of it operational."""

from urllib.parse import urlsplit

from pydantic import field_validator, model_validator

from schemas.config.base import Config, operational


class OpenLineageConfig(Config):
    """OpenLineage events: which datasets each stage read and wrote (docs/metrics.md)."""

    url: str | None = operational(
        None,
        description="a server that takes OpenLineage events, such as Marquez; an address without a path gets "
        "/api/v1/lineage. A key that it wants is read from OPENLINEAGE_API_KEY",
    )
    file: str | None = operational(
        None,
        description="a file to which events are appended, one JSON object a line; relative to the config file",
    )
    namespace: str = operational(
        "affectmine", min_length=1, description="of the jobs and of the corpora"
    )

    @field_validator("url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            whole = False
        if not whole:
            raise ValueError("no address of a server: write it as http://host:5000")
        if parts.username or parts.password:
            raise ValueError("passwords do not belong here: set OPENLINEAGE_API_KEY instead")
        return url

    @model_validator(mode="after")
    def _somewhere(self) -> "OpenLineageConfig":
        if self.url is None and self.file is None:
            raise ValueError("events go nowhere: name a url, a file or both")
        return self


class MetricsConfig(Config):
    """Metrics and lineage of runs, for the tools that watch pipelines (docs/metrics.md)."""

    name: str | None = operational(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$",
        description="what this pipeline is called there; by default as the config file, without its suffix",
    )
    prometheus: str | None = operational(
        None,
        description="a file *.prom, or the folder of node_exporter's textfile collector, which then gets "
        "affectmine_NAME.prom; relative to the config file",
    )
    openlineage: OpenLineageConfig | None = operational(
        None, description="OpenLineage events: which datasets each stage read and wrote"
    )

    @model_validator(mode="after")
    def _something(self) -> "MetricsConfig":
        if self.prometheus is None and self.openlineage is None:
            raise ValueError("nothing is told to anybody: name prometheus, openlineage or both")
        return self
