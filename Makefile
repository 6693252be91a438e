# Each target sets up what it needs. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup run test check fast format docs constraints profiles clean

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
