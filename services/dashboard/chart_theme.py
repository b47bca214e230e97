"""Colours, font and plotly options of the charts, pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FONT = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"

CONFIG: Any = {"displayModeBar": False, "showSendToCloud": False, "displaylogo": False, "responsive": True}


@dataclass(frozen=True)
class Theme:
    """Colours that stand out against light or dark paper."""

    ink: str
    muted: str
    line: str
    paper: str
    sun: str
    grid: str
    battery: str
    outage: str
    unknown: str


THEMES: Mapping[str, Theme] = {
    "light": Theme(
        ink="#1c2530",
        muted="#5c6773",
        line="#e3e8ed",
        paper="#ffffff",
        sun="#d98200",
        grid="#5b5fd6",
        battery="#12855a",
        outage="rgba(214, 69, 61, .16)",
        unknown="rgba(120, 130, 140, .20)",
    ),
    "dark": Theme(
        ink="#eef2f6",
        muted="#9aa7b4",
        line="#2a333d",
        paper="#1a2129",
        sun="#ffb938",
        grid="#9ba0ff",
        battery="#3fcf8e",
        outage="rgba(255, 107, 97, .20)",
        unknown="rgba(150, 160, 170, .22)",
    ),
}
