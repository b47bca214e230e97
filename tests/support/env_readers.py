"""The two other readers of `.env`, as they are: Docker Compose, and systemd's own parser in its shared library."""

import ctypes
import json
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from tests.support.waiting import PROGRAM_S


@cache
def has_compose() -> bool:
    """Return whether Docker Compose is here; it needs no engine to read a file."""
    command = ["docker", "compose", "version"]
    return bool(shutil.which("docker")) and not subprocess.run(command, check=False, capture_output=True).returncode


def by_compose(file: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the values as a container gets them. Raises CalledProcessError where Compose refuses the file."""
    handed = "".join(f"      {name}: ${{{name}:-}}\n" for name in names)
    services = file.with_name("compose.yml")
    services.write_text(f"services:\n  one:\n    image: none\n    environment:\n{handed}")
    command = ["docker", "compose", "--env-file", str(file), "-f", str(services), "config", "--format", "json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=PROGRAM_S)
    found = json.loads(done.stdout)["services"]["one"]["environment"]
    return {name: value.replace("$$", "$") for name, value in found.items()}  # `config` writes dollars for itself


@cache
def systemd_library() -> Path | None:
    """Return systemd's shared library, which has the parser of EnvironmentFile."""
    places = (Path("/usr/lib").glob(f"{place}libsystemd-shared-*.so") for place in ("*/systemd/", "systemd/"))
    return next((file for found in places for file in found), None)


def by_systemd(file: Path) -> dict[str, str]:
    """Return the values as a service with EnvironmentFile= gets them."""
    library = ctypes.CDLL(str(systemd_library()))
    pairs = ctypes.POINTER(ctypes.c_char_p)()
    error = library.load_env_file(None, str(file).encode(), ctypes.byref(pairs))
    assert error == 0
    rows: list[str] = []
    while pairs and (pair := pairs[len(rows)]):
        rows.append(pair.decode())
    return dict(row.split("=", 1) for row in rows)
