"""Renders docs/conditions.md from shared/conditions."""

from collections.abc import Iterable
from itertools import groupby

from shared.conditions import CONDITIONS, Condition, Quiet

QUIET = {
    None: "",
    Quiet.HARMLESS: "never rings",
    Quiet.DUSK: "never rings: it comes every evening",
    Quiet.OUTAGE: "silent during an outage",
}
HEAD = """# Conditions

<!-- generated from shared/conditions by `make docs` -->

Every fault, warning, alarm, refusal and cause that travels on the broker, as the `code` of a
[`Reason`](topics.md#reason). A code never changes its meaning; programs compare codes, and people read the text, which
the page and the bot render in Ukrainian or English. A program that does not know a code shows the `text` that came with
it; the code `text` is a bare sentence.
"""


def conditions_markdown() -> str:
    """Return a table of the conditions of each room."""
    rooms = groupby(sorted(CONDITIONS.values(), key=lambda one: one.code), key=lambda one: one.code.partition(".")[0])
    return HEAD + "".join(_room(room, conditions) for room, conditions in rooms)


def _room(room: str, conditions: Iterable[Condition[...]]) -> str:
    rows = "\n".join(_row(one) for one in conditions)
    return f"\n## {room}\n\n| code | severity | bot | text | meaning |\n|---|---|---|---|---|\n{rows}\n"


def _row(one: Condition[...]) -> str:
    cells = (f"`{one.code}`", one.severity.value, QUIET[one.quiet], one.en, " ".join(one.about.split()))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
