# Two commands do everything: `make demo` and `make test`. Both build .venv the first time only.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=

.PHONY: demo test test-slow test-system test-asterisk trial bench lint format clean

# The verdict and Ctrl-C are no errors here: `ari-tui demo` itself tells them by its exit code.
demo: $(STAMP)
	@$(BIN)/ari-tui demo --exit-zero $(ARGS) || { code=$$?; test $$code -eq 130 || exit $$code; }

# `make test MARK=` runs the slow ones, those of the whole system and of the real Asterisk too, in
# one session.
MARK ?= not asterisk and not system and not slow
# Many tests wait for processes and timers: three at a time suit two cores. One file, one worker.
WORKERS ?= 3
test: lint
	$(BIN)/pytest -n $(WORKERS) --dist loadfile -m "$(MARK)" $(ARGS)

test-slow: $(STAMP)
	$(BIN)/pytest -n $(WORKERS) --dist loadfile -m "slow and not asterisk and not system" $(ARGS)

test-system: $(STAMP)
	$(BIN)/pytest -n $(WORKERS) --dist loadfile -m system $(ARGS)

# ASTERISK=16 takes Debian bullseye's; each version has a root folder of its own in the user's cache.
ASTERISK ?= 22
test-asterisk: $(STAMP)
	ARI_TUI_TEST_ASTERISK=$(ASTERISK) $(BIN)/pytest -m asterisk $(ARGS)

# Faults placed on purpose around the real Asterisk; needs root. ARGS=--list names them, and
# ARGS="in-loss out-loss" places those two.
trial: $(STAMP)
	ARI_TUI_TEST_ASTERISK=$(ASTERISK) $(BIN)/python -m tests.trial $(ARGS)

bench: $(STAMP)
	$(BIN)/python -m bench $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Nothing is fetched again until pyproject.toml changes.
$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
