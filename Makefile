# SPDX-License-Identifier: Apache-2.0
# Each target is one line; `make help` lists them. The newest Python 3.11-3.14 that works is taken.
PYTHON := $(shell for p in python3.14 python3.13 /usr/bin/python3 python3.12 python3.11 python3; do $$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null && echo $$p && break; done)
RUN := .venv/bin/python
PIP := .venv/bin/python -m pip --quiet --disable-pip-version-check
PYTEST := .venv/bin/python -m pytest
ARGS ?=
MINUTES ?= 5

.PHONY: help run test test-fast lint bench bench-detectors bench-reading bench-extract bench-big bench-pages bench-rows bench-municipality bombs slow faults faults-keep cuts clocks power-cuts audit smuggling broken-configs newcomer unchanged fuzz evasion ordinary quality quality-blind public-text judge quality-peers lock demo-mails clean
help: ## show this list
	@grep -E '^[a-z.-]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 14
.venv/run: constraints.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "mailfilter needs Python 3.11 to 3.14 with venv: apt-get install python3 python3-venv" >&2; exit 1; }
	test -x $(RUN) || $(PYTHON) -m venv .venv
	$(PIP) install --require-hashes -r constraints.lock && $(PIP) install --no-deps --no-build-isolation -e . && touch $@
.venv/test: constraints-test.lock .venv/run
	$(PIP) install --require-hashes -r constraints-test.lock && touch $@
run: .venv/run ## start the demonstration; ARGS=--once ends after the table
	$(RUN) -m mailfilter demo $(ARGS)
test: .venv/test ## the whole suite (Postfix, Chromium and PostgreSQL where they are installed)
	$(PYTEST) -n 2 $(ARGS) tests
test-fast: .venv/test ## the part that needs only Python, at most a minute
	$(PYTEST) -n 2 -m "not system and not long" $(ARGS) tests
lint: .venv/test ## ruff, mypy --strict, import contracts
	.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports
quality: .venv/test ## score the labelled mails and the benchmark of numbers
	$(RUN) tests/eval/quality.py $(ARGS) && $(RUN) tests/quality/numbers_run.py && $(RUN) tests/quality/base_rate.py
quality-blind: .venv/test ## score the mails that nothing was tuned to; a row in tests/quality/LEDGER.md, once a day
	$(RUN) tests/quality/base_rate.py --blind
public-text: .venv/test ## 2,000 pieces of public Swedish text about nobody (Debian's packages): how many are stopped
	$(RUN) tests/quality/public_text.py $(ARGS)
.venv-train/done: constraints-train.lock
	$(PYTHON) -m venv .venv-train && .venv-train/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r constraints-train.lock && touch $@
judge: .venv/test .venv-train/done ## train the judge of health anew, a night on 2 cores; goes on where it was stopped
	$(RUN) tests/quality/judge/sets.py build/judge/questions.json && .venv-train/bin/python tests/quality/judge/train.py folds && .venv-train/bin/python tests/quality/judge/train.py ship build/judge/fold-1-*.pt && $(RUN) tests/quality/judge/levels.py build/judge --write
.venv-oracles/done: constraints-oracles.lock
	$(PYTHON) -m venv .venv-oracles && .venv-oracles/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r constraints-oracles.lock && touch $@
quality-peers: .venv-oracles/done ## the benchmark of numbers for presidio-analyzer, python-stdnum and personnummer, too
	.venv-oracles/bin/python tests/quality/numbers_run.py --all $(ARGS)
evasion: .venv/test ## every evasion mail by class, with what other readers show
	$(RUN) -m tests.parse.table
ordinary: .venv/test ## 2,000 ordinary mails as client programs write them: none may be unread
	$(RUN) -m tests.messages.ordinary $(ARGS)
.venv-fuzz/done: constraints-fuzz.lock
	$(PYTHON) -m venv .venv-fuzz && .venv-fuzz/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes -r constraints-fuzz.lock && touch $@ || { echo "make fuzz needs atheris, which cannot be installed here: it has packages for Python 3.11 to 3.14 on x86-64 Linux only; all else works without it" >&2; exit 1; }
