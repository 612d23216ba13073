# A short front for CMake. Each target installs what it needs first (tools/setup); CC=gcc builds with another compiler.
ifeq ($(origin CC),default)
CC := clang-19
endif
BUILD ?= build
JOBS ?= $(shell nproc)

all: setup-build
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_C_COMPILER=$(CC)
	@cmake --build $(BUILD) -j $(JOBS)

setup-%:
	@tools/setup $(subst -, ,$*)

test: setup-build-test all
	@ctest --test-dir $(BUILD) -j $(JOBS) --output-on-failure

demo: all
	@tools/demo $(BUILD)/sandglass

check: setup-build-test-check
	@tools/check

bench: setup-build-bench all
	@bench/peers $(BUILD)
	@bench/run --build $(BUILD)
	@bench/load --build $(BUILD) --engines sandglass,wasm3,v8-lazy
	@$(BUILD)/bench/deadline
	-@$(BUILD)/bench/wasi --rounds 3 $(BUILD)/bench/programs/fetched/python.wasm \
		$(wildcard $(BUILD)/bench/peers/lib/python3*/site-packages/wasmtime/linux-*/_libwasmtime.so)
	@$(BUILD)/bench/calls $(wildcard $(BUILD)/bench/peers/lib/python3*/site-packages/wasmtime/linux-*/_libwasmtime.so)

differential: setup-build all
	@bench/peers $(BUILD)
	@tools/differential/differential $(BUILD)

fuzz: setup-build-test-check
	@tools/fuzz

clean:
	rm -rf build build-*

.PHONY: all test demo check bench differential fuzz clean
