"""The results as a table, on the screen and in docs/reliability.md."""

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.e2e.faults.cases import CASES, LONG
from tests.e2e.faults.run import Result
from tests.e2e.faults.tally import Tally
from tests.support.broker import ROOT

DOCUMENT = ROOT / "docs/reliability.md"
TABLE = "faults"
COLUMNS = (
    "fault", "survived", "readings: served, published, stored, lost, doubled", "alerts: due, sent, false, late",
    "switches: due, done, wrong", "settings: due, written, wrong",
)  # fmt: skip


def line(result: Result) -> str:
    """Return a case as a row of the table."""
    case = result.case
    if result.skipped:
        return f"| {case.group}: {case.name} | not tried: {result.skipped} | | | | |"
    return f"| {case.group}: {case.name} | {'no' if result.broken else 'yes'} | {' | '.join(figures(result.tally))} |"


def figures(tally: Tally) -> tuple[str, ...]:
    """Return the figures, column by column."""
    readings = (tally.read, tally.published, tally.stored, tally.lost, tally.doubled)
    alerts = (tally.alerts_due, tally.alerts_sent, tally.alerts_false, tally.alerts_late)
    switches = (tally.switches_due, tally.switches_done, tally.switches_wrong)
    settings = (tally.settings_due, tally.settings_written, tally.settings_wrong)
    return tuple(", ".join(map(str, column)) for column in (readings, alerts, switches, settings))


def machine() -> str:
    """Return what ran and where: the commit, and the class of the machine, not its name."""
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    kind, load = f"{platform.system()} {platform.machine()}", os.getloadavg()[2]
    commit = f"commit {asked.stdout.strip() or 'unknown'}"
    return f"{commit}, {os.cpu_count()} cores, {kind}, Python {platform.python_version()}, load {load:.0f}"


def today() -> str:
    """Return the date, for what is dated."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def write(results: Sequence[Result], seed: int) -> None:
    """Put the rows of a run into the table; those of cases that it has not tried stay, with the line of their run."""
    before = part(TABLE).splitlines()
    rows = {row.split(" | ")[0]: row for row in before if re.match(r"\| [\w ]+: ", row)}
    runs = [row for row in before if row.startswith("- ") and f"seed {seed}," not in row]
    rows |= {(row := line(result)).split(" | ")[0]: row for result in results}
    order, long = ([f"| {case.group}: {case.name}" for case in cases] for cases in (CASES, LONG))
    kept = [rows[one] for one in (*order, *long) if one in rows]
    minutes = sum(result.seconds for result in results) / 60
    runs = runs if len(results) < len(CASES) else []
    runs.append(f"- {today()}, {len(results)} faults, seed {seed}, {minutes:.0f} minutes, {machine()}")
    head = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"
    missing = [one.removeprefix("| ") for one in order if one not in rows]
    rest = ("", f"Not tried yet: {'; '.join(missing)}.") if missing else ()
    replace_part(TABLE, "\n".join((*runs, "", head, *kept, total(kept), *rest)))


def total(rows: Sequence[str]) -> str:
    """Return the last row: everything together."""
    tried = [row.strip("| ").split(" | ") for row in rows if "not tried" not in row]
    columns = [[[int(number) for number in cells[column].split(", ")] for cells in tried] for column in range(2, 6)]
    sums = (", ".join(str(sum(numbers)) for numbers in zip(*column, strict=True)) for column in columns)
    survived = sum(cells[1] == "yes" for cells in tried)
    return f"| **{len(tried)} faults** | **{survived}** | {' | '.join(sums)} |"


def part(name: str) -> str:
    """Return what stands between two marks of the document."""
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"{DOCUMENT.name} has no place for {name}"
    return found[1]


def replace_part(name: str, text: str) -> None:
    """Replace what stands between two marks of the document."""
    before = DOCUMENT.read_text(encoding="utf-8")
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    assert pattern.search(before), f"{DOCUMENT.name} has no place for {name}"
    DOCUMENT.write_text(pattern.sub(lambda found: f"{found[1]}{text}\n{found[2]}", before), encoding="utf-8")
