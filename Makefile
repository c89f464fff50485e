# `make help` lists what there is: each target with its sentence.

SHELL := /bin/bash
# The system's own Python if it is new enough: distributions build theirs by profiles; what a manager of versions builds is slower by a third.
ifndef PYTHON
PYTHON := $(shell /usr/bin/python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo /usr/bin/)python3
endif
VENV := .venv
BIN := $(VENV)/bin
LIGHTHOUSE := .node/lighthouse/.installed
MINI_PROGRAM := clients/wechat/node_modules/.package-lock.json
ARGS ?=
export PYTHON
# What Python compiles is kept, whatever the shell says: the tests start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=

# Tests of rules and of small parts; of these, the ones that use no database.
PURE := tests/kernel tests/wire tests/tokens tests/tables tests/edge tests/headend tests/test_amounts.py tests/test_imports.py tests/test_shape.py tests/test_promises.py tests/test_documents.py

.DEFAULT_GOAL := help
.PHONY: help demo check test packages collected stories postgresql pure kept messages coverage bench pictures walk format lint types sbom system hooks lock clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## Play a month of a building; ARGS="--headless" prints the table alone.
	@tools/system.sh python paper
	@$(MAKE) --silent $(VENV)/.installed
	@exec $(BIN)/prewatt demo $(ARGS)

check: $(VENV)/.installed-test ## Format, lint, types and the pure tests: two minutes, for each commit.
	@$(MAKE) --no-print-directory --jobs=3 lint types pure

test: ## Everything: lint, types, all tests, 200 simulated weeks of faults, and what has a database once more on PostgreSQL.
	@tools/system.sh python
	@$(MAKE) --silent --jobs=2 packages $(VENV)/.installed-test
	@$(MAKE) --no-print-directory --jobs=4 FIRST=collected lint types stories postgresql

# Once, before five processes do it at the same time: what pytest makes of the tests' files is kept. What is wrong, the stories say.
collected: $(VENV)/.installed-test
	@$(BIN)/pytest --collect-only --quiet >/dev/null || true

# Beside the installation of what pip brings, which takes as long.
packages:
	@tools/system.sh paper browser node
	@$(MAKE) --silent $(LIGHTHOUSE) $(MINI_PROGRAM)

# What judges pages in tests: pinned by its lock, and beside the tests' folder, all of whose files tests walk.
$(LIGHTHOUSE): tests/system/lighthouse/package.json tests/system/lighthouse/package-lock.json
	@tools/system.sh node
	@mkdir -p $(@D) && cp $^ $(@D)
	cd $(@D) && npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@

# What the tests of the mini program need, pinned; the mini program itself needs nothing of it.
$(MINI_PROGRAM): clients/wechat/package-lock.json
	@tools/system.sh node
	npm ci --silent --no-audit --no-fund --ignore-scripts --prefix clients/wechat
	@touch $@

# Stories wait for processes and clocks: four at a time, with the types and the other database beside them, keep two cores at work.
# They let these go first, which are one process each: alone at the end, one would leave a core idle.
stories: $(VENV)/.installed-test $(LIGHTHOUSE) $(MINI_PROGRAM) $(FIRST) ## All tests, on SQLite; ARGS="-k word" for some of them.
	nice -n 5 $(BIN)/pytest -n 4 $(ARGS)

postgresql: $(VENV)/.installed-test $(FIRST) ## The tests that are of a database, on PostgreSQL.
	TEST_DATABASE=postgresql $(BIN)/pytest -m database

# Four at a time, as they wait for lines, radios and processes.
pure: $(VENV)/.installed-test ## The tests without a database, a browser or processes of ours.
	TEST_DATABASE=none $(BIN)/pytest -n 4 $(PURE) $(ARGS)

kept: $(VENV)/.installed-test ## Write again, after a wanted change, what statements, books, notices and the API say of two months (tests/formats/kept).
	WRITE_KEPT=1 $(BIN)/pytest tests/formats/test_kept.py
	git diff --stat -- tests/formats/kept

messages: $(VENV)/.installed ## Take texts for people that are new or changed into the catalogues of translations.
	$(BIN)/python -m tools.messages

