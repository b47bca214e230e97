"""A captured register dump of a real inverter, served in place of the house."""

import json
from pathlib import Path
from typing import Any

from shared.errors import UsageError
from simulators.registers import Words

PROTOCOL_NUMBER = 184


def load_dump(source: str) -> Words:
    """Read `path` or `path#id`: a file of dumps, one dump, or a bare mapping of addresses to words."""
    path, _, wanted = source.partition("#")
    try:
        content = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"The capture {path} cannot be read: {error}.") from None
    return words_in(content, path, wanted)


def words_in(content: Any, path: str, wanted: str = "") -> Words:
    """Return the words of a parsed file, or raise ConfigError with a sentence that names the file."""
    dump = _chosen(content, path, wanted)
    raw = dump.get("registers_raw_u16", dump)
    if not isinstance(raw, dict) or not raw:
        raise UsageError(f"The capture {path} holds no registers.")
    words = {_number(address, path): _number(word, path) for address, word in raw.items()}
    if dump.get("protocol_number") is not None:
        words.setdefault(PROTOCOL_NUMBER, _number(dump["protocol_number"], path))
    return words


def _chosen(content: Any, path: str, wanted: str) -> dict[str, Any]:
    dumps: Any = content.get("dumps", [content]) if isinstance(content, dict) else content
    if not isinstance(dumps, list) or not dumps or not all(isinstance(dump, dict) for dump in dumps):
        raise UsageError(f"The capture {path} is not a JSON file of dumps.")
    matches: list[dict[str, Any]] = [dump for dump in dumps if not wanted or dump.get("id") == wanted]
    if not matches:
        known = ", ".join(str(dump.get("id")) for dump in dumps)
        raise UsageError(f'The capture {path} holds no dump "{wanted}", only: {known}.')
    return matches[0]


def _number(given: object, path: str) -> int:
    """Read an address or a word: a number, or a text of one, decimal or with 0x."""
    try:
        number = given if type(given) is int else int(str(given), 0)
    except ValueError:
        number = -1
    if not 0 <= number <= 0xFFFF:
        raise UsageError(f'The capture {path} holds "{str(given)[:40]}" where an address or a 16-bit word should be.')
    return number
