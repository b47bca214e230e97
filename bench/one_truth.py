"""The minutes of a real November in which page, bot, record and calendar contradict each other, by queue."""

from tests.schedule.facts import TIMELINE
from tests.shared.test_one_truth import lived


def main() -> None:
    """Print a row per queue: changes of the schedule, outages, minutes without power, contradictions."""
    print("| queue | changes | outages | minutes out | contradictions |\n|---|---|---|---|---|", flush=True)
    for queue in sorted({queue for row in TIMELINE for queue in row["queues"]}):
        home, lines = lived(queue)
        figures = (home.changes, len(lines.outages), home.minutes_off, len(home.contradictions))
        print(f"| {queue} | {' | '.join(map(str, figures))} |", flush=True)
        print("\n".join(home.contradictions[:3]), end="\n" if home.contradictions else "", flush=True)
