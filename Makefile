.DEFAULT_GOAL := help
.PHONY: help check lint types imports test slow bench screenshots docs

help: ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

check: lint types imports test ## everything a change must pass

lint: ## ruff, rules and format
	uv run ruff check .
	uv run ruff format --check .

types: ## mypy, strict
	uv run mypy

imports: ## import contracts
	uv run lint-imports

test: ## the test suite
	uv run pytest

slow: ## the long form of the promises (kill -9 and the like)
	uv run pytest -m slow -n 0

bench: ## every number of the design, with the machine it was taken on
	uv run python -m benchmarks

screenshots: ## draw every picture of the README again
	uv run python screenshots/make.py

docs: ## write docs/keys.md, the table of docs/query.md and the schema of a new file again
	uv run python docs/make_keys.py
	uv run python docs/make_query.py
	uv run python docs/make_schema.py
