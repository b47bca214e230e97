"""A few inputs for every parser that reads from outside; `make fuzz` draws as many as one likes."""

import logging

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_whatever_comes_is_understood_or_refused(target: Target, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    for real in target.seeds[:1]:
        target.try_one(real)

    @settings(max_examples=3, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(target.inputs)
    def any_input(data: bytes) -> None:
        target.try_one(data)

    any_input()


def test_no_name_is_there_twice() -> None:
    names = [target.name for target in TARGETS]
    assert len(names) == len(set(names))
