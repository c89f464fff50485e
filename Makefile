# make demo            a building runs; make demo ARGS="--headless" for the table alone
# make test            lint, types, unit and system tests
# make bench           speed, each figure beside its limit
# make pictures        take README's pictures anew
# make lock            pin the dependencies anew

SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo "sudo -n")
INSTALL := $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq

.PHONY: demo test stories postgresql bench pictures lint types lock clean browser paper

demo: paper $(VENV)/.installed
	@exec $(BIN)/prewatt demo $(ARGS)

test: browser paper $(VENV)/.installed-test
	$(MAKE) --no-print-directory lint
	$(MAKE) --no-print-directory --jobs=3 types stories postgresql

# Stories wait for processes and clocks: three at a time, with the types and the other database beside them, keep two cores at work.
stories: $(VENV)/.installed-test
	$(BIN)/pytest -n 3 --dist worksteal $(ARGS)

postgresql: $(VENV)/.installed-test
	TEST_DATABASE=postgresql $(BIN)/pytest -m database -n 1 -p no:cacheprovider

bench: $(VENV)/.installed
	$(BIN)/python -m bench.journal
	$(BIN)/python -m bench.ingest
	$(BIN)/python -m bench.rating
	$(BIN)/python -m bench.reconnect
	$(BIN)/python -m bench.forecast
	$(BIN)/python -m bench.payment
	$(BIN)/python -m bench.live
	$(BIN)/python -m bench.statement
	$(BIN)/python -m bench.simulator

# The pictures that README shows, taken anew by the browser tests.
pictures: browser $(VENV)/.installed-test
	SCREENSHOTS=docs/pictures $(BIN)/pytest tests/system/test_pages.py tests/system/test_paying.py -k "outage or example or browser"

lint: $(VENV)/.installed-test
	$(BIN)/ruff check src tests bench
	$(BIN)/ruff format --check src tests bench

types: $(VENV)/.installed-test
	PREWATT_HOME=$$(mktemp -d) $(BIN)/mypy

lock:
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/pip install --quiet uv
	$(VENV)-lock/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-find-links --python-version 3.11 \
	  pyproject.toml build-requirements.in -o requirements.lock
	$(VENV)-lock/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-find-links --python-version 3.11 \
	  --extra postgres --extra test -c requirements.lock pyproject.toml build-requirements.in -o requirements-test.lock

clean:
	rm -rf $(VENV) $(VENV)-lock

$(BIN)/python:
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { $(INSTALL) python3 python3-venv; } >/dev/null 2>&1 \
	  || { echo "make: Python or its venv is missing; install the packages python3 and python3-venv" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "make: $(PYTHON) is older than Python 3.11; install a newer one and set PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Hashes pin what is installed; the project itself is installed as it stands here.
$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-test: requirements-test.lock $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

# Statements as PDF are drawn by Pango, which pip can't bring. Without it all else works, and the page says so.
paper:
	@{ /sbin/ldconfig -p | grep libpangoft2-1.0.so.0 && /sbin/ldconfig -p | grep libharfbuzz-subset.so.0; } >/dev/null \
	  || { $(INSTALL) libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core; } >/dev/null 2>&1 \
	  || echo "make: statements as PDF need the packages libpangoft2-1.0-0, libharfbuzz-subset0 and a font" >&2

# The browser tests need a real Chromium, and their driver a library, which pip can't bring.
browser:
	@{ command -v chromium chromium-browser google-chrome && /sbin/ldconfig -p | grep libatomic.so.1; } >/dev/null \
	  || { $(INSTALL) chromium libatomic1; } >/dev/null 2>&1 \
	  || { echo "make: the tests need a browser; install the packages chromium and libatomic1" >&2; exit 1; }
