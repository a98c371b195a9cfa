"""The datasets of the lake, by name: what each holds, as Arrow schemas with a version."""

from schemas.datasets.annotations import ANNOTATIONS
from schemas.datasets.base import Dataset
from schemas.datasets.calls import CALLS
from schemas.datasets.clean import CLEAN
from schemas.datasets.contexts import CONTEXTS
from schemas.datasets.dedup import DEDUP
from schemas.datasets.labels import LABELS
from schemas.datasets.quarantine import QUARANTINE, QUARANTINE_RAW
from schemas.datasets.records import RECORDS
from schemas.datasets.selection import SELECTION
from schemas.datasets.signatures import SIGNATURES
from schemas.datasets.synthetic import DRAFTS, SYNTHETIC

DATASETS: dict[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        RECORDS,
        QUARANTINE,
        QUARANTINE_RAW,
        CLEAN,
        SIGNATURES,
        DEDUP,
        CONTEXTS,
        LABELS,
        SELECTION,
        ANNOTATIONS,
        CALLS,
        DRAFTS,
        SYNTHETIC,
    )
}

__all__ = [
    "ANNOTATIONS",
    "CALLS",
    "CLEAN",
    "CONTEXTS",
    "DATASETS",
    "DEDUP",
    "DRAFTS",
    "LABELS",
    "QUARANTINE",
    "QUARANTINE_RAW",
    "RECORDS",
    "SELECTION",
    "SIGNATURES",
    "SYNTHETIC",
    "Dataset",
]
