# `make` reproduces the default study; `make test` runs every test. Both make their own environment in .venv.
PYTHON ?= python3
CORES ?= $(shell $(PYTHON) -c "import os; print(min(os.cpu_count() or 1, 8))")
DATA ?= data
BIN := .venv/bin

.PHONY: all install slurm run test check format docs site picture overhead memory plan-errors precision recipe bench bench-gpu fuzz mutants chaos nightly slurm-test clean help

all: run

run: .venv/installed ## make the environment, run params.yaml, print the answer, its time and where the report is
	@$(BIN)/snakemake --cores $(CORES)

install: .venv/installed ## make the environment in .venv, and nothing else

test: .venv/installed-dev ## run every test; FAST=1: those that answer within three minutes; with CI set, as root, it installs Slurm
	$(BIN)/python -m pytest -n $(CORES) --dist loadfile --no-loadscope-reorder $(if $(FAST),-m "not slow") tests

check: .venv/installed-dev .venv-format/bin/snakefmt ## linters, types, layers: what the architecture tests run, by hand
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell src reports config docs README.md CONTRIBUTING.md CHANGELOG.md
	.venv-format/bin/snakefmt --check Snakefile workflow

format: .venv/installed-dev .venv-format/bin/snakefmt ## format Python and Snakemake files
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	.venv-format/bin/snakefmt Snakefile workflow

docs: .venv/installed-dev ## write what the code generates: config/README.md, its schema, docs/{tables,scoreboard,acronyms}.md
	$(BIN)/distillab docs

site: .venv/installed-docs ## build the documentation: build/site/index.html, which needs no network
	$(BIN)/sphinx-build --quiet --fail-on-warning docs build/site
	@echo build/site/index.html

picture: .venv/installed-dev ## take the README's picture of the overview page of results/digits, in Chromium
	$(BIN)/python docs/picture.py results/digits/reports/index.html docs/index.png

overhead: .venv/installed ## CPU seconds of a fresh digits run: stages, reports, orchestration
	$(BIN)/python benchmarks/overhead.py

memory: .venv/installed ## peak memory of the tables of cifar100 and imagenet, on made-up results of their size
	$(BIN)/python benchmarks/collect_memory.py

plan-errors: .venv/installed ## what `distillab plan` says of the runs on record, beside what they took
	$(BIN)/python benchmarks/plan_errors.py

precision: .venv/installed ## what training in bfloat16 costs in accuracy and saves in time; cifar10-jpeg.tar.xz in DATA (default: data)
	DISTILLAB_DATA=$(DATA) PYTHONPATH=benchmarks $(BIN)/python benchmarks/precision.py

recipe: .venv/installed ## which recipe of mnist_robust training images choose; MNIST in DATA (default: data)
	DISTILLAB_DATA=$(DATA) PYTHONPATH=benchmarks $(BIN)/python benchmarks/robust_recipe.py

BENCHES = $(filter-out %/common.py,$(wildcard benchmarks/peers/*.py)) $(wildcard benchmarks/certify/*_of_peer.py) \
	benchmarks/certify/width.py $(wildcard benchmarks/defenses/*.py) benchmarks/operators.py
BENCH_PATH = benchmarks:benchmarks/peers:benchmarks/certify:benchmarks/defenses

bench: .venv-bench/installed ## ratios against other libraries and floors; MNIST and cifar10-jpeg.tar.xz in DATA (default: data)
	@for script in $(BENCHES); do \
		echo "$$script"; \
		DISTILLAB_DATA=$(DATA) PYTHONPATH=$(BENCH_PATH) .venv-bench/bin/python "$$script" || exit 1; \
	done

bench-gpu: .venv-bench/installed ## ratios on a GPU, in ten minutes at most; a second call goes on
	PYTHONPATH=benchmarks .venv-bench/bin/python benchmarks/gpu/run.py

fuzz: .venv/installed-dev ## inputs drawn from grammars: 1,000 params files and more; the same in every run
	$(BIN)/python -m pytest -n $(CORES) -m fuzz tests/fuzz

nightly: .venv/installed-remotes fuzz chaos ## what takes hours: papers' networks, dry runs, remotes, Slurm where CI is set, chaos, fuzz
	$(BIN)/python -m pytest -n $(CORES) --dist loadfile -m nightly tests/workflow

SEED ?= 1
mutants: .venv/installed-dev ## break the code on purpose, 40 faults a room drawn by SEED, and count those that a test notices
	$(BIN)/python benchmarks/mutants/run.py --seed $(SEED) --jobs $(CORES)

N ?= 50
chaos: .venv/installed ## send N (default: 50) random signals to a small run and resume it; the bytes must be the same
	$(BIN)/python benchmarks/chaos.py --faults $(N)

slurm-test: .venv/installed-dev ## on a machine you can throw away, as root: install a one-node Slurm, and do to it what docs/faults.md lists
	DISTILLAB_SLURM=1 $(BIN)/python -m pytest -m "nightly or workflow" tests/workflow/test_slurm.py tests/workflow/test_faults_on_slurm.py

clean: ## remove the environment and everything that was made
	rm -rf .venv .venv-bench .venv-format build docs/generated results .snakemake .distillab

help: ## say what the targets do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/bin/python:
	$(PYTHON) -c "import sys; sys.exit('distillab needs Python 3.11 or newer, got ' + sys.version.split()[0]) if sys.version_info < (3, 11) else None"
	$(PYTHON) -m venv .venv

# snakefmt pins other versions of our tools.
.venv-format/bin/snakefmt:
	$(PYTHON) -m venv .venv-format
	.venv-format/bin/python -m pip install --quiet --disable-pip-version-check snakefmt==2.1.0

# The peers stay out of the environment that makes results. Some ask for an old torch and run on ours.
OLD_PEERS = appdirs==1.4.4 auto-LiRPA==0.3 convex_adversarial==0.4.4

.venv-bench/installed: constraints.txt pyproject.toml
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[bench]"
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps $(OLD_PEERS)
	@touch $@

# Snakemake's Slurm plugin asks the controller whenever Snakemake starts, for nine seconds where none answers.
SLURM = $(shell timeout 3 sinfo --noheader >/dev/null 2>&1 && echo "[slurm]")

.venv/installed: .venv/bin/python constraints.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".$(SLURM)"
	@touch $@

slurm: .venv/installed ## add what `snakemake --profile slurm` needs; `make` does where a Slurm controller answers
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[slurm]"

.venv/installed-docs: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[docs]"
	@touch $@

.venv/installed-dev: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[slurm,dev]"
	@touch $@

.venv/installed-remotes: .venv/installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[slurm,dev,remotes]"
	@touch $@
