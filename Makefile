# Customer Journey Master. `make` alone prints this help.
SHELL := /bin/bash
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
VENV := .venv
BIN := $(VENV)/bin
MEMBERS := libs/protos libs/kit libs/access libs/testkit services/catalog services/ingest services/mining services/metrics services/gateway services/bot launcher
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help
help: ## Print this help
	@grep -hE '^[a-z][a-zA-Z_-]*:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  make %-12s %s\n", $$1, $$2}'

.tools/bin/uv:
	@echo "==> installing uv"
	@$(PYTHON) -m venv .tools
	@.tools/bin/pip install --quiet uv

$(VENV)/.installed: requirements.lock $(addsuffix /pyproject.toml,$(MEMBERS)) | $(filter .tools/%,$(UV))
	@echo "==> installing the locked Python packages"
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) $(VENV)
	@$(UV) pip sync --quiet --require-hashes requirements.lock
	@$(UV) pip install --quiet --no-deps $(addprefix -e ./,$(MEMBERS))
	@touch $@

.PHONY: install
install: $(VENV)/.installed ## Create the environment from the lock

.PHONY: lock
lock: | $(filter .tools/%,$(UV)) ## Renew requirements.lock, keeping pins (UPGRADE=1 moves them)
	@$(UV) lock $(if $(UPGRADE),--upgrade,)
	@$(UV) export --quiet --frozen --all-packages --all-groups --no-emit-workspace --no-annotate --no-header --output-file requirements.lock
