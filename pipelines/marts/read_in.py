"""Published files as views: the columns of records and of typed answers that marts read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.engines.database import Database
from pipelines.lake.place import Place, created_locally, open_parquet, place
from pipelines.marts.tables import IDS
from schemas.datasets import DATASETS
from schemas.datasets.labels import labels_schema_of
from schemas.errors import TerminalError
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.label.prompted.answer_type import answer_type

_READ: Final[Mapping[str, Sequence[str]]] = {
    "clean": ("corpus", "record_id", "reply_to", "text_clean", "lang", "outcome", "gold", "cues"),
    "annotations": (
        "corpus", "record_id", "task", "taxonomy", "label_set", "annotator", "labels", "value",
    ),
}  # fmt: skip
_TYPED: Final = ("aspects", "reader_emotion", "text_cue_inconsistency")
_LABELS: Final = (
    "corpus", "task", "taxonomy", "labeler", "record_id", "conversation_id", "speaker", "role", "status", "labels",
)  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """Makes the views in a database. Of what is not there, files without rows go to `folder`.

    With `packed_ids` ids become UUIDs, as those of `answers`.
    """

    database: Database
    folder: Place
    packed_ids: bool

    def views(self, files: Mapping[str, Sequence[str]]) -> None:
        """`clean`, `annotations` and `labels_<task>`. Raises TerminalError for a file that is gone or damaged."""
        for name, columns in _READ.items():
            paths = files.get(name) or [self._nothing(name, DATASETS[name].schema, columns)]
            self.database.view_files(name, paths, self._selected(columns))
        for task in _TYPED:
            self._typed(task, files)

    def _typed(self, task: str, files: Mapping[str, Sequence[str]]) -> None:
        """Rows that are labeled, with the columns of labels and `answer`.

        A student answers some tasks by labels alone: its rows have a null answer. A task that nobody has answered has
        no rows.
        """
        told = load_task(task)
        schema = labels_schema_of(answer_type(told, load_taxonomy(told.taxonomy)))
        view = f"labels_{task}"
        columns = self._selected(_LABELS)
        nothing = self._nothing(view, schema, (*_LABELS, "answer"))
        self.database.view_files(f"{view}_0", [nothing], f"{columns}, answer")
        parts = [f"SELECT {', '.join(_LABELS)}, answer FROM {view}_0"]
        variants = [
            paths for name, paths in sorted(files.items()) if name.startswith(f"labels/{task}/")
        ]
        for number, paths in enumerate(filter(None, variants), start=1):
            answer = "answer" if _answers(paths[0]) else "NULL AS answer"
            self.database.view_files(f"{view}_{number}", paths, f"{columns}, {answer}")
            parts.append(
                f"SELECT {', '.join(_LABELS)}, answer FROM {view}_{number} WHERE status = 'labeled'"
            )
        self.database.execute(f"CREATE VIEW {view} AS {' UNION ALL '.join(parts)}")

    def _selected(self, columns: Iterable[str]) -> str:
        if not self.packed_ids:
            return ", ".join(columns)
        return ", ".join(
            f"CAST({column} AS UUID) AS {column}" if column in IDS else column for column in columns
        )

    def _nothing(self, name: str, schema: pa.Schema, columns: Sequence[str]) -> str:
        """A file without rows, with these columns."""
        target = self.folder / f"nothing-{name}.parquet"
        with created_locally(target) as path:
            pq.write_table(schema.empty_table().select(list(columns)), path)
        return str(target)


def _answers(path: str) -> bool:
    """Whether a file of labels has typed answers."""
    try:
        with open_parquet(place(path)) as file:
            return "answer" in file.schema_arrow.names
    except FileNotFoundError:
        raise gone(path) from None
    except pa.ArrowInvalid as error:
        raise damaged(path, error) from None


def gone(path: str) -> TerminalError:
    """The error for a file of labels that was there when it was published."""
    return TerminalError(
        f"A file of labels is gone ({place(path).name}).",
        remedy="If `vacuum` ran meanwhile, run again; else restore the lake from a backup.",
    )


def damaged(path: str, error: Exception) -> TerminalError:
    """The error for a file that is no Parquet."""
    return TerminalError(
        f"{place(path).name} cannot be read as Parquet ({type(error).__name__}).",
        remedy="If the file is damaged, delete it and its manifest, and run the config again.",
    )
