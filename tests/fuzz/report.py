"""Puts the results of a run into docs/reliability.md: the end of make fuzz.

python -m tests.fuzz.report DRAWN GUIDED

A target that is in a file more than once has had several runs: they are added up.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.e2e.faults.report import machine, replace_part, today
from tests.fuzz.target import PATIENCE_CPU_S
from tests.fuzz.targets import GROUPS

Rows = Mapping[str, Mapping[str, Any]]
HEAD = "| reads from outside | targets | drawn | fewest of a target | slowest | guided by coverage | failures |\n" + (
    "|---|---|---|---|---|---|---|"
)

HIGHEST = ("slowest_s", "peak_mb", "covered")


def text(drawn: Rows, guided: Rows) -> str:
    """Return the part of the document; the results are those of the targets by name."""
    rows = [_row(name, [target.name for target in group], drawn, guided) for name, group in GROUPS.items()]
    everything = _row("**together**", [target.name for group in GROUPS.values() for target in group], drawn, guided)
    peak = max((row["peak_mb"] for row in (*drawn.values(), *guided.values())), default=0)
    return "\n".join(
        (
            f"{today()}, {machine()}. Peak {peak:.0f} MB; an input may take {PATIENCE_CPU_S:.0f} s.",
            "",
            *(HEAD, *rows, everything),
        )
    )


def _row(name: str, targets: Sequence[str], drawn: Rows, guided: Rows) -> str:
    found = [drawn[one] for one in targets if one in drawn]
    searched = [guided[one] for one in targets if one in guided]
    inputs = [row["inputs"] for row in found] + [0] * (len(targets) - len(found))
    slowest = max((row["slowest_s"] for row in found), default=0.0)
    guided_inputs = sum(row["inputs"] for row in searched)
    cells = (
        name,
        f"{len(targets)}",
        f"{sum(inputs):,}",
        f"{min(inputs):,}",
        f"{slowest:.1f} s",
        f"{guided_inputs:,} of {len(searched)} targets" if searched else "",
        f"{sum(row['failures'] for row in (*found, *searched))}",
    )
    return f"| {' | '.join(cells)} |"


def added_up(lines: Iterable[str]) -> Rows:
    """Return the results by target, of JSON objects a line."""
    rows: dict[str, dict[str, Any]] = {}
    for row in map(json.loads, lines):
        known = rows.setdefault(row["target"], {})
        for name, value in row.items():
            if name != "target":
                known[name] = max(known.get(name, 0), value) if name in HIGHEST else known.get(name, 0) + value
    return rows


def _rows(file: str) -> Rows:
    return added_up(Path(file).read_text(encoding="utf-8").splitlines()) if Path(file).exists() else {}


if __name__ == "__main__":
    replace_part("fuzz", text(*map(_rows, sys.argv[1:3])))
