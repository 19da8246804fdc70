from __future__ import annotations

from tracetui.model.chat import (
    ChatMessage,
    FilePart,
    MediaPart,
    NormalisedSpan,
    OtherPart,
    ReasoningPart,
    RefusalPart,
    SpanError,
    TextPart,
    TokenUsage,
    ToolCall,
    ToolResult,
)
from tracetui.model.conversation import Place, PreviousCall, Surroundings, ToolRun
from tracetui.model.span import Span
from tracetui.tui.render.chat import chat_page
from tracetui.tui.render.document import Document, DocumentBuilder
from tracetui.tui.theme import DARK_PALETTE


def said(role: str, *parts: object, finish: str = "") -> ChatMessage:
    found = tuple(TextPart(part) if isinstance(part, str) else part for part in parts)
    return ChatMessage(role, found, finish_reason=finish)  # type: ignore[arg-type]


def page(
    given: tuple[ChatMessage, ...] = (),
    told: tuple[ChatMessage, ...] = (),
    *unfolded: str,
    around: Surroundings | None = None,
    **fields: object,
) -> Document:
    builder = DocumentBuilder(100, DARK_PALETTE, unfolded)
    n = NormalisedSpan(Span("t", "s", "n"), input_messages=given, output_messages=told, **fields)  # type: ignore[arg-type]
    chat_page(builder, n, around or Surroundings())
    return builder.build()


def rows(document: Document) -> list[str]:
    return [row.removeprefix("▎").strip() for row in document.text.split("\n") if row.strip()]


HELLO = said("user", "Hello")
CALL = said("assistant", ToolCall("look", {"q": "x"}, "c1"), ToolCall("count", {}, "c2"))


def test_a_result_stands_at_its_call_and_not_again_where_it_came() -> None:
    answers = (said("tool", ToolResult("two", id="c2")), said("tool", ToolResult("one", id="c1")))
    assert rows(page((HELLO, CALL, *answers))) == [
        "user",
        "Hello",
        "assistant",
        '→ look {"q": "x"}  c1',
        "← one",
        "→ count {}  c2",
        "← two",
    ]


def test_a_result_without_a_call_stands_for_itself() -> None:
    assert rows(page((said("tool", ToolResult("lost", "look", "c7")),))) == ["tool", "← look lost  c7"]


def test_what_ran_in_a_span_of_its_own_stands_at_the_call() -> None:
    runs = {
        Place(1, 0): ToolRun("abc", "look", {"found": 3}, "", 250_000_000),
        Place(1, 1): ToolRun("def", "count", None, "timed out", None),
    }
    document = page((HELLO,), (CALL,), around=Surroundings(None, runs))
    assert rows(document)[3:] == [
        '→ look {"q": "x"}  c1',
        '← {"found": 3}  250ms',
        "→ count {}  c2",
        "✖ timed out",
    ]
    assert any(line.origin == "result of the TOOL span look (abc)" for line in document.lines)


def test_messages_of_the_call_before_are_one_line_that_says_how_much_it_hides() -> None:
    given = (said("system", "Be kind."), HELLO, said("assistant", "Hi"), said("user", "More"))
    around = Surroundings(PreviousCall("p", given[:2]))
    folded = page(given, around=around, tokens=TokenUsage(100, 1))
    assert rows(folded)[0].startswith("▸ 2 earlier messages · ≈")
    assert "Hello" not in folded.text and "More" in folded.text
    assert folded.lines[0].folds
    opened = page(given, (), folded.lines[0].block, around=around)
    assert "Hello" in opened.text and "new in this call" in opened.text


def test_a_changed_message_is_marked_where_it_changed() -> None:
    given = (said("system", "It is 12:05 now."), HELLO, said("user", "More"))
    around = Surroundings(PreviousCall("p", (said("system", "It is 12:04 now."), HELLO)))
    shown = rows(page(given, around=around))
    assert shown[:4] == [
        "system",
        "≠ changed since the call before",
        "- …It is 12:04 now.…",
        "+ …It is 12:05 now.…",
    ]


