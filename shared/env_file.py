"""The settings file: how its lines are read, and how values are written. Pure.

Three parsers read the same `.env`: Docker Compose, systemd (EnvironmentFile of the broker) and this program. What
`quoted` writes, all three read as the same value; `Line.is_alike` tells which lines of a person they read differently.
Here a value is read as python-dotenv reads it, except that `\\$` in double quotes is a dollar sign, as everywhere else,
and that ${NAME} is not replaced in single quotes.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

LINE = re.compile(
    r"""[^\S\n]*(?P<export>export[^\S\n]+)?(?P<name>[^\s=\#'"]+)[^\S\n]*=
    (?:[^\S\n]*(?:'(?P<single>(?:\\.|[^'\\])*)'|"(?P<double>(?:\\.|[^"\\])*)")[^\S\n]*(?P<comment>\#[^\n]*)?
    |(?P<plain>(?![^\S\n]*['"])[^\n]*))(?:\n|\Z)""",
    re.VERBOSE | re.DOTALL,
)
BROKEN = re.compile(r"(?:export\s+)?(?P<name>[^\s=#'\"]+)\s*=")
OFF = r"^[^\S\n]*#\s?{name}=.*$"
PLAIN = re.compile(r"[A-Za-z0-9_./:@,+%-]*")
REMARK = re.compile(r"(?<!\s)\s+#.*")
ESCAPED_OR_NAMED = re.compile(
    r"\\(?P<escaped>.)|\$\{(?P<name>[^}:$]{0,200}+)(?::-(?P<default>[^}]{0,1000}+))?\}", re.DOTALL
)
"""Its parts are bounded: otherwise a text of nothing but `${` would be read from every place to its end."""
MOST_REPLACED = 100_000
"""How many characters may replace all ${NAME} of a text; more stays as written. Each line may double the last."""
ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"} | {one: one for one in "\\'\"$"}
ALIKE_IN_DOUBLE_QUOTES = re.compile(r'(?:[^\\$]|\\[\\"$])*', re.DOTALL)
READ_BY_SYSTEMD = "MQTT_"
"""The prefix of the settings that systemd reads for the broker."""


@dataclass(frozen=True)
class Line:
    """A line that sets something; value is None if it is unreadable: an open quote, or no NAME=value at all.

    is_alike is whether Compose and systemd read the same value. start and end are places in the text.
    """

    number: int
    start: int
    end: int
    name: str = ""
    value: str | None = None
    is_alike: bool = True


def values(text: str, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the values that are set; the last line of a name wins. ${NAME} is replaced by them or the environment."""
    return {line.name: line.value for line in lines(text, environment) if line.value is not None}


def lines(text: str, environment: Mapping[str, str] | None = None) -> Iterator[Line]:
    """Yield what is set, in order, without comments and blank lines; places are those in `normal(text)`."""
    text = normal(text)
    known = dict(environment or {})
    start, number, left = 0, 1, MOST_REPLACED
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        row = text[start:end].strip()
        if row and not row.startswith("#"):
            if match := LINE.match(text, start):
                end = match.end()
                known[match["name"]] = value = _value(match, known, left)
                left -= max(0, len(value) - (end - start))
                yield Line(number, start, end, match["name"], value, _is_alike(match))
            else:
                broken = BROKEN.match(row)
                yield Line(number, start, end, broken["name"] if broken else "")
        number += text.count("\n", start, end)
        start = end


def normal(text: str) -> str:
    """Return a text without a byte order mark and Windows line ends."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def with_values(text: str, wanted: Mapping[str, str]) -> str:
    """Return the text with values set: in the line of the name, else in its commented line, else at the end."""
    text = normal(text)
    for name, value in wanted.items():
        row = f"{name}={quoted(value)}\n"
        if place := _place(text, name):
            text = text[: place[0]] + row + text[place[1] :].removeprefix("\n")
        elif value:
            text += row if not text or text.endswith("\n") else f"\n{row}"
    return text if text.endswith("\n") else f"{text}\n"


def quoted(value: str) -> str:
    """Return a value in the quotes in which Compose, systemd and this program all read it alike."""
    if PLAIN.fullmatch(value):
        return value
    escaped = re.sub(r'(["\\$])', r"\\\1", value)
    return f'"{escaped}"'


def can_be_written(value: str) -> bool:
    """Return whether there is no line break and no other control character in a value."""
    return not any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") and one != "\t" for one in value)


def _place(text: str, name: str) -> tuple[int, int] | None:
    """Return the place of the last line that sets a name, or else of the first that has it commented out."""
    set_here = [line for line in lines(text) if line.name == name]
    if set_here:
        return set_here[-1].start, set_here[-1].end
    off = re.search(OFF.format(name=re.escape(name)), text, re.MULTILINE)
    return (off.start(), off.end()) if off else None


def _value(match: re.Match[str], known: Mapping[str, str], left: int) -> str:
    if (single := match["single"]) is not None:
        return re.sub(r"\\([\\'])", r"\1", single)

    def replaced(found: re.Match[str]) -> str:
        nonlocal left
        if (escaped := found["escaped"]) is not None:
            return ESCAPES.get(escaped, found[0]) if match["double"] is not None else found[0]
        value = known.get(found["name"], found["default"] or "")
        left -= len(value)
        return value if left >= 0 else found[0]

    plain = REMARK.sub("", match["plain"] or "").strip()
    return ESCAPED_OR_NAMED.sub(replaced, plain if match["double"] is None else match["double"])


def _is_alike(match: re.Match[str]) -> bool:
    if match["name"].startswith(READ_BY_SYSTEMD) and (match["export"] or match["comment"] or _remark(match)):
        return False
    if match["double"] is not None:
        return bool(ALIKE_IN_DOUBLE_QUOTES.fullmatch(match["double"]))
    return not re.search(r"\\" if match["single"] is not None else r"[\\$]", match["single"] or match["plain"] or "")


def _remark(match: re.Match[str]) -> bool:
    return bool(REMARK.search(match["plain"] or ""))
