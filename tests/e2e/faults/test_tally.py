"""Which alerts may come twice around a power cut: those that Telegram had, and of which the bot had not noted it.

And which commands to a plug are wrong.
"""

import pytest

from tests.e2e.faults.home import CHAT, Cut, Flip
from tests.e2e.faults.tally import HANDOVER_S, may_come_again, was_so

CUT_S = 1_004.0
WAITING = {"kind": "grid_lost", "stored_at": "1970-01-01T00:16:40.500Z"}


@pytest.mark.parametrize(
    ("waiting", "told", "may"),
    [
        pytest.param([WAITING], [1_003.9], 1, id="accepted-and-not-noted"),
        pytest.param([WAITING], [1_003.9, 1_020.0], 1, id="and-then-told-again"),
        pytest.param([WAITING], [1_012.0], 0, id="not-accepted-before-the-cut"),
        pytest.param([WAITING], [990.0], 0, id="told-of-an-earlier-one"),
        pytest.param([WAITING | {"kind": "grid_back"}], [1_003.9], 0, id="another-kind"),
        pytest.param([], [1_003.0, 1_020.0], 0, id="noted: a second one is a bug"),
    ],
)
def test_only_an_alert_in_the_send_window_may_come_again(
    waiting: list[dict[str, str]], told: list[float], may: int
) -> None:
    assert may_come_again([Cut(CUT_S, {"waiting": {str(CHAT): waiting}})], "grid_lost", told) == may


GONE = [Flip(0.0, 0.0, on=True), Flip(100.0, 105.0, on=False)]
"""The house was asked to let the power go, and answered five seconds later: the machine is busy."""


@pytest.mark.parametrize(
    ("at", "on", "right"),
    [
        pytest.param(99.9, False, False, id="off-before-anything-was-asked"),
        pytest.param(99.9, True, True, id="on-as-it-is"),
        pytest.param(102.0, False, True, id="off-before-the-answer: it may have gone at once"),
        pytest.param(104.0, True, True, id="on-before-the-answer: it may not have gone yet"),
        pytest.param(105.0 + HANDOVER_S, True, True, id="on-just-after: it was on its way"),
        pytest.param(105.1 + HANDOVER_S, True, False, id="on-in-the-outage"),
        pytest.param(500.0, False, True, id="off-in-the-outage"),
    ],
)
def test_a_command_is_wrong_where_the_power_cannot_have_been_so(at: float, on: bool, right: bool) -> None:
    assert was_so(GONE, at, on=on) is right


def test_a_short_outage_allows_both_for_a_while() -> None:
    flips = [*GONE, Flip(106.0, 106.1, on=True)]
    assert was_so(flips, 106.1 + HANDOVER_S, on=False)
    assert not was_so(flips, 106.2 + HANDOVER_S, on=False)