def test_reasoning_and_long_instructions_are_folded_with_their_size() -> None:
    system = "Rule one.\n" * 100
    given = (said("system", system), HELLO)
    told = (said("assistant", ReasoningPart("First this.\nThen that."), "Done", finish="stop"),)
    folded = page(given, told)
    assert "▸ 101 lines · 1.0 kB  Rule one." in folded.text
    assert "▸ reasoning · 2 lines · 22 B  First this." in folded.text
    assert folded.text.count("Rule one.") < 10
    opened = page(given, told, "in0.0.fold", "out0.0.fold")
    assert opened.text.count("Rule one.") > 30
    assert "▾ reasoning" in opened.text and "Then that." in opened.text


def test_media_and_files_are_chips_with_type_and_size() -> None:
    parts = (MediaPart("image", "", "image/png", 45_000), MediaPart("audio", "https://e.x/a.mp3"), FilePart("file-1"))
    text = page((said("user", *parts),)).text
    assert "▣ image  image/png · 45 kB" in text
    assert "▣ audio   https://e.x/a.mp3" in text
    assert "▣ file  file-1" in text


def test_choices_refusals_hidden_and_unknown_parts_are_told() -> None:
    told = (
        said("assistant", RefusalPart("I cannot."), finish="stop"),
        said("assistant", OtherPart("hidden", "__REDACTED__"), finish="content_filter"),
        said("assistant", OtherPart("hologram", {"x": 1})),
        said("assistant", ReasoningPart("")),
    )
    text = page((HELLO,), told).text
    assert "assistant  choice 1 of 4  stop" in text and "choice 4 of 4" in text
    assert "✖ refusal" in text and "I cannot." in text
    assert "◌ hidden by the sender" in text and "__REDACTED__" not in text
    assert "▣ hologram" in text and '{"x": 1}' in text
    assert "reasoning, not disclosed" in text


def test_an_end_that_is_not_ordinary_stands_out() -> None:
    def colour(finish: str) -> object:
        document = page((HELLO,), (said("assistant", "x", finish=finish),))
        return next(
            segment.style for line in document.lines for segment in line.strip if segment.text.strip() == finish
        )

    assert colour("length") == DARK_PALETTE.style("warning")
    assert colour("stop") == DARK_PALETTE.style("faint")


def test_library_frames_fold_to_a_line_and_own_frames_stay() -> None:
    library = "".join(f'  File "/x/site-packages/lib/{number}.py", line 1, in f\n    go()\n' for number in range(5))
    stack = (
        f'Traceback (most recent call last):\n  File "/app/mine.py", line 3, in run\n    f()\n{library}ValueError: no'
    )
    folded = page(errors=(SpanError("no", "ValueError", stack),))
    text = folded.text
    assert "✖ ValueError" in text and "/app/mine.py" in text
    assert "▸ 5 library frames" in text and "site-packages" not in text
    fold = next(line.block for line in folded.lines if "5 library frames" in line.strip.text)
    assert "site-packages/lib/4.py" in page((), (), fold, errors=(SpanError("no", "ValueError", stack),)).text


def test_frames_with_empty_lines_between_them_fold_too_and_unfold_without_the_gaps() -> None:
    library = "".join(f'  File "/x/site-packages/lib/{number}.py", line 1, in f\n    go()\n\n\n' for number in range(5))
    errors = (SpanError("no", "ValueError", f"Traceback (most recent call last):\n\n\n{library}ValueError: no"),)
    folded = page(errors=errors)
    assert [row for row in rows(folded) if row][-3:] == [
        "Traceback (most recent call last):",
        "▸ 5 library frames",
        "ValueError: no",
    ]
    fold = next(line.block for line in folded.lines if "5 library frames" in line.strip.text)
    unfolded = page((), (), fold, errors=errors)
    assert [row.removeprefix("▎").strip() for row in unfolded.text.split("\n")][-16:] == [
        *(row for n in range(5) for row in (f'File "/x/site-packages/lib/{n}.py", line 1, in f', "go()", "")),
        "ValueError: no",
    ]


def test_a_conversation_of_twenty_thousand_messages_is_written_as_far_as_it_is_read() -> None:
    document = page(tuple(said("user", f"Message {number}") for number in range(20_000)))
    assert len(document.lines) < 1_000
    assert "19,800 more messages" in document.text
    assert set(document.more.values()) == {"messages"}


def test_markup_of_any_language_stays_text() -> None:
    text = page((said("user", "[bold]x[/bold] \x1b[31m **b**"),)).text
    assert "[bold]x[/bold] ␛[31m b" in text
