# The commands of this repository. Each prepares .venv by itself; the second run starts at once.
# Only POSIX sh and GNU make >= 3.81 (the one of macOS) are assumed.

BIN := .venv/bin
SOAK_S := 300
SOAK_SEEDS := 10000
SEEDS := 100
JOBS := 2
# Most tests wait for a process that they have started; a file stays with one worker, for its tests may share a daemon.
TEST_JOBS := 2
PYTEST := $(BIN)/python -m pytest -q -n $(TEST_JOBS) --dist loadfile
# A room may not exist yet in an early checkout.
TYPED := $(wildcard execd tests benchmarks)

.PHONY: help env demo test lint format types imports unit test-wide simulate mutants soak bench lock clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile

env: ## prepare .venv (every other command does it too)
	@sh .ci/bootstrap.sh

demo: env ## run the daemon on a generated market and watch orders fill (DEMO_EXIT=1: end by itself)
	@$(BIN)/execd demo

# One recipe, so that `make -j` cannot mix the outputs, and the cheap checks answer first.
test: env ## lint, types, imports and all tests: what must be green before a commit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(TYPED)
	$(BIN)/lint-imports --no-logo
	$(PYTEST)

lint: env ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: env ## rewrite the files in the one format
	$(BIN)/ruff format .

types: env ## mypy --strict
	$(BIN)/mypy --strict $(TYPED)

imports: env ## the arrows between rooms
	$(BIN)/lint-imports --no-logo

unit: env ## the tests alone, TEST_JOBS (2) at a time
	$(PYTEST)

test-wide: env ## all tests, with fresh and many more examples (minutes)
	EXECD_HYPOTHESIS=wide EXECD_TEST_KILLS=200 $(PYTEST)

simulate: env ## play SEEDS seeded worlds (100) with faults, JOBS at a time (2), and check every law
	@$(BIN)/execd simulate --seeds $(SEEDS) --jobs $(JOBS)

mutants: env ## sabotage a copy of the package, a line at a time: each must be found by a simulated world (minutes)
	@$(BIN)/python -m tests.mutants.run

soak: env ## SOAK_SEEDS worlds (10000), every fuzz target for SOAK_S seconds (300), then 500 kills with a seed that is told
	@$(BIN)/execd simulate --seeds $(SOAK_SEEDS) --jobs $(JOBS)
	@for target in tests/fuzz/fuzz_*.py; do echo "== $$target"; \
	  $(BIN)/python "$$target" -max_total_time=$(SOAK_S) -artifact_prefix=$${TMPDIR:-/tmp}/ || exit 1; done
	@seed=$${EXECD_TEST_SEED:-$$(date +%s)}; echo "EXECD_TEST_SEED=$$seed"; \
	EXECD_TEST_SEED=$$seed EXECD_TEST_KILLS=$${EXECD_TEST_KILLS:-500} $(BIN)/python -m pytest -q tests/acceptance/test_kills.py

bench: env ## every benchmark, each beside its floor
	@for file in benchmarks/[!_]*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done

lock: env ## write requirements.lock from pyproject.toml, pins kept (LOCK_FLAGS=--upgrade: newest); needs uv
	@PATH="$$PATH:$(CURDIR)/$(BIN)"; command -v uv >/dev/null || { echo "make lock needs uv" >&2; exit 1; }; \
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --extra dev $(LOCK_FLAGS) --output-file requirements.lock pyproject.toml

clean: ## remove .venv and all caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
