"""The configurations that come with the product."""

from pathlib import Path

from pipeline.errors import ConfigError


def example_path(name: str) -> Path:
    """Return the path of a ready-to-run example configuration, such as ``demo.json``.

    It works in a checkout and in an installed wheel, which has the examples inside the package.

    Raises:
        ConfigError: if there is no example of that name.
    """
    package = Path(__file__).parents[1]
    folder = package / "examples_config"
    if not folder.is_dir():
        folder = package.parent / "config"
    names = sorted(path.name for path in folder.glob("*") if path.suffix in (".json", ".toml"))
    if name not in names:
        raise ConfigError(f"{name} is not an example; there are {', '.join(names)}")
    return folder / name
