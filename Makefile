# Everything a person does with this tree. `make` alone lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help deps build run test page sanitize sim crash soak fuzz bench embedded spec lint docs \
	dist

# Swift Testing alone: no XCTest harness, so its closing line is the last one.
TEST := swift test --disable-xctest

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install what this machine lacks (the other targets do it by themselves)
	@tools/deps.sh

build: deps ## everything, optimised
	swift build -c release

run: deps ## build the node and start it with live demonstration data
	swift build -c release --product fieldcast-node
	swift build -c release --product fieldcast-probe
	@exec .build/release/fieldcast-node --demo

# The Python client needs the node that is built with the tests, and comes before them, so that the
# last line is theirs.
test: deps ## every test, those of the specification and of its text included
	@tools/spec.sh
	swift build --build-tests
	@tools/python.sh
	$(TEST)

page: deps ## the JavaScript client, and all of the page in Chromium; PICTURES=folder keeps pictures
	swift build --product fieldcast-node
	swift build --product fieldcast-probe
	FIELDCAST_NODE=.build/debug/fieldcast-node FIELDCAST_PROBE=.build/debug/fieldcast-probe \
		WHOLE=1 $(if $(PICTURES),PICTURES=$(PICTURES)) \
		node --test clients/js/test/*.test.js Tests/PageTests/page.mjs

# The tests under a sanitizer, in a folder of their own: half an hour on two cores.
SUITES := Wire|Hub|Node|Probe|Transport|Bench|Program
sanitize: deps ## the tests under the address and thread sanitizers; FILTER= for a part
	tools/sanitize.sh address '$(or $(FILTER),($(SUITES))Tests)'
	tools/sanitize.sh thread '$(or $(FILTER),($(SUITES))Tests)'

lint: deps ## formatting, and the tidy test over the tree
	swift format lint --strict -r $(wildcard Package.swift Sources Tests Bench Fuzz Embedded Examples)
	$(TEST) --filter TidyTests

bench: ## measure; FILTER=wire for a part; rows to .build/bench/results.json
	@tools/deps.sh bench
	swift build -c release --product fieldcast-bench
	swift build -c release --product fieldcast-node
	@exec .build/release/fieldcast-bench $(if $(FILTER),--filter $(FILTER))

sim: deps ## the simulator; SEED=n replays one, SEEDS=n how many, FAULT=name plants a fault
	@tools/sim.sh $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS)) \
		$(if $(FAULT),--fault $(FAULT))

crash: deps ## kill the node TIMES times under load and see what it remembers
	CRASH_TIMES=$(or $(TIMES),200) $(TEST) --filter CrashTests

soak: deps ## clients that come, go, stall and resume for TIME seconds; memory, descriptors, hashes
	tools/soak.sh $(or $(TIME),600)

fuzz: deps ## the fuzzers; TIME=s seconds each, NAME=json for one of them
	tools/fuzz.sh $(or $(TIME),60) $(NAME)

embedded: deps ## Wire as Embedded Swift for devices and browsers
	tools/embedded.sh

SPEC_TESTS := VectorTests|ExampleTests|CatalogueTests

spec: deps ## the specification: text, vectors, schema, rules; MUTATE=n breaks Wire n times, SEED=s
ifdef MUTATE
	@SEED=$(or $(SEED),1) tools/spec.sh --mutate $(MUTATE)
else
	@tools/spec.sh
	$(TEST) --filter '$(SPEC_TESTS)'
endif

docs: deps ## the example configuration and the reference pages, from the program
	tools/docs.sh

dist: deps ## the server with the Swift runtime inside, packed with unit, example and documents
	tools/dist.sh
