"""The user's own prices: what they override, and what is said of those that are wrong."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from tests.unit.pricing.test_estimates import DAY, moment
from tracetui.model.chat import Kind, TokenUsage
from tracetui.pricing import Estimate, PriceBook
from tracetui.pricing.table import read_table

MILLION = TokenUsage(1_000_000, 1_000_000)


def book(folder: Path, text: str) -> PriceBook:
    path = folder / "prices.toml"
    path.write_text(text, encoding="utf-8")
    found = PriceBook()
    found.use_table(path)
    return found


def estimate(found: PriceBook, provider: str, model: str, tokens: TokenUsage = MILLION) -> Estimate | None:
    return found.estimate(Kind.LLM, provider, ("", model), tokens, moment())


def test_a_price_of_ones_own_comes_before_the_list(tmp_path: Path) -> None:
    found = book(tmp_path, '[[price]]\nmodel = "gpt-4o"\ninput = 1\noutput = 2.5\n')
    assert found.problems == ()
    assert estimate(found, "openai", "gpt-4o") == Estimate(1.0, 2.5, 3.5)
    assert estimate(found, "openai", "GPT-4o") == Estimate(1.0, 2.5, 3.5)
    assert estimate(found, "", "openai/gpt-4o") == Estimate(1.0, 2.5, 3.5), "without the router's prefix"
    assert estimate(found, "openai", "gpt-4o-mini") == Estimate(0.15, 0.6, 0.75), "other models keep the list price"


def test_a_local_model_has_the_price_its_owner_gives_it(tmp_path: Path) -> None:
    found = book(tmp_path, '[[price]]\nprovider = "ollama"\nmodel = "llama*"\ninput = 0.01\noutput = 0.02\n')
    assert estimate(found, "ollama", "llama3.2:latest") == Estimate(0.01, 0.02, 0.03)
    assert estimate(found, "groq", "llama3.2:latest") is None
    assert estimate(found, "ollama", "phi3") is None


def test_a_provider_is_known_by_all_its_spellings(tmp_path: Path) -> None:
    found = book(tmp_path, '[[price]]\nprovider = "azure"\nmodel = "chat-prod"\ninput = 2\noutput = 8\n')
    assert estimate(found, "azure.ai.openai", "chat-prod") == Estimate(2.0, 8.0, 10.0)


def test_cache_audio_reasoning_and_calls_may_have_prices(tmp_path: Path) -> None:
    found = book(
        tmp_path,
        '[[price]]\nmodel = "m"\ninput = 10\noutput = 20\ncache_read = 1\ncache_write = 12\naudio_input = 40\n'
        "audio_output = 80\nreasoning = 30\nrequest = 0.5\n",
    )
    usage = TokenUsage(1_000, 100, None, 200, 300, 50, 400, 20)
    # input 100 at 10, 200 at 1, 300 at 12, 400 at 40; output 30 at 20, 50 at 30, 20 at 80
    expected = Estimate(0.0208, 0.0037, 0.5245)
    assert estimate(found, "", "m", usage) == pytest.approx(expected)


def test_the_last_entry_that_fits_and_is_in_force_counts(tmp_path: Path) -> None:
    yesterday, tomorrow = DAY - datetime.timedelta(days=1), DAY + datetime.timedelta(days=1)
    found = book(
        tmp_path,
        f'[[price]]\nmodel = "*"\ninput = 1\noutput = 1\n'
        f'[[price]]\nmodel = "m*"\ninput = 2\noutput = 2\nfrom = {yesterday}\n'
        f'[[price]]\nmodel = "m*"\ninput = 3\noutput = 3\nfrom = {tomorrow}\n'
        f'[[price]]\nmodel = "m*"\ninput = 4\noutput = 4\nuntil = {DAY}\n',
    )
    assert estimate(found, "", "m1") == Estimate(2.0, 2.0, 4.0)
    assert estimate(found, "", "other") == Estimate(1.0, 1.0, 2.0)


def test_what_is_free_costs_nothing_and_says_so(tmp_path: Path) -> None:
    found = book(tmp_path, '[[price]]\nmodel = "m"\ninput = 0\noutput = 0\n')
    assert estimate(found, "", "m") == Estimate(0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("input = 1\noutput = 1", "price 1 is left out: model is missing"),
        ('model = "m"', "it has no price"),
        ('model = "m"\ninput = "1"', "input is '1'; give dollars, 0 or more"),
        ('model = "m"\ninput = -1', "input is -1; give dollars"),
        ('model = "m"\ninput = nan', "input is nan"),
        ('model = "m"\ninput = inf', "input is inf"),
        ('model = "m"\ninput = true', "input is True"),
        ('model = "m"\ninputs = 1', "unknown key 'inputs'; known are model, provider, input"),
        ('model = "m"\ninput = 1\nfrom = "2026"', "from is '2026'; give a date such as 2026-01-31"),
        ('model = "m"\ninput = 1\nfrom = 2026-01-01T00:00:00', "give a date such as"),
        ('model = "m"\nprovider = 1\ninput = 1', "provider is not text"),
    ],
)
def test_a_wrong_entry_is_named_and_the_others_stand(tmp_path: Path, entry: str, said: str) -> None:
    found = book(tmp_path, f'[[price]]\n{entry}\n[[price]]\nmodel = "good"\ninput = 1\noutput = 1\n')
    (problem,) = found.problems
    assert str(tmp_path / "prices.toml") in problem
    assert said in problem
    assert estimate(found, "", "good") == Estimate(1.0, 1.0, 2.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[price]\nmodel = 1", "line 1"),
        ('model = "m"', "unknown key 'model'; prices stand under [[price]]"),
        ("price = 3", "price 1 is left out: it is no table"),
    ],
)
def test_a_file_that_is_no_table_of_prices_is_said_to_be_none(tmp_path: Path, text: str, said: str) -> None:
    found = book(tmp_path, text)
    assert said in " ".join(found.problems)
    assert estimate(found, "openai", "gpt-4o-mini") == Estimate(0.15, 0.6, 0.75)


def test_other_bytes_and_missing_files(tmp_path: Path) -> None:
    path = tmp_path / "prices.toml"
    assert read_table(path).problems == ()
    path.write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in read_table(path).problems[0]
    assert "cannot be read" in read_table(tmp_path).problems[0], "a folder"
