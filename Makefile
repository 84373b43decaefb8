# `make run` sets Calipso up and starts it; `make test` sets up what tests need and runs everything; `make help` lists all.
PYTHON ?=
BIN := .venv/bin
SETUP := PYTHON="$(PYTHON)" tools/setup

.DEFAULT_GOAL := help
.PHONY: help setup ui run test check bench reference lock docs lab-plain lab-plain-down lab-docker lab-docker-down \
	lab-tor lab-tor-down lab-openstack test-openstack lab-openstack-down clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

setup: ## set everything up in .venv; needs Python 3.11 or later (PYTHON=… to choose one)
	@$(SETUP)

ui: ## build the web UI into src/calipso/web/static; needs Node.js 18 or later
	@tools/ui

run: setup ## set up and start Calipso on this machine: server, collection and store
	@exec $(BIN)/calipso up

test: setup ## set up what tests need and run everything
	@$(SETUP) dev
	@tools/test-setup
	@tools/check

check: setup ## without tests: format, lint, types, layers, shape, locks, generated files
	@$(SETUP) dev
	@tools/check --fast

bench: setup ## benchmarks, each beside its peer: one JSON line a figure
	@$(SETUP) dev
	@tools/bench

reference: setup ## write what is generated: reference, client, examples of the API
	@$(BIN)/python -m tests.support.examples
	@PATH=$(BIN):$$PATH $(BIN)/python tools/generate_client.py
	@$(BIN)/python tools/generate_ui_types.py
	@$(BIN)/python docs/generate.py

lock: setup ## resolve pyproject.toml anew and write the lock files
	@$(SETUP) dev
	@$(BIN)/python tools/lock.py
	@cd ui && npm install --package-lock-only --silent && node tools/plain-lock.mjs

docs: setup ## build the documentation into site/
	@$(SETUP) docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

lab-plain: setup ## two hosts made of namespaces, with Open vSwitch and VXLAN between them (root)
	@$(SETUP) dev
	@tools/test-setup plain
	@$(BIN)/python -m labs.plain up

lab-plain-down: setup ## take the lab down
	@$(BIN)/python -m labs.plain down

lab-docker: setup ## two hosts made of namespaces, each with a Docker engine, in a swarm (root)
	@$(SETUP) dev
	@tools/test-setup docker
	@$(BIN)/python -m labs.docker up

lab-docker-down: setup ## take that lab down
	@$(BIN)/python -m labs.docker down

lab-tor: setup ## two hosts cabled to a switch that speaks LLDP, made of namespaces (root)
	@$(SETUP) dev
	@tools/test-setup tor
	@$(BIN)/python -m labs.tor up

lab-tor-down: setup ## take the lab down
	@$(BIN)/python -m labs.tor down

MECH := ovs
ROUTERS := legacy
OVERLAY :=
UNLISTED :=
lab-openstack: setup ## a real OpenStack on three hosts made of namespaces; MECH=ovn, MECH=calico, ROUTERS=dvr, ROUTERS=ha, OVERLAY=gre, UNLISTED=1 (root; minutes)
	@$(SETUP) dev
	@tools/test-setup openstack
	@nice -n 10 $(BIN)/python -m labs.openstack up --mech $(MECH) --routers $(ROUTERS) --overlay "$(OVERLAY)" \
		$(if $(UNLISTED),--unlisted)

test-openstack: setup ## tests of that lab alone; MECH=ovn, MECH=calico, ROUTERS=dvr, ROUTERS=ha, OVERLAY=gre, UNLISTED=1 (root; minutes)
	@$(SETUP) dev
	@tools/test-setup openstack
	@CALIPSO_LAB_OPENSTACK=$(MECH) CALIPSO_LAB_ROUTERS=$(ROUTERS) CALIPSO_LAB_OVERLAY=$(OVERLAY) \
		CALIPSO_LAB_UNLISTED=$(UNLISTED) $(BIN)/python -m pytest -q tests/live/lab_openstack

lab-openstack-down: setup ## take that lab down
	@$(BIN)/python -m labs.openstack down

clean: ## remove what was built; recorded state (CALIPSO_HOME) stays
	rm -rf .venv build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
