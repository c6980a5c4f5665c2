"""One database file in use: connections to it, a single writer, and readers that never wait."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, cast

from engine.errors import GalleryDamagedError, GalleryError, GalleryReadOnlyError
from engine.records.types import Distance
from engine.store import cipher
from engine.store.cipher import Key
from engine.store.column_domains import CheckedCursor
from engine.store.failures import (
    ASK_PERMISSION,
    RESTORE,
    declared,
    primary_code,
    refusals,
)
from engine.store.schema import migrate, version_of
from engine.utils.ignoring import ignored

_WAIT_SECONDS = 5.0
_PRAGMAS = (
    "temp_store = MEMORY",  # no faces in temporary files
    "trusted_schema = OFF",  # a gallery may come from somebody else
)
WRITER_PRAGMAS = (
    "synchronous = FULL",  # a commit is on disk when it returns
    "fullfsync = ON",  # what FULL means on macOS
    "foreign_keys = ON",
    "secure_delete = ON",  # a removed face is not left in free pages
    "cache_size = -65536",
    "journal_size_limit = 16777216",
)
_PAGES = 1_024  # 4 MB between two checks of whether to go on
# Fewer than the 700 new tuples that trigger Python's garbage collector: 100,000 faces are read in
# 122 ms, in 223 ms with 4,000 rows at once, and other threads wait at most 4 ms for the
# interpreter instead of 17.
_ROWS_AT_ONCE = 500
_IDS_AT_ONCE = 10_000
_SHOWN = 120  # characters of what is wrong


class Cursor(CheckedCursor, sqlite3.Cursor):  # type: ignore[misc]
    """Cursor of a plain database whose rows are checked."""


class Connection(sqlite3.Connection):
    """Connection of :func:`connect`; whatever is read through it is checked.

    Attributes:
        reusable: False for a connection that must not outlive a single reading.
        key: key of its database; None for a plain one.
        path: path of the database file.
    """

    reusable = True
    key: Key | None = None
    path: Path

    def execute(self, query: str, values: Any = ()) -> Any:
        return self.cursor(Cursor).execute(query, values)


def connect(path: Path, mode: str, key: Key | None = None) -> Connection:
    """Open ``path`` with URI parameters such as ``mode=rw``; transactions begin by hand.

    Args:
        key: key of an encrypted database, which is opened by SQLCipher.

    Raises:
        WrongPassphraseError: it is not encrypted with this key.
        EncryptionMissingError: SQLCipher is not installed.
    """
    module = sqlite3 if key is None else cipher.library()
    connection = module.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        timeout=_WAIT_SECONDS,
        isolation_level=None,
        check_same_thread=False,  # a connection is used by one thread at a time, not by one only
        factory=Connection if key is None else cipher.connection_class(),
    )
    connection.path = path
    pragmas = (*_PRAGMAS, *WRITER_PRAGMAS) if mode == "mode=rw" else _PRAGMAS
    try:
        with _reading_the_schema():
            if key is not None:
                cipher.unlock(connection, key, path)
                connection.key = key
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()  # a damaged file: nobody else holds this connection
        raise
    return cast(Connection, connection)


@contextmanager
def opened(path: Path, mode: str, key: Key | None = None) -> Iterator[Connection]:
    """Lend a connection of :func:`connect` whose errors come out declared, and close it."""
    with declared(path), closing(connect(path, mode, key)) as connection:
        yield connection


@contextmanager
def _reading_the_schema() -> Iterator[None]:
    """Turn the MemoryError that SQLite raises for some damaged schemas into a DatabaseError."""
    try:
        yield
    except MemoryError as error:
        raise sqlite3.DatabaseError("its schema cannot be read") from error


def _read_schema(connection: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError where the schema is damaged."""
    with _reading_the_schema():
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


def as_json(values: Iterable[int]) -> str:
    """Return ids as the one parameter that json_each takes, however many there are."""
    # piece by piece: for a million ids at once other threads would wait 140 ms, so they wait 17
    left = map(int, values)
    pieces = iter(lambda: list(islice(left, _IDS_AT_ONCE)), [])
    return f"[{','.join(json.dumps(piece)[1:-1] for piece in pieces)}]"


