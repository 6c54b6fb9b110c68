# One command each; `make help` lists them. A fresh machine needs Python >= 3.11, git and make: the rest goes into
# .venv on the first run. Later runs need no network. Some tests need Node with npm, and Chromium: without they are skipped.
#
#   PYTHON=/path/to/python make test    build the environments with that interpreter
#   WORKERS=4 make test                 so many test processes

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

# Many tests wait for other processes: half as many again as there are cores.
WORKERS ?= $(shell echo $$(( ($$(nproc 2>/dev/null || echo 2) * 3 + 1) / 2 )))
CANDIDATES := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)
BIN := .venv/bin
# For the tests with Node.
NODE_PACKAGES := $(if $(shell command -v npm),tests/node/node_modules/.installed)
PIP_INSTALL := python -m pip install --quiet --no-input --disable-pip-version-check

.PHONY: help demo test quick check check-format check-lint check-types check-api check-imports bench coverage node-packages clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s%s\n", $$1, $$2 }' Makefile

demo: .venv/.demo  ## a client in rough weather, start to finish
	@$(BIN)/python examples/demo.py

test: .venv/.dev .venv-httpx/.test $(NODE_PACKAGES)  ## the whole suite, then the acceptance tests against the SDK built on httpx
	@$(BIN)/python -m pytest -n $(WORKERS)
	@.venv-httpx/bin/python -m pytest tests/acceptance

quick: .venv/.dev  ## the tests of what is pure: wire, model, faults, policies, verdicts; few examples for each property
	@WINDTUNNEL_QUICK=1 $(BIN)/python -m pytest -n $(WORKERS) -m "not slow" tests/server/wire tests/server/model tests/server/faults tests/harness/policies tests/harness/verdicts

check: check-format check-lint check-types check-api check-imports  ## format, lint, types and import rules

check-format: .venv/.dev
	@$(BIN)/ruff format --check .

check-lint: .venv/.dev
	@$(BIN)/ruff check .

check-types: .venv/.dev
	@$(BIN)/mypy
	@$(if $(wildcard tests/typing),$(BIN)/mypy tests/typing)

# pyright carries its own program and the dev extra brings node for it, so this needs no npm.
check-api: .venv/.dev
	@$(BIN)/pyright

check-imports: .venv/.dev
	@$(BIN)/lint-imports

bench: .venv/.dev  ## the benchmarks
	@$(BIN)/python -m benchmarks

coverage: .venv/.dev $(NODE_PACKAGES)  ## which lines and branches the suite reaches, subprocesses included
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -n $(WORKERS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

clean:  ## remove the environments, caches and everything built
	@rm -rf .venv .venv-httpx .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@rm -rf build dist reports htmlcov .coverage .coverage.* tests/node/node_modules
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +

node-packages: tests/node/node_modules/.installed

.venv/.demo: pyproject.toml constraints.txt | .venv/pyvenv.cfg
	@echo "installing windtunnel and the official SDK into .venv" >&2
	@$(BIN)/$(PIP_INSTALL) -c constraints.txt -e '.[demo]'
	@touch $@

.venv/.dev: pyproject.toml constraints.txt | .venv/pyvenv.cfg
	@echo "installing windtunnel and its development tools into .venv" >&2
	@$(BIN)/$(PIP_INSTALL) -c constraints.txt -e '.[dev]'
	@touch .venv/.demo $@

# The official SDK changed its HTTP library from httpx to httpx2 at 1.0; constraints-httpx.txt holds the last one before.
.venv-httpx/.test: pyproject.toml constraints-httpx.txt | .venv-httpx/pyvenv.cfg
	@echo "installing windtunnel and the SDK built on httpx into .venv-httpx" >&2
	@.venv-httpx/bin/$(PIP_INSTALL) -c constraints-httpx.txt -e '.[test]' anthropic
	@touch $@

# No lock file: it would name the registry it came from. package.json has exact versions, of what comes along too.
tests/node/node_modules/.installed: tests/node/package.json
	@echo "installing the official TypeScript SDK into tests/node/node_modules" >&2
	@cd $(<D) && npm install --no-package-lock --no-audit --no-fund --silent
	@touch $@

# A name on the PATH may be a shim that fails, or a Python without venv: the first that really works is taken.
.venv/pyvenv.cfg .venv-httpx/pyvenv.cfg:
	@for python in $(CANDIDATES); do \
	  if "$$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    exec "$$python" -m venv --clear $(@D); \
	  fi; \
	done; \
	echo "no Python >= 3.11 with venv among: $(CANDIDATES)" >&2; \
	echo "install one (on Debian: python3 and python3-venv), or name it: make PYTHON=/path/to/python" >&2; \
	exit 1
