"""Which command lines were right, so that what they wait for begins before they are checked again.

A mark is an empty file in the cache folder. `runner.starting` makes it when the configuration of a
command was found right, and removes the oldest ones.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.native.cache_folder import cache_folder


def readable(words: Sequence[str]) -> bool:
    """Return whether all configuration files that a command line names can be read.

    The command refuses any other line, and so needs no processes. A line that has a mark need not
    be asked about.
    """
    from pipeline.config.source import read_config  # takes milliseconds, for which a run waits

    try:
        for word in words:
            if word.endswith((".json", ".toml")):
                read_config(Path(word))
    except ConfigError:
        return False
    return True


def mark_of(words: Sequence[str]) -> Path:
    """Return the path of a command line's mark: a hash of its words and its configurations.

    Raises ConfigError and OSError if the cache folder cannot be used.
    """
    digest = hashlib.sha256()
    for word in words:
        path = Path(word)
        # Data that a line names may be large.
        is_config = path.suffix in (".json", ".toml") and path.is_file()
        content = path.read_bytes() if is_config else b""
        digest.update(f"{word!r} {len(content)} ".encode() + content)
    return cache_folder("right") / digest.hexdigest()[:16]
