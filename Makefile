# `make run` starts Calipso; `make test` sets up what tests need and runs everything. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help setup run test check bench docs lab-plain lab-plain-down reference clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: $(VENV)/.ready ## set everything up in .venv

$(VENV)/.ready: pyproject.toml requirements.lock tools/setup
	@PYTHON="$(PYTHON)" tools/setup

run: setup ## set up and start Calipso on http://127.0.0.1:8082
	@exec $(BIN)/calipso up

$(VENV)/.ready-dev: $(VENV)/.ready requirements-dev.lock
	@PYTHON="$(PYTHON)" tools/setup dev

test: $(VENV)/.ready-dev ## set up what tests need and run everything
	@tools/test-setup
	@tools/check

check: $(VENV)/.ready-dev ## format, lint, types, layers, generated files
	@tools/check --fast

bench: $(VENV)/.ready-dev ## benchmarks, each beside its peer
	@tools/bench

reference: $(VENV)/.ready-dev ## write the generated reference
	@$(BIN)/python docs/generate.py

docs: $(VENV)/.ready-dev ## build the documentation into site/
	@$(BIN)/pip install -q mkdocs-material && $(BIN)/mkdocs build -q

lab-plain: $(VENV)/.ready-dev ## two hosts made of namespaces, with Open vSwitch and VXLAN (root)
	@$(BIN)/python -m labs.plain up

lab-plain-down: $(VENV)/.ready-dev ## take the lab down
	@$(BIN)/python -m labs.plain down

clean: ## remove what was built; state stays
	rm -rf $(VENV) build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis
