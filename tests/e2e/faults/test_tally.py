"""Which alerts may come twice around a power cut: those that Telegram had, and of which the bot had not noted it."""

import pytest

from tests.e2e.faults.home import CHAT, Cut
from tests.e2e.faults.tally import may_come_again

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
