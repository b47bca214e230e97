"""Plugs that by their names feed what an outage must not take: the network, this computer, food. Pure.

A name proves nothing, so such a plug is named to its owner, who decides.
"""

import re
from collections.abc import Iterable

WORDS = (
    r"rou?ter",
    "роутер",
    "рутер",
    "маршрутизатор",
    "modem",
    "модем",
    r"internet\b",
    "інтернет",
    "интернет",
    r"wi-?fi",
    "вай-?фай",
    r"\bonu\b",
    r"\bont\b",
    "gpon",
    "access point",
    "точка доступу",
    "server",
    "сервер",
    r"\bnas\b",
    "raspberry",
    "fridge",
    "refrigerator",
    "freezer",
    "холодильник",
    "морозил",
)
"""Parts of names, in the languages in which plugs are called something here."""
PATTERN = re.compile("|".join(WORDS), re.IGNORECASE)


def sounds_essential(names: Iterable[str]) -> bool:
    """Return whether one of a plug's names says so."""
    return any(PATTERN.search(name) for name in names)
