"""What workers tell arrives as it was: manifests, and errors as the class that they were."""

from pathlib import Path

import pytest

from pipelines.engines.told import KINDS, Heard, Told
from schemas.errors import (
    ConfigError,
    MissingExtraError,
    TerminalError,
    TransientError,
)
from tests.pipelines.engines.beam_tasks import manifest


def test_manifests_arrive_whole(tmp_path: Path) -> None:
    told = Told(tmp_path / "run" / "told")
    told.tell(Heard(3, (manifest("b"), manifest("a")), None))
    told.tell(Heard(12, (), None))
    assert list(told.hear(range(20))) == [
        Heard(3, (manifest("b"), manifest("a")), None),
        Heard(12, (), None),
    ]
    assert list(told.hear([12])) == [Heard(12, (), None)]


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"MissingExtraError"}))
def test_an_error_arrives_as_its_class(kind: str, tmp_path: Path) -> None:
    told = Told(tmp_path / "told")
    told.tell(Heard(0, None, KINDS[kind]("It broke.", remedy="Mend it.")))
    (heard,) = told.hear([0])
    assert type(heard.error) is KINDS[kind]
    assert str(heard.error) == "It broke. Mend it."
    assert heard.error.exit_code == KINDS[kind].exit_code
    assert heard.result is None


def test_a_missing_library_arrives(tmp_path: Path) -> None:
    told = Told(tmp_path / "told")
    error = MissingExtraError("llm", "The labeler")
    told.tell(Heard(0, None, error))
    (heard,) = told.hear([0])
    assert type(heard.error) is MissingExtraError
    assert str(heard.error) == str(error)


def test_a_kind_of_error_of_elsewhere_arrives_as_the_kind_that_it_is_one_of(tmp_path: Path) -> None:
    class ElsewhereError(TransientError):
        pass

    told = Told(tmp_path / "told")
    told.tell(Heard(0, None, ElsewhereError("Busy.")))
    (heard,) = told.hear([0])
    assert type(heard.error) is TransientError


def test_the_first_of_two_attempts_is_heard(tmp_path: Path) -> None:
    told = Told(tmp_path / "told")
    told.tell(Heard(0, None, ConfigError("First.")))
    told.tell(Heard(0, (manifest("second"),), None))
    (heard,) = told.hear([0])
    assert str(heard.error) == "First."


def test_nothing_is_heard_where_nothing_was_told_and_nothing_stays(tmp_path: Path) -> None:
    told = Told(tmp_path / "told")
    assert list(told.hear([0])) == []
    told.forget()
    told.tell(Heard(0, (manifest("a"),), None))
    told.forget()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "000000.json").write_text('{"manif')
    with pytest.raises(TerminalError, match=r"000000\.json is damaged"):
        list(Told(tmp_path).hear([0]))
