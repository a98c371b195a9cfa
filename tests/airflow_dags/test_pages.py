"""What docs/airflow.md shows is taken by the tools that it is for; so is the pod template."""

import json
import re
import shutil
from pathlib import Path

import yaml

from schemas.config.load import load_config
from tests.airflow_dags.airflow_venv import DAGS, new_home
from tests.end_to_end.corpus import ROOT

PAGE = (ROOT / "docs" / "airflow.md").read_text()
TEMPLATE = DAGS / "kubernetes" / "label_pod.yaml"
AS_AIRFLOW_READS_IT = """
import json, sys
from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator
from kubernetes.client import ApiClient
pod = PodGenerator.deserialize_model_file(sys.argv[1])
print(json.dumps(ApiClient().sanitize_for_serialization(pod)))
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_config_and_the_dag_of_the_page(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    (config,) = (block for block in blocks("yaml") if "corpora:" in block)
    (home.configs / "posts.yaml").write_text(config)
    assert load_config(home.configs / "posts.yaml").airflow is not None
    (program,) = blocks("python")
    shutil.copytree(DAGS, tmp_path / "dags" / "affectmine")
    (tmp_path / "dags" / "digest.py").write_text(program)
    told = home.asked("ask_dags.py", tmp_path / "dags")
    assert told["errors"] == {}
    assert told["dags"]["daily_digest"]["timetable"] == "PartitionedAssetTimetable"
    tasks = told["dags"]["affect_corpus.posts"]["tasks"]
    assert {"dedup", "windows", "serve", "stop_serving"} < set(tasks)


def test_the_pod_template(tmp_path: Path) -> None:
    home = new_home(tmp_path)
    done = home.run("-c", AS_AIRFLOW_READS_IT, TEMPLATE)
    assert done.returncode == 0, done.stderr[-2000:]
    pod = json.loads(done.stdout.splitlines()[-1])
    written = yaml.safe_load(TEMPLATE.read_text())
    assert pod == written  # not a key is lost or unknown
    (container,) = [each for each in pod["spec"]["containers"] if each["name"] == "base"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert pod["spec"]["restartPolicy"] == "Never"
