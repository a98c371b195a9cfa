"""A calibration file is only used for what it was fitted for."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemas.errors import ConfigError
from schemas.label_task import LabelTask, load_task
from schemas.language_model import LanguageModel
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.label.prompted.calibration import load_calibration, prompt_fingerprint
from transforms.label.prompted.calibration_file import CalibrationFile, Fit, FittedOn
from transforms.label.prompted.calibration_maps import AsIs, Isotonic, Platt

TASK, EKMAN = load_task("emotion"), load_taxonomy("ekman")
MODEL = LanguageModel(name="qwen", model="Qwen/Qwen3-8B", revision="abc", mode="score")


def content(**changed: Any) -> CalibrationFile:
    names = EKMAN.names
    given: dict[str, Any] = {
        "task": TASK.name, "task_version": TASK.version, "taxonomy": EKMAN.name,
        "taxonomy_version": EKMAN.version, "labels": names, "exclusive": False, "mode": "score",
        "model": MODEL.model, "revision": MODEL.revision, "labeler": "qwen", "labeler_version": "1",
        "prompt": prompt_fingerprint(TASK, EKMAN, "score", MODEL), "kind": "temperature",
        "maps": {name: Platt(scale=1, bias=0) for name in names}
        | {"joy": Platt(scale=0.5, bias=-1), "fear": AsIs(),
           "anger": Isotonic(x=(0.2, 0.6), y=(0.1, 0.5))},
        "thresholds": dict.fromkeys(names, 0.4), "empty": True,
        "gold": FittedOn(rows=100, checksum="00"),
        "fit": Fit(ece_before=0.2, ece_after=0.1, log_loss_before=1, log_loss_after=0.5,
                   macro_f1_before=0.3, macro_f1_after=0.4),
    }  # fmt: skip
    return CalibrationFile(**given | changed)


def written(path: Path, found: CalibrationFile) -> Path:
    path.write_text(found.stamped().to_json())
    return path


def load(
    path: Path, task: LabelTask = TASK, taxonomy: Taxonomy = EKMAN, model: LanguageModel = MODEL
) -> Any:
    return load_calibration(path, task, taxonomy, model.asked_mode(task.mode), model)


def test_maps_are_applied_column_by_column(tmp_path: Path) -> None:
    found = load(written(tmp_path / "c.json", content()))
    p = np.full((2, 7), 0.5)
    p[1] = np.nan
    after = found.apply(p)
    by_name = dict(zip(found.labels, after[0], strict=True))
    assert by_name["joy"] == pytest.approx(1 / (1 + np.e))  # logit(.5) = 0: the bias alone
    assert by_name["fear"] == 0.5
    assert by_name["anger"] == pytest.approx(0.4)  # three quarters of the way from .1 to .5
    assert np.isnan(after[1]).all()
    assert found.decide(after).tolist() == [
        [name not in ("joy",) for name in EKMAN.names],
        [False] * 7,
    ]
    with pytest.raises(ValueError, match="shape"):
        found.apply(np.zeros((2, 3)))


def test_one_label_of_several(tmp_path: Path) -> None:
    one = EKMAN.model_copy(update={"exclusive": True})
    thresholds = dict.fromkeys(EKMAN.names, 0.5) | {"joy": 0.1}
    prompt = prompt_fingerprint(TASK, one, "score", MODEL)
    file = content(exclusive=True, maps={}, temperature=2.0, thresholds=thresholds, prompt=prompt)
    found = load(written(tmp_path / "c.json", file), taxonomy=one)
    p = np.array([[0.16, 0.04, 0.04, 0.04, 0.04, 0.04, 0.64]])
    after = found.apply(p)
    roots = np.sqrt(p)  # p to the power 1 / 2
    assert after == pytest.approx(roots / roots.sum())
    # joy at .2 / .1 is twice neutral's .8 / .5
    assert [EKMAN.names[at] for at in np.flatnonzero(found.decide(after)[0])] == ["joy"]


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    found = load(written(tmp_path / "c.json", content()))
    assert found.file == content().stamped()
    assert found.version == content().stamped().version != ""
    assert content(thresholds=dict.fromkeys(EKMAN.names, 0.41)).stamped().version != found.version


@pytest.mark.parametrize(
    ("task", "taxonomy", "model", "told"),
    [
        (load_task("sentiment"), EKMAN, MODEL, "its task is emotion 1, not sentiment 1"),
        (TASK, load_taxonomy("plutchik"), MODEL, "its taxonomy is ekman 1, not plutchik"),
        (TASK, EKMAN, MODEL.model_copy(update={"mode": "generate"}), "its mode is score, not gen"),
        (TASK, EKMAN, MODEL.model_copy(update={"model": "other"}), "its model is Qwen/Qwen3-8B"),
        (TASK, EKMAN, MODEL.model_copy(update={"revision": "d"}), "its revision is abc, not d"),
    ],
)
def test_something_else_is_refused(
    tmp_path: Path, task: LabelTask, taxonomy: Taxonomy, model: LanguageModel, told: str
) -> None:
    path = written(tmp_path / "c.json", content())
    with pytest.raises(ConfigError, match=told):
        load(path, task, taxonomy, model)


def test_another_prompt_is_refused_but_not_another_name_or_server(tmp_path: Path) -> None:
    path = written(tmp_path / "c.json", content())
    same = {"name": "other", "calibration": "c.json", "urls": ("http://a:1",), "window": 8}
    load(path, model=MODEL.model_copy(update=same))
    load(path, model=MODEL.model_copy(update={"mode": "score"}))
    for changed in (
        {"variant": MODEL.variant.model_copy(update={"shuffles": 4})},
        {"temperature": 0.7},
        {"chat_template_kwargs": {"enable_thinking": False}},
    ):
        with pytest.raises(ConfigError, match="with another prompt"):
            load(path, model=MODEL.model_copy(update=changed))
    task = TASK.model_copy(update={"instructions": "What is felt? {labels}"})
    with pytest.raises(ConfigError, match="with another prompt"):
        load(path, task)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(tmp_path / "none.json")
    path = tmp_path / "c.json"
    path.write_text('{"format": "affectmine-calibration/1"}')
    with pytest.raises(ConfigError, match="is no calibration of ours: task"):
        load(path)
    path.write_text("not JSON")
    with pytest.raises(ConfigError, match="is no calibration of ours"):
        load(path)
    text = content().stamped().to_json()
    path.write_text(text.replace('"bias": -1.0', '"bias": -2.0'))
    assert path.read_text() != text
    with pytest.raises(ConfigError, match="changed by hand"):
        load(path)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"maps": {}}, "temperature, or a map"),
        ({"maps": {"joy": AsIs()}}, "one each"),
        ({"temperature": 2.0}, "temperature, or a map"),
        ({"temperature": 2.0, "maps": {}}, "exclusive"),
        ({"thresholds": {"joy": 0.5}}, "thresholds must be of the labels"),
        ({"thresholds": dict.fromkeys(EKMAN.names, 1.0)}, "between 0 and 1"),
    ],
)
def test_contents_that_contradict_themselves(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        content(**changed)
