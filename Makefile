# Each target does its own set-up: a machine with Python >= 3.11, git and make is enough.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.riskml-

.PHONY: demo test serve train retrain bench bench-mine bench-model docs check clean

demo: $(STAMP)test        ## score this checkout's last change through the service, print decision and plan
	@$(BIN)/python -m api.demo

test: $(STAMP)dev         ## all tests
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

serve: $(STAMP)test       ## run the service on 127.0.0.1:8080
	$(BIN)/python -m api

train: $(STAMP)dev        ## REPOSITORIES="PATH …" LABELS="CSV …" [TABLES="CSV …"] [OUTPUT=DIR]: see docs/model.md
	$(BIN)/python -m training build $(addprefix --repository ,$(REPOSITORIES)) $(addprefix --labels ,$(LABELS)) \
	  $(addprefix --kamei ,$(TABLES))
	$(BIN)/python -m training fit --output $(or $(OUTPUT),models/mine)

retrain: $(STAMP)dev      ## REPOSITORIES="PATH …" [STORE=URL] [LABELS="CSV …"]: one turn of the loop, see docs/retraining.md
	$(BIN)/python -m training retrain $(addprefix --repository ,$(REPOSITORIES)) $(addprefix --labels ,$(LABELS)) \
	  $(addprefix --store ,$(STORE)) || test $$? -eq 10

bench: $(STAMP)dev        ## REPOSITORIES="PATH …": all benchmarks, as ratios against named peers
	$(BIN)/python -m benchmarks $(REPOSITORIES)

bench-mine: $(STAMP)dev   ## REPOSITORIES="PATH …": mining beside git log, PyDriller and git blame
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[bench]'
	$(BIN)/python -m benchmarks.mining $(REPOSITORIES)
	$(BIN)/python -m benchmarks.mining_peers $(REPOSITORIES)

bench-model: $(STAMP)dev  ## the honest figures of the dataset that `make train` built, as JSON
	$(BIN)/python -m training evaluate

docs: $(STAMP)dev         ## rewrite the generated pages
	$(BIN)/python docs/generate.py

check: $(STAMP)dev        ## what CI runs, without installing system packages
	RISKML_CI_INSTALL=no VENV=$(VENV) bash .ci/run

clean:                    ## remove the virtual environment and caches
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache

$(STAMP)test: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[api,test]'
	@touch $@

$(STAMP)dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[api,postgres,table,training,test,dev]'
	@touch $@
