# Everything one does with this project; `make` alone lists it.
# Each target that needs Python makes its environment (.venv) first, once, from the pinned constraints.txt.
# Another interpreter than the one found: make test PYTHON=python3.12

ifndef PYTHON
PYTHON := $(or $(shell for python in python3 python3.13 python3.12 python3.11; do \
    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done),python3)
endif
PYTHON_VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready-$(PYTHON_VERSION)

# Files recorded from OASIS, if this machine has them: `make check` then runs the tests on them too.
RECORDED := $(abspath $(or $(CAISO_LMP_RECORDED),$(wildcard ../shared/oasis)))
WITH_RECORDED := $(if $(RECORDED),CAISO_LMP_RECORDED=$(RECORDED))

# What `make test` leaves to `make check`: pages, notebooks, and the wheel (which needs a package index), the marked tests
# and three of four examples of each property.
SLOWER := --ignore=tests/docs --ignore=tests/notebooks --ignore=tests/packaging

# Tests run side by side, one process a core and whole files at a time, so that a file's fixtures are made once.
AT_ONCE := --numprocesses=logical --dist=loadfile

.DEFAULT_GOAL := help
.PHONY: help demo backfill simulate test check soak docs bench notebooks kafka-jars kafka-up kafka-down format constraints clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

demo: $(READY) ## backfill from a simulated OASIS into DuckDB; show coverage and prices, draw a chart
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python examples/demo.py

# Trade dates START to END, END not part of it. MARKET and NODES are lists with blanks or commas between; "hubs" and
# "all" are nodes too. A node with a blank in its name: caiso-lmp backfill --node 'CLARK_7_UNITS 11-14-APND' …
MARKET ?= DAM
NODES ?= hubs
COMMA := ,
LISTED = $(subst $(COMMA), ,$(1))
NODE_OPTION = $(if $(filter all,$(1)),--all-nodes,$(if $(filter hubs,$(1)),--hubs,--node $(1)))

backfill: $(READY) ## fetch from the live OASIS: make backfill START=2024-03-01 END=2024-04-01 MARKET=DAM NODES=hubs
	@test -n "$(START)" && test -n "$(END)" || { echo "give START and END, as START=2024-03-01 END=2024-04-01" >&2; exit 2; }
	@test -n "$(strip $(MARKET))" && test -n "$(strip $(NODES))" || { echo "MARKET and NODES name at least one each" >&2; exit 2; }
	$(BIN)/caiso-lmp backfill $(foreach m,$(call LISTED,$(MARKET)),--market $(m)) \
	    $(foreach n,$(call LISTED,$(NODES)),$(call NODE_OPTION,$(n))) --start $(START) --end $(END)

PORT ?= 8117
simulate: $(READY) ## serve a simulated OASIS on this machine: make simulate PORT=8117
	$(BIN)/caiso-lmp simulate --port $(PORT)

test: $(READY) ## unit, property and integration tests (at most 5 minutes, no network)
	HYPOTHESIS_PROFILE=quick $(BIN)/pytest $(AT_ONCE) -m "not soak and not check" $(SLOWER)

check: $(READY) ## what CI runs: format, lint, types, every test but soak, documentation, the wheel
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(WITH_RECORDED) $(BIN)/pytest $(AT_ONCE) -m "not soak"

soak: $(READY) ## the tests that take long: more examples, more kills
	$(WITH_RECORDED) $(BIN)/pytest -m soak

docs: $(READY) ## build the documentation as a site, strictly, into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "build/site/index.html"

bench: $(READY) ## measure loading and queries on a made day of all nodes
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python benchmarks/run.py

notebooks: $(READY) ## run the notebooks on a simulated OASIS and keep what they show (live: CAISO_LMP_LIVE=1)
	$(BIN)/python notebooks/run.py

kafka-jars: $(READY) ## fetch Apache Kafka and a schema registry with Maven (Java 17), once, 160 MB
	$(BIN)/python tools/kafka/run.py jars

kafka-up: $(READY) ## start both on this machine, without Docker
	@$(BIN)/python tools/kafka/run.py up

kafka-down: $(READY) ## stop both and forget what they hold
	@$(BIN)/python tools/kafka/run.py down

format: $(READY) ## format the code and mend what the linter can mend
	$(BIN)/ruff check --fix --exit-zero --quiet
	$(BIN)/ruff format

constraints: ## resolve constraints.txt anew, from pyproject.toml alone (with Python 3.11, the oldest supported)
	rm -rf build/resolve
	$(PYTHON) -m venv build/resolve
	build/resolve/bin/pip install --quiet --upgrade pip
	build/resolve/bin/pip install --quiet --editable '.[analysis,charts,connector,kafka,notebooks]' --group dev --group docs
	{ sed '/^#/!d' constraints.txt; \
	  build/resolve/bin/pip list --format=freeze --exclude-editable --exclude setuptools; } > build/constraints.txt
	mv build/constraints.txt constraints.txt
	rm -rf build/resolve

clean: ## remove what make made (not data/, but for the demo's folder)
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis data/demo

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	    || { echo "Python 3.11 or newer is needed; name one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@echo "Making $(VENV) for Python $(PYTHON_VERSION); once, about half a minute."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --upgrade pip
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --build-constraint constraints.txt \
	    --editable '.[analysis,charts,connector,kafka,notebooks]' --group dev --group docs
	@touch $@
