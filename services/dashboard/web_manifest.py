"""The web app manifest, with which phones install the page as an app, pure."""

from collections.abc import Sequence
from typing import Any

from shared.texts.catalogue import say
from shared.texts.language import Language

MANIFEST = "/manifest.webmanifest"
ICONS = {
    "any 192": "/assets/icons/icon-192.png",
    "any 512": "/assets/icons/icon-512.png",
    "maskable 512": "/assets/icons/maskable-512.png",
    "apple 180": "/assets/icons/apple-180.png",
}
"""Rendered from assets/icon.svg; a maskable one fills its square, as phones crop it to their own shape."""
PAPER = {"light": "#f3f5f7", "dark": "#11161c"}


def manifest(language: Language, names: Sequence[str]) -> dict[str, Any]:
    """Return the manifest, with the named pages as shortcuts."""
    return {
        "id": "/",
        "name": say(language, "page.app"),
        "short_name": say(language, "page.brand"),
        "description": say(language, "page.about"),
        "lang": language.value,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER["light"],
        "theme_color": PAPER["light"],
        "icons": [_icon(kind, address) for kind, address in ICONS.items() if not kind.startswith("apple")],
        "shortcuts": [{"name": say(language, f"page.{name}"), "url": f"/{name}"} for name in names],
    }


def _icon(kind: str, address: str) -> dict[str, str]:
    purpose, size = kind.split()
    return {"src": address, "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
