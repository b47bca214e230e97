"""Which versions of what are running."""

import platform
from importlib.metadata import version

from shared.version import program_version

PACKAGES = {
    "Dash": "dash",
    "plotly": "plotly",
    "Flask": "flask",
    "waitress": "waitress",
    "SQLAlchemy": "SQLAlchemy",
    "paho-mqtt": "paho-mqtt",
}


def versions() -> dict[str, str]:
    """Return versions by name, the program's first."""
    packages = {name: version(package) for name, package in PACKAGES.items()}
    return {"easun-bridge": program_version(), "Python": platform.python_version()} | packages


def machine() -> str:
    """Return system and processor, such as Linux 6.1 aarch64; never the machine's name."""
    return f"{platform.system()} {platform.release()} {platform.machine()}"
