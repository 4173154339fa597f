# `make run` starts Kith, `make test` checks it; `make help` lists the rest.

PYTHON ?= python3
VENV = .venv
IN_VENV = $(VENV)/bin/python
RUNTIME = $(VENV)/.runtime-installed
DEV = $(VENV)/.dev-installed
PEERS = $(VENV)/.peers-installed
NPM = $(IN_VENV) -m project.node
INSTALLED = node_modules/.installed
# Checks see the settings of the tests, which need no .env and touch no data of this machine.
TEST_SETTINGS = --settings=tests.settings

# A Python that was upgraded away leaves a broken environment: begin anew.
$(shell test ! -e $(VENV) || $(IN_VENV) -c 'import pip' 2>/dev/null || rm -rf $(VENV))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: run test faults soak crowd bench screenshot lint format schema web client browser lock clean help

run: $(RUNTIME) .env ## start Kith with demo data (PORT, HOST, DATABASE_URL, REDIS_URL are honoured)
	@$(MAKE) --no-print-directory web || echo "The page at / is missing or old, for the reason above; the rest of Kith starts."
	@$(IN_VENV) manage.py migrate --verbosity 0
	@$(IN_VENV) manage.py demo --optional
	@exec $(IN_VENV) manage.py serve

test: lint client web browser ## every check, then every test
	$(NPM) client test
	$(NPM) web test
	$(IN_VENV) -m pytest

faults: $(DEV) ## kill, cut and fill everything, long; writes docs/faults.md
	$(IN_VENV) -m pytest tests/faults --faults=long --faults-report docs/faults.md

soak: $(DEV) ## 20 minutes of clients who come and go (SOAK_MINUTES, SOAK_CROWD); writes docs/soak.md and docs/soak.png
	SOAK_MINUTES=$${SOAK_MINUTES:-20} SOAK_REPORT=docs $(IN_VENV) -m pytest tests/soak

crowd: $(DEV) ## the long form of a test: 2,000 users who come and go at random (CROWD, CROWD_SEED)
	CROWD=$${CROWD:-2000} $(IN_VENV) -m pytest --durations=3 tests/presence/test_crowd.py

bench: $(PEERS) ## Kith and its peers side by side, 20 minutes (BENCH=--quick: 4); writes docs/performance.md
	$(IN_VENV) -m bench $(BENCH)

lint: $(DEV) client/$(INSTALLED) web/$(INSTALLED) ## formatting, types, imports between apps, migrations, Django's checks
	$(IN_VENV) -m ruff check .
	$(IN_VENV) -m ruff format --check .
	$(IN_VENV) -m mypy
	$(VENV)/bin/lint-imports
	$(IN_VENV) manage.py makemigrations --check --dry-run $(TEST_SETTINGS)
	$(IN_VENV) manage.py check $(TEST_SETTINGS)
	$(NPM) client run check
	$(NPM) web run check

screenshot: $(DEV) web browser ## make the picture of the page in the README anew
	SCREENSHOT=docs/page.png $(IN_VENV) -m pytest tests/browser/test_screenshot.py

format: $(DEV) client/$(INSTALLED) web/$(INSTALLED) ## put the code in order
	$(IN_VENV) -m ruff check --fix .
	$(IN_VENV) -m ruff format .
	$(NPM) client run format
	$(NPM) web run format

web: web/dist/index.html ## build the page, if its sources changed
	@:

client: client/dist/index.js ## build the client as a package, and see that it is small
	@:

# What a build depends on: everything there, but for what was installed or built.
sources = $(shell find $(1) -name node_modules -prune -o -name dist -prune -o -type f -print)

web/dist/index.html: web/$(INSTALLED) $(call sources,web client/src)
	@echo "Building the page ..."
	@$(NPM) web run --silent build -- --logLevel warn

client/dist/index.js: client/$(INSTALLED) $(call sources,client)
	$(NPM) client run build

%/$(INSTALLED): %/package-lock.json $(RUNTIME)
	@echo "Installing what $* is built with ..."
	@$(NPM) $* ci --silent
	@touch $@

browser: $(DEV) # the one that is installed, CHROME_BIN, or Debian's Chromium
	@$(IN_VENV) -m tests.browser.chromium

schema: $(DEV) client/$(INSTALLED) ## write client/schema, and the client's types from it
	$(IN_VENV) manage.py export_schema $(TEST_SETTINGS)
	$(NPM) client run generate

# Options in full: the output must not depend on the machine (indexes, paths) that made it.
COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(IN_VENV) -m piptools compile --quiet --upgrade --strip-extras \
	--allow-unsafe --annotation-style=line --no-emit-index-url --no-emit-find-links \
	--no-emit-trusted-host --no-emit-options

lock: $(DEV) ## pin the newest versions that requirements*.in allow
	$(COMPILE) --output-file requirements.txt requirements.in
	$(COMPILE) --output-file requirements-dev.txt requirements-dev.in
	$(COMPILE) --output-file requirements-node.txt requirements-node.in
	$(COMPILE) --output-file bench/requirements.txt bench/requirements.in

clean: ## remove what can be made again; .env, database and uploads stay
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache staticfiles test-results
	rm -rf client/node_modules client/dist web/node_modules web/dist bench/node/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

.env: | $(RUNTIME)
	@$(IN_VENV) -m project.environment

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Kith needs Python 3.11 or newer, and there is no $(PYTHON) here."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Kith needs Python 3.11 or newer; this is $$($(PYTHON) --version). Name another: make $(MAKECMDGOALS) PYTHON=python3.12"; \
		exit 1; }
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUNTIME): requirements.txt $(VENV)/bin/python
	@echo "Installing requirements.txt ..."
	@$(IN_VENV) -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	@echo "Installing requirements-dev.txt ..."
	@$(IN_VENV) -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@

$(PEERS): bench/requirements.txt $(DEV)
	@echo "Installing bench/requirements.txt ..."
	@$(IN_VENV) -m pip install --quiet --disable-pip-version-check --requirement bench/requirements.txt
	@touch $@
