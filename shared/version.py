"""The version of the program, declared once, in pyproject.toml."""

import tomllib
from functools import cache
from pathlib import Path


@cache
def program_version() -> str:
    """Return the version, such as 0.1.0."""
    project = Path(__file__).parent.parent / "pyproject.toml"
    return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
