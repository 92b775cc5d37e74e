"""The SQLite file of a ledger: how it is recognised, opened, made and written to.

The file has a rollback journal and synchronous=FULL. So a writer that is killed leaves all of its
transaction or nothing of it; the next process that opens the file rolls the rest back. The
write-ahead log is not used, because its shared memory does not work on network folders.
"""

import contextlib
import errno
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import LedgerError, RunError
from pipeline.native.file_lock import check_locks
from pipeline.sweeps.ledger.rows import WrongChecksumError

VERSION = 2
APPLICATION = int.from_bytes(b"RTlg")
#: How long a process waits for another one that writes, in seconds.
PATIENCE = 60.0
#: What helps where a ledger is damaged.
_WAY_ON = "move the ledger's folder away, and the next sweep begins a new one"

_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\0"
_SCHEMA = (
    """
    CREATE TABLE sweeps (
        sweep TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        started TEXT NOT NULL,      -- ISO 8601, UTC
        method TEXT NOT NULL,
        seed INTEGER NOT NULL,
        scores TEXT NOT NULL,       -- JSON, a list of names
        config TEXT NOT NULL,       -- JSON
        state TEXT NOT NULL,        -- running, done, partial
        data_hash TEXT NOT NULL,
        code_hash TEXT NOT NULL,
        bars INTEGER NOT NULL,      -- of all symbols of the run
        checksum INTEGER NOT NULL   -- of all columns but the state
    )
    """,
    """
    CREATE TABLE lanes (
        id INTEGER PRIMARY KEY,
        key TEXT NOT NULL UNIQUE,   -- hash of all that the result depends on
        sweep TEXT NOT NULL,        -- the sweep that ran it
        strategy TEXT NOT NULL,
        universe TEXT NOT NULL,
        parameters TEXT NOT NULL,   -- JSON
        state TEXT NOT NULL,        -- done, pruned, failed
        error TEXT NOT NULL,
        digest TEXT NOT NULL,
        statistics TEXT NOT NULL,   -- JSON, as in summary.json
        seconds REAL NOT NULL,      -- processor time
        checksum INTEGER NOT NULL,  -- of the columns above but id and sweep
        returns_file TEXT NOT NULL, -- below returns/
        returns_row INTEGER NOT NULL
    )
    """,
    "CREATE INDEX lanes_by_file ON lanes (returns_file)",
    """
    CREATE TABLE members (          -- the lanes of each sweep; a lane may be in several sweeps
        sweep TEXT NOT NULL,
        number INTEGER NOT NULL,
        key TEXT NOT NULL,
        PRIMARY KEY (sweep, number)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX members_by_key ON members (key)",
)


def open_ledger_file(path: Path, *, create: bool) -> sqlite3.Connection:
    """Open the file of a ledger; make it if it does not exist and ``create`` is true.

    LedgerError, with nothing changed, if it does not exist, is no ledger or has another version.
    RunError if it is to be made or written where files cannot be locked.
    """
    # The header is read as bytes, because SQLite would roll back the journal of a foreign program.
    header = _read_header(path)
    if not header and not create:
        raise LedgerError(f"there is no ledger at {path}; a sweep makes one")
    if header:
        _check_header(path, header)
    if create:
        check_locks(path.parent)
    with reported(path):
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            if not _is_made(connection):
                _make(connection)
            elif create:
                _check_pages(path, connection)
        except BaseException:
            connection.close()
            raise
    return connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do everything in the block or nothing of it; other writers wait meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def reported(path: Path) -> Iterator[None]:
    """Turn an error of SQLite into one line that names the file.

    It becomes a RunError where the machine refuses (a full disk, a file that another process
    holds), and a LedgerError where the file is damaged.
    """
    try:
        yield
    except (json.JSONDecodeError, UnicodeDecodeError, WrongChecksumError) as error:
        raise _damaged(path, error) from error
    except sqlite3.Error as error:
        # The low byte is the kind of error, the others say where it came from. There is no code
        # where the module itself refuses: a text that is not UTF-8, or, by our own fault, a
        # connection that is closed.
        code = getattr(error, "sqlite_errorcode", None)
        if code is None:
            if "decode" in str(error):
                raise _damaged(path, error) from error
            raise
        kind = code & 0xFF
        if kind in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise _damaged(path, error) from error
        if kind == sqlite3.SQLITE_FULL:
            free = shutil.disk_usage(path.parent).free
            raise RunError(
                f"cannot write {path}: the disk is full ({free:,} bytes free); nothing that was "
                "recorded is lost"
            ) from error
        if kind in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise RunError(
                f"{path} is being written by another process; waited {PATIENCE:g} s"
            ) from error
        raise RunError(f"cannot use {path}: {error}") from error


def _read_header(path: Path) -> bytes:
    """Return the first bytes of a file, b"" if there is no file."""
    try:
        with path.open("rb") as file:
            return file.read(_HEADER_BYTES)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return b""
        raise LedgerError(f"cannot read the ledger {path}: {error.strerror}") from error


def _check_header(path: Path, header: bytes) -> None:
    """Refuse a file that is no ledger of this version, by the fields of SQLite's file format."""
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        found = repr(header[: len(_MAGIC)])
        raise LedgerError(f"{path} is not a ledger: expected an SQLite file, it begins {found}")
    version, application = (int.from_bytes(header[at : at + 4]) for at in (60, 68))
    if application != APPLICATION:
        raise LedgerError(
            f"{path} is not a ledger: it is an SQLite file of another program (application id "
            f"{application}, expected {APPLICATION})"
        )
    if version != VERSION:
        raise LedgerError(f"{path} is a ledger of version {version}, expected {VERSION}; {_WAY_ON}")


def _damaged(path: Path, fault: object) -> LedgerError:
    return LedgerError(f"{path} is damaged: {fault}; {_WAY_ON}")


def _check_pages(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse to write to a file whose tree of pages is broken, as of one that was cut short."""
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise _damaged(path, " ".join(found.split()))


def _is_made(connection: sqlite3.Connection) -> bool:
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    return bool(found)


def _make(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        if _is_made(connection):  # another process was first
            return
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
