"""Our stylesheets and scripts as one file each: every request costs a phone a round trip."""

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from flask import Flask, Response

from services.dashboard.paths import SCRIPTS, STYLES

ASSETS = Path(__file__).parent / "assets"


class Bundle:
    """Files of one kind, in the order of their names, after those named first."""

    def __init__(self, path: str, mimetype: str, first: Sequence[str] = ()) -> None:
        files = sorted(ASSETS.glob(f"*{Path(path).suffix}"), key=lambda file: (file.name not in first, file.name))
        self.path = path
        self.mimetype = mimetype
        self.text = "\n".join(file.read_text() for file in files if not file.name.startswith("plotly"))
        self.version = hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @property
    def address(self) -> str:
        """Its address, which changes with the content, so that browsers may cache it."""
        return f"{self.path}?m={self.version}"

    def serve(self, server: Flask) -> None:
        """Add its route."""
        server.add_url_rule(self.path, self.path, lambda: Response(self.text, mimetype=self.mimetype))


@cache
def styles() -> Bundle:
    """Return the stylesheet."""
    return Bundle(STYLES, "text/css")


@cache
def scripts() -> Bundle:
    """Return the script; the other files use what shell.js provides."""
    return Bundle(SCRIPTS, "text/javascript", first=("shell.js",))
