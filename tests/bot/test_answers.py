"""What may count as an answer of the Bot API."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bot.telegram.answers import is_from_bot_api

FLOOD = b'{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":86400}}'


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, b'{"ok":true,"result":[]}', True),
        (429, FLOOD, True),
        (401, b'{"ok":false,"error_code":401,"description":"Unauthorized"}', True),
        (200, FLOOD, False),
        (200, b'{"ok":true}', False),
        (200, b"[]", False),
        (200, b"", False),
        (403, b'{"error":"blocked by your provider"}', False),
        (401, b'{"ok":false,"error_code":429}', False),
        (429, b'{"ok":false,"parameters":{"retry_after":"soon"}}', False),
        (400, b'{"ok":false,"description":5}', False),
        (200, b"[" * 100_000, False),
    ],
)
def test_answers(status: int, body: bytes, expected: bool) -> None:
    assert is_from_bot_api(status, body) is expected


@given(st.integers(100, 599), st.binary())
def test_no_bytes_are_taken_for_an_answer_or_raise(status: int, body: bytes) -> None:
    assert not is_from_bot_api(status, body)
