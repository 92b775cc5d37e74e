"""Files that are used only as they were written: a hash of their content follows it.

    content         any number of bytes
    hash            32 bytes: SHA-256 of the content

A file that a full disk or a crash of the machine has cut short, or in which a bit has flipped, is
like one that is not there: whoever needs it makes it anew.
"""

import hashlib
from pathlib import Path

from pipeline.native.whole_file import write_whole

_HASH_SIZE = hashlib.sha256().digest_size


def write_checked(path: Path, content: bytes) -> None:
    """Write a file in one step, as `write_whole` does, with the hash of its content."""
    write_whole(path, content + hashlib.sha256(content).digest())


def read_checked(path: Path) -> bytes | None:
    """Return the content of a file; None if there is none that can be read as it was written."""
    try:
        whole = path.read_bytes()
    except OSError:
        return None
    content, digest = whole[:-_HASH_SIZE], whole[-_HASH_SIZE:]
    return content if hashlib.sha256(content).digest() == digest else None
