# Everything a newcomer or a continuous-integration machine runs. Needs make, a Python and, the
# first time, a package index; a second run works offline. `make help` lists the targets.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null \
	&& echo $$p && break; done)
VENV ?= .venv
OUT ?= out/demo
# Test processes, patients of the demo and more arguments: make test JOBS=4 PYTEST_ARGS="-k bed"
JOBS ?= 2
PYTEST_ARGS ?=
DEMO_ARGS ?=

BIN := $(VENV)/bin
RUN := $(BIN)/python
PIP := $(RUN) -m pip --disable-pip-version-check install --quiet
LOCK := PATH="$(abspath $(BIN)):$$PATH" UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --quiet --universal \
	--fork-strategy fewest --python-version 3.11 --generate-hashes --no-emit-index-url $(UPGRADE)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo figure test check lint types layers data-check docs-check oracle bench data lock clean distclean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

demo: $(VENV)/.package ## simulate two agents in 1000 virtual patients each and write the report
	@$(BIN)/ligandose demo --out $(OUT) $(DEMO_ARGS)

figure: demo ## run the demo and take its figure into the README
	@mkdir -p docs/figures && cp $(OUT)/figures/demo.png $(OUT)/figures/demo.svg $(OUT)/figures/demo.csv docs/figures/

test: $(VENV)/.test ## run the tests
	@$(RUN) -m pytest -n $(JOBS) --dist worksteal $(PYTEST_ARGS)

check: lint types layers data-check docs-check ## run every static check: code, layers, data, documentation

lint: $(VENV)/.check
	@echo "check: ruff"
	@$(BIN)/ruff check --quiet --output-format concise .
	@$(BIN)/ruff format --check --quiet --output-format concise . || { echo "run: $(BIN)/ruff format ."; exit 1; }

types: $(VENV)/.check
	@echo "check: pyright (strict on src)"
	@$(BIN)/pyright

layers: $(VENV)/.check
	@echo "check: import-linter (a room imports only from rooms to its left)"
	@$(BIN)/lint-imports --no-cache --no-logo

data-check: $(VENV)/.package
	@echo "check: shipped data and repository"
	@$(RUN) scripts/check_data.py
	@$(RUN) scripts/check_repository.py

docs-check: $(VENV)/.test
	@echo "check: examples of docstrings and documentation"
	@$(RUN) -m pytest --doctest-modules src/ligandose
	@$(RUN) scripts/check_docs.py

oracle: $(VENV)/.test ## run the comparisons with independent codes
	@$(RUN) -m pytest -n $(JOBS) tests/oracle $(PYTEST_ARGS)

bench: $(VENV)/.test ## time the solver and its peers in the same run
	@for script in $$(grep -l __main__ benchmarks/*.py); do echo "bench: $$script"; $(RUN) $$script || exit 1; done

data: $(VENV)/.package ## describe the shipped data files anew (hashes, columns, units)
	@$(RUN) scripts/build_datapackage.py

lock: ## pin every dependency anew (needs uv; UPGRADE=--upgrade takes newer versions)
	@PATH="$(abspath $(BIN)):$$PATH" command -v uv >/dev/null || { echo "make lock needs uv: install it (pip install uv) and try again"; exit 1; }
	@$(LOCK) pyproject.toml --group build -o requirements/runtime.txt
	@$(LOCK) pyproject.toml --group build --group test --group oracle --group nuclides \
		-c requirements/runtime.txt -o requirements/test.txt
	@$(LOCK) --group check -c requirements/test.txt -o requirements/check.txt
	@echo "wrote requirements/runtime.txt, requirements/test.txt, requirements/check.txt"

clean: ## remove what was built, keep the environment
	@rm -rf out build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find src tests scripts benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean ## remove the environment too
	@rm -rf $(VENV)

$(VENV)/.venv:
	@test -n "$(PYTHON)" || { echo "no Python 3.11 to 3.14 found; name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
		|| { echo "$(PYTHON) is not a Python 3.11 to 3.14; name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; exit 1; }
	@echo "environment: $(VENV), $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: requirements/runtime.txt $(VENV)/.venv
	@echo "installing pinned dependencies (requirements/runtime.txt)"
	@$(PIP) --require-hashes -r $<
	@touch $@

# Editable, without isolation and without an index: the build backend is pinned with the rest.
$(VENV)/.package: pyproject.toml $(VENV)/.runtime
	@$(PIP) --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.package
	@echo "installing pinned test dependencies (requirements/test.txt)"
	@$(PIP) --require-hashes -r $<
	@touch $@

$(VENV)/.check: requirements/check.txt $(VENV)/.test
	@echo "installing pinned checking tools (requirements/check.txt)"
	@$(PIP) --require-hashes -r $<
	@touch $@
