"""The list of slow tests names tests that are there."""

from tests.support.broker import ROOT
from tests.support.slow_tests import listed


def test_every_slow_test_is_there() -> None:
    gone = []
    for test in listed():
        file, *_, name = test.split("::")
        place = ROOT / file
        # the machines of Hypothesis are classes: what pytest runs of them is called otherwise
        wanted = f"def {name}(" if name != "runTest" else f"{test.split('::')[1]} = "
        if not place.exists() or wanted not in place.read_text(encoding="utf-8"):
            gone.append(test)
    assert gone == []
    assert listed()
