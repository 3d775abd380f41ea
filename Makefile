# Two commands for a fresh machine: `make demo` and `make test`. Each makes .venv and installs what it needs; a second run is fast.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: help demo test check bench chaos browser requirements clean

help:
	@echo "make demo [ARGS=--once]  everything on this machine with simulated Twilio, OpenAI, Google and HubSpot"
	@echo "make test                the whole test suite (real Redis, PostgreSQL, SQLite and browser)"
	@echo "make check               ruff, mypy, import directions, migrations"
	@echo "make bench, make chaos   measurements; hundreds of random fault runs"

demo: $(VENV)/.runtime
	$(BIN)/firstring demo $(ARGS)

test: $(VENV)/.tests browser
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/.tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/house

bench: $(VENV)/.tests
	$(BIN)/python -m tests.bench $(ARGS)

chaos: $(VENV)/.tests
	$(BIN)/python -m tests.chaos $(ARGS)

# Chromium for the browser tests: from the PATH, else by apt where that is possible; else those tests skip and say so.
browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || \
	  echo "no Chromium and no way to install it: browser tests will skip"

$(VENV)/.runtime: requirements.txt pyproject.toml
	$(call install,requirements.txt)
	touch $@

$(VENV)/.tests: requirements-test.txt pyproject.toml
	$(call install,requirements-test.txt)
	touch $@ $(VENV)/.runtime

define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; run make PYTHON=/path/to/python3.11 …"; exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
endef

# Maintainers: pin again after changing pyproject.toml (needs uv).
requirements:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --prerelease if-necessary-or-explicit --extra build pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --prerelease if-necessary-or-explicit --extra build --extra test pyproject.toml -c requirements.txt -o requirements-test.txt

clean:
	rm -rf $(VENV) var
