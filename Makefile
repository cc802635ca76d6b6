# Short names in front of Meson; `make help` lists them.
BUILD ?= build

.PHONY: run test build setup web help clean check
help:
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

run: build ## install what is missing, build, and serve http://127.0.0.1:8080 from ./data
	$(BUILD)/parley serve --data data

setup: ## install the packages that a fresh Debian 12 lacks
	@tools/setup

build: setup $(BUILD)/build.ninja ## build build/parley
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@meson setup $(BUILD) --buildtype=debugoptimized

test: build ## build, and run every test that needs no engines
	@meson test -C $(BUILD) --print-errorlogs

clean: ## remove everything that was built
	rm -rf build build-*