fuzz: .venv-fuzz/done ## fuzz our own parsers, MINUTES each: an hour at 5 for all, ARGS="--only html,zip" for some; ARGS=--self-check
	.venv-fuzz/bin/python -m tests.fuzz.run --minutes $(MINUTES) $(ARGS)
bench: .venv/test ## beside Postfix, rspamd, amavis: tests/bench/RESULTS.md, 15 minutes; ARGS=--quick: beside smtp-sink alone
	$(RUN) tests/bench/run.py $(ARGS)
bench-rows: .venv/test ## idle memory, sessions, latency, a crowd, held mails a second; ARGS=idle,held
	$(RUN) tests/bench/rows.py $(ARGS)
bench-pages: .venv/test ## first page of a search among 100,000 ended and 10,000 held mails, both databases; ARGS="--runs 10"
	$(RUN) tests/bench/pages.py $(ARGS)
bench-municipality: .venv/test ## one core, 5 mails a second, a scan a minute: five minutes; ARGS="--minutes 2"
	$(RUN) tests/bench/everyday.py $(ARGS)
slow: .venv/test ## 1,000 half requests on each of three doors: who is served, how fast, how much memory
	$(RUN) -m tests.slow $(ARGS)
bombs: .venv/test ## hostile files through the workers; ARGS=--latency: what others notice
	$(RUN) -m tests.containment.run $(ARGS)
faults-keep: .venv/test ## back up and restore 20,000 held mails on both databases; ARGS="--mails 2000 --engine sqlite"
	$(RUN) -m tests.faults.keep $(ARGS)
faults: .venv/test ## kills and faults for MINUTES, half of them with PostgreSQL; a row in tests/faults/LEDGER.md
	$(RUN) -m tests.faults.campaign --minutes $(MINUTES) $(ARGS)
cuts: .venv/test ## the network cut at every byte of a transaction, both sides
	FAULTS=all $(PYTEST) tests/faults/test_cuts.py $(ARGS)
clocks: .venv/test ## 100 seeds of clocks that jump by -30 to +30 days: nothing ends early; ARGS="--seeds 5"
	$(RUN) -m tests.record.clocks $(ARGS)
power-cuts: .venv/test ## 200 power cuts, half under PostgreSQL (root, /dev/fuse); ARGS="--cuts 50 --database sqlite"
	$(RUN) -m tests.faults.power_run $(ARGS)
audit: .venv/test ## 87 named and 1,000 random changes of the audit log: which are seen; ARGS="--count 200 --seed 3"
	$(RUN) -m tests.record.audit_campaign $(ARGS)
smuggling: .venv/test ## 5,000 ways to hide a message in another, before Postfix, Exim and OpenSMTPD (root)
	$(RUN) -m tests.smuggling.fetch; $(RUN) -m tests.smuggling.play $(ARGS)
broken-configs: .venv/test ## 500 mutations of the reference configuration, under load; ARGS="--count 50 --seed 100"
	$(RUN) -m tests.preflight.broken $(ARGS)
unchanged: .venv/test ## 20,000 odd mails, no two alike: all must leave as they came
	$(RUN) -m tests.unchanged $(ARGS)
newcomer: .venv/test ## follow the manual word for word to the first mail through Postfix, on a machine of its own (root)
	NEWCOMER=1 $(PYTEST) tests/newcomer $(ARGS)
bench-detectors: .venv/test ## MB/s of the detectors by kind of text; ARGS=--stages
	$(RUN) tests/bench/detecting.py $(ARGS)
bench-reading: .venv/test ## CPU ms that reading a bench mail takes, by stage
	$(RUN) tests/bench/reading.py $(ARGS)
bench-extract: .venv/test ## measure reading documents beside the libraries' bare text
	$(RUN) tests/bench/extract.py $(ARGS)
bench-big: .venv/test ## a 10 MiB mail: longest callback, memory
	$(RUN) tests/bench/big.py $(ARGS)
demo-mails: .venv/test ## make the example mails anew
	$(RUN) tests/make_demo_mails.py
lock: ## resolve the pinned constraints anew (needs uv)
	for name in "" -test -oracles -fuzz -train; do uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra build $${name:+--extra $${name#-}} -o constraints$$name.lock pyproject.toml; done
clean: ## remove what was made
	rm -rf .venv .venv-oracles .venv-fuzz var build *.egg-info
