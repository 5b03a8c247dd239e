# The only list of commands. `make` prints it.
#
# OMEGA_BUILD=pure leaves the Rust extension out: no cargo is needed and the Python twin runs.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
BIN := $(CURDIR)/.venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
BUILD := $(or $(OMEGA_BUILD),native)
RUST_SOURCES := Cargo.toml Cargo.lock $(shell find rust -name '*.rs' -o -name Cargo.toml -o -name '*.profdata')
ifeq ($(filter pure native,$(BUILD)),)
$(error OMEGA_BUILD is '$(BUILD)'; expected pure, or unset)
endif
export OMEGA_BUILD

# What the extension is built with, so that tests and clippy do not compile its dependencies again.
SIGNATURE = import struct, sys; v = sys.version_info; print(f"cpython-{v[0]}.{v[1]}-{8 * struct.calcsize('P')}bit")
CARGO = PYO3_PYTHON=$(BIN)/python PYO3_BUILD_EXTENSION_MODULE=1 \
  PYO3_ENVIRONMENT_SIGNATURE="$$($(BIN)/python -c '$(subst ','\'',$(SIGNATURE))')" \
  CARGO_ENCODED_RUSTFLAGS="$$($(BIN)/python tools/omega_build.py)" cargo

.PHONY: help setup demo test check parity deep mutants bench profile schema clean

help: ## List the commands
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | awk -F'\t' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: .venv/built-$(BUILD) ## Create .venv with everything in it; again after a change of the Rust sources

demo: setup ## Run the two example backtests on the bundled real data
	@$(BIN)/omega run examples/eurusd_ema_cross.json
	echo
	$(BIN)/omega run examples/eurusd_m15_ema_cross.json

test: setup ## Run all tests (at most 5 minutes on 2 cores)
	@if [ "$(BUILD)" != pure ]; then $(CARGO) test --release --quiet --workspace; fi
	$(BIN)/pytest -n 2

check: setup ## Lint, types, import contracts, generated files, code blocks of the documentation
	@$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/generate_schema.py --check
	$(BIN)/pytest -q tests/docs
	if [ "$(BUILD)" != pure ]; then
	  $(BIN)/python tools/make_profile.py --check
	  $(BIN)/stubtest omega._native --mypy-config-file pyproject.toml
	  cargo fmt --all --check
	  $(CARGO) clippy --release --quiet --workspace --all-targets -- -D warnings
	fi

parity: setup ## Compare both backends bit for bit
	@$(BIN)/pytest -n 2 tests/parity

deep: setup mutants ## Run what takes long: a million random orders, planted bugs
	@$(BIN)/pytest -n 2 -m deep

mutants: setup ## Plant bugs in both halves, one after the other; the tests have to notice each
	@$(BIN)/python tools/mutants.py --halves $(if $(filter pure,$(BUILD)),python,both)

bench: setup ## Measure the performance budgets of docs/spec/backends.md
	@$(BIN)/python benchmarks/run.py

profile: setup ## Count anew which way the engine's branches go; needs llvm-profdata of LLVM 19 or newer
	@$(BIN)/python tools/make_profile.py

schema: ## Write the generated halves of schema/*.toml
	@$(PYTHON) tools/generate_schema.py

clean: ## Remove what the commands above made, results in var/ excepted
	rm -rf .venv target dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .bench
	rm -rf python/omega/_native*.so python/*.egg-info
	find python tests tools benchmarks -name __pycache__ -prune -exec rm -rf {} +

# ---------------------------------------------------------------- set-up, one stamp per stage

.venv/ready: tools/preconditions.sh
	@tools/preconditions.sh $(PYTHON) $(BUILD)
	$(PYTHON) -m venv .venv
	touch $@

.venv/required: .venv/ready pyproject.toml requirements/constraints.txt tools/requirements.py
	@echo "Installing the requirements into .venv ..."
	$(BIN)/python tools/requirements.py > .venv/requirements.txt
	$(PIP) install --constraint requirements/constraints.txt --requirement .venv/requirements.txt
	touch $@

.venv/built-native: .venv/required tools/omega_build.py $(RUST_SOURCES)
	@tools/preconditions.sh $(PYTHON) native
	echo "Building the Rust extension ..."
	$(PIP) install --no-build-isolation --no-deps --editable .
	rm -f .venv/built-pure
	touch $@

.venv/built-pure: .venv/required tools/omega_build.py
	@echo "Installing without the Rust extension: the Python twin runs."
	$(PIP) install --no-build-isolation --no-deps --editable .
	rm -f .venv/built-native
	touch $@
