"""Smooth pseudo-random curves over time: the same seed, name and moment give the same value in every process."""

import math
import zlib

MASK = 0xFFFF_FFFF_FFFF_FFFF


class Noise:
    """One random curve. Its values are computed from the moment, so they need no history."""

    def __init__(self, seed: int, name: str) -> None:
        self._key = _scramble(seed << 32 ^ zlib.crc32(name.encode()))

    def share(self, index: int) -> float:
        """Return the number from 0 to 1 (exclusive) of an integer."""
        return _scramble(self._key + index) / (MASK + 1)

    def smooth(self, at_s: float, every_s: float) -> float:
        """Return a value from -1 to 1 that changes direction about every `every_s` seconds."""
        index, fraction = divmod(at_s / every_s, 1)
        left, right = self.share(int(index)), self.share(int(index) + 1)
        weight = (1 - math.cos(math.pi * fraction)) / 2
        return 2 * (left + (right - left) * weight) - 1


def _scramble(number: int) -> int:
    """Mix 64 bits (splitmix64): Python's hash() of a text differs between processes."""
    number = (number + 0x9E37_79B9_7F4A_7C15) & MASK
    number = (number ^ number >> 30) * 0xBF58_476D_1CE4_E5B9 & MASK
    number = (number ^ number >> 27) * 0x94D0_49BB_1331_11EB & MASK
    return number ^ number >> 31
