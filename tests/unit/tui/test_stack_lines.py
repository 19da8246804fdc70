from __future__ import annotations

import pytest

from tracetui.tui.render.stack_lines import Frame, squeezed, stack_parts

PYTHON = """Traceback (most recent call last):
  File "/home/me/app/agent.py", line 88, in run
    result = await self.book(flight)
             ^^^^^^^^^^^^^^^^^^^^^^^
  File "/home/me/app/.venv/lib/python3.12/site-packages/httpx/_client.py", line 1859, in post
    return await self.request(
  File "/usr/lib/python3.12/asyncio/tasks.py", line 520, in wait_for
    return await fut
httpx.ReadTimeout: timed out
"""
JAVASCRIPT = """TypeError: Cannot read properties of undefined (reading 'id')
    at book (/home/me/app/src/booking.ts:41:17)
    at async Promise.all (index 0)
    at /home/me/app/node_modules/p-limit/index.js:30:5
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)
    at async file:///home/me/app/src/agent.ts:12:3
"""
JAVA = """java.lang.IllegalStateException: no seat
\tat com.example.booking.Booker.book(Booker.java:41)
\tat org.springframework.web.method.HandlerMethod.invoke(HandlerMethod.java:118)
\tat java.base/java.lang.Thread.run(Thread.java:1583)
Caused by: java.net.SocketTimeoutException: Read timed out
\tat com.example.http.Client.send(Client.java:12)
\t... 3 more
"""
GO = """panic: runtime error: index out of range [3] with length 3

goroutine 1 [running]:
main.book(0xc000012345, 0x3)
\t/home/me/app/booking.go:41 +0x1d
net/http.HandlerFunc.ServeHTTP(0x0, {0x0, 0x0})
\t/usr/local/go/src/net/http/server.go:2136 +0x29
github.com/gin-gonic/gin.(*Context).Next(...)
\t/home/me/go/pkg/mod/github.com/gin-gonic/gin@v1.9.1/context.go:174
created by main.main in goroutine 1
\t/home/me/app/main.go:9 +0x3c
"""
LANGSMITH = """Traceback (most recent call last):


  File "/usr/lib/python3.12/site-packages/langchain_core/tools/base.py", line 1132, in run
    raise error_to_raise


  File "/usr/lib/python3.12/site-packages/langchain_core/tools/base.py", line 1098, in run
    response = context.run(self._run, *tool_args, **tool_kwargs)
               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^


  File "/app/flow.py", line 40, in flaky_lookup
    raise ConnectionError(f"store unreachable for key {key!r}")


ConnectionError: store unreachable for key 'k-17'
"""
GO_ROUTINES = """fatal error: all goroutines are asleep - deadlock!

goroutine 1 [chan receive]:
net/http.(*Server).Serve(0x0)
\t/usr/local/go/src/net/http/server.go:2136 +0x29

goroutine 18 [sleep]:
time.Sleep(0x3b9aca00)
\t/usr/local/go/src/runtime/time.go:195 +0x125
"""


def parts(text: str, frame: Frame) -> list[str]:
    """The first line of each part of a sort."""
    return [part.lines[0].strip() for part in stack_parts(text.splitlines()) if part.frame is frame]


@pytest.mark.parametrize(
    ("text", "own", "library", "error"),
    [
        (
            PYTHON,
            ['File "/home/me/app/agent.py", line 88, in run'],
            ["site-packages"],
            ["httpx.ReadTimeout: timed out"],
        ),
        (
            JAVASCRIPT,
            ["at book (/home/me/app/src/booking.ts:41:17)", "at async file:///home/me/app/src/agent.ts:12:3"],
            ["node_modules"],
            ["TypeError: Cannot read properties of undefined (reading 'id')"],
        ),
        (
            JAVA,
            ["at com.example.booking.Booker.book(Booker.java:41)", "at com.example.http.Client.send(Client.java:12)"],
            ["org.springframework"],
            ["java.lang.IllegalStateException: no seat", "Caused by: java.net.SocketTimeoutException: Read timed out"],
        ),
        (
            GO,
            ["main.book(0xc000012345, 0x3)", "created by main.main in goroutine 1"],
            ["net/http.HandlerFunc"],
            ["panic: runtime error: index out of range [3] with length 3"],
        ),
    ],
    ids=["python", "javascript", "java", "go"],
)
def test_own_frames_are_told_from_those_of_libraries(
    text: str, own: list[str], library: list[str], error: list[str]
) -> None:
    assert parts(text, Frame.OWN) == own
    assert [expected in found for expected, found in zip(library, parts(text, Frame.LIBRARY), strict=True)] == [True]
    assert parts(text, Frame.ERROR) == error


def test_neighbouring_library_frames_are_one_part_that_counts_them() -> None:
    library = next(part for part in stack_parts(PYTHON.splitlines()) if part.frame is Frame.LIBRARY)
    assert library.places == 2
    assert len(library.lines) == 4


def test_empty_lines_between_frames_belong_to_the_frame_above() -> None:
    found = list(stack_parts(LANGSMITH.splitlines()))
    assert [(part.frame, part.places) for part in found] == [
        (Frame.OTHER, 0),
        (Frame.LIBRARY, 2),
        (Frame.OWN, 1),
        (Frame.ERROR, 0),
    ]


def test_an_empty_line_does_not_join_what_a_goroutine_begins_anew() -> None:
    assert parts(GO_ROUTINES, Frame.LIBRARY) == ["net/http.(*Server).Serve(0x0)", "time.Sleep(0x3b9aca00)"]
    assert parts(GO_ROUTINES, Frame.OTHER) == ["goroutine 1 [chan receive]:", "goroutine 18 [sleep]:"]


def test_of_several_empty_lines_one_is_shown() -> None:
    assert list(squeezed(["", "", "a", "b", "", " ", "", "c", ""])) == ["", "a", "b", "", "c", ""]


def test_no_line_is_lost_or_moved() -> None:
    for text in (PYTHON, JAVASCRIPT, JAVA, GO, LANGSMITH, GO_ROUTINES, "\n\nno trace at all\n\n  at least"):
        assert [line for part in stack_parts(text.splitlines()) for line in part.lines] == text.splitlines()
