# Two commands on a fresh machine: `make demo` and `make test`. Only Python >= 3.11 with venv is assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet

.PHONY: demo run test test-slow test-growth check format bench lock clean

demo: $(VENV)/.runtime
	$(BIN)/monitor demo --once --keep

run: $(VENV)/.runtime
	chmod go-w sources.yaml subscriptions.yaml  # as a checkout under umask 002 leaves them, they would be refused
	$(BIN)/monitor run

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $${MONITOR_TEST_WORKERS:-3} -m "not slow"

test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -n $${MONITOR_TEST_WORKERS:-3} -m "slow and not growth" --timeout 300

test-growth: $(VENV)/.dev
	$(BIN)/python -m pytest -n $${MONITOR_TEST_WORKERS:-3} -m growth

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

lock:
	$(COMPILE) pyproject.toml --extra build -o requirements.txt
	$(COMPILE) pyproject.toml --extra build --extra dev -o requirements-dev.txt

clean:
	rm -rf $(VENV) state/demo

# A venv is stale when the lock is newer than its stamp. The development lock contains the runtime lock.
$(VENV)/.runtime: requirements.txt pyproject.toml | $(VENV)/bin/python
	test -f $(VENV)/.dev || $(PIP) install --require-hashes --no-deps -r requirements.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: requirements-dev.txt pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes --no-deps -r requirements-dev.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@ $(VENV)/.runtime

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
