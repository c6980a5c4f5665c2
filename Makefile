# make run opens Face Gallery on the sample faces; make test runs every check.
# Both set up first what is not set up yet. Another Python: make run PYTHON=/path/to/python3.12

BIN := .venv/bin

# The first Python that has everything; failing that a newer one, which has no TensorFlow yet.
PYTHON ?= $(shell for below in 14 99; do for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, $$below))" 2>/dev/null \
	&& echo $$python && exit; done; done)

.PHONY: run setup test quick coverage check reference docs torture screens fuzz soak bench test-engine clean

run: setup
	@$(BIN)/face-gallery open --sample

setup:
	@$(or $(PYTHON),$(error Face Gallery needs Python 3.11 or newer: install it (Debian, Ubuntu: sudo apt-get install -y python3) or name it, PYTHON=/path/to/python3)) tools/setup.py

# Of a file all tests run in one process: what is made once for a file is made once. Each process
# counts with one thread: threads of several processes would wait for one another at full speed.
# Compiled tests are kept: to compile them takes as long as half of the quick ones
PYTEST := PYTHONDONTWRITEBYTECODE= QT_QPA_PLATFORM=offscreen OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 NUMBA_NUM_THREADS=1 \
	$(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadfile

test: check
	@$(PYTEST)

# Under two minutes on two cores, with tests of every part
quick: check
	@$(PYTEST) -m "not slow and not training and not kill"

# All tests, child processes included; fails below the floor in pyproject.toml
coverage: setup
	@$(PYTEST) --cov --cov-report=term:skip-covered --cov-report=html

check: setup
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# The pages of all commands and modules, written from the program
reference: setup
	@$(BIN)/python -m tools.reference

# The pages of docs/ as a site; Sphinx is fetched at need, and building needs no network
docs: setup
	@$(BIN)/python -c "import furo, myst_parser" 2>/dev/null || $(BIN)/python -m pip install -q \
		--disable-pip-version-check -c constraints.txt --no-build-isolation -e .[docs]
	@$(BIN)/python -m sphinx -q -W --keep-going -c docs . build/site
	@echo build/site/docs/index.html

KILLS ?= 200
STEPS ?= 4000
SEED ?= 1
PARTS ?= machine kills full failing
PANELS ?= 40
# Kills, full disks, failing writes, everything in any order, and the window held against one made
# anew after each step, at length (half an hour)
torture: setup
	@$(BIN)/python -m tests.torture --kills $(KILLS) --steps $(STEPS) --seed $(SEED) $(PARTS)
	@FACE_GALLERY_PANELS=$(PANELS) FACE_GALLERY_SEED=$(SEED) QT_QPA_PLATFORM=offscreen \
	$(BIN)/python -m pytest tests/app/test_panels.py

screens: setup
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.screens

SECONDS ?= 60
# Damaged files for every reader, led by coverage; SECONDS for each, READER=name for one alone,
# RUNS=number for the same inputs every time
fuzz: setup
	@$(BIN)/python -c "import atheris" 2>/dev/null || $(BIN)/python -m pip install -q \
		--disable-pip-version-check -c constraints.txt --no-build-isolation -e .[fuzz]
	@QT_QPA_PLATFORM=offscreen $(BIN)/python -m tests.fuzz --seconds $(SECONDS) --seed $(SEED) \
		$(if $(RUNS),--runs $(RUNS)) $(if $(READER),--reader $(READER))

MINUTES ?= 60
FACES ?= 100000
# Everything clicked at random on a large gallery of made-up faces, made once or taken from
# NPZ=embeddings-and-names.npz; what was seen is left in build/soak
soak: setup
	@$(BIN)/python -m benchmarks.soak $(NPZ) --faces $(FACES) --minutes $(MINUTES) --seed $(SEED)

SIZES ?= 4324 20000
# This engine beside hnswlib, scikit-learn, NumPy, faiss and usearch, into benchmarks/RESULTS.md;
# SIZES="4324 100000 1000000" for the long run. One that was ended goes on where it was; FRESH=1 not
bench: setup
	@$(BIN)/python -c "import faiss, usearch" 2>/dev/null || $(BIN)/python -m pip install -q \
		--disable-pip-version-check -c constraints.txt --no-build-isolation -e .[bench]
	@$(BIN)/python -m benchmarks.bench $(SIZES) $(if $(FRESH),--fresh)
	@$(BIN)/python -m benchmarks.report

ENGINE_NEEDS := confusable-homoglyphs defusedxml filelock hnswlib jinja2 matplotlib numpy pillow platformdirs rapidfuzz scikit-learn hypothesis pytest pytest-timeout
# The engine's tests in an environment that has no Qt, in build/engine-venv
test-engine: setup
	@$(BIN)/python -m venv build/engine-venv
	@HNSWLIB_NO_NATIVE=1 build/engine-venv/bin/pip install -q -c constraints.txt $(ENGINE_NEEDS)
	@PYTHONPATH=. build/engine-venv/bin/python -m pytest tests/engine

clean:
	rm -rf .venv build
