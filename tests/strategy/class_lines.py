"""Where the lines of classes stand, which messages name."""

from pathlib import Path


def line_of(file: str, cls: type, text: str) -> str:
    """Return the place of a line of a file, the beginning of a message about a class in it."""
    lines = Path(file).read_text().splitlines()
    (number,) = [number for number, line in enumerate(lines, 1) if line.strip() == text]
    return f"{file}:{number}: {cls.__name__}"
