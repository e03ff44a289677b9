# Two commands do everything on a fresh machine: `make run` and `make test`.
# They need Python 3.11 or newer; the tests need Node 20 or newer as well.

PORT ?= 8000
TESTS ?= tests
ARGS ?=
RULES_TESTS := tests/unit -k test_rules_

VENV := .venv
BIN := $(VENV)/bin
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: $(VENV)/run.stamp ## Install the service and start the demo on PORT (8000)
	@exec $(BIN)/consent-service demo --port $(PORT)

.PHONY: test
# Naming TESTS leaves out the banner's.
test: $(if $(filter command line,$(origin TESTS)),,test-banner) test-python ## Run all tests (TESTS=path and ARGS="-k name" choose)

.PHONY: test-long
test-long: export CONSENT_TEST_COUNTS = long
test-long: test ## Run the same tests with full counts

.PHONY: test-banner
test-banner: banner/node_modules/.stamp ## Run the banner's tests
	cd banner && npm test

.PHONY: test-python
test-python: $(VENV)/dev.stamp ## Run the service's tests
	@scripts/need-chromium
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS) $(TESTS)

.PHONY: check
check: $(VENV)/dev.stamp banner/node_modules/.stamp ## Check format, lint, types, import rules, lock files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd banner && npm run check
	scripts/check-locks

.PHONY: format
format: $(VENV)/dev.stamp ## Format the Python code and mend what ruff can mend
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

.PHONY: coverage
coverage: $(VENV)/dev.stamp ## Run the service's tests and say which lines they leave out
	@scripts/need-chromium
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 2 --dist loadfile $(ARGS) $(TESTS)
	@$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

.PHONY: mutate
mutate: coverage-rules $(VENV)/mutation.stamp ## Change the rules of consent one by one: does a test notice?
	@$(BIN)/python scripts/mutate 95

.PHONY: coverage-rules
coverage-rules: export COVERAGE_FILE = .coverage-rules
coverage-rules: $(VENV)/dev.stamp ## Check that tests take every branch of the rules of consent
	@$(BIN)/coverage run -m pytest -q $(RULES_TESTS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --include 'consent_service/consents/rules/*' --fail-under 100

.PHONY: bench
bench: $(VENV)/dev.stamp ## Run the benchmarks; they print JSON
	@$(BIN)/python bench/run.py $(ARGS)

.PHONY: bench-banner
bench-banner: $(VENV)/dev.stamp bench/banner/node_modules/.stamp ## Measure the banner beside others; writes docs/banner-bench.md
	@scripts/need-chromium
	@$(BIN)/python -m bench.banner.run $(ARGS)

.PHONY: banner
banner: banner/node_modules/.stamp ## Build static/consent-banner.js from banner/
	cd banner && npm run build

.PHONY: lock
lock: $(VENV)/dev.stamp ## Pin the newest versions of all packages (Python and npm)
	$(UV_COMPILE) --upgrade requirements/build.in -o requirements/build.txt
	$(UV_COMPILE) --upgrade pyproject.toml -c requirements/build.txt -o requirements/runtime.txt
	$(UV_COMPILE) --upgrade pyproject.toml --group dev -c requirements/build.txt -c requirements/runtime.txt -o requirements/dev.txt
	$(UV_COMPILE) --upgrade --group mutation -c requirements/build.txt -c requirements/dev.txt -o requirements/mutation.txt
	@scripts/need-node
	cd banner && npm update --package-lock-only --no-audit --no-fund
	cd tests/evidence/foreign && npm update --package-lock-only --no-audit --no-fund
	scripts/check-locks

.PHONY: clean
clean: ## Remove everything that was installed or built, but no data
	rm -rf $(VENV) banner/node_modules bench/banner/node_modules tests/evidence/foreign/node_modules dist build htmlcov mutants .coverage .coverage.* .coverage-rules* \
		.pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

# ------------------------------------------------------------------ what the targets stand on

$(VENV)/venv.stamp: scripts/make-venv
	@scripts/make-venv $(VENV)
	@touch $@

$(VENV)/run.stamp: $(VENV)/venv.stamp requirements/runtime.txt requirements/build.txt pyproject.toml
	@scripts/install $(VENV) requirements/runtime.txt requirements/build.txt
	@touch $@

$(VENV)/dev.stamp: $(VENV)/venv.stamp requirements/dev.txt requirements/build.txt pyproject.toml
	@scripts/install $(VENV) requirements/dev.txt requirements/build.txt
	@touch $@ $(VENV)/run.stamp

# Reinstalling what developing needs takes away nothing of this.
$(VENV)/mutation.stamp: $(VENV)/dev.stamp requirements/mutation.txt
	@$(BIN)/python -m pip --disable-pip-version-check --no-input install -qq --require-hashes -r requirements/mutation.txt
	@touch $@

banner/node_modules/.stamp: banner/package.json banner/package-lock.json
	@scripts/need-node
	cd banner && npm ci --no-audit --no-fund
	@touch $@

bench/banner/node_modules/.stamp: bench/banner/package.json bench/banner/package-lock.json bench/banner/peers/c15t/app.jsx
	@scripts/need-node
	cd bench/banner && npm ci --no-audit --no-fund --ignore-scripts && npm run --silent build
	@touch $@
