# make demo   sets up .venv, installs chainrule and trains a network on the embedded digits
# make test   sets up .venv with the development tools and runs the tests
#
# Both need only Python 3.11 or later, make and a package index; both can be repeated. PYTHON=/path/to/python chooses one.

.DEFAULT_GOAL := help
.NOTPARALLEL:

VENV := .venv
BIN := $(VENV)/bin
# The stamps are named by the folder: in a checkout that was moved or copied the installation is made anew.
HERE := $(shell pwd | cksum | cut -d' ' -f1)
INSTALLED := $(VENV)/.installed-$(HERE)
INSTALLED_DEV := $(VENV)/.installed-dev-$(HERE)
INSTALLED_BENCH := $(VENV)/.installed-bench-$(HERE)
INSTALLED_ORACLES := $(VENV)/.installed-oracles-$(HERE)
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal

.PHONY: help demo test test-rest test-slow fuzz lint format bench setup oracles clean

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' Makefile
	@echo "make test-rest | test-slow | fuzz | lint | format | bench | setup | oracles | clean"

demo: $(INSTALLED)
	@$(BIN)/chainrule train digits

test: $(INSTALLED_DEV)
	@$(PYTEST)

# What make test leaves out: slow tests, and random ones with all of their examples.
test-rest: $(INSTALLED_DEV)
	@$(PYTEST) -m "slow or browser"
	@$(PYTEST) --hypothesis-profile=thorough tests/property

test-slow: $(INSTALLED_DEV)
	@$(PYTEST) -m "" --hypothesis-profile=thorough

# A million texts that nobody wrote, each read or refused; some minutes.
fuzz: $(INSTALLED_DEV)
	@PYTHONPATH=tests $(BIN)/python tests/unit/notation/fuzzing.py 0 1000000

lint: $(INSTALLED_DEV)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy --strict
	$(BIN)/python -c "from importlinter.cli import lint_imports_command; lint_imports_command()" --no-logo

format: $(INSTALLED_DEV)
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

# The tables go to the screen, all figures and the picture to build/bench.
bench: $(INSTALLED_BENCH)
	@mkdir -p build/bench
	@$(BIN)/python bench/derivation.py
	@$(BIN)/python bench/finite_differences.py
	@$(BIN)/python bench/step_loops.py
	@$(BIN)/python bench/training --json build/bench/training.json --plot build/bench/training.svg
	@$(BIN)/python bench/systems --json build/bench/systems.json --plot build/bench/systems.svg

setup: $(INSTALLED_DEV)

# The libraries that tests compare with where they are: without them those tests are skipped.
oracles: $(INSTALLED_ORACLES)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build

# A name may be on the path and not start (a shim of a version manager), or lack venv (Debian): each candidate is run.
# pip is what venv makes last: without it the folder is unfinished.
$(BIN)/pip:
	@set -e; for candidate in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
	    if "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        echo "Setting up $(VENV) with $$("$$candidate" --version)"; \
	        "$$candidate" -m venv $(VENV); \
	        exit 0; \
	    fi; \
	done; \
	echo "chainrule needs Python 3.11 or later, with its venv module."; \
	echo "Found: $$(python3 --version 2>&1 || true)"; \
	echo "Install one (on Debian and Ubuntu the package python3-venv too), or name it: make $(or $(MAKECMDGOALS),demo) PYTHON=/path/to/python3.11"; \
	exit 1

$(INSTALLED): pyproject.toml | $(BIN)/pip
	@echo "Installing chainrule into $(VENV) (once; about a minute)"
	@$(PIP_INSTALL) --editable .
	@touch $@

$(INSTALLED_DEV): pyproject.toml | $(BIN)/pip
	@echo "Installing chainrule and its development tools into $(VENV) (once; about a minute)"
	@$(PIP_INSTALL) --editable '.[dev]'
	@touch $(INSTALLED) $@

# pip first, and this version: where a package index has one for the CPU alone, pip finds it.
$(INSTALLED_BENCH): pyproject.toml | $(BIN)/pip
	@echo "Installing chainrule and the libraries that it is measured beside into $(VENV) (once; some minutes)"
	@$(PIP_INSTALL) torch==2.13.0
	@$(PIP_INSTALL) --editable '.[bench]'
	@touch $(INSTALLED) $@

$(INSTALLED_ORACLES): pyproject.toml | $(BIN)/pip
	@echo "Installing the libraries that tests compare with into $(VENV) (once; some minutes)"
	@$(PIP_INSTALL) torch==2.13.0
	@$(PIP_INSTALL) --editable '.[oracle]'
	@touch $(INSTALLED) $@
