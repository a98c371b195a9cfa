"""The configs on the pages of the engines are such that affectmine, Spark and Beam take them."""

import re
import textwrap
from typing import Any

import pytest
import yaml

from pipelines.engines import beam_options, spark_session
from schemas.config.engine import EngineConfig
from tests.end_to_end.corpus import ROOT

pytestmark = pytest.mark.slow


def configs(engine: str) -> list[EngineConfig]:
    """The YAML samples of a page, each as a whole section `engine`."""
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / f"{engine}.md").read_text(), re.S)
    found = []
    for block in blocks:
        told: dict[str, Any] = yaml.safe_load(textwrap.dedent(block))
        section = told.get("engine") or {engine: told.get(engine, told)}
        found.append(EngineConfig.model_validate({"name": engine} | section))
    return found


def test_options_of_spark() -> None:
    found = [each.spark for each in configs("spark")]
    assert len(found) == 3
    for options in found:
        assert all(name.startswith("spark.") for name in options)
        assert spark_session.settings(options, workers=2, retries=0).items() >= options.items()


def test_options_of_beam() -> None:
    pytest.importorskip("apache_beam")
    found = [each.beam for each in configs("beam")]
    assert [options["runner"] for options in found] == [
        "FlinkRunner", "FlinkRunner", "DataflowRunner",
    ]  # fmt: skip
    for options in found:
        # Options that a runner's job server alone would know are let through: here there are none.
        known = beam_options.pipeline_options(beam_options.settings(options, 2)).get_all_options()
        assert set(options) - set(known) <= {"runner"}
