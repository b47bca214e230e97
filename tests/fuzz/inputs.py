"""Inputs near real ones: bytes with some changed, JSON documents with parts replaced, doubled or gone."""

import copy
import json
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

MOST_BYTES = 700
MOST_CHANGES = 5
ODD_NUMBERS = (
    0, -1, 1, 0.5, -0.0, 1e308, -1e308, 1e-320, 2**31, 2**31 - 1, -(2**31), 2**32, 2**53, 2**63, -(2**63), 2**64,
    10**20, 10**40, 253402300800, -62135596800, 67768036191676800, 8640000000001, 1764460800, 1764460800000,
)  # fmt: skip
ODD_TEXTS = (
    "", " ", "\0", "\ud800", "\u202e", "<b>x", "&amp;", "a" * 300, "🔌" * 40, "NaN", "Infinity", "null", "true", "-1",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00",
    "2026-11-30T02:00:00Z", "2026-02-30T00:00:00Z", "2026-11-30", "30.11.2026", "30.11.2026 25:00", "24:00", "00:00",
    "23:59", "۱۲:۳۰", "Europe/Kyiv", "../../etc/passwd", "%s%n{0}{x}", "5.2", "GPV5.2", "on", "off", "unknown",
    "1970-01-01T00:00:00Z", "2120-01-01T00:00:00Z",
)  # fmt: skip

plain: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(ODD_NUMBERS),
    st.sampled_from(ODD_TEXTS),
    st.integers(-(10**12), 10**12),
    st.floats(),
    st.text(max_size=30),
)
odd: st.SearchStrategy[Any] = st.one_of(
    plain,
    plain,
    st.lists(plain, max_size=4),
    st.dictionaries(st.text(max_size=8), plain, max_size=3),
    st.builds(lambda: [[[[[]]]]]),
)


@st.composite
def near_bytes(draw: st.DrawFn, seeds: Sequence[bytes], most: int = MOST_BYTES) -> bytes:
    """Draw bytes: a real input with some bytes changed, cut, inserted or doubled, or anything."""
    if not seeds or draw(st.integers(0, 4)) == 0:
        return draw(st.binary(max_size=most))
    data = bytearray(draw(st.sampled_from(list(seeds))))
    for _ in range(draw(st.integers(0, MOST_CHANGES))):
        at = draw(st.integers(0, len(data)))
        match draw(st.integers(0, 4)):
            case 0:
                data[at : at + 1] = bytes((draw(st.integers(0, 255)),))
            case 1:
                del data[at : at + draw(st.integers(1, 40))]
            case 2:
                data[at:at] = draw(st.binary(max_size=12))
            case 3:
                data[at:at] = draw(st.sampled_from(list(seeds)))[: draw(st.integers(1, MOST_BYTES))]
            case 4 if at < len(data):
                data[at] ^= 1 << draw(st.integers(0, 7))
    return bytes(data[: 4 * most])


@st.composite
def near_json(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """Draw a JSON document: a real one with parts replaced, gone, added or doubled, now and then cut."""
    document = copy.deepcopy(json.loads(draw(st.sampled_from(list(seeds)))))
    for _ in range(draw(st.integers(0, MOST_CHANGES))):
        document = _changed(draw, document)
    try:
        text = json.dumps(document).encode()
    except (ValueError, RecursionError):
        return b"null"
    return text[: draw(st.integers(0, len(text)))] if draw(st.integers(0, 19)) == 0 else text


def _changed(draw: st.DrawFn, document: Any) -> Any:
    places = list(_places(document))
    if not places:
        return draw(odd)
    holder, key = draw(st.sampled_from(places))
    match draw(st.integers(0, 5)):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[draw(st.sampled_from((*ODD_TEXTS, *map(str, ODD_NUMBERS))))] = copy.deepcopy(holder[key])
        case 1 | 2 if isinstance(holder, list):
            holder.extend(copy.deepcopy(holder[key]) for _ in range(draw(st.sampled_from((1, 2, 50)))))
        case _:
            holder[key] = draw(odd)
    return document


def _places(document: Any) -> Any:
    """Yield every part of a document: what holds it, and its key there."""
    if isinstance(document, dict | list):
        for key in list(document) if isinstance(document, dict) else range(len(document)):
            yield document, key
            yield from _places(document[key])


@st.composite
def near_text(draw: st.DrawFn, seeds: Sequence[bytes], words: Sequence[str]) -> bytes:
    """Draw a text: lines of real ones and of odd words, in any order."""
    lines = [line for seed in seeds for line in seed.decode().splitlines(keepends=True)]
    pieces = st.one_of(st.sampled_from(lines), st.sampled_from(list(words)), st.text(max_size=12))
    return "".join(draw(st.lists(pieces, max_size=14))).encode(errors="surrogatepass")
