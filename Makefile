# The two commands: `make course` runs every lesson, `make test` tests the course. Both build .venv first.
#   PROFILE=smoke|fast|full   how much to train        ONLY=02        some lessons
#   DEVICE=cuda|cpu           where                    OUT=folder     results (default runs/<time>)
#   PYTHON=/path/to/python    use that environment as it is, and install nothing
#   RECORD=1                  keep what course, test and verify measured in docs/results/
#   JOBS=2                    calibrate: runs at a time, each on one thread
#   TORCH_INDEX_URL=...       where to take torch and torchvision from, such as PyTorch's index of CPU-only builds

SHELL := bash
PROFILE ?= fast
ONLY ?=
DEVICE ?=
SEEDS ?= 0,1,2,3,4
JOBS ?= 1
BASE_PYTHON ?= python3

ifdef PYTHON
  PY := $(PYTHON)
  READY :=
  export PYTHONPATH := $(CURDIR)$(if $(PYTHONPATH),:$(PYTHONPATH))
else
  PY := $(if $(filter Windows_NT,$(OS)),.venv/Scripts/python.exe,.venv/bin/python)
  READY := .venv/ready
endif

.DEFAULT_GOAL := help
.PHONY: help course test verify check lint lab workbook notebooks readme train bench gpu calibrate sensitivity ablations ladder data-rebuild doctor page site

help:  ## print this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 14
	@sed -n '2,7p' Makefile | sed 's/^# *//'

.venv/ready: requirements.txt pyproject.toml
	$(BASE_PYTHON) -m venv .venv
	$(if $(TORCH_INDEX_URL),$(PY) -m pip install --index-url $(TORCH_INDEX_URL) $$(grep -E '^torch(vision)?==' requirements.txt))
	$(PY) -m pip install --quiet -r requirements.txt
	$(PY) -m pip install --quiet --no-deps -e .
	@touch $@

course: $(READY)  ## run every lesson and write a gallery (main job)
	@$(PY) -m gan_course run --profile "$(PROFILE)" --only "$(ONLY)" --device "$(DEVICE)" $(if $(OUT),--out "$(OUT)") $(if $(RECORD),--record)

test: $(READY)  ## lint, unit tests, short runs of all lessons, stored outputs of the lightest
	@$(PY) -m maintain stages test $(if $(RECORD),--record)

verify: $(READY)  ## what make test leaves out: the full profile's networks, all other stored outputs
	@$(PY) -m maintain stages verify $(if $(RECORD),--record)

check: $(READY)  ## the daily check, about a minute: lint and quick unit tests
	@$(MAKE) --no-print-directory lint
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -n 2 --dist worksteal -m "not slow"

lint: $(READY)  ## ruff and mypy: rules, format and types
	@$(PY) -m maintain stages test --only lint

lab: workbook  ## open your own copies of the lessons in JupyterLab (PROFILE=smoke for seconds, not minutes)
	GAN_COURSE_PROFILE="$(PROFILE)" GAN_COURSE_DEVICE="$(DEVICE)" $(PY) -m jupyterlab work

workbook: $(READY)  ## copy the lessons, without outputs, to work/; what is there already stays
	@$(PY) -m gan_course workbook

notebooks: $(READY)  ## write notebooks from their sources and store their outputs (ONLY=02 for one)
	$(PY) -m maintain notebooks $(ONLY)

readme: $(READY)  ## write measured figures from docs/results/ into the README and the lessons
	$(PY) -m maintain readme
	$(PY) -m maintain calibration --page

page: $(READY)  ## write site/play.html, the page that draws: one file, no server, no network
	@$(PY) -m maintain page

site: $(READY)  ## build the site from what is stored, into site/: lessons, the page that draws, guides, API
	@$(PY) -m maintain site

train: $(READY)  ## train all shipped weights anew
	$(PY) -m maintain shipped --all

bench: $(READY)  ## time the course's steps beside plain references, and what they reach in minutes
	$(PY) -m benchmarks $(if $(ROWS),--rows "$(ROWS)")
	$(if $(ROWS),,$(PY) -m benchmarks.quality)

gpu: $(READY)  ## all lessons on a GPU in the full profile, trainings cut short, into docs/results/course-gpu.json
	$(PY) -m maintain gpu

calibrate: $(READY)  ## rerun lessons over seeds, processors and threads: margin over spread of each claim (ONLY=02)
	$(PY) -m maintain calibration $(ONLY) --seeds "$(SEEDS)" --jobs "$(JOBS)"

sensitivity: $(READY)  ## spoil real pictures and see which measures notice, into docs/results/sensitivity.md
	$(PY) -m maintain reader_sensitivity

ablations: $(READY)  ## train CycleGANs with parts taken away, over seeds, into docs/results/ (what is there is kept)
	$(PY) -m maintain cyclegan_ablations cycle-prior
	$(PY) -m maintain cyclegan_ablations earth-ablation

ladder: $(READY)  ## train StyleGAN's configurations A to F, over seeds, into docs/results/ (what is there is kept)
	$(PY) -m maintain stylegan_ladder

data-rebuild: $(READY)  ## build data/ anew from its sources, in runs/, and compare (ONLY="fashion toons" for some)
	$(if $(READY),$(PY) -m pip install --quiet -r data/build/requirements.txt)
	$(PY) data/build/rebuild.py $(ONLY) $(if $(OUT),--out "$(OUT)") $(if $(INPUTS),--inputs "$(INPUTS)")

doctor: $(READY)  ## say where things would run, and what is missing
	@$(PY) -m gan_course doctor
