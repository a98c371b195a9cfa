# Every target does its own set-up in .venv, from a bare Python 3.11.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
VLLM := .vllm
AIRFLOW := .airflow
PIP := -m pip install --quiet --disable-pip-version-check

.PHONY: demo test test-all lint lock clean

demo: $(VENV)/.ready
	$(BIN)/affectmine demo

test: $(VENV)/.ready-dev
	$(BIN)/python -m pytest -n 2 -m "not slow"

# The slow tests need a real vLLM and a real Airflow, which have venvs of their own.
test-all: $(VENV)/.ready-dev $(VLLM)/.ready $(AIRFLOW)/.ready
	$(BIN)/python -m pytest -n 2 -m "not slow"
	$(BIN)/python -m pytest -n 2 --dist loadfile -m slow

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=airflow_dags $(BIN)/lint-imports

# The locks pin every package by hash. The package itself is installed editable, so a pull needs no reinstall.
$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP) --require-hashes -r requirements.lock
	$(BIN)/python $(PIP) --no-deps --no-build-isolation --editable .
	$(BIN)/python -c "import affectmine; affectmine.label(['compile the kernels once'])"
	touch $@

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.lock
	$(BIN)/python $(PIP) --require-hashes -r requirements-dev.lock
	touch $@

# vLLM on the CPU, with affectmine beside it for the engine in process. torch alone has no hash: pip takes the build that
# suits the machine, CPU or CUDA. triton would come with a CUDA build; on the CPU nothing uses it.
$(VLLM)/.ready: requirements-vllm.lock
	$(PYTHON) -m venv $(VLLM)
	$(VLLM)/bin/python $(PIP) --only-binary :all: --no-deps --require-hashes -r requirements-vllm.lock
	$(VLLM)/bin/python $(PIP) --only-binary :all: torch==2.13.0
	$(VLLM)/bin/python -m pip uninstall --quiet --yes triton
	$(VLLM)/bin/python $(PIP) --no-deps --no-build-isolation --editable .
	touch $@

# Airflow, for tests; `affectmine setup airflow` makes the same venv for a person.
$(AIRFLOW)/.ready: airflow_dags/requirements.lock
	$(PYTHON) -m venv $(AIRFLOW)
	$(AIRFLOW)/bin/python $(PIP) --only-binary :all: --require-hashes -r airflow_dags/requirements.lock
	touch $@

lock: $(VENV)/.ready-dev
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra evaluate --extra llm --extra quality --extra report --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock requirements-build.in
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-header --quiet -o requirements-dev.lock requirements-build.in
	$(BIN)/uv pip compile pyproject.toml --extra llm --override requirements-vllm-left-out.txt --only-binary :all: \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet -o requirements-vllm.lock \
		requirements-vllm.in requirements-build.in
	$(BIN)/uv pip compile --only-binary :all: --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --quiet -o airflow_dags/requirements.lock requirements-airflow.in

clean:
	rm -rf $(VENV) $(VLLM) $(AIRFLOW) demo-lake
