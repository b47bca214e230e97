"""Random sequences of commands, faults, kills and reboots against the simulated inverter's settings, until ended.

After every hundred sequences, of which a tenth mix profiles, charging ahead, people and restarts, it says what it has
done so far. It may be ended at any time: another run with the same SETTING_PROGRESS (a file) and the same code goes on
from there. SETTING_SEQUENCES is how many sequences are wanted in all. A sequence that breaks a rule is printed with its
steps and its seed, and counted.
"""

import json
import logging
import os
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import FlakyFailure
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.poller.test_setting_sequences import STEPS, SettingSequences
from tests.poller.test_setting_together import Together

AT_ONCE, OF_THEM_TOGETHER = 100, 10
MEMORY = Path("/dev/shm")
total: Counter[str] = Counter()


class CountedSequences(SettingSequences):
    """Single commands, counted."""

    def teardown(self) -> None:
        """Count, and end."""
        _count(self)
        super().teardown()


class CountedTogether(Together):
    """All who change settings, counted."""

    async def _end(self) -> None:
        """End, for much of what is to be seen happens then; and count."""
        try:
            await super()._end()
        finally:
            _count(self)


def _count(machine: SettingSequences | Together) -> None:
    if not hasattr(machine, "entered"):
        return
    one = machine.home
    total["sequences"] += 1
    total["writes"] += len(one.store.written)
    total["kills"] += one.points.kills
    total["restarts"] += one.starts - 1
    total["reboots"] += one.store.reboots
    total.update(f"commands {outcome}" for outcome, _ in one.outcomes)


def main() -> None:
    """Try sequences until there are as many as are wanted, and print what has become of them."""
    wanted = int(os.environ.get("SETTING_SEQUENCES", "10000"))
    logging.disable()
    if MEMORY.is_dir():
        tempfile.tempdir = str(MEMORY)
    progress = Path(os.environ.get("SETTING_PROGRESS", Path(tempfile.gettempdir()) / "setting_sequences.json"))
    total.update(json.loads(progress.read_text()) if progress.exists() else {})
    print(f"sequences of up to {STEPS} steps; goes on from {total['sequences']} (in {progress})", flush=True)
    while total["sequences"] < wanted:
        began_s = time.process_time()
        total["hundreds"] += 1
        run(CountedSequences, AT_ONCE - OF_THEM_TOGETHER, total["hundreds"])
        run(CountedTogether, OF_THEM_TOGETHER, total["hundreds"])
        total["processor_s"] += round(time.process_time() - began_s)
        progress.write_text(json.dumps(total))
        print(", ".join(f"{name} {number}" for name, number in figures().items()), flush=True)


def figures() -> dict[str, Any]:
    """Return what has been done so far."""
    names = ("sequences", "writes", "kills", "restarts", "reboots", "broken", "processor_s")
    outcomes = {name: number for name, number in sorted(total.items()) if name.startswith("commands ")}
    return {**{name: total[name] for name in names}, **outcomes}


def run(machine: type[RuleBasedStateMachine], count: int, number: int) -> None:
    """Try sequences of a machine; one that breaks a rule is made as short as it can be, and printed."""
    how = settings(
        max_examples=count,
        stateful_step_count=STEPS,
        phases=(Phase.generate, Phase.shrink),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(seed(int(os.environ.get("SETTING_SEED", "0")) + number)(machine), settings=how)
    except (AssertionError, ExceptionGroup, FlakyFailure):
        total["broken"] += 1
        print(f"{machine.__name__}, seed {number}: a rule is broken\n{traceback.format_exc()}", flush=True)
