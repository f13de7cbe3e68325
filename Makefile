# Every command sets up what it needs first; the second time that takes no time. `make` lists them.
#
# Recipes end in `exec`, so that a command is make's own child: Ctrl-C and a SIGTERM to make reach it, it stops what it
# started, and nothing is left running.

PYTHON ?= python3
VENV := .venv/bin/python
ARGS ?=

.PHONY: help setup setup-tests demo serve worker psql test bench bench-large format translations clean \
	check check-format check-lint check-types check-layers check-migrations check-translations
.DEFAULT_GOAL := help

help: ## List these commands
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name does; do \
		printf '  make %-14s %s\n' "$$name" "$$does"; done

setup: ## Set up: system packages, virtual environment, translations
	@exec $(PYTHON) config/bootstrap.py

setup-tests:
	@exec $(PYTHON) config/bootstrap.py --tests

demo: setup ## Do the main job on made-up data and serve the admin (ARGS=--no-serve: stop after the job)
	@exec $(VENV) manage.py demo $(ARGS)

serve: setup ## Serve the admin and the API
	@exec $(VENV) manage.py serve $(ARGS)

worker: setup ## Run the background jobs
	@exec $(VENV) manage.py worker $(ARGS)

psql: setup ## Open the database
	@exec $(VENV) -m config.database.embedded psql

test: setup-tests ## Run the tests (ARGS="tests/merchants -k qr" runs some)
	@exec $(VENV) -m pytest -q $(if $(ARGS),$(ARGS),-n 2 --dist worksteal)

bench: setup-tests ## Measure the speeds that Jangteo promises, into var/bench.json
	@exec $(VENV) manage.py bench $(ARGS)

bench-large: setup-tests ## Measure every page of the admin with 10,000,000 payments (long; 20 GB in /tmp)
	@exec $(VENV) manage.py bench_large $(ARGS)

check: check-format check-lint check-types check-layers check-migrations check-translations ## Check all that CI checks (-k: go on after a failure)

check-format: setup-tests
	@exec $(VENV) -m ruff format --check --quiet --output-format concise .

check-lint: setup-tests
	@exec $(VENV) -m ruff check --quiet .

check-types: setup-tests
	@exec $(VENV) -m mypy

check-layers: setup-tests
	@exec .venv/bin/lint-imports --no-logo

check-migrations: setup-tests
	@exec $(VENV) manage.py makemigrations --check --dry-run

check-translations: setup-tests
	@exec $(VENV) -m config.translations check

format: setup-tests ## Format the code, and mend what the linter can
	$(VENV) -m ruff check --fix-only --quiet .
	$(VENV) -m ruff format .

translations: setup-tests ## Bring config/locale up to the texts in the code
	@exec $(VENV) -m config.translations update

clean: ## Remove the virtual environment and everything in var, the demo's database included
	@if [ -x $(VENV) ]; then for cluster in var/postgres var/postgres-test; do \
		$(VENV) -m config.database.embedded --directory $$cluster stop; done; fi
	rm -rf .venv var
