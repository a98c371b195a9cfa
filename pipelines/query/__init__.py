"""The SQL door over published files, and the same views as a DuckDB file."""

from pipelines.query.catalog import Catalog, open_catalog
from pipelines.query.export import write_catalog

__all__ = ["Catalog", "open_catalog", "write_catalog"]
