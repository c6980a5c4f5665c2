"""One database file in use: a single writer, and readers that never wait for it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import GalleryError, GalleryReadOnlyError
from engine.store.cipher import Key
from engine.store.connecting import Connection, connect, read_schema
from engine.store.failures import (
    ASK_PERMISSION,
    RESTORE,
    declared,
    primary_code,
    refusals,
)
from engine.store.migrations import migrate, version_of

_PAGES = 1_024  # 4 MB between two looks at whether to go on


class Database:
    """One open database file. Safe to use from several threads.

    Attributes:
        path: the file.
        writable: whether :meth:`transaction` is allowed.
        key: what it is encrypted with; None for a plain one.
    """

    def __init__(self, path: Path, *, write: bool, key: Key | None = None) -> None:
        self.path = path
        self.key = key
        self.writable = write
        self._idle: list[Connection] = []
        self._guard = threading.Lock()
        self._turn = threading.Lock()
        self._closed = False
        self._writer = connect(path, "mode=rw", key) if write else None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees the last committed state; sqlite3 errors come out declared."""
        with declared(self.path):
            connection = self._take()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._give_back(connection)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The writer's connection in a transaction: on disk at the end, or undone altogether.

        Raises:
            GalleryReadOnlyError: opened for reading only.
        """
        with self._turn, declared(self.path):
            writer = self._require_writer()
            self._require_file()
            try:
                writer.execute("BEGIN IMMEDIATE")
                yield writer
                writer.execute("COMMIT")
            except BaseException:
                with suppress(*refusals()):  # SQLite may have undone it already
                    writer.execute("ROLLBACK")
                raise

    def start_writing(self) -> None:
        """Brings the schema up to date, once it is sure that the file can be written."""
        with self._turn, declared(self.path):
            writer = self._require_writer()
            writer.execute("PRAGMA journal_mode = WAL")
            writer.execute("BEGIN IMMEDIATE")  # on a read-only file this succeeds, a write does not
            writer.execute(f"PRAGMA user_version = {version_of(writer)}")
            writer.execute("ROLLBACK")
            migrate(writer)

    def take_over(self) -> None:
        """From now on it can be written, for whoever has the right to. Readers go on."""
        with self._turn:
            if self._closed:
                raise _closed(self.path)
            self._writer = connect(self.path, "mode=rw", self.key)
            self.writable = True
        try:
            self.start_writing()
        except BaseException:
            with self._turn:
                self._writer.close()
                self._writer, self.writable = None, False
            raise

    def overwrite(
        self, path: Path, progress: Callable[[int, int, int], None], key: Key | None = None
    ) -> None:
        """Puts the content of another database, of the same page size, in place of all that is
        here: one transaction, so that whoever reads sees the one or the other.

        Args:
            progress: SQLite's: status, pages remaining, pages in all; what it raises undoes it.
            key: of the other one, which is encrypted where this one is.
        """
        with self._turn, declared(self.path):
            writer = self._require_writer()
            self._require_file()
            source = connect(path, "mode=ro&immutable=1", key)
            try:
                source.backup(writer, pages=_PAGES, progress=progress)
            finally:
                source.close()

    def compact(self) -> bool:
        """Writes the file anew without free pages and empties the log; False where a reader of
        older pages kept the log from being emptied.
        """
        with self._turn, declared(self.path):
            writer = self._require_writer()
            self._require_file()
            _empty_log(writer)  # erased pages are overwritten in the file itself
            writer.execute("VACUUM")
            return _empty_log(writer)

    def empty_log(self) -> bool:
        """Puts all that is committed into the file itself; False where a reader kept it from
        being done.
        """
        with self._turn, declared(self.path):
            return _empty_log(self._require_writer())

    def forget_pages(self) -> None:
        """Lets go of the pages kept at hand for the next change, up to 64 MB of them."""
        with self._turn, declared(self.path):
            self._require_writer().execute("PRAGMA shrink_memory")

    def close(self) -> None:
        """Waits for a running change, not for readers: each closes its own when it is done."""
        with self._turn:
            with self._guard:
                self._closed = True
                idle, self._idle = self._idle, []
            for connection in idle:
                connection.close()
            if self._writer is not None:
                with suppress(*refusals()):  # the log is read at the next opening anyway
                    self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._writer.close()
                self._writer = None

    def _require_writer(self) -> sqlite3.Connection:
        if self._closed:
            raise _closed(self.path)
        if self._writer is None:
            raise GalleryReadOnlyError(
                "The gallery is open for reading only",
                file=self.path.parent,
                remedy="Open it where it can be written, and while no other process writes it.",
            )
        return self._writer

    def _require_file(self) -> None:
        """A deleted database still takes commits, into a file that nobody will ever find."""
        if not self.path.exists():
            raise GalleryError("The gallery's files are gone", file=self.path, remedy=RESTORE)

    def _take(self) -> Connection:
        with self._guard:
            if self._closed:
                raise _closed(self.path)
            if self._idle:
                return self._idle.pop()
        return self._open_reader()

    def _give_back(self, connection: Connection) -> None:
        with self._guard:
            if connection.reusable and not self._closed:
                self._idle.append(connection)
                return
        connection.close()

    def _open_reader(self) -> Connection:
        connection = None
        try:
            connection = connect(self.path, "mode=ro", self.key)
            read_schema(connection)
            return connection
        except refusals() as error:
            if connection is not None:
                connection.close()
            if primary_code(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                raise
        return self._open_immutable()

    def _open_immutable(self) -> Connection:
        """Where SQLite cannot put its shared memory beside the file (a read-only folder).

        Such a connection would not notice a change, so it is used for one reading only.
        """
        log = self.path.with_name(f"{self.path.name}-wal")
        if log.exists() and log.stat().st_size > 0:
            raise GalleryReadOnlyError(
                "The gallery was not closed properly, and its folder may not be written to mend it",
                file=self.path,
                remedy=ASK_PERMISSION,
            )
        connection = connect(self.path, "mode=ro&immutable=1", self.key)
        connection.reusable = False
        try:
            read_schema(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _empty_log(writer: sqlite3.Connection) -> bool:
    return bool(writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)


def _closed(path: Path) -> GalleryError:
    return GalleryError("The gallery is closed", file=path.parent, remedy="Open it again.")
