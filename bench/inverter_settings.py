"""Ten thousand random sequences of commands, faults, kills and reboots against the simulated inverter's settings.

A tenth as many mix profiles, charging ahead, people and restarts. SETTING_SEQUENCES takes another number. A sequence
that breaks a rule is printed with its steps.
"""

import logging
import os
import time
from collections import Counter
from typing import ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.poller.test_setting_sequences import STEPS, SettingSequences
from tests.poller.test_setting_together import Together


class Counted(SettingSequences):
    """The same, with what came of the commands."""

    outcomes: ClassVar[Counter[str]] = Counter()
    written = 0

    def teardown(self) -> None:
        """Count, and end."""
        if hasattr(self, "entered"):
            Counted.outcomes.update(outcome for outcome, _ in self.home.outcomes)
            Counted.written += len(self.home.store.written)
        super().teardown()


def main() -> None:
    """Print how many sequences held, and what came of their commands."""
    count = int(os.environ.get("SETTING_SEQUENCES", "10000"))
    logging.disable()
    spent_s = run(Counted, count)
    print(f"{count} sequences of up to {STEPS} steps, {Counted.written} writes, {spent_s:.0f} s of processor time")
    print(", ".join(f"{outcome}: {number}" for outcome, number in Counted.outcomes.most_common()), flush=True)
    together_s = run(Together, count // 10)
    print(f"{count // 10} sequences with profiles and charging ahead, {together_s:.0f} s of processor time")


def run(machine: type[RuleBasedStateMachine], count: int) -> float:
    """Try sequences of a machine; return the seconds of processor time. Raises what breaks a rule."""
    began_s = time.process_time()
    phases = (Phase.generate, Phase.shrink)
    how = settings(
        max_examples=count,
        stateful_step_count=STEPS,
        phases=phases,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=how)
    return time.process_time() - began_s
