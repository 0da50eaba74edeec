# Customer Journey Master. `make` alone prints this help.
SHELL := /bin/bash
PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
VENV := .venv
BIN := $(VENV)/bin
WEB := services/gateway/web
PAGE := services/gateway/src/cjm_gateway/static/index.html
MEMBERS := libs/protos libs/kit libs/access libs/testkit services/catalog services/ingest services/mining services/metrics services/gateway services/bot launcher
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Trust what the machine trusts: many companies look into TLS with a certificate of their own.
export UV_SYSTEM_CERTS ?= true
export NODE_USE_SYSTEM_CA ?= 1

.DEFAULT_GOAL := help
.PHONY: help
help: ## Print this help
	@grep -hE '^[a-z][a-zA-Z_-]*:.*## ' $(MAKEFILE_LIST) | awk 'BEGIN {FS = ":.*## "} {printf "  make %-12s %s\n", $$1, $$2}'

.tools/bin/uv:
	@echo "==> installing uv"
	@$(PYTHON) -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check uv

$(VENV)/.installed: requirements.lock $(addsuffix /pyproject.toml,$(MEMBERS)) | $(filter .tools/%,$(UV))
	@echo "==> installing the locked Python packages"
	@test -x $(BIN)/python || $(UV) venv --quiet --python $(PYTHON) $(VENV)
	@$(UV) pip sync --quiet --require-hashes requirements.lock
	@$(UV) pip install --quiet --no-deps $(addprefix -e ./,$(MEMBERS))
	@# Where Python may not keep what it compiles, every process would compile all it imports.
	@test -z "$$PYTHONDONTWRITEBYTECODE" || { echo "==> compiling them"; python -m compileall -q -j 0 $(VENV)/lib $(MEMBERS); }
	@touch $@

.PHONY: install
install: $(VENV)/.installed ## Create the environment from the lock

$(WEB)/node_modules/.installed: $(WEB)/package-lock.json $(WEB)/package.json $(VENV)/.installed
	@echo "==> installing the locked npm packages"
	@cd $(WEB) && npm ci --silent --no-audit --no-fund
	@touch $@

$(PAGE): $(WEB)/node_modules/.installed $(shell find $(WEB)/src $(WEB)/public $(WEB)/index.html $(WEB)/vite.config.ts $(WEB)/tsconfig.json -type f 2>/dev/null | sed 's/ /\\ /g')
	@echo "==> building the web page"
	@cd $(WEB) && npm run --silent build -- --logLevel warn
	@touch $@

.PHONY: page
page: $(PAGE) ## Build the web page

.PHONY: up
up: $(VENV)/.installed $(PAGE) ## Install what is missing, build the page, start everything, load the sample data
	@echo "==> starting Customer Journey Master"
	@exec $(BIN)/cjm run

.PHONY: lint
lint: $(VENV)/.installed ## Style, types and walls of the Python code
	@ruff check .
	@ruff format --check .
	@mypy libs services launcher samples tests bench conftest.py
	@lint-imports
	@buf lint protos

.PHONY: check-page
check-page: $(WEB)/node_modules/.installed ## Types, style, tests and size budgets of the web page
	@cd $(WEB) && npm run --silent check

.PHONY: test
test: lint check-page $(PAGE) ## Everything that must hold
	@pytest -n 2 --dist worksteal --ignore tests/e2e
	@pytest tests/e2e

.PHONY: bench
bench: $(VENV)/.installed $(PAGE) ## Figures of docs/performance.md, each against a reference of the same run
	@python -m bench

.PHONY: protos
protos: $(VENV)/.installed ## Generate libs/protos anew from protos/
	@python libs/protos/generate.py

.PHONY: openapi
openapi: $(VENV)/.installed ## Write services/gateway/openapi.json anew
	@python -m cjm_gateway.openapi > services/gateway/openapi.json

.PHONY: format
format: $(VENV)/.installed ## Bring the Python code into its form
	@ruff check --fix --quiet .
	@ruff format --quiet .

.PHONY: lock
lock: | $(filter .tools/%,$(UV)) ## Renew requirements.lock, keeping pins (UPGRADE=1 moves them)
	@$(PYTHON) scripts/lock.py $(if $(filter .tools/%,$(UV)),$(abspath $(UV)),$(UV)) $(if $(UPGRADE),--upgrade,)

.PHONY: clean
clean: ## Remove what was built and installed (data stays)
	@rm -rf $(VENV) .tools $(WEB)/node_modules services/gateway/src/cjm_gateway/static .mypy_cache .ruff_cache .pytest_cache
