"""The DAGs of affectmine: up to six kinds, made for each config in the folder `[affectmine] configs` of airflow.cfg.

A team with thirty corpora writes thirty YAML files. Airflow reads this file from its DAGs folder, beside the package
`affectmine_airflow`.
"""

import sys
from pathlib import Path

# The folder of this file may lie deeper in the DAGs folder, which alone is on the path.
if (here := str(Path(__file__).parent)) not in sys.path:
    sys.path.insert(0, here)

from affectmine_airflow.build import build

globals().update({dag.dag_id: dag for dag in build()})
