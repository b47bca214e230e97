"""Plugs whose names suggest that they must stay on in an outage: the network, this computer, food. Pure.

A name proves nothing, so such a plug is named to its owner, who decides.
"""

import re
from collections.abc import Iterable

WORDS = (
    "router",
    "роутер",
    "рутер",
    "маршрутизатор",
    "modem",
    "модем",
    r"internet\b",
    "інтернет",
    "интернет",
    r"\A\W*(?:wi-?fi|вай-?фай)\W*\Z",
    r"\bonu\b",
    r"\bont\b",
    "gpon",
    "access point",
    "точка доступу",
    r"\bserver",
    r"\bсервер",
    r"\bnas\b",
    "raspberry",
    "fridge",
    "refrigerator",
    "freezer",
    "холодильник",
    "морозил",
)
"""Parts of names, in the languages used here; Wi-Fi is not among them, as many plugs are sold as Wi-Fi plugs."""
PATTERN = re.compile("|".join(WORDS), re.IGNORECASE)


def sounds_essential(names: Iterable[str]) -> bool:
    """Return whether one of a plug's names says so."""
    return any(PATTERN.search(name) for name in names)
