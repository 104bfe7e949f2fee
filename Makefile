# `make run` and `make test` install nothing but packages of npm and pip, into this folder; `make setup` asks before it
# installs anything, and `make test-sam` says what it installs.

.DEFAULT_GOAL := help
.PHONY: help run web test describe answers soak test-sam test-dynamodb lint costs bench setup

help: ## Say what there is.
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1	\2/p' $(MAKEFILE_LIST)

run: ## Serve the API here; ARGS="--port 9090" passes options on.
	@scripts/build-web || [ $$? = 75 ]
	cargo run --locked --package local --bin latchkey -- serve $(ARGS)

web: ## Build the pages that the program takes in; needs Node.
	@scripts/build-web

test: ## Run every test and lint the template, then say what was skipped; ARGS=name runs some tests only.
	@scripts/test $(ARGS)

answers: ## Run every test across functions, and write into tests/ANSWERS.md which shows which status of which operation.
	@rm -f target/answers && LATCHKEY_ANSWERS=$(CURDIR)/target/answers cargo test --locked --workspace --exclude bench --no-default-features --test black_box
	@scripts/answers --write target/answers

soak: ## Run what make test runs a short share of, and this version and the one before in turn on one folder.
	@scripts/soak

test-sam: ## Run the functions as the SAM CLI and cargo-lambda do; installs what that needs, and needs root for it.
	@tests/sam/run

test-dynamodb: ## Run tests, and a race of three servers, against Amazon's DynamoDB Local instead of the embedded store; ARGS=name runs some only.
	@tests/dynamodb/run $(ARGS)

lint: ## Check formatting, lints, documentation and the template, with warnings denied.
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --all-features --no-deps
	scripts/lint-template

describe: ## Write what the code describes: docs/openapi.json, tables of the documents, gateway events, routes in Cargo.toml.
	@scripts/describe

costs: ## Write the table of costs in docs/OPERATIONS.md only, which is a part of make describe.
	@scripts/describe contract::costs::

bench: ## Measure release builds beside bare ones, and print one table; ARGS=warm measures a part, see bench/README.md.
	@bench/run $(ARGS)

setup: ## Install what the tests need and this machine lacks, after asking.
	@scripts/setup
