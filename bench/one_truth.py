"""The minutes of a real November in which page, bot, record and calendar contradict each other, for every queue."""

import json
from pathlib import Path

from tests.schedule.facts import REFERENCE, TIMELINE
from tests.shared.test_one_truth import lived

WHOLE = Path(REFERENCE).parent / "timeline_2025-11.json"
"""All twelve queues; the copy in the repository has three."""


def main() -> None:
    """Print a row per queue: changes of the schedule, outages, minutes without power, contradictions."""
    rows = json.loads(WHOLE.read_text())["rows"] if WHOLE.exists() else TIMELINE
    print("| queue | changes | outages | minutes out | contradictions |\n|---|---|---|---|---|", flush=True)
    for queue in sorted({queue for row in rows for queue in row["queues"]}):
        home, lines = lived(queue, rows)
        figures = (home.changes, len(lines.outages), home.minutes_off, len(home.contradictions))
        print(f"| {queue} | {' | '.join(map(str, figures))} |", flush=True)
        print("\n".join(home.contradictions[:3]), end="\n" if home.contradictions else "", flush=True)
