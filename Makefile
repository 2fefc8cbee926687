# The project's jobs. They need make and Python 3.11 to 3.13; everything else is installed into .venv, from the hashed
# versions in requirements/. Stop one at any time and start it again: a step counts as done only once it has finished.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SUFFIXES:
.PHONY: help run test setup locks clean
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
READY := $(VENV)/.ready
FOR_RUN := $(VENV)/.run
FOR_DEV := $(VENV)/.dev
WORKERS ?= 2
export PYTHON

# What a fresh environment is made with: PYTHON=... if given, otherwise the newest that will do.
PICK = set -- python3.13 python3.12 python3.11 python3; [ -z "$$PYTHON" ] || set -- "$$PYTHON"; python=; \
	for candidate in "$$@"; do \
		if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; \
		then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		found=$$("$${PYTHON:-python3}" -V 2>/dev/null || echo "not here"); \
		echo "This needs Python 3.11, 3.12 or 3.13, and '$${PYTHON:-python3}' is $$found." >&2; \
		echo "Install one, or say where it is: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; \
	fi

# An environment made elsewhere (the folder was moved or copied), or with another Python than asked for, is made anew.
VERSION_OF = -c 'import sys; print(sys.version_info[:2])' 2>/dev/null
STALE := $(shell [ -x $(BIN)/python ] || exit 0; \
	if [ -e $(VENV)/.place ] && [ "$$(cat $(VENV)/.place)" != "$$(pwd -P)" ]; then echo moved; \
	elif [ -n "$(PYTHON)" ] && [ "$$("$(PYTHON)" $(VERSION_OF))" != "$$($(BIN)/python $(VERSION_OF))" ]; then echo other; fi)
ifneq ($(STALE),)
.PHONY: $(READY)
endif

# Whoever has the test tools keeps them: their environment holds everything that a run needs, in the same versions.
ENVIRONMENT = $(if $(wildcard $(FOR_DEV)),$(FOR_DEV),$(FOR_RUN))

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 14
	@echo
	@echo "  make run ARGS=\"--draws 20\"     passes arguments to 'cohort run' (or, for test, to pytest)"
	@echo "  make setup PYTHON=python3.12   chooses the Python of .venv"
	@echo "  make test WORKERS=4            runs the tests in four processes"

run: $(ENVIRONMENT) ## Simulate Kent and print the headline tables
	@echo "Simulating Kent (cohort run$(if $(ARGS), $(ARGS)))"
	@$(BIN)/cohort run $(ARGS)

test: $(FOR_DEV) ## Check style and types, and run every test
	@echo "Checking style (ruff check)"
	@$(BIN)/ruff check --quiet .
	@echo "Checking layout (ruff format)"
	@$(BIN)/ruff format --check --quiet . || { echo "Run '$(BIN)/ruff format .' to mend the layout." >&2; exit 1; }
	@echo "Checking types (mypy)"
	@$(BIN)/mypy
	@echo "Testing (pytest, $(WORKERS) processes)"
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

setup: $(FOR_DEV) ## Make .venv, with what the tests and every optional part need
	@echo "Ready: $(BIN)/cohort, $(BIN)/pytest, $(BIN)/ruff, $(BIN)/mypy"

clean: ## Remove .venv, caches and builds (never studies/)
	@echo "Removing $(VENV), caches and builds"
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis mutants build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Environments ---------------------------------------------------------------------------------------------------------

$(READY): requirements/bootstrap.txt
	@if [ -n "$(STALE)" ] || ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		$(PICK); echo "Making $(VENV) with $$("$$python" -V)"; "$$python" -m venv --clear $(VENV) || exit 1; \
	fi; \
	rm -f $(READY) $(FOR_RUN) $(FOR_DEV); \
	echo "Installing uv, the installer"; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $< \
	&& pwd -P >$(VENV)/.place && touch $@

# $(call install,NAME): exactly what requirements/NAME.lock says, and the project itself, editable.
install = rm -f $(FOR_RUN) $(FOR_DEV) \
	&& $(UV) pip sync --quiet --require-hashes --python $(BIN)/python requirements/$(1).lock \
	&& $(UV) pip install --quiet --python $(BIN)/python --build-constraints requirements/build.lock --no-deps -e . \
	&& touch $@

$(FOR_RUN): $(READY) requirements/run.lock requirements/build.lock pyproject.toml
	@echo "Installing what a run needs (about 700 MB; a minute or two the first time)"
	@$(call install,run)

$(FOR_DEV): $(READY) requirements/dev.lock requirements/build.lock pyproject.toml
	@echo "Installing what the tests need (about 2 GB; a few minutes the first time)"
	@$(call install,dev)

# Locks ----------------------------------------------------------------------------------------------------------------

COMPILE = $(UV) pip compile --quiet --no-header --universal --python-version 3.11 --generate-hashes $(ARGS)
EXTRAS := report app calibrate dask explore bench

locks: $(READY) ## Resolve requirements/ anew after a change to pyproject.toml (ARGS=--upgrade: newest of everything)
	@echo "Resolving requirements/ from pyproject.toml"
	@$(COMPILE) $(foreach extra,report app calibrate dask explore dev,--extra $(extra)) pyproject.toml -o requirements/dev.lock
	@$(COMPILE) -c requirements/dev.lock pyproject.toml -o requirements/run.lock
	@for extra in $(EXTRAS); do \
		$(COMPILE) -c requirements/dev.lock --extra $$extra pyproject.toml -o requirements/$$extra.lock || exit 1; done
	@printf 'editables\nhatchling>=1.27\n' | $(COMPILE) -c requirements/dev.lock - -o requirements/build.lock
	@echo uv | $(COMPILE) - -o requirements/bootstrap.txt
