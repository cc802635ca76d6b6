# Short names in front of Meson, npm and the scripts of tools/; `make help` lists them.
BUILD ?= build
NINJA  = ninja -C $(BUILD)

.PHONY: help run build test check bench bench-cluster cluster cluster-build cluster-test cluster-soak fuzz fuzz-soak fault-soak crash-test model sim sim-soak sim-mutants screenshots web-budgets web-firefox clean setup setup-check web
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | awk -F '\t' '{printf "  make %-12s %s\n", $$1, $$2}'

# Only the program: whoever wants to see it does not wait for the tests to be built.
run: setup web $(BUILD)/build.ninja ## install what is missing, build, and serve http://127.0.0.1:8080 from ./data
	@$(NINJA) parley
	@exec $(BUILD)/parley serve --data data

build: setup web $(BUILD)/build.ninja ## install what is missing and build build/parley with its web page
	@$(NINJA)

test: build setup-check ## build, and run every test that needs no engines
	@BUILD=$(BUILD) tools/test

check: build setup-check ## what CI checks without running: form, names, comments, layers, types, freshness
	@BUILD=$(BUILD) tools/check

# The drivers of a cluster are in the program once their libraries are here.
cluster: setup web $(BUILD)/build.ninja ## start Kafka, HBase, Redis, HAProxy and three servers here: http://127.0.0.1:8080
	@tools/setup cluster
	@meson configure $(BUILD) -Dcluster=enabled
	@$(NINJA) parley
	@deploy/local/cluster up

cluster-test: cluster-build ## on real engines: the black-box suite through the balancer, then every fault under load (TESTS="faults Redis")
	@BUILD=$(BUILD) tools/cluster-test $(or $(TESTS),all --write)

cluster-soak: cluster-build ## on real engines: faults drawn at random for MINUTES=60 from SEED=1
	@BUILD=$(BUILD) tools/cluster-test soak --minutes $(or $(MINUTES),60) --seed $(or $(SEED),1)

cluster-build: setup web $(BUILD)/build.ninja
	@tools/setup cluster
	@meson configure $(BUILD) -Dcluster=enabled
	@$(NINJA) parley parley-check tests/cluster/cluster-load tests/cluster/cluster_redirect.so

bench: build ## measure speed and size on this machine, with the floors beside
	@BUILD=$(BUILD) tools/bench

bench-cluster: setup web $(BUILD)/build.ninja ## measure three servers on the real engines, with the engines' floor beside
	@tools/setup cluster
	@meson configure $(BUILD) -Dcluster=enabled
	@$(NINJA) parley tests/floor/floor
	@BUILD=$(BUILD) tools/bench-cluster --write

fuzz: setup-check ## run every fuzzer for 30 s each (FUZZ_SECONDS=…)
	@tools/fuzz

fuzz-soak: setup-check ## run every fuzzer for 30 minutes each
	@FUZZ_SECONDS=1800 tools/fuzz

fault-soak: build setup-check ## kill, fill the disk and break syncs for hours (SOAK_MINUTES=…)
	@BUILD=$(BUILD) tools/fault-soak

crash-test: build setup-check ## cut the power anywhere in a recorded run of the store (PARLEY_CRASH=full)
	@PARLEY_BIN=$(CURDIR)/$(BUILD)/parley PARLEY_TEST_FILE_LIMIT=$${PARLEY_TEST_FILE_LIMIT:-7200} node tests/run.mjs crash

sim: setup-check $(BUILD)/build.ninja ## run simulated worlds (SEEDS=1000)
	@$(NINJA) sim/parley-sim
	@BUILD=$(BUILD) tools/sim seeds $(or $(SEEDS),1000)

sim-soak: setup-check $(BUILD)/build.ninja ## run new worlds for MINUTES=60, and tell what of the product they reach
	@$(NINJA) sim/parley-sim
	@BUILD=$(BUILD) tools/sim soak $(or $(MINUTES),60)

sim-mutants: setup-check $(BUILD)/build.ninja ## plant each known bug, and see that the worlds find it
	@$(NINJA) sim/parley-sim
	@BUILD=$(BUILD) tools/sim mutants

model: setup-check ## explore numbering and takeover with Spin, each rule on and off (MODEL=full goes deeper)
	@model/run $(or $(MODEL),quick)

screenshots: build setup-check ## look at every screen of the web page, in both themes, on a phone and a laptop (SCENES=list,group)
	@PARLEY_BIN=$(CURDIR)/$(BUILD)/parley PARLEY_SCENES=$(SCENES) node tests/browser/run.mjs scenes
	@echo "the pictures are in build/screenshots"

web-budgets: build setup-check ## measure the web page, and write it into docs/performance.md
	@PARLEY_BIN=$(CURDIR)/$(BUILD)/parley PARLEY_WRITE=1 node tests/browser/run.mjs budgets

web-firefox: build setup-check ## go through the web page's main journey in Firefox
	@tools/setup firefox
	@PARLEY_BIN=$(CURDIR)/$(BUILD)/parley node tests/browser/run.mjs firefox

clean: ## remove everything that was built
	rm -rf build build-* node_modules/.parley-installed

setup:
	@tools/setup

setup-check:
	@tools/setup check

$(BUILD)/build.ninja: | setup
	@meson setup $(BUILD) --buildtype=debugoptimized

# The page is built into build/web, from where tools/embed-web takes it into the program.
web: node_modules/.parley-installed
	@tools/build-web $(BUILD)/web

node_modules/.parley-installed: package-lock.json | setup
	@npm ci --silent --no-audit --no-fund
	@touch $@
