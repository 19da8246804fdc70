"""The exceptions of tracetui, drawn once.

    TracetuiError
    ├── UsageError              wrong words on the command line or in the configuration      exit 2
    │   └── QueryError          a query that is wrong, with the place (query/errors.py)      exit 2
    ├── StoreError              the database cannot be used                                  exit 1
    │   ├── ReadOnlyError       it can be read, and not be written
    │   │   └── NewerSchemaError    written by a later version
    │   ├── NotADatabaseError   the path holds something else
    │   ├── DamagedError        the file is ours and damaged
    │   ├── StoreLockedError    another process writes it
    │   ├── DiskFullError       no space left, or only the reserve; retry                    (503 / UNAVAILABLE)
    │   ├── SearchCancelled     somebody no longer wants the answer
    │   └── IngestBusyError     the queue to the writer is full; retry                       (503 / UNAVAILABLE)
    ├── ScreenError             the explorer's screen failed                                 exit 1
    ├── ReceiverError           a listener cannot be opened                                  exit 1
    └── DecodeError             received bytes are not what they claim to be
        ├── MalformedRequest    the whole request is unreadable                              (400 / INVALID_ARGUMENT)
        ├── RequestTooLarge     the whole request is over a limit                            (413 / RESOURCE_EXHAUSTED)
        └── InvalidSpan         one span or log record is; the others stand                  (partial success)

An error that a person reads says what is wrong, where, and what to do next.
"""

from __future__ import annotations


class TracetuiError(Exception):
    """Base of every error tracetui raises on purpose.

    Args:
        message: What is wrong and where, one sentence.
        hint: What to do next, one sentence; may be empty.
    """

    exit_code = 1
    """Exit status of the command line when this error ends it."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class UsageError(TracetuiError):
    """Wrong words on the command line, in the environment or in the configuration file."""

    exit_code = 2


class StoreError(TracetuiError):
    """The database cannot be opened, read or written."""


class ReadOnlyError(StoreError):
    """The database can be read, but not be written by this process."""


class NewerSchemaError(ReadOnlyError):
    """The database was written by a later version of tracetui."""


class NotADatabaseError(StoreError):
    """The database path names something that is not a tracetui database."""


class DamagedError(StoreError):
    """The database is ours, and damaged."""


class StoreLockedError(StoreError):
    """Another process is the one writer of this database."""


class DiskFullError(StoreError):
    """The disk that holds the database has no room; writing goes on by itself once it has."""


class SearchCancelled(StoreError):
    """A search was ended before it had its answer, because nobody waits for it any more."""

    def __init__(self) -> None:
        super().__init__("The search was cancelled.")


class IngestBusyError(StoreError):
    """The queue to the writer is full, or the writer is stopping; the sender should try again.

    Args:
        message: What is full.
        retry_after_s: Whole seconds the sender should wait.
    """

    def __init__(self, message: str, *, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ScreenError(TracetuiError):
    """The explorer's screen failed; the store and the terminal are in order."""


class ReceiverError(TracetuiError):
    """A listener cannot be opened."""


class DecodeError(TracetuiError):
    """Received bytes are not what they claim to be."""


class MalformedRequest(DecodeError):
    """The whole request cannot be read."""


class RequestTooLarge(DecodeError):
    """The whole request is over a limit; sending it again cannot help."""


class InvalidSpan(DecodeError):
    """One span or log record cannot be kept; the rest of its request can."""
