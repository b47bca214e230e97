"""The socket that reads ahead: whatever is asked for, the bytes are the same."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.paho_client import READ_AHEAD, BufferedSocket


@given(parts=st.lists(st.binary(min_size=1, max_size=50), min_size=1), sizes=st.lists(st.integers(1, 60), min_size=1))
def test_what_arrives_in_any_parts_is_read_in_any_parts(parts: list[bytes], sizes: list[int]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        buffered = BufferedSocket(ours)
        received = b""
        for number, part in enumerate(parts):
            theirs.sendall(part)
            buffered.next_round()
            received += buffered.recv(sizes[number % len(sizes)])
        while len(received) < len(b"".join(parts)):
            buffered.next_round()
            received += buffered.recv(sizes[0])
        assert received == b"".join(parts)
        buffered.next_round()
        with pytest.raises(BlockingIOError):
            buffered.recv(1)
        assert buffered.is_drained
        theirs.close()
        buffered.next_round()
        assert buffered.recv(1) == b""


def test_what_comes_meanwhile_is_for_the_next_round() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        buffered = BufferedSocket(ours)
        theirs.sendall(b"x" * 10)
        assert not buffered.buffered()
        assert buffered.recv(9) == b"x" * 9
        theirs.sendall(b"y")
        assert buffered.buffered()
        assert buffered.recv(READ_AHEAD) == b"x"
        assert not buffered.buffered()
        assert not buffered.is_drained
        with pytest.raises(BlockingIOError):
            buffered.recv(1)
        buffered.next_round()
        assert buffered.recv(READ_AHEAD) == b"y"
