"""`stats` on a database of real traces."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests.integration.cli.conftest import Cli


def test_groups_add_up_to_what_the_traces_say(stocked: Cli) -> None:
    groups: list[dict[str, Any]] = stocked.objects("stats", "--by", "service")
    traces: list[dict[str, Any]] = stocked.objects("traces")
    assert sum(group["spans"] for group in groups) == sum(trace["span_count"] for trace in traces)
    assert sum(group["errors"] for group in groups) == sum(trace["error_count"] for trace in traces)
    for side in ("input", "output"):
        of_traces = sum(trace.get("tokens", {}).get(side, 0) for trace in traces)
        assert sum(group.get("tokens", {}).get(side, 0) for group in groups) == of_traces
    for group in groups:
        latency = group["duration_nano"]
        assert 0 <= latency["p50"] <= latency["p95"] <= latency["p99"]


def test_a_query_and_two_keys(stocked: Cli) -> None:
    groups = stocked.objects("stats", "kind:LLM", "--by", "kind", "--by", "model")
    assert {group["kind"] for group in groups} == {"LLM"}
    assert len({group["model"] for group in groups}) == len(groups) > 2
    counts = [int(str(group["spans"])) for group in groups]
    assert counts == sorted(counts, reverse=True)


def test_an_attribute_groups_as_its_values_say(stocked: Cli) -> None:
    spans: list[dict[str, Any]] = stocked.objects("spans")
    expected: dict[str, int] = {}
    for span in spans:
        if (value := span.get("attributes", {}).get("openinference.span.kind")) is not None:
            expected[value] = expected.get(value, 0) + 1
    groups = stocked.objects("stats", "--by", "openinference.span.kind")
    assert {group["openinference.span.kind"]: group["spans"] for group in groups} == expected
    services = stocked.objects("stats", "--by", "service")
    by_resource = stocked.objects("stats", "--by", "resource.service.name")
    assert {group["service"]: group["spans"] for group in services} == {
        group["resource.service.name"]: group["spans"] for group in by_resource
    }


def test_the_order_the_limit_and_what_stderr_says(stocked: Cli) -> None:
    done = stocked("stats", "--by", "model", "--sort", "model", "--limit", "2", "--csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    names = [row["model"] for row in rows]
    assert names == sorted(names, key=str.casefold) and len(names) == 2
    assert "without model left out" in done.stderr
    assert "2 of " in done.stderr and " groups" in done.stderr
    costs = [row.get("cost_total") for row in csv.DictReader(
        io.StringIO(stocked("stats", "--by", "model", "--sort", "cost", "--csv").stdout)
    )]  # fmt: skip
    known = [float(cost) for cost in costs if cost]
    assert known == sorted(known, reverse=True) and costs[: len(known)] == [c for c in costs if c]


def test_all_of_it_is_one_line(stocked: Cli) -> None:
    lines = stocked("stats").stdout.splitlines()
    assert lines[0].split() == ["spans", "errors", "tokens", "cost", "p50", "p95", "p99"]
    assert len(lines) == 2
    assert stocked("stats", "--count", "--by", "kind").stdout.strip() == str(
        len(stocked.objects("stats", "--by", "kind"))
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--by", "tokens"], "cannot be grouped by tokens"),
        (["--by", "modle"], "Did you mean `model`?"),
        (["--by", "a b"], "is no key"),
        (["--sort", "mood"], "By spans, errors, tokens"),
        (["modle:x"], "There is no field `modle`"),
    ],
)
def test_what_cannot_be_meant_is_wrong_usage(stocked: Cli, words: list[str], said: str) -> None:
    done = stocked("stats", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_nothing_found(stocked: Cli, cli: Cli) -> None:
    done = stocked("stats", "no-such-thing-anywhere", "--by", "model", "--fail-empty")
    assert (done.returncode, done.stdout, done.stderr) == (3, "", "No spans match.\n")
    assert cli("stats", "--json").stdout == ""
