# Needs GNU make 3.81 or newer; everything else is set up by scripts/setup.sh.
PYTHON := .venv/bin/python
STATE  := .local

.DEFAULT_GOAL := help
.PHONY: help setup demo run test check format docs infra sbom lock bench screenshots clean

help: ## What there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-11s %s\n", $$1, $$2 }'

demo: .venv/.installed ## The whole main job on a local stack, without a hand; a few seconds once set up
	@$(PYTHON) -m local demo

run: .venv/.installed ## The local stack stays up and says what to try; Ctrl-C ends all
	@$(PYTHON) -m local run --state $(STATE)

# A worker for each core. Tests of one file stay together, with what they have started, until a worker has nothing left
# and takes half of what another still has: whole files at a time would end with one worker alone at the longest.
# What is quick comes first, and the longest are begun at once beside it (tests/running_order.py).
test: .venv/.installed ## Every test, end to end over real HTTP included
	@$(PYTHON) -m pytest -q --numprocesses auto --dist worksteal

check: .venv/.installed ## Format, lint and types
	@$(PYTHON) -m ruff format --check --quiet . || { echo "Run: make format"; exit 1; }
	@$(PYTHON) -m ruff check --quiet .
	@$(PYTHON) -m mypy --no-error-summary
	@echo "check: format, lint and types are clean"

format: .venv/.installed ## Format the code and mend what the linter can
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .

docs: .venv/.installed ## Write the tables of documents that the code knows
	@$(PYTHON) -m scripts.tables

sbom: .venv/.installed ## The bill of materials and the licences of what is deployed, into build/
	@$(PYTHON) -m scripts.materials

bench: .venv/.installed ## The measurements, as ratios in one run
	@for name in start token shares refresh customers console commands; do echo "== bench/$$name.py"; $(PYTHON) -m bench.$$name || exit 1; done

screenshots: .venv/.installed ## A picture of every page a person can see, into build/pictures (needs Chromium)
	@$(PYTHON) -m tests.browser.screenshots build/pictures

setup: .venv/.installed ## Only set up

.venv/.installed: requirements.txt requirements-dev.txt scripts/setup.sh
	@sh scripts/setup.sh

lock: ## Resolve the requirements anew, with hashes (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.13 --generate-hashes --no-annotate --upgrade \
	    --quiet --custom-compile-command "make lock" -o requirements.txt
	uv pip compile pyproject.toml --group dev --universal --python-version 3.13 --generate-hashes --no-annotate \
	    --upgrade --quiet --custom-compile-command "make lock" -o requirements-dev.txt

infra: .venv/.installed ## Compile the infrastructure anew: main.json, snapshots, digest (needs bicep)
	@$(PYTHON) -m tests.infra.rebuild

clean: ## Remove the local stack's state and the virtual environment
	rm -rf $(STATE) build .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
