"""`show`: a trace as a tree, a span in full."""

from __future__ import annotations

import json
import unicodedata

from tests.integration.cli.conftest import Cli, find


def trace_id(cli: Cli, name: str) -> str:
    return str(find(cli.objects("traces"), lambda trace: trace["name"] == name)["trace_id"])


def span_id(cli: Cli, name: str) -> str:
    return str(find(cli.objects("spans"), lambda span: span["name"] == name)["span_id"])


def test_a_trace_is_a_tree_with_what_matters(stocked: Cli) -> None:
    done = stocked("show", trace_id(stocked, "weather_turn_1"))
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert lines[0] == "weather_turn_1"
    assert "5 spans" in lines[1] and "910→65 tokens" in lines[1]
    tree = lines[3:]
    assert len(tree) == 5
    assert "weather_turn_1" in tree[0]
    assert all(line.startswith(("├─ ", "└─ ")) for line in tree[1:])
    assert any("LLM ChatCompletion" in line and "412→38" in line for line in tree)
    assert any("TOOL get_weather" in line for line in tree)


def test_an_error_is_marked_with_its_message(stocked: Cli) -> None:
    trace = find(
        stocked.objects("traces"), lambda trace: trace["name"] == "weather_agent" and trace["error_count"] != 0
    )
    shown = stocked("show", str(trace["trace_id"])).stdout
    assert any("✖ TOOL flaky_lookup" in line for line in shown.splitlines())


def test_json_is_the_trace_with_its_spans(stocked: Cli) -> None:
    shown = json.loads(stocked("show", trace_id(stocked, "weather_turn_1"), "--json").stdout)
    assert shown["span_count"] == len(shown["spans"]) == 5
    span = stocked("show", shown["spans"][0]["span_id"], "--json").stdout
    assert json.loads(span) == shown["spans"][0]


def test_orphans_and_several_roots_are_all_there(stocked: Cli) -> None:
    orphan = find(stocked.objects("spans"), lambda span: span["name"] == "orphan A")
    shown = stocked("show", str(orphan["trace_id"])).stdout
    assert "orphan A" in shown and "orphan B" in shown
    assert shown.count("has not arrived") == 2
    assert "no root has arrived" in shown


def test_cycles_of_parents_end(cli: Cli) -> None:
    ids = {name: f"{number:016x}" for number, name in enumerate(("a", "b", "self"), 1)}
    parents = {"a": "b", "b": "a", "self": "self"}
    spans = [
        {
            "traceId": "1" * 32, "spanId": ids[name], "parentSpanId": ids[parent], "name": f"cycle {name}",
            "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000001000000000",
        }
        for name, parent in parents.items()
    ]  # fmt: skip
    request = {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
    assert cli("import", "-", stdin=json.dumps(request).encode()).returncode == 0
    shown = cli("show", "1111").stdout
    assert all(shown.count(f"cycle {name}") >= 1 for name in parents)
    assert shown.count("form a cycle") == 2


def test_a_deep_trace_does_not_grow_sideways_without_end(stocked: Cli) -> None:
    lines = stocked("show", trace_id(stocked, "level 01")).stdout.splitlines()[3:]
    assert len(lines) == 64
    assert "level 64" in lines[-1]
    assert max(len(line) for line in lines) < 220


def test_a_span_shows_the_conversation_and_the_tools(stocked: Cli) -> None:
    turn = json.loads(stocked("show", trace_id(stocked, "weather_turn_1"), "--json").stdout)
    calls = [span for span in turn["spans"] if span["kind"] == "LLM"]
    first, second = (stocked("show", span["span_id"]).stdout for span in calls)
    assert "gpt-4o-mini" in first and "412→38" in first
    assert '→ get_weather {"city": ' in first
    assert "← " in second
    said = calls[1]["output_messages"][0]["parts"][0]["content"]
    assert said in second
    for heading in ("Input", "Output", "Tools offered", "Attributes", "Resource"):
        assert f"\n{heading}\n" in first


def test_a_span_shows_its_documents(stocked: Cli) -> None:
    retriever = find(stocked.objects("spans"), lambda span: bool(span.get("documents")))
    shown = stocked("show", str(retriever["span_id"])).stdout
    documents = retriever["documents"]
    assert isinstance(documents, list)
    assert f"Documents ({len(documents)})" in shown
    assert all(document["content"] in shown for document in documents)


def test_nothing_received_reaches_the_terminal_raw(stocked: Cli) -> None:
    trace = trace_id(stocked, find(stocked.objects("traces"), lambda t: t["service"] == "weird-text")["name"])  # type: ignore[arg-type]
    spans = json.loads(stocked("show", trace, "--json").stdout)["spans"]
    texts = [stocked("show", trace).stdout, *(stocked("show", span["span_id"]).stdout for span in spans)]
    for text in texts:
        assert not {char for char in text if unicodedata.category(char) == "Cc" and char != "\n"}
    assert "[red]x[/red]" in "".join(texts) or "[red]x[/]" in "".join(texts)


def test_the_beginning_of_an_id_is_enough(stocked: Cli) -> None:
    whole = trace_id(stocked, "weather_turn_1")
    assert stocked("show", whole[:10]).stdout == stocked("show", whole.upper()).stdout != ""


def test_an_ambiguous_beginning_lists_what_it_may_be(stocked: Cli) -> None:
    first = span_id(stocked, "level 01")[0]
    done = stocked("show", first)
    assert done.returncode == 1
    assert "more than one id" in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith(("  trace ", "  span "))]) >= 2


def test_an_unknown_id_is_said_so(stocked: Cli, cli: Cli) -> None:
    for program, given in ((stocked, "0" * 31), (stocked, "not-hex"), (cli, "abc")):
        done = program("show", given)
        assert (done.returncode, done.stdout) == (1, "")
        assert given in done.stderr


def test_explain_tells_where_each_field_came_from(stocked: Cli) -> None:
    call = find(stocked.objects("spans"), lambda span: span["name"] == "ChatCompletion" and "tokens" in span)
    shown = stocked("show", str(call["span_id"]), "--explain").stdout.splitlines()
    given = next(line for line in shown if line.startswith("tokens.input "))
    assert "llm.token_count.prompt (int) · as sent" in given
    refused = stocked("show", str(call["trace_id"]), "--explain")
    assert refused.returncode == 1 and "A span is explained, not a trace." in refused.stderr
