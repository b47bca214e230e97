"""When an answer contradicts what was known, and when it was only given at another moment."""

import pytest

from tests.e2e.faults.answers import Answer, verdict

TOLD = ((100.0, "on"), (200.0, "unknown"), (210.0, "off"))


@pytest.mark.parametrize(
    ("power", "asked_s", "answered_s", "wrong"),
    [
        pytest.param("on", 150, 151, "", id="as it was"),
        pytest.param("off", 150, 151, "said off", id="a contradiction"),
        pytest.param("off", 205, 211, "", id="as it became while the answer was on its way"),
        pytest.param("on", 202, 202, "", id="as it was a moment before"),
        pytest.param("on", 220, 221, "said on", id="as it has long not been"),
        pytest.param("unknown", 205, 206, "", id="nobody knew"),
        pytest.param("unknown", 220, 221, "did not know", id="the others knew"),
        pytest.param(None, 150, 210, "did not answer", id="no answer"),
        pytest.param("on", 50, 51, "said on", id="before anybody could know"),
    ],
)
def test_an_answer_is_compared_with_what_was_known_at_its_moment(
    power: str | None, asked_s: float, answered_s: float, wrong: str
) -> None:
    assert verdict(Answer("bot", power, asked_s, answered_s), TOLD) == wrong
