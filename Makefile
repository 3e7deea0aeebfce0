# The verbs. `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
export PYTHONHASHSEED := 0

.PHONY: help book serve lab test test-grading lint execute text experiments links tools
.PHONY: pdf epub clean
.PHONY: assignments collect grade formgrader feedback grades

help:  ## list the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

book: $(READY)  ## build the book into _build/html
	$(BIN)/python -m cnnbook.grading.release --pages
	@# Sphinx does not repeat the warnings of pages that it has read already, so
	@# after a failure all are read again.
	$(BIN)/jupyter-book build . -W --keep-going -n || { rm -rf _build/.doctrees; exit 1; }
	@echo "The book is ready: open _build/html/index.html, or run: make serve"

pdf: book tools  ## print the book as one PDF, _build/pdf/book.pdf; PAPER=letter
	$(BIN)/python -m scripts.pdf $(if $(PAPER),--paper $(PAPER))

epub: book tools  ## make an e-book, _build/epub/book.epub
	$(BIN)/python -m scripts.epub

serve: book  ## serve the built book on this machine
	$(BIN)/python -m http.server --directory _build/html --bind 127.0.0.1 8000

lab: $(READY)  ## open the notebooks in JupyterLab
	$(BIN)/python -m cnnbook.grading.release --pages
	$(BIN)/jupyter lab --notebook-dir=. notebooks

test: lint book tools  ## everything but test-grading; CI runs both
	$(BIN)/python -m pytest tests -m "not grading"
	$(BIN)/python -m pytest --nbval --nbval-current-env notebooks

test-grading: $(READY) tools  ## the longer tests of the assignments and the grader
	$(BIN)/python -m pytest tests -m grading

lint: $(READY)  ## style and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell

execute: $(READY)  ## execute the notebooks and save them; CHAPTER=02_convolution for one
	$(BIN)/python scripts/execute.py $(CHAPTER)

text: $(READY)  ## write each notebook's text twin, for editing
	$(BIN)/jupytext --to py:percent --opt cell_markers='"""' notebooks/*.ipynb exercises/*/*.ipynb

experiments: $(READY)  ## run the long measurements and store their results; NAME=padding for one
	$(BIN)/python -m cnnbook.experiments $(NAME)

links: book  ## list the links that lead out of the book; CHECK=1 asks each
	$(BIN)/python scripts/links.py $(if $(CHECK),--check)

tools: $(READY)  ## find or install what the tests need: a browser, bubblewrap
	$(BIN)/python scripts/chromium.py
	$(BIN)/python scripts/bubblewrap.py

# For instructors; book/instructors.md goes the whole way. More of each verb:
# .venv/bin/python -m cnnbook.grading VERB --help
GRADING = $(BIN)/python -m cnnbook.grading
STUDENTS = $(if $(STUDENT),--student $(STUDENT)) $(OPTIONS)
ROSTERED = $(if $(ROSTER),--roster "$(ROSTER)")
FOR = $(if $(ASSIGNMENT),--assignment $(ASSIGNMENT))

assignments: $(READY)  ## make what students get; ASSIGNMENT=02_convolution for one
	$(GRADING) assignments $(ASSIGNMENT) $(OPTIONS)

collect: $(READY)  ## take in what was handed in; FROM=submissions.zip, ROSTER=sheet.csv
	$(GRADING) collect "$(FROM)" $(ROSTERED) $(FOR) $(OPTIONS)

grade: $(READY)  ## grade what was collected, in a sandbox; ASSIGNMENT=, STUDENT=
	$(GRADING) grade $(ASSIGNMENT) $(STUDENTS)

formgrader: $(READY)  ## grade by hand, in the browser
	$(GRADING) formgrader $(OPTIONS)

feedback: $(READY)  ## make a page of feedback for each student; ASSIGNMENT=, STUDENT=
	$(GRADING) feedback $(ASSIGNMENT) $(STUDENTS)

grades: $(READY)  ## make the sheet that your platform takes back; SHEET=sheet.csv
	$(GRADING) grades $(ASSIGNMENT) $(if $(SHEET),--sheet "$(SHEET)") $(OPTIONS)

clean:  ## remove what was built; the environment stays
	rm -rf _build book/assignments

# CPU=1 takes PyTorch without CUDA, which saves gigabytes on Linux.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c "import sys; v = sys.version.split()[0]; sys.exit(None if \
	sys.version_info >= (3, 11) else f'Python 3.11 or newer is needed, but $(PYTHON) is \
	{v}. Name another one: make PYTHON=python3.12')"
	$(PYTHON) -m venv .venv
ifdef CPU
	$(BIN)/pip install uv
	$(BIN)/uv pip install --python $(BIN)/python --torch-backend cpu torch torchvision
endif
	$(BIN)/pip install -r requirements.txt
	@touch $(READY)
