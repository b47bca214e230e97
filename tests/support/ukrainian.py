"""Whether a Ukrainian text has English words in it, and an example of every condition to try it with."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from shared.conditions import CONDITIONS, Reason
from shared.conditions.condition import Condition, simple

NAMES = re.compile(
    r"<NAME>|https?://\S+|`[^`]+`|[A-Z][A-Z0-9_]+(=\S+)?|\S*[/.=]\S*|-{1,2}[a-z-]+|\b[A-Z]\w*\b|\w*[A-Z0-9_]\w*"
)
"""What stays as it is in a Ukrainian text: settings, commands, files, addresses, names of products."""
LATIN = re.compile(r"[A-Za-z]{2,}")
SERVICES = {"bms", "bot", "dashboard", "outlook", "poller", "recorder", "schedule", "tuya"}
ALLOWED = SERVICES | {"host", "mosquitto", "systemd", "viewer"}
"""Names of our services, and words that stand in files people edit."""
CAUSE = simple("test.cause", uk="причина", en="a cause")
VALUES: dict[Any, Any] = {
    str: "<NAME>",
    int: 3,
    float: 2.5,
    bool: True,
    date: date(2026, 11, 29),
    datetime: datetime(2026, 11, 29, 10, tzinfo=UTC),
    timedelta: timedelta(minutes=5),
    Reason: CAUSE(),
    tuple[Reason, ...]: (CAUSE(),),
}
"""An example of each type of parameter; a text stands for a name."""
ALL_CONDITIONS = [one for code, one in sorted(CONDITIONS.items()) if not code.startswith("test.")]


def english_words(text: str) -> set[str]:
    """Return the English words of a Ukrainian text, other than names."""
    return {word for word in LATIN.findall(NAMES.sub(" ", text)) if word.lower() not in ALLOWED}


def example_params(condition: Condition[...]) -> dict[str, Any]:
    """Return parameters for a condition."""
    return {name: VALUES[kind] for name, kind in condition.parameters.items()}


def example_reason(condition: Condition[...]) -> Reason:
    """Return a reason with that condition."""
    return condition(**example_params(condition))
