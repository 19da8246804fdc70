"""The writer's transactions: room on the disk, a log that can be relied on, and what a failure leaves behind."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tracetui.errors import DamagedError, DiskFullError, StoreError
from tracetui.store.space import SpaceGuard
from tracetui.store.sqlite.connection import explain, translated
from tracetui.store.sqlite.damage import suspect
from tracetui.store.sqlite.room import fold_log, leaves_doubt, write_again

log = logging.getLogger(__name__)


class Transactions:
    """Begins and ends the transactions of one connection.

    Args:
        connection: The writer's.
        path: The database file.
        space: Sees that the disk does not fill up.
        forget: Called before a transaction is taken back: what is remembered may be among it.
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path, space: SpaceGuard, forget: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._path = path
        self._space = space
        self._forget = forget
        self._is_doubtful = False
        """Whether the log may end in what the disk failed to take."""
        self.found_damage = False
        """Whether one has met damage; the next start looks at the whole file."""

    @contextmanager
    def run(self, *, needs_space: bool = True, is_derived: bool = False) -> Iterator[None]:
        """One transaction, taken back where anything fails.

        Args:
            needs_space: Whether it asks for room on the disk; what makes room does not.
            is_derived: Whether all that it writes can be made again, so that damage there is no damage of the database.

        Raises:
            StoreError: Nothing was written; says why.
        """
        if self._is_doubtful:
            self.settle_log()
        if needs_space:  # what makes room is what the reserve is for
            self._check_space()
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except BaseException as error:
            self._roll_back()
            self._is_doubtful |= leaves_doubt(error)
            if isinstance(error, sqlite3.Error):
                explained = explain(error, self._path)
                if isinstance(explained, DamagedError) and not is_derived:
                    self.found_damage = True
                    suspect(self._path)
                if isinstance(explained, DiskFullError):
                    self._fold_if_possible()
                raise explained from error
            if isinstance(error, OverflowError | UnicodeEncodeError):
                raise StoreError(f"A value does not fit into {self._path}: {type(error).__name__}.") from error
            raise

    def settle_log(self) -> None:
        """Make sure of the log before anything else is written.

        Raises:
            StoreError: The disk still fails.
        """
        with translated(self._path):
            write_again(self._path)
        self._is_doubtful = False

    def _check_space(self) -> None:
        """Make sure that there is room for a transaction; the log may give some back.

        Raises:
            DiskFullError: There is not.
        """
        try:
            self._space.check()
        except DiskFullError:
            self._fold_if_possible()
            self._space.check()

    def _fold_if_possible(self) -> None:
        if self._is_doubtful:
            return
        try:
            fold_log(self._connection)
        except sqlite3.Error as error:  # nothing has changed then; what is wrong is told by whoever writes
            self._is_doubtful |= leaves_doubt(error)
            log.info("the log of %s could not be brought into the file: %s", self._path, error)

    def checkpoint(self) -> None:
        """Bring what is in the log into the file, as far as nobody reads it; a failure leaves it in the log."""
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:
            self._is_doubtful |= leaves_doubt(error)
            log.warning("a checkpoint of %s failed: %s", self._path, error)

    def fold(self) -> None:
        """Bring all of the log into the file, and empty it.

        Raises:
            StoreError: The disk fails.
        """
        if self._is_doubtful:
            self.settle_log()
        with translated(self._path):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _roll_back(self) -> None:
        self._forget()
        if self._connection.in_transaction:
            try:
                self._connection.execute("ROLLBACK")
            except sqlite3.Error as error:  # what made the transaction fail is told; a rollback cannot fail halfway
                log.warning("rolling back failed: %s", error)
