"""The version of the program, in one place: pyproject.toml of this tree, or the installed package."""

import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@cache
def program_version() -> str:
    """Return the version, such as 0.1.0."""
    try:
        return version("easun-bridge")
    except PackageNotFoundError:
        project = Path(__file__).parent.parent / "pyproject.toml"
        return str(tomllib.loads(project.read_text())["project"]["version"])
