# Every target bootstraps uv by itself; nothing but Python 3.11+, git and make is needed.
UV_VERSION := 0.13.9
UV := $(CURDIR)/.tools/bin/uv
export UV_PYTHON_DOWNLOADS := never
RUN := $(UV) run --frozen
PYTEST_WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup demo test crash check format bench clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(UV):
	@sh tools/bootstrap-uv.sh $(UV_VERSION) "$(CURDIR)/.tools"

.venv/.synced: $(UV) pyproject.toml uv.lock
	@$(UV) sync --frozen --quiet
	@touch $@

setup: .venv/.synced ## install from the lock file into .venv

demo: setup ## a local Discord, the bot and the dashboard, in one command (REPLAY=file SPEED=x)
	@$(RUN) skynetbot demo $(if $(REPLAY),--replay "$(REPLAY)") $(if $(SPEED),--speed $(SPEED)) $(DEMO_ARGS)

test: setup ## the whole test suite (installs nothing; browser tests need Chromium)
	@$(RUN) pytest -n $(PYTEST_WORKERS) $(PYTEST_ARGS)

crash: setup ## kill -9 of real processes, many times (KILLS=200)
	@SKYNETBOT_TEST_KILLS=$(or $(KILLS),200) $(RUN) pytest tests/crash -s $(PYTEST_ARGS)

check: setup ## formatting, lint, types, import floors
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy
	@$(RUN) lint-imports

format: setup ## reformat and apply safe lint fixes
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .

bench: setup ## every benchmark, in short form (see bench/README.md)
	@$(RUN) python -m bench all --quick

clean: ## remove what setup and the tests made
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
