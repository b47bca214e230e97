"""The file of batteries: what was found is added, and what people wrote there stays as they wrote it."""

import re
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from services.bms.layout import Layout
from shared.errors import ConfigError
from shared.files import replace_atomically

HEAD = """\
# The batteries of easun-bridge. New ones are added at the end when they are found; what you write here stays.
# For each: enabled (true), name, adapter (hci1), invert_current (false), cell_low_v, cell_high_v, cell_delta_v,
# capacity_ah (instead of what its BMS says), id (in topics; otherwise the address).
batteries:
"""
ADDRESS = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}")
NO_ID = re.compile(r"[^a-z0-9_-]+")


class Entry(BaseModel):
    """One battery as the file has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str
    name: str = ""
    id: str = Field(default="", pattern=r"^[A-Za-z0-9_-]*$", max_length=40)
    model: str | None = None
    layout: Layout | None = None
    enabled: bool = True
    adapter: str = Field(default="", pattern=r"^(hci\d+)?$")
    invert_current: bool = False
    cell_low_v: float | None = Field(default=None, ge=0.5, le=5)
    cell_high_v: float | None = Field(default=None, ge=0.5, le=5)
    cell_delta_v: float | None = Field(default=None, ge=0.001, le=2)
    capacity_ah: float | None = Field(default=None, gt=0, le=100_000)

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        if not ADDRESS.fullmatch(address.upper()):
            raise ValueError(f'"{address}" is no Bluetooth address such as C8:47:80:12:34:56 (put it in quotes)')
        return address.upper()

    @field_validator("id")
    @classmethod
    def _is_free(cls, id_: str) -> str:
        if id_ == "all":
            raise ValueError('"all" is the sum of all batteries')
        return id_

    @property
    def key(self) -> str:
        """What stands in topics."""
        return self.id or NO_ID.sub("", self.address.lower().replace(":", ""))

    @property
    def title(self) -> str:
        """What people call it."""
        return self.name or self.address


def read(file: Path) -> list[Entry]:
    """Return the entries of the file, none where there is no file, or raise ConfigError that names the line."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"DEVICES_FILE {file} cannot be read: {error}.") from None
    return _entries(file, text)


def add(file: Path, entries: list[Entry]) -> None:
    """Add entries at the end, all or none, even if the power goes meanwhile. Raises ConfigError."""
    try:
        text = file.read_text(encoding="utf-8") if file.exists() else HEAD
        text = _ready_for_more(text) + "".join(_block(entry) for entry in entries)
        _entries(file, text)
        replace_atomically(file, text)
    except OSError as error:
        raise ConfigError(f"DEVICES_FILE {file} cannot be written: {error.strerror}.") from None


def _ready_for_more(text: str) -> str:
    """Return the text with an open list at its end."""
    text = text.rstrip()
    if text.endswith("batteries: []"):
        return text.removesuffix(" []") + "\n"
    has_list = any(line.startswith("batteries:") for line in text.splitlines())
    return f"{text}\n" if has_list else f"{text}\nbatteries:\n".lstrip()


def _block(entry: Entry) -> str:
    told = entry.model_dump(mode="json", include={"address", "name", "model", "layout"}, exclude_none=True)
    told["enabled"] = entry.enabled
    lines = yaml.safe_dump(told, sort_keys=False, allow_unicode=True).splitlines()
    return "".join(f"{'  - ' if number == 0 else '    '}{line}\n" for number, line in enumerate(lines))


def _entries(file: Path, text: str) -> list[Entry]:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "somewhere"
        problem = getattr(error, "problem", None) or "it cannot be understood"
        raise ConfigError(
            f"DEVICES_FILE {file} is not valid YAML in {where}: {problem}. It is left as it is."
        ) from None
    listed = _listed(file, content or {})
    entries = [_entry(file, number, given) for number, given in enumerate(listed, start=1)]
    _are_distinct(file, entries)
    return entries


def _listed(file: Path, content: object) -> list[object]:
    keys = list(content) if isinstance(content, dict) else ["no name"]
    if strange := next((key for key in keys if key != "batteries"), None):
        raise ConfigError(
            f'DEVICES_FILE {file} has "{str(strange)[:40]}" where only `batteries:` may stand: each battery belongs in '
            "the list below it, as in `- address: C8:47:80:12:34:56`. It is left as it is."
        )
    listed = content.get("batteries") if isinstance(content, dict) else None
    if not isinstance(listed, list | None):
        raise ConfigError(f"DEVICES_FILE {file} needs a list under `batteries:`. It is left as it is.")
    return listed or []


def _entry(file: Path, number: int, given: object) -> Entry:
    try:
        return Entry.model_validate(given)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in fault["loc"]) or "the whole"
        reason = fault["msg"].removeprefix("Value error, ")
        raise ConfigError(f"DEVICES_FILE {file}, battery {number}, {key}: {reason}. It is left as it is.") from None


def _are_distinct(file: Path, entries: list[Entry]) -> None:
    for key in ("address", "key"):
        seen: set[str] = set()
        for entry in entries:
            value = str(getattr(entry, key))
            if value in seen:
                raise ConfigError(f"DEVICES_FILE {file} has two batteries with the {key} {value}. It stays as it is.")
            seen.add(value)