class Database:
    """One open database file. Safe to use from several threads.

    Attributes:
        path: path of the file.
        writable: whether :meth:`transaction` is allowed.
        key: key of an encrypted database; None for a plain one.
        dimension, distance: the kind of embeddings it holds, set by whoever opens it as a gallery.
    """

    def __init__(self, path: Path, *, write: bool, key: Key | None = None) -> None:
        self.path = path
        self.key = key
        self.writable = write
        self.dimension = 0
        self.distance: Distance = "cosine"
        self._idle: list[Connection] = []
        self._guard = threading.Lock()
        self._turn = threading.Lock()
        self._closed = False
        self._writer = connect(path, "mode=rw", key) if write else None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that sees the last committed state; its errors come out declared."""
        with declared(self.path):
            connection = self._take()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._give_back(connection)

    def rows(self, query: str, *values: object) -> list[Any]:
        """Return all rows of a query."""
        with self.reading() as connection:
            return connection.execute(query, values).fetchall()

    def batches(self, query: str, *values: object) -> Iterator[list[Any]]:
        """Yield the rows of one snapshot, some hundred at a time."""
        with self.reading() as connection:
            cursor = connection.execute(query, values)
            while rows := cursor.fetchmany(_ROWS_AT_ONCE):
                yield rows

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that sees one state of the database, however often it is asked."""
        with self.reading() as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def sound(self) -> Iterator[None]:
        """Turn errors from values that only damage can have made into GalleryDamagedError."""
        try:
            yield
        except (TypeError, ValueError, LookupError, OverflowError) as error:
            raise GalleryDamagedError(
                f"The database contains invalid values ({str(error)[:_SHOWN]})",
                file=self.path,
                remedy=RESTORE,
            ) from error

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Lend the writer's connection in a transaction: on disk at the end, or rolled back.

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
                with ignored(*refusals()):  # SQLite may have undone it already
                    writer.execute("ROLLBACK")
                raise

    def start_writing(self) -> None:
        """Bring the schema up to date, once it is sure that the file can be written."""
        with self._turn, declared(self.path):
            writer = self._require_writer()
            writer.execute("PRAGMA journal_mode = WAL")
            writer.execute("BEGIN IMMEDIATE")  # on a read-only file this succeeds, a write does not
            writer.execute(f"PRAGMA user_version = {version_of(writer)}")
            writer.execute("ROLLBACK")
            migrate(writer)

    def take_over(self) -> None:
        """Open it for writing too, for a process that holds the writer's lock; readers go on."""
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
        """Replace the whole content by that of another database of the same page size, in one
        transaction: readers see the old content or the new one.

        Args:
            progress: called with SQLite's status, pages remaining and pages in all; an exception
                that it raises rolls the replacement back.
            key: key of the other database, which is encrypted where this one is.
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
        """Rewrite the file without free pages and empty the log; False where a reader of older
        pages kept the log from being emptied.
        """
        with self._turn, declared(self.path):
            writer = self._require_writer()
            self._require_file()
            _empty_log(writer)  # erased pages are overwritten in the file itself
            writer.execute("VACUUM")
            return _empty_log(writer)

    def empty_log(self) -> bool:
        """Write all that is committed into the file itself; False where a reader prevents it."""
        with self._turn, declared(self.path):
            return _empty_log(self._require_writer())

    def shrink_cache(self) -> None:
        """Free the pages cached for the next change, up to 64 MB of them."""
        with self._turn, declared(self.path):
            self._require_writer().execute("PRAGMA shrink_memory")

    def close(self) -> None:
        """Wait for a running change and close; each reader closes its own connection later."""
        with self._turn:
            with self._guard:
                self._closed = True
                idle, self._idle = self._idle, []
            for connection in idle:
                connection.close()
            if self._writer is not None:
                with ignored(*refusals()):  # the log is read at the next opening anyway
                    self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._writer.close()
                self._writer = None

    def _require_writer(self) -> sqlite3.Connection:
        if self._closed:
            raise _closed(self.path)
        if self._writer is None:
            raise GalleryReadOnlyError(
                "The gallery is open read-only",
                file=self.path.parent,
                remedy="Open it where it is writable and no other process is writing to it.",
            )
        return self._writer

    def _require_file(self) -> None:
        """Raise GalleryError for a deleted file: it would still take commits, and lose them."""
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
            _read_schema(connection)
            return connection
        except refusals() as error:
            if connection is not None:
                connection.close()
            if primary_code(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                raise
        return self._open_immutable()

    def _open_immutable(self) -> Connection:
        """Open where SQLite cannot put its shared memory beside the file (a read-only folder).

        Such a connection would not notice a change, so it is used for one reading only.
        """
        log = self.path.with_name(f"{self.path.name}-wal")
        if log.exists() and log.stat().st_size > 0:
            raise GalleryReadOnlyError(
                "The gallery was not closed properly, and its folder is not writable, so it "
                "cannot be repaired",
                file=self.path,
                remedy=ASK_PERMISSION,
            )
        connection = connect(self.path, "mode=ro&immutable=1", self.key)
        connection.reusable = False
        try:
            _read_schema(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _empty_log(writer: sqlite3.Connection) -> bool:
    return bool(writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)


def _closed(path: Path) -> GalleryError:
    return GalleryError("The gallery is closed", file=path.parent, remedy="Open it again.")
