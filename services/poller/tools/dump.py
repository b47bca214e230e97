"""Saves every register for a bug report, without what identifies the owner."""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.poller.block_reader import BlockReader, RegisterSource
from services.poller.decode import Decoded, Words, decode
from services.poller.registers import COMMANDS, PROTOCOL_NUMBER, Block, Layout, layout_for
from shared.conditions.system import os_reason
from shared.errors import DeviceError, RefusedReadError, UsageError
from shared.messages import iso
from shared.texts.localizer import Localizer
from shared.version import program_version

FIRST, LAST, STEP = 100, 899, 40
PRIVATE = (range(172, 184), range(186, 198))
"""The owner's name for the inverter, and the serial number."""


async def dump(inverter: RegisterSource, file: Path, localizer: Localizer) -> str:
    """Save all registers and return a sentence about it."""
    _save(file, {}, localizer)  # rather fail now than after a minute of reading
    words, refused = await _read_all(inverter)
    _save(file, {"dumps": [_record(masked(words), refused)]}, localizer)
    return localizer("tool.dumped", count=len(words), file=file)


def _save(file: Path, content: dict[str, Any], localizer: Localizer) -> None:
    try:
        file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    except OSError as error:
        cause = localizer.reason(os_reason(error))
        raise UsageError(localizer("tool.not_written", file=file, cause=cause)) from None


async def _read_all(inverter: RegisterSource) -> tuple[Words, list[str]]:
    """Read the whole range, then the layout's own blocks, because half a value reads as zero."""
    words: dict[int, int] = {}
    refused: list[str] = []
    for block in _ranges():
        try:
            words |= zip(block.addresses, await inverter.read(block.start, block.count), strict=True)
        except DeviceError as error:
            if not words and not isinstance(error, RefusedReadError):
                raise  # nothing answers at all
            refused.append(f"{block.addresses[0]}-{block.addresses[-1]}: {error}")
    layout = _layout(words)
    if layout:
        protocol = words[PROTOCOL_NUMBER]
        with suppress(DeviceError):
            words |= await BlockReader(inverter).read(layout.blocks_for(protocol), layout)
    return words, refused


def _ranges() -> Iterator[Block]:
    start = FIRST
    for stop in (*COMMANDS, LAST + 1):
        for first in range(start, stop, STEP):
            yield Block(start=first, count=min(STEP, stop - first))
        start = stop + 1


def masked(words: Words) -> Words:
    """Return the words with every character of private registers replaced by 0."""
    private = {address for addresses in PRIVATE for address in addresses}
    return {address: _blank(word) if address in private else word for address, word in words.items()}


def _blank(word: int) -> int:
    return int.from_bytes(bytes(byte and ord("0") for byte in word.to_bytes(2, "big")), "big")


def _layout(words: Words) -> Layout | None:
    return layout_for(words[PROTOCOL_NUMBER]) if PROTOCOL_NUMBER in words else None


def _record(words: Words, refused: list[str]) -> dict[str, Any]:
    layout = _layout(words)
    return {
        "id": "dump",
        "source": f"easun-bridge {program_version()}, python -m services.poller dump",
        "at": iso(datetime.now(UTC)),
        "layout": layout and layout.name,
        "protocol_number": words.get(PROTOCOL_NUMBER),
        "refused": refused,
        "registers_raw_u16": {str(address): words[address] for address in sorted(words)},
        "decoded": _as_json(decode(layout, words[PROTOCOL_NUMBER], words)) if layout else {},
    }


def _as_json(decoded: Decoded) -> dict[str, Any]:
    return {
        name: [reason.text for reason in value] if isinstance(value, tuple) else value
        for name, value in decoded.items()
    }
