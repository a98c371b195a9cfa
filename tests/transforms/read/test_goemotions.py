from pathlib import Path

from schemas.config.corpus import Values
from tests.transforms.read.reading import read, source_of
from transforms.read.goemotions import LABELS, GoEmotions
from transforms.read.mapping import map_columns
from transforms.read.registry import guess

TABLE = b'he said "hi\t27\teebbqej\n"quote\t8,20\ted00q6i\nbad label\t28\teezlygj\n'


def test_labels_become_gold(tmp_path: Path) -> None:
    path = tmp_path / "train.tsv"
    path.write_bytes(TABLE)
    reader = guess(source_of(path))
    assert isinstance(reader, GoEmotions)
    whole = read(path, reader)
    assert whole.classes == [(2, "bad_label")]
    columns = reader.columns(reader.found(source_of(path), {}))
    assert columns is not None
    first, second = map_columns(whole.frame, columns, Values(), reader.gold()).frame.to_dicts()
    assert (first["id"], first["text"]) == ("eebbqej", 'he said "hi')
    assert first["gold"] == [
        {
            "task": "emotion",
            "taxonomy": "goemotions",
            "label_set": None,
            "split": "train",
            "annotator": None,
            "labels": ["neutral"],
            "value": None,
        }
    ]
    assert second["gold"][0]["labels"] == ["desire", "optimism"]


def test_the_list_of_labels() -> None:
    assert len(LABELS) == 28
    assert sorted(LABELS[:-1]) == LABELS[:-1]