# Beside `make test`, not in it: to count lines takes half as much time again. In one process, whose count is whole.
coverage: $(VENV)/.installed-test ## Print which lines the tests of rules and of the server's rooms leave out.
	$(BIN)/coverage run -m pytest $(PURE) tests/server $(ARGS)
	$(BIN)/coverage report --show-missing

bench: $(VENV)/.installed-test $(LIGHTHOUSE) ## Measure the speed; each figure stands beside its limit.
	$(BIN)/python -m bench.journal
	$(BIN)/python -m bench.ingest
	$(BIN)/python -m bench.rating
	$(BIN)/python -m bench.reconnect
	$(BIN)/python -m bench.flood
	$(BIN)/python -m bench.forecast
	$(BIN)/python -m bench.payment
	$(BIN)/python -m bench.live
	$(BIN)/python -m bench.load
	$(BIN)/python -m bench.pages
	$(BIN)/python -m bench.lighthouse
	$(BIN)/python -m bench.statement
	$(BIN)/python -m bench.simulator
	$(BIN)/python -m bench.bus
	$(BIN)/python -m bench.codecs
	$(BIN)/python -m bench.edge

pictures: ## Take the pictures again that README shows.
	@tools/system.sh python browser node
	@$(MAKE) --silent $(VENV)/.installed-test clients/wechat/node_modules/.package-lock.json
	SCREENSHOTS=docs/pictures $(BIN)/pytest tests/system/test_pages.py tests/system/test_paying.py tests/clients/test_wechat.py -k "outage or example or browser or fits"

walk: ## Walk each role's stories in a real browser, on a phone and a desk, in each language; pictures in dist/walk (ARGS="--languages de").
	@tools/system.sh python browser
	@$(MAKE) --silent $(VENV)/.installed-test
	$(BIN)/python -m tests.walk $(ARGS)

format: $(VENV)/.installed-test ## Put Python and the pages into their form, and mend what the linter can.
	$(BIN)/ruff check --fix src tests bench tools
	$(BIN)/ruff format src tests bench tools
	$(BIN)/djangofmt --quiet src

lint: $(VENV)/.installed-test ## Look at the form, for what is often wrong, and for known weaknesses of packages.
	$(BIN)/ruff check src tests bench tools
	$(BIN)/ruff format --check src tests bench tools
	$(BIN)/djangofmt --quiet --check src
	$(BIN)/python -m tools.audit

types: $(VENV)/.installed-test ## Check the types.
	PREWATT_HOME=$$(mktemp -d) $(BIN)/mypy

sbom: $(VENV)/.installed-test ## Write what a gateway and a server consist of, with licences (CycloneDX), into dist/; print packages and megabytes.
	$(BIN)/python -m tools.sbom dist
	$(BIN)/python -m tools.installed

system: ## Print, then run, what needs root: packages that pip can't bring.
	@tools/system.sh python paper browser node
	@echo "The packages that pip can't bring are there."

hooks: $(VENV)/.installed-test ## Look at what is committed before each commit, by pre-commit.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pre-commit
	$(BIN)/pre-commit install

COMPILE := $(VENV)-lock/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-find-links --python-version 3.11

lock: ## Pin the dependencies again: of all parts, of a gateway alone, and with the tests'.
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/pip install --quiet uv
	$(COMPILE) --extra server --extra bluetooth pyproject.toml build-requirements.in -o requirements.lock
	$(COMPILE) -c requirements.lock pyproject.toml build-requirements.in -o requirements-edge.lock
	$(COMPILE) --all-extras -c requirements.lock pyproject.toml build-requirements.in -o requirements-test.lock

clean: ## Remove the virtual environments, and what npm brought.
	rm -rf $(VENV) $(VENV)-lock .node clients/wechat/node_modules

$(BIN)/python:
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "make: Python or its venv is missing: make system installs it" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "make: $(PYTHON) is older than Python 3.11; install a newer one and set PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Hashes pin what is installed, pip itself too; the project itself is installed as it stands here. Nothing needs the setuptools
# that Python 3.11 puts into each environment. The new pip comes first: the one that Python brings is half as slow again.
$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r <(sed -n '/^pip==/,/# via/p' requirements.lock)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m pip uninstall --quiet --disable-pip-version-check --yes setuptools 2>/dev/null
	@touch $@

$(VENV)/.installed-test: requirements-test.lock $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-compile -r requirements-test.lock
	@touch $@
