"""A few faults of the matrix in one home, one after the other. All of them, with all services: make faults."""

from dataclasses import replace

import pytest

from tests.e2e.faults.cases import CASES
from tests.e2e.faults.run import run

SERVICES = ("recorder", "poller", "tuya", "bot")


@pytest.mark.processes
@pytest.mark.timeout(1800)  # 100 s on two idle cores
def test_some_faults_of_the_matrix_cost_nothing() -> None:
    chosen = [replace(case, services=SERVICES) for case in CASES if case.in_make_test]
    results = list(run(chosen))
    assert {result.case.name: result.broken for result in results if result.broken} == {}
    assert all(result.tally.stored for result in results), "readings were counted"
    assert all(result.tally.alerts_due == 2 and result.tally.switches_due for result in results)
