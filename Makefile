# Each target sets up what it needs. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: load bench-edges fuzz slow help setup run test bench check fast format docs constraints profiles clean

help:  ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: $(READY)  ## make the virtual environment

# tools/setup sees to it that pyvips uses the libvips of its own wheel, never the system's.
$(READY): pyproject.toml constraints.txt tools/setup
	@tools/setup $(VENV) $(PYTHON)
	@touch $@

EDGE_varnish := tools/varnish-packages
EDGE_cloudflare := tools/edge-packages
run: $(READY)  ## demo shop, sample photos and gallery on loopback; PHOTOS=folder adds yours, EDGE=varnish or cloudflare an edge
	@$(EDGE_$(EDGE))
	@$(BIN)/edgeproof demo $(if $(PHOTOS),--photos "$(PHOTOS)") $(if $(EDGE),--edge $(EDGE))

test: $(READY)  ## install what the tests need and run them all
	@tools/test-packages
	@$(BIN)/python -m pytest -n auto --dist loadgroup $(PYTEST_ARGS)

bench: $(READY)  ## measure against sharp, IPX, thumbor, nginx, Varnish (installed outside); ONLY=cold,hot some, ROUNDS=5, RESUME=1
	@$(BIN)/python -m benchmarks --only "$(ONLY)" --rounds $(or $(ROUNDS),5) $(if $(RESUME),--resume)

fast: $(READY)  ## unit and property tests only
	@$(BIN)/python -m pytest -n auto tests/unit tests/property $(PYTEST_ARGS)

check: $(READY)  ## lint, format, types, import contracts, documentation
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/edgeproof edge check
	@$(BIN)/edgeproof products lint products --check
	@$(BIN)/python -m pytest -q tests/unit/test_docs.py

FUZZ_SECONDS ?= 120
FUZZ_SEED ?= 1
fuzz: $(READY)  ## damage files, profiles and workers' answers for FUZZ_SECONDS; FUZZ_SEED=2 takes another way
	@$(BIN)/uv pip install --system-certs -q -p $(BIN)/python atheris || echo "no atheris for this Python: unguided only"
	@$(BIN)/python -m fuzz $(FUZZ_SECONDS) $(FUZZ_SEED)

slow: $(READY)  ## measure what 500 slow clients cost the others
	@$(BIN)/python -m tests.faults.slow_clients

load: $(READY)  ## sessions against the origin, a verdict, docs/load.md; EDGE=varnish|cloudflare, SHAPE=overload|soak|failure, SECONDS=n
	@$(EDGE_$(EDGE))
	@$(BIN)/python -m loadtests $(if $(SHAPE),--shape $(SHAPE)) $(if $(EDGE),--edge $(EDGE)) $(if $(filter-out undefined default environment,$(origin SECONDS)),--seconds $(SECONDS)) $(LOAD_ARGS)

bench-edges: $(READY)  ## what the edges cost a hit and what the edge lane saves; ONLY=varnish|worker|lane
	@tools/edge-packages && tools/varnish-packages && tools/apt-packages wrk
	@$(BIN)/python -m loadtests.bench $(if $(ONLY),--only $(ONLY)) $(LOAD_ARGS)

format: $(READY)  ## format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

docs: $(READY)  ## write the reference pages from the code
	@$(BIN)/python -m edgeproof.reference docs

constraints: $(READY)  ## pin the newest versions that fit pyproject.toml
	@$(BIN)/uv pip compile --system-certs --universal --upgrade --no-header --no-annotate --all-extras pyproject.toml -o constraints.txt

profiles: $(READY)  ## make the press profiles anew from public data (minutes; the results are committed)
	@PYTHONPATH=. tools/make-profiles

clean:  ## remove the virtual environment and the caches, keep the data folder
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
