"""Inputs near real ones: bytes with some changed, JSON documents and texts with parts replaced, doubled or gone.

They are drawn from a Random: hypothesis hands in one whose choices it can make smaller, `make fuzz` one that is fast.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

Draw = Callable[[Random], bytes]

MOST_BYTES = 700
MOST_CHANGES = 5
ODD_NUMBERS = (
    0, -1, 1, 0.5, -0.0, 1e308, -1e308, 1e-320, 2**31, 2**31 - 1, -(2**31), 2**32, 2**53, 2**63, -(2**63), 2**64,
    10**20, 10**40, 253402300800, -62135596800, 67768036191676800, 8640000000001, 1764460800, 1764460800000,
)  # fmt: skip
ODD_MOMENTS = (
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00",
    "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2120-01-01T00:00:00Z", "2026-11-30",
    "2026-11-30T02:00:00Z", "2026-11-30T02:00:00", "2026-02-30T00:00:00Z", "2026-03-29T03:30:00+02:00", "-1", "1e9",
)  # fmt: skip
ODD_TEXTS = (
    "", " ", "\0", "\ud800", "\u202e", "<b>x", "&amp;", "a" * 300, "🔌" * 40, "NaN", "Infinity", "null", "true", "-1",
    *ODD_MOMENTS, "30.11.2026", "30.11.2026 25:00", "24:00", "00:00", "23:59", "۱۲:۳۰", "²", "Europe/Kyiv",
    "../../etc/passwd", "%s%n{0}{x}", "5.2", "GPV5.2", "on", "off", "unknown", "\ufeff", "\r\n", "a\x85b", "9" * 5000,
)  # fmt: skip
RAW = (
    "1e400", "-1e400", "1e-400", "-0", "9" * 5000, "1" + "0" * 400, "NaN", "Infinity", "-Infinity", '"\\ud800"',
    '"\\u0000"', "[" * 200 + "]" * 200, '{"a":1,"a":2}', '"' + "x" * 5000 + '"', "", "\ufeff1",
)  # fmt: skip
"""What a JSON document may hold that Python would not write."""
RAW_PLACE = re.compile(r'"@raw(\d+)@"')
ALPHABETS = ((32, 127), (0, 32), (0x400, 0x460), (0x80, 0x3000), (0xD800, 0xE000), (0x1F300, 0x1F600))
TIME = re.compile(r"\d{4}-\d\d-\d\d")


def near_bytes(seeds: Sequence[bytes], most: int = MOST_BYTES) -> Draw:
    """Draw bytes: a real input with some bytes changed, cut, inserted or doubled, or anything."""

    def draw(random: Random) -> bytes:
        if not seeds or random.randrange(5) == 0:
            return random.randbytes(random.randrange(most + 1))
        data = bytearray(random.choice(seeds))
        for _ in range(random.randrange(MOST_CHANGES + 1)):
            _change_bytes(random, data, seeds)
        return bytes(data[: 4 * most])

    return draw


def _change_bytes(random: Random, data: bytearray, seeds: Sequence[bytes]) -> None:
    at = random.randrange(len(data) + 1)
    match random.randrange(5):
        case 0:
            data[at : at + 1] = random.randbytes(1)
        case 1:
            del data[at : at + random.randint(1, 40)]
        case 2:
            data[at:at] = random.randbytes(random.randrange(13))
        case 3:
            data[at:at] = random.choice(seeds)[: random.randint(1, MOST_BYTES)]
        case 4 if at < len(data):
            data[at] ^= 1 << random.randrange(8)


def near_json(seeds: Sequence[bytes], most: int = MOST_BYTES) -> Draw:
    """Draw a JSON document: a real one with parts replaced, gone, added or doubled, now and then cut or no JSON."""
    others = near_bytes(seeds, most)

    def draw(random: Random) -> bytes:
        way = random.randrange(20)
        if way < 3:
            return others(random)
        text = json_text(changed(random, json.loads(random.choice(seeds))), ascii_only=way != 3).encode(
            errors="surrogatepass"
        )
        return text[: random.randrange(len(text) + 1)] if way == 4 else text

    return draw


def near_text(seeds: Sequence[bytes], words: Sequence[str]) -> Draw:
    """Draw a text: a real one with some lines changed, gone or doubled, or lines of real ones and odd words, mixed."""
    texts = [seed.decode().splitlines(keepends=True) for seed in seeds]
    lines = [line for text in texts for line in text]

    def piece(random: Random) -> str:
        way = random.randrange(3)
        return random.choice(lines) if way == 0 else random.choice(words) if way == 1 else any_text(random, 12)

    def draw(random: Random) -> bytes:
        if random.randrange(2):
            pieces = list(random.choice(texts))
            for _ in range(random.randrange(MOST_CHANGES)):
                _change_lines(random, pieces, piece(random))
        else:
            pieces = [piece(random) for _ in range(random.randrange(15))]
        return "".join(pieces).encode(errors="surrogatepass")

    return draw


def _change_lines(random: Random, lines: list[str], piece: str) -> None:
    at = random.randrange(len(lines) + 1)
    line = lines[at] if at < len(lines) else ""
    within = random.randrange(len(line) + 1)
    match random.randrange(4):
        case 0:
            lines[at : at + 1] = []
        case 1:
            lines[at:at] = [piece]
        case 2:
            lines[at : at + 1] = [line[:within] + piece + line[within:]]
        case _:
            lines[at : at + 1] = [line[:within] + line[within + 1 :], line]


def changed(random: Random, document: Any) -> Any:
    """Return a document with a few changes; it may be changed itself."""
    for _ in range(random.randrange(MOST_CHANGES + 1)):
        document = _changed(random, document)
    return document


def json_text(document: Any, *, ascii_only: bool = True) -> str:
    """Return a document as JSON, with what only a raw text can say."""
    try:
        text = json.dumps(document, ensure_ascii=ascii_only)
    except (ValueError, RecursionError):
        return "null"
    return RAW_PLACE.sub(lambda found: RAW[int(found[1])], text)


def any_text(random: Random, most: int) -> str:
    """Draw letters, signs, halves of letters and controls."""
    first, end = random.choice(ALPHABETS)
    return "".join(chr(random.randrange(first, end)) for _ in range(random.randrange(most + 1)))


def _changed(random: Random, document: Any) -> Any:
    places = list(places_of(document))
    if not places:
        return _odd(random)
    holder, key = random.choice(places)
    match random.randrange(8):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[random.choice((*ODD_TEXTS, *map(str, ODD_NUMBERS)))] = copy.deepcopy(holder[key])
        case 1 | 2 if isinstance(holder, list):
            holder.extend(copy.deepcopy(holder[key]) for _ in range(random.choice((1, 2, 50))))
        case 3:
            holder[key] = _odd(random)
        case _:
            holder[key] = _kin(random, holder[key], document)
    return document


def _plain(random: Random) -> Any:
    match random.randrange(8):
        case 0:
            return random.choice((None, True, False))
        case 1 | 2:
            return random.choice(ODD_NUMBERS)
        case 3 | 4:
            return random.choice(ODD_TEXTS)
        case 5:
            return random.randint(-(10**12), 10**12)
        case 6:
            return f"@raw{random.randrange(len(RAW))}@"
        case _:
            return any_text(random, 30)


def _odd(random: Random) -> Any:
    match random.randrange(8):
        case 0:
            return [_plain(random) for _ in range(random.randrange(5))]
        case 1:
            return {any_text(random, 8): _plain(random) for _ in range(random.randrange(4))}
        case 2:
            return [[[[[]]]]]
        case _:
            return _plain(random)


def _kin(random: Random, value: Any, document: Any) -> Any:
    """Return something of the same kind: what a parser may take."""
    if isinstance(value, bool) or value is None:
        return random.choice((None, True, False))
    if isinstance(value, int | float):
        step = random.randint(-3, 3)
        return random.choice((value + step, value * 10**step, -value, random.choice(ODD_NUMBERS)))
    if isinstance(value, str):
        if TIME.match(value):
            day = f"20{random.randrange(20, 40)}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}"
            return random.choice((day + value[10:], random.choice(ODD_MOMENTS)))
        texts = [holder[key] for holder, key in places_of(document) if isinstance(holder[key], str)]
        return random.choice((random.choice(texts or [""]), random.choice(ODD_TEXTS), any_text(random, 30)))
    return type(value)()


def places_of(document: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every part of a document: what holds it, and its key there."""
    if isinstance(document, dict | list):
        for key in list(document) if isinstance(document, dict) else range(len(document)):
            yield document, key
            yield from places_of(document[key])


