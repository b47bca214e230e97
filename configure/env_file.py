"""The lines of .env, pure: a value is set in its line, and every other line stays as it is."""

import re
from collections.abc import Mapping

LINE = re.compile(r"(?P<off>#\s?)?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)")
PLAIN = re.compile(r"[A-Za-z0-9_./:@,+%-]*")


def read(text: str) -> dict[str, str]:
    """Return the values that are set; the last line of a name wins."""
    found = {}
    for line in text.splitlines():
        match = LINE.fullmatch(line.strip())
        if match and not match["off"]:
            found[match["name"]] = _bare(match["value"])
    return found


def with_values(text: str, values: Mapping[str, str]) -> str:
    """Return the text with values set: in the line of the name, or else its commented line, or else at the end."""
    lines = text.splitlines()
    missing = []
    for name, value in values.items():
        index = _place(lines, name)
        if index is not None:
            lines[index] = f"{name}={quoted(value)}"
        elif value:
            missing.append(f"{name}={quoted(value)}")
    return "\n".join([*lines, *missing]) + "\n"


def quoted(value: str) -> str:
    """Return a value as Compose, systemd and python-dotenv all read it."""
    if PLAIN.fullmatch(value):
        return value
    if "'" not in value:
        return f"'{value}'"
    escaped = re.sub(r'(["\\$`])', r"\\\1", value)
    return f'"{escaped}"'


def _place(lines: list[str], name: str) -> int | None:
    """Return the last line that sets a name, or else the first where it stands commented."""
    matches = [(index, LINE.fullmatch(line.strip())) for index, line in enumerate(lines)]
    mine = [(index, match) for index, match in matches if match and match["name"] == name]
    on = [index for index, match in mine if not match["off"]]
    return on[-1] if on else next((index for index, _ in mine), None)


def _bare(value: str) -> str:
    """Return a value without its quotes, or without the remark behind it."""
    value = value.strip()
    for mark in "'\"":
        if len(value) > 1 and value[0] == mark and (end := value.find(mark, 1)) > 0 and value[end - 1] != "\\":
            return value[1:end]
    if value[:1] == '"' and value[-1:] == '"' and len(value) > 1:
        return re.sub(r'\\(["\\$`])', r"\1", value[1:-1])
    return re.split(r"\s#", value)[0].strip()
