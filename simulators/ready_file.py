"""The ready file: tells who started a simulator on which ports it listens."""

import json
import os
from pathlib import Path
from typing import Any


def write_ready_file(file: Path | None, addresses: dict[str, Any]) -> None:
    """Write the file atomically, if one is configured."""
    if file:
        draft = file.with_name(f"{file.name}.{os.getpid()}")
        draft.write_text(json.dumps(addresses))
        draft.replace(file)
