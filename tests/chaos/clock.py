"""The clock of the day, set while a command runs (`clock.c`)."""

import mmap
import struct
import subprocess
from pathlib import Path

VARIABLE = "RINGTAPE_CHAOS_CLOCK"


def build(library: Path) -> None:
    """Compile the library that shows another clock; do without where there is no C compiler."""
    source = Path(__file__).with_name("clock.c")
    options = ["-shared", "-fPIC", "-O1", "-o", str(library)]
    try:
        subprocess.run(["cc", *options, str(source), "-ldl"], check=True, capture_output=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        library.unlink(missing_ok=True)


def variables(library: Path, page: Path) -> dict[str, str]:
    """What a command is started with whose clock `set_wrong` can set."""
    page.write_bytes(bytes(mmap.PAGESIZE))
    return {"LD_PRELOAD": str(library), VARIABLE: str(page)}


def set_wrong(page: Path, seconds: float) -> None:
    """Set the clock forward by so many seconds, or back, from the right time."""
    with page.open("r+b") as file, mmap.mmap(file.fileno(), 0) as view:
        view[:8] = struct.pack("<q", int(seconds * 1e9))
