# One command each, from a fresh clone on: whatever a target needs is set up first, and only once.
# Works with GNU make 3.81 and in a folder of any name; every path here is relative for that reason.

TARGET  = local
UNTIL   =
ARGS    =
SPEED   = 3600
PORT    = 5050
# Each worker of the tests has a Spark of its own (2 GB of heap); a few tests alone need none.
WORKERS = $(if $(ARGS),0,2)
# What takes many minutes, beside the folders `engines`.
LONG = tests/docs/test_new.py tests/lakehouse/ship/test_spark_submit.py

PY := .venv/bin/python

# Another Spark or Python of the person's must not slip under ours.
unexport SPARK_HOME PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help setup run stream test engines lint format typecheck validate deploy docs bench mutants faults ui wheel pins jars kafka s3 clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup:  ## set up what is missing: virtual environment, Java, jars
	@sh scripts/set_up.sh

run: setup  ## run the nightly job; UNTIL=2017-03-31 for a smaller year, TARGET=local
	@$(PY) -m lakehouse run --target $(TARGET) $(if $(UNTIL),--until $(UNTIL)) $(ARGS)

test: setup  ## run the tests; ARGS="-k silver" for some of them, WORKERS=4 for more at a time
	@$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

engines: setup  ## run small shops and nightly jobs on every engine; many minutes
	@$(PY) -m pytest -m "long or not long" $(wildcard tests/engines tests/*/engines) $(LONG) $(ARGS)

lint: setup  ## check style, form and types
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

format: setup  ## put the code into its form
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

typecheck: setup  ## check the types only
	@$(PY) -m mypy

validate: setup  ## check every bundle in every target, offline
	@status=0; for each in bundles/*; do $(PY) -m lakehouse bundle validate "$$each" || status=1; done; exit $$status

deploy: setup  ## deploy every bundle; TARGET=staging
	@for each in bundles/*; do $(PY) -m lakehouse bundle deploy "$$each" --target "$(TARGET)" || exit 1; done

docs: setup  ## build the documentation into build/site; ARGS=serve serves it on 127.0.0.1:8000
	@sh scripts/set_up.sh docs
	@$(PY) scripts/documentation.py $(or $(ARGS),build)

bench: setup  ## measure, beside others; ARGS="joins" for one of them
	@sh scripts/set_up.sh bench
	@$(PY) -m benchmarks $(ARGS)

mutants: setup  ## plant faults and see whether the tests notice; ARGS="flow --count 20"
	@sh scripts/set_up.sh mutants
	@$(PY) scripts/mutants.py $(ARGS)

faults: setup  ## kill runs, streams and rebuilds, and compare what they left; ARGS="--kills 20 --only kafka"
	@$(PY) -m tests.faults $(ARGS)

ui: setup  ## open MLflow's pages on 127.0.0.1; PORT=5050
	@sh scripts/ui.sh "$(TARGET)" "$(PORT)"

wheel: setup  ## build the wheel that a bundle deploys, into dist/
	@$(PY) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist

pins: setup  ## resolve the pins of every package anew; ARGS=--upgrade for newer versions
	@sh scripts/pins.sh $(ARGS)

jars: setup  ## resolve the locks of the jars anew
	@$(PY) scripts/lock_jars.py

stream: setup  ## a broker, the recorded year as messages, all tables kept up to date; SPEED=3600, UNTIL=
	@$(PY) scripts/stream.py stream "$(SPEED)" "$(UNTIL)"

kafka: setup  ## run a broker of Kafka on 127.0.0.1 until Ctrl-C; PORT=9092
	@$(PY) -m lakehouse kafka $(if $(filter-out 5050,$(PORT)),--port $(PORT))

s3: setup  ## fetch the jars for files on S3 (9 MB) into .jars/s3
	@$(PY) -m lakehouse setup --s3

clean:  ## take away all that was made here, the data too: a fresh clone is left
	rm -rf .venv .jars .setup.lock .airflow .airflow.lock build dist data src/*.egg-info src/*/build src/*/dist src/*/*.egg-info spark-warehouse metastore_db derby.log
	rm -rf .pytest_cache .mypy_cache .ruff_cache mlruns mlartifacts
	find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
