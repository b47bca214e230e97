"""How many strangers are answered."""

from hypothesis import given
from hypothesis import strategies as st

from services.bot.commands.limits import MOST_OF_ALL, MOST_PER_CHAT, StrangerLimit


def test_a_stranger_gets_a_few_answers_a_minute() -> None:
    limit = StrangerLimit()
    assert [limit.allows(99, now) for now in range(7)] == [True] * MOST_PER_CHAT + [False, False]
    assert limit.allows(98, 7)
    assert [limit.allows(99, now) for now in (59.9, 60, 60.5)] == [False, True, False]


@given(st.lists(st.tuples(st.integers(1, 50), st.floats(0, 5)), max_size=200))
def test_all_strangers_together_get_a_few_answers_a_minute(asked: list[tuple[int, float]]) -> None:
    limit, now, answered = StrangerLimit(), 0.0, list[float]()
    for chat, pause in asked:
        now += pause
        if limit.allows(chat, now):
            answered.append(now)
    assert all(sum(at <= other < at + 60 for other in answered) <= MOST_OF_ALL for at in answered)