LARGE = 1_000_000
DEEP = 100_000


def extremes(seeds: Sequence[bytes]) -> Iterator[bytes]:
    """Yield what is too large or too deep, and what a power cut, an editor or a copy makes of a real one."""
    for sign in (
        b"\0",
        b" ",
        b"\t",
        b"\n",
        b"\r",
        b"a",
        b"9",
        b"#",
        b"'",
        b'"',
        b"\\",
        b"$",
        b"=",
        b"\xff",
        b"-",
        b",",
    ):
        yield sign * LARGE
    for deep in (b"[", b'{"a":', b"- ", b"{a: ", b"${", b"(", b"<a>", b"? "):
        yield deep * DEEP
    yield b'"' + b"x" * LARGE + b'"'
    yield b"-" + b"9" * 10_000 + b".5e999999999"
    for seed in seeds[:3]:
        yield from (b"\xef\xbb\xbf" + seed, seed.replace(b"\n", b"\r\n"), seed.replace(b"\n", b"\r"))
        yield from (seed.decode(errors="replace").encode(code) for code in ("utf-16", "utf-16-le", "utf-32"))
        yield from (bytes(len(seed)), seed + bytes(4096), seed * (LARGE // max(1, len(seed))))
        yield from (seed[: len(seed) * part // 8] for part in range(8))
        yield from (seed[: len(seed) * part // 8].ljust(len(seed), b"\0") for part in range(8))
        yield from _large_json(seed)


def _large_json(seed: bytes) -> Iterator[bytes]:
    try:
        document = json.loads(seed)
    except ValueError:
        return
    large = ("[" * DEEP + "]" * DEEP, '{"a":' * DEEP, "9" * 10_000, '"' + "9" * 10_000 + '"', '"' + "x" * LARGE + '"')
    places = list(places_of(document))
    places = places[:: len(places) // 100 + 1]
    for number, (holder, key) in enumerate(places):
        before, holder[key] = holder[key], "@here@"
        text = json.dumps(document)
        values = RAW if number % (len(places) // 2 + 1) else (*RAW, *large)
        yield from (text.replace('"@here@"', value).encode(errors="surrogatepass") for value in values)
        holder[key] = before
