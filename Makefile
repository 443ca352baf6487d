# The entry point for developers. Each target installs what it needs in $(VENV), and runs ordinary commands.

VENV ?= .venv
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then echo $$name; break; fi; done)

BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# COVERAGE=begin and then COVERAGE=end combine two runs in one report.
COVERAGE ?=

# The tests that compare their findings with a text in `decided/`.
DECIDING := tests/interface tests/rules tests/tenant

# Keep compiled files, whatever the environment sets: the tests start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=

.DELETE_ON_ERROR:
.PHONY: help demo test decided schema screenshot lint types docs bench mutants release clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

demo: $(VENV)/demo.stamp ## Check the example bookshop: its naive custom database, then the correct one; rehearse a migration; audit all users
	@$(BIN)/python examples/bookshop/demo.py

test: $(VENV)/dev.stamp tests/drivers/node_modules/.stamp $(if $(COVERAGE),tests/javascript_tools/node_modules/.stamp) ## Run the tests; COVERAGE=1 also reports uncovered branches
	$(if $(filter-out end,$(COVERAGE)),$(BIN)/python -m coverage erase)
	$(if $(filter-out end,$(COVERAGE)),$(BIN)/python tests/javascript_tools/run.py erase)
	$(BIN)/python -m $(if $(COVERAGE),coverage run -m )pytest -q -rs -n auto --dist worksteal $(TESTS)
	$(if $(filter-out begin,$(COVERAGE)),$(BIN)/python tests/combine_coverage.py)
	$(if $(filter-out begin,$(COVERAGE)),$(BIN)/python -m coverage report)
	$(if $(filter-out begin,$(COVERAGE)),$(BIN)/python tests/javascript_tools/run.py report)

lint: $(VENV)/dev.stamp tests/javascript_tools/node_modules/.stamp ## Check style (also of JavaScript), layers and project metadata
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/validate-pyproject pyproject.toml
	$(BIN)/python tests/javascript_tools/run.py lint

types: $(VENV)/dev.stamp tests/javascript_tools/node_modules/.stamp ## Check the types with mypy, pyright and tsc, the types of all public names, and what mypy and pyright report for users' code
	$(BIN)/python tests/javascript_tools/run.py types
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/python -m pytest -q -m type_checkers tests/test_typing.py

docs: $(VENV)/dev.stamp ## Build the documentation into docs/_build/html
	$(BIN)/sphinx-build -n -W --keep-going -q docs docs/_build/html
	@echo "docs/_build/html/index.html"

bench: $(VENV)/dev.stamp ## Measure the speed, as ratios; BENCH=--check only verifies them
	$(BIN)/python -m benchmarks $(BENCH)

decided: $(VENV)/dev.stamp tests/drivers/node_modules/.stamp ## Regenerate the approved findings of the tests, for review in a diff
	rm -rf tests/*/decided
	DECIDE=1 $(BIN)/python -m pytest -q -n auto --dist worksteal $(DECIDING)

schema: $(VENV)/dev.stamp ## Regenerate the JSON Schema of the configuration from its tables and its page
	$(BIN)/python docs/configuration_schema.py

screenshot: $(VENV)/dev.stamp ## Regenerate the picture of the HTML report for the home page, in Chromium
	$(BIN)/python docs/report_screenshot.py

mutants: $(VENV)/mutants.stamp ## Show changes to MODULE=file that no test in TESTS="files" notices, in a sample of SAMPLE=50
	$(BIN)/python tests/sample_mutants.py $(MODULE) $(if $(TESTS),--tests "$(TESTS)") $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED))

release: $(VENV)/dev.stamp ## Check, build, try and tag a release of the current commit: VERSION=0.1.0
	$(BIN)/python tools/release.py $(if $(VERSION),$(VERSION),$(error name it: make release VERSION=0.1.0))

clean: ## Remove everything that was generated
	rm -rf $(VENV) dist build docs/_build docs/reference/rules docs/reference/lives docs/reference/scripts docs/reference/systems.md docs/reference/audited-users.md docs/_static/check.svg .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache \
		.hypothesis .import_linter_cache tests/drivers/node_modules tests/javascript_tools/node_modules \
		tests/javascript_tools/measured examples/bookshop/*.sqlite3 examples/bookshop/*.parquet
	find src tests examples benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(BIN)/python:
	@$(if $(PYTHON),$(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo >&2 \
		"customdb-contract needs Python 3.11 or newer, and $(or $(PYTHON),python3) is not: name one with make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --upgrade 'pip>=25.1'

$(VENV)/demo.stamp: pyproject.toml examples/bookshop/requirements.txt | $(BIN)/python
	$(INSTALL) --editable '.[audit,node]' --requirement examples/bookshop/requirements.txt
	@touch $@

tests/drivers/node_modules/.stamp: tests/drivers/package.json | $(VENV)/dev.stamp
	$(BIN)/python tests/npm_modules.py tests/drivers
	@touch $@

tests/javascript_tools/node_modules/.stamp: tests/javascript_tools/package.json tests/javascript_tools/package-lock.json | $(VENV)/dev.stamp
	$(BIN)/python tests/npm_modules.py tests/javascript_tools
	@touch $@

$(VENV)/mutants.stamp: $(VENV)/dev.stamp
	$(INSTALL) --group mutants
	@touch $@

$(VENV)/dev.stamp: pyproject.toml | $(BIN)/python
	$(INSTALL) --editable . --group dev
	@touch $@
