# What people run and what CI runs. PYTHON and VENV choose another interpreter: make test PYTHON=python3.13 VENV=.venv313
PYTHON ?= python3
VENV ?= .venv
run := $(VENV)/bin/python
installed := $(wildcard /etc/easun-bridge/.env)
demo_runs = test -f .demo/env || { echo "No demo runs here: start it with make demo." >&2; exit 1; }
compile := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --no-annotate -q
wanted := configure services shared simulators supervisor bench docs deploy tests tools

# each worker of the tests would rewrite every test file anew: 13 CPU-s to collect them instead of 8
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup setup-demo setup-dev configure demo demo-watch demo-grid-on demo-grid-off demo-grid-auto up scan read dump export backup check quick slow-tests coverage test mutants fuzz faults soak bench docs format lock release clean

help:            ## this list
	@sed -n 's/^\([a-z][a-z -]*\):.*## /  make \1	/p' Makefile | expand -t 24

setup:           ## install what is needed to run: a virtual environment, Mosquitto
	@tools/setup.sh $(PYTHON) $(VENV) requirements.lock mosquitto mosquitto_sub

setup-demo:      ## the same for the demo, with the simulated radio
	@tools/setup.sh $(PYTHON) $(VENV) requirements-demo.lock mosquitto mosquitto_sub

setup-dev:       ## the same for tests, with their tools, Chromium, PostgreSQL
	@tools/setup.sh $(PYTHON) $(VENV) requirements-dev.lock mosquitto mosquitto_sub chromium-headless-shell initdb openssl systemd-analyze shellcheck

demo: setup-demo ## the whole system against a simulated house; Ctrl-C stops it
	@$(run) -m supervisor demo

demo-watch:      ## every message on the demo's broker
	@$(demo_runs)
	@. ./.demo/env && mosquitto_sub -h 127.0.0.1 -p $$MQTT_PORT -u viewer -P "$$(cat $$MQTT_SECRETS_DIR/viewer)" -v -t '#'

demo-grid-on demo-grid-off demo-grid-auto: demo-grid-%:  ## switch the grid of the demo on, off, or by its timetable
	@$(demo_runs)
	@ENV_FILE=.demo/env $(run) -m simulators grid $*

up: setup        ## all services in this terminal, with the devices named in .env; Ctrl-C stops them
	@$(run) -m supervisor up

# where install.sh has been, its settings are the ones that count
configure: $(if $(installed),,setup) ## ask for the settings, test each answer, write .env
	@$(if $(installed),$(if $(filter 0,$(shell id -u)),,sudo) easun configure,$(run) -m configure)

scan: setup      ## look for inverters: dongles, gateways, serial ports
	@$(run) -m services.poller scan

read: setup      ## one reading of the inverter named in .env, as a table
	@$(run) -m services.poller read

dump: setup      ## all registers of the inverter into inverter-dump.json for a bug report, serial numbers masked
	@$(run) -m services.poller dump

export: setup    ## the rows of a table: make export TABLE=inverter_state FROM=2026-11-20 FILE=november.csv
	@$(run) -m services.recorder export $(or $(TABLE),--list) $(if $(FROM),--from $(FROM)) $(if $(TO),--to $(TO)) \
		$(if $(FILE),--output $(FILE))

backup: setup    ## a copy of the database while everything runs: make backup FILE=/media/usb/easun.db
	@$(run) -m services.recorder backup $(or $(FILE),easun-$(shell date +%Y%m%d-%H%M).db)

check: setup-dev ## style, types, rules of flow, generated files
	@$(run) -m ruff check $(wanted)
	@$(run) -m ruff format --check $(wanted)
	@$(run) -m mypy
	@$(VENV)/bin/lint-imports --no-cache
	@shellcheck .ci/run mosquitto/*.sh tools/*.sh deploy/*.sh deploy/easun docs/examples/*.sh
	@$(run) -m docs.generate --check

quick: setup-dev ## the tests that start no process and no browser and are not slow, with few examples
	@EXAMPLES=5 $(run) -m pytest -n 3 -m "not processes and not slow and not hours"

slow-tests: setup-dev ## measures which tests are too slow for make quick, and writes tests/slow_tests.txt
	@EXAMPLES=5 $(run) -m pytest -n 2 -m "not processes and not hours" --list-slow

coverage: setup-dev ## branch coverage file by file by the tests of make quick, properties apart; fails below the floor
	@EXAMPLES=5 $(run) -m pytest -n 3 -m "not processes and not slow and not hours" --cov --cov-report=term

test: setup-dev  ## the whole suite against real parts: broker, database, browser
	@$(run) -m pytest -n 5 --dist worksteal

mutants: setup-dev ## mutation tests of the pure modules: prints the mutants that no test notices (long; not in CI)
	@$(run) -m pip install -q "$$(sed -n 's/^mutants = \["\(.*\)"\]/\1/p' pyproject.toml)"
	@$(VENV)/bin/mutmut run --max-children $(shell nproc) && $(VENV)/bin/mutmut results | grep survived

fuzz: setup-dev  ## odd inputs for everything that reads from outside, into docs/reliability.md (hours): make fuzz INPUTS=1000 SEARCH_S=5
	@mkdir -p artifacts && rm -f artifacts/fuzz-*.jsonl
	@$(run) -m tests.fuzz --inputs $(or $(INPUTS),20000) --table artifacts/fuzz-drawn.jsonl
	@$(run) -m pip install -q "$$(sed -n 's/^fuzz = \["\(.*\)"\]/\1/p' pyproject.toml)"
	@$(run) -m tests.fuzz.coverage_guided --seconds $(or $(SEARCH_S),60) --table artifacts/fuzz-guided.jsonl
	@$(run) -m tests.fuzz.report artifacts/fuzz-drawn.jsonl artifacts/fuzz-guided.jsonl

faults: setup-dev ## everything broken on purpose, counted: writes the table of docs/reliability.md (most of an hour)
	@$(run) -m tests.e2e.faults --write

soak: setup-dev  ## a day of a home with random faults, in an hour: make soak MINUTES=15
	@$(run) -m tests.e2e.faults.soak --minutes $(or $(MINUTES),60) --write

bench: setup-dev ## benchmarks; they print figures and assert nothing
	@$(run) -m bench

docs:            ## the generated files: docs/topics.md, docs/settings.md, .env.example and more, see docs/generate.py
	@$(run) -m docs.generate

format:          ## format the code with ruff
	@$(run) -m ruff check --fix -q $(wanted); $(run) -m ruff format -q $(wanted)

lock:            ## new versions into the lock files (needs uv)
	$(compile) --upgrade -o requirements.lock
	$(compile) --extra simulator --upgrade -c requirements.lock -o requirements-demo.lock
	$(compile) --extra simulator --extra dev --upgrade -c requirements-demo.lock -o requirements-dev.lock

release:         ## images, source archive and bill of materials of the last commit, into dist/
	@tools/release.sh

clean:           ## remove everything that make created, except data
	rm -rf $(VENV) .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis artifacts dist
