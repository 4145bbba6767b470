# One command does everything on a fresh machine, set-up included: `make app`, `make test`.
#
#   DATA=DIR         real recordings (see README), default ../shared/data where it exists
#   PYTHON=python3.x interpreter that builds .venv
#   TORCH_INDEX=URL  extra package index for torch, e.g. https://download.pytorch.org/whl/cpu
#   ARGS="..."       passed on to the command behind demo, app, train, evaluate, bench and test

PYTHON ?= python3
VENV ?= .venv
DATA ?= ../shared/data
TORCH_INDEX ?=
ARGS ?=

STAMP := $(VENV)/.faultline-installed
BIN := $(VENV)/bin
PIP_INDEX := $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))

# Spinning OpenMP threads would take the second core away from the simulator.
export OMP_WAIT_POLICY = PASSIVE
export GOMP_SPINCOUNT = 0
export PYTHONUNBUFFERED = 1
ifneq ($(wildcard $(DATA)),)
export FAULTLINE_DATA = $(abspath $(DATA))
endif

.DEFAULT_GOAL := help
.PHONY: help setup system app demo test torture fuzz audit check format bench train evaluate realism clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(STAMP) ## build .venv with the pinned versions (done once)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "$(PYTHON) is older than 3.11: make PYTHON=python3.11 ..." >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet $(PIP_INDEX) -c constraints.txt -e '.[dev]'
	$(BIN)/faultline prepare
	@touch $@

system: ## Debian packages that the browser tests need (chromium, poppler-utils)
	@.ci/system-packages

app: $(STAMP) ## open the dashboard on http://localhost:8501
	$(BIN)/faultline app $(ARGS)

demo: $(STAMP) ## the whole job without a screen: out/demo/{report.html,report.pdf,report.json}
	$(BIN)/faultline demo $(ARGS)

test: $(STAMP) system ## every test, browser tests included, two at a time
	$(BIN)/python -m pytest -n 2 $(ARGS)

check: $(STAMP) ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP) ## let ruff rewrite the style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

torture: $(STAMP) ## kill runs, training and reports, fill the disk, break files: nothing may be lost
	FAULTLINE_KILLS=$${FAULTLINE_KILLS:-100} FAULTLINE_TORTURE_TABLE=out/torture.md \
	    $(BIN)/python -m pytest tests/torture $(ARGS)

fuzz: $(STAMP) ## break every kind of input in FAULTLINE_FUZZ_S times as many rounds (default 60)
	FAULTLINE_FUZZ_S=$${FAULTLINE_FUZZ_S:-60} $(BIN)/python -m pytest tests/fuzz -x $(ARGS)

audit: ## known holes in the pinned packages, asked of PyPI's advisories; says when it could not ask
	@$(PYTHON) .ci/audit out/audit-venv constraints.txt

bench: $(STAMP) ## events a second beside what the machine allows (`faultline bench`)
	$(BIN)/faultline bench $(ARGS)

train: $(STAMP) ## train the bundled model again (out/train)
	$(BIN)/faultline train --data $(DATA) --preset small --out out/train $(ARGS)

evaluate: $(STAMP) ## scorecard on the test splits of AMZN, GOOG and MSFT (out/evaluate)
	$(BIN)/faultline evaluate --data $(DATA) --out out/evaluate $(ARGS)

realism: $(STAMP) ## every number of the model card about realism, from the recordings (out/realism)
	$(BIN)/faultline realism --data $(DATA) --out out/realism $(ARGS)

clean: ## what builds and runs left behind, .venv excepted
	rm -rf build dist out runs *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
