"""Frames of real batteries: tests/bms/captures.json, with their sources."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "captures.json"
REFERENCE = Path(__file__).parents[3] / "shared/reference/jkbms/frames.json"
"""More of them, where the reference folder is beside the project."""


@dataclass(frozen=True)
class Capture:
    """What came, cut as it came, and what it means."""

    id: str
    layout: str
    chunks: tuple[bytes, ...]
    frames: tuple[dict[str, Any], ...]


def _capture(given: dict[str, Any]) -> Capture:
    chunks = given.get("chunks") or [given["hex"]]
    frames = given["frames"] if "frames" in given else given["expected"]["frames"]
    layout = given.get("layout") or given["variant"]
    return Capture(given["id"], layout, tuple(bytes.fromhex(chunk) for chunk in chunks), tuple(frames))


CAPTURES = [_capture(given) for given in json.loads(HERE.read_text())["captures"]]
if REFERENCE.exists():
    known = {capture.id for capture in CAPTURES}
    CAPTURES += [
        _capture(given)
        for given in json.loads(REFERENCE.read_text())["entries"]
        if given["id"] not in known and given["expected"]["frames"]
    ]
