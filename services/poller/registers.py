"""The register layouts: layouts/*.yaml says what is at which address, and the schema here checks it."""

from collections.abc import Collection, Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.poller.writable_settings import FORBIDDEN, WritableClock, WritableSetting
from shared.conditions import CONDITIONS, Reason, files, poller
from shared.errors import ConfigError
from shared.validation import Fault, first_fault

LAYOUTS = Path(__file__).parent / "layouts"
PROTOCOL_NUMBER = 184
"""The address that tells the layouts apart; it is the same in all of them."""
COMMANDS = (425, 426, 459, 460, 461, 656, 695, 705, 706)
"""Addresses for writing only (erase, reset, restart): they are never even read."""
MAX_COUNT = 125
"""Words of the longest request that Modbus allows."""
WORDS = {"uint16": 1, "int16": 1, "uint32": 2, "int32": 2}

CLOCK_DATE = ("clock_year", "clock_month", "clock_day")
CLOCK_TIME = ("clock_hour", "clock_minute", "clock_second")
CLOCK_FRAMES = (CLOCK_DATE, CLOCK_TIME)
"""The inverter's own clock: registers in a row, each three in one frame (the vendor's documents)."""

Address = Annotated[int, Field(ge=0, le=65535)]


def _declared(code: str) -> str:
    condition = CONDITIONS.get(code)
    if condition is None or condition.parameters:
        raise ValueError(f"{code} is no condition without parameters in shared/conditions")
    return code


Code = Annotated[str, AfterValidator(_declared)]
"""The code of a condition that a bit stands for."""


class Entry(BaseModel):
    """Something in a layout, valid for some protocol numbers or, without `protocols`, for all of the layout's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocols: frozenset[int] | None = None

    def applies_to(self, protocol: int) -> bool:
        """Whether this entry is valid for a protocol number."""
        return self.protocols is None or protocol in self.protocols


class Block(Entry):
    """Registers that are read in one request. On a live unit one of the values that `alive` names is not zero."""

    start: Address
    count: int = Field(ge=1, le=MAX_COUNT)
    alive: tuple[str, ...] = ()

    @property
    def addresses(self) -> Sequence[int]:
        """The addresses of the block."""
        return range(self.start, self.start + self.count)


IDENTITY = Block(start=171, count=27)
"""What to read before the layout is known. It contains the protocol number."""
PROTOCOL_ONLY = Block(start=PROTOCOL_NUMBER, count=1)
"""The same for units that refuse the whole block."""
COMMON_UNITS = (range(100, 102), range(104, 106), range(108, 110), range(172, 184), range(186, 198))
"""Runs of addresses that every layout wants to be read in one request: half of one reads as zero."""


class Register(Entry):
    """One value: where it is and how it is read. The head of layouts/classic.yaml explains the keys."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    address: Address
    type: Literal["uint16", "int16", "uint32", "int32", "ascii"]
    count: int | None = Field(default=None, ge=1, le=125)
    divide_by: int = Field(default=1, gt=0)
    range: tuple[float, float] | None = None
    zero_from: float | None = None
    enum: dict[int, str] | None = None
    bits: dict[int, Code] | None = None
    backup: str | None = None

    @property
    def words(self) -> int:
        """How many words the value takes."""
        return self.count or WORDS[self.type]

    @property
    def addresses(self) -> Sequence[int]:
        """The addresses that the value takes."""
        return range(self.address, self.address + self.words)

    @property
    def reasons_name(self) -> str:
        """The name for the conditions behind the bits: faults for fault_bits."""
        return self.name.removesuffix("_bits") + "s"

    @model_validator(mode="after")
    def _is_plausible(self) -> Self:
        if (self.type == "ascii") != (self.count is not None):
            raise ValueError("count belongs to ascii, and ascii needs it")
        if sum(kind is not None for kind in (self.range, self.enum, self.bits, self.count)) != 1:
            raise ValueError("needs one of range, enum and bits, and ascii none of them")
        if self.range and self.range[0] > self.range[1]:
            raise ValueError(f"range is upside down: {list(self.range)}")
        if self.zero_from is not None and not (self.type.startswith("int") and self.range and self.range[0] == 0):
            raise ValueError("zero_from belongs to a signed type whose range begins at 0")
        if self.zero_from is not None and self.zero_from >= 0:
            raise ValueError("zero_from must be negative")
        if self.bits is not None and not self.name.endswith("_bits"):
            raise ValueError("has bits, so its name must end with _bits")
        return self


class Group(BaseModel):
    """Values that are read together, and the requests that bring them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    blocks: tuple[Block, ...]
    registers: tuple[Register, ...]

    def blocks_for(self, protocol: int) -> tuple[Block, ...]:
        """Return what to read from an inverter with this protocol number."""
        return tuple(block for block in self.blocks if block.applies_to(protocol))

    def blocks_with(self, names: Collection[str], protocol: int) -> tuple[Block, ...]:
        """Return the blocks that contain some values."""
        wanted = [register.address for register in self.registers_for(protocol) if register.name in names]
        return tuple(block for block in self.blocks_for(protocol) if set(wanted).intersection(block.addresses))

    def registers_for(self, protocol: int) -> tuple[Register, ...]:
        """Return the registers of an inverter with this protocol number."""
        return tuple(register for register in self.registers if register.applies_to(protocol))


class Layout(BaseModel):
    """Everything known of one family of inverters.

    `enums` and `bits` name tables that several registers share. `whole` lists further runs of addresses that are only
    valid when they are read in one request. `writable` are the settings that may be changed on some units, `clock` says
    on which of them the clock may be set.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    protocols: frozenset[int] = Field(min_length=1)
    models: dict[int, str] = Field(default_factory=dict)
    enums: dict[str, dict[int, str]] = Field(default_factory=dict)
    bits: dict[str, dict[int, Code]] = Field(default_factory=dict)
    whole: tuple[Block, ...] = ()
    state: Group
    info: Group
    settings: Group
    writable: tuple[WritableSetting, ...] = ()
    clock: WritableClock | None = None

    @property
    def groups(self) -> tuple[Group, Group, Group]:
        """The three groups, the most often read first."""
        return self.state, self.info, self.settings

    def registers_for(self, protocol: int) -> tuple[Register, ...]:
        """Return all registers of an inverter with this protocol number."""
        return self._registers_by_protocol.get(protocol, ())

    @cached_property
    def _registers_by_protocol(self) -> Mapping[int, tuple[Register, ...]]:
        return {one: tuple(r for group in self.groups for r in group.registers_for(one)) for one in self.protocols}

    def blocks_for(self, protocol: int) -> tuple[Block, ...]:
        """Return all blocks to read from an inverter with this protocol number."""
        return tuple(block for group in self.groups for block in group.blocks_for(protocol))

    @cached_property
    def units(self) -> tuple[Sequence[int], ...]:
        """Runs of addresses that no request may cut."""
        registers = [register for group in self.groups for register in group.registers if register.words > 1]
        own = (*(block.addresses for block in self.whole), *(register.addresses for register in registers))
        return tuple(sorted({*COMMON_UNITS, *own}, key=lambda unit: (unit[0], unit[-1])))

    @cached_property
    def needed(self) -> frozenset[int]:
        """The addresses that some value takes, completed to whole units."""
        known = {address for group in self.groups for register in group.registers for address in register.addresses}
        return frozenset(known.union(*(unit for unit in self.units if known.intersection(unit))))

    def witnesses(self, block: Block) -> frozenset[int]:
        """Return the addresses of the values that `alive` names."""
        named = (address for name in block.alive for address in self.addresses_by_name.get(name, ()))
        return frozenset(named) & {*block.addresses}

    @cached_property
    def addresses_by_name(self) -> Mapping[str, frozenset[int]]:
        """The addresses of each name, whatever the protocol number."""
        registers = [register for group in self.groups for register in group.registers]
        return {
            name: frozenset(address for one in registers if one.name == name for address in one.addresses)
            for name in {register.name for register in registers}
        }

    def setting(self, name: str, protocol: int) -> Register | None:
        """Return the register of a setting, by its meaning for this protocol number."""
        return self._settings_by_name.get(protocol, {}).get(name)

    @cached_property
    def _settings_by_name(self) -> Mapping[int, Mapping[str, Register]]:
        """Asked for with every decision: looking them up must cost nothing."""
        return {
            protocol: {one.name: one for one in self.settings.registers_for(protocol)} for protocol in self.protocols
        }

    def writable_for(self, name: str, protocol: int) -> WritableSetting | None:
        """Return what is proven of changing a setting on units with this protocol number."""
        return next((one for one in self.writable if one.name == name and protocol in one.proven), None)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for group in self.groups:
            _check_protocols((*group.blocks, *group.registers), self.protocols)
        for protocol in sorted(self.protocols):
            registers = self.registers_for(protocol)
            _check_distinct(registers)
            _check_backups(registers)
            rarely = self.info.blocks_for(protocol) + self.settings.blocks_for(protocol)
            _check_read(self.state.registers_for(protocol), self.state.blocks_for(protocol))
            _check_read(self.info.registers_for(protocol) + self.settings.registers_for(protocol), rarely)
            _check_not_cut(registers, self.state.blocks_for(protocol) + rarely)
            _check_alive(registers, self.state.blocks_for(protocol) + rarely)
        for block in (block for group in self.groups for block in group.blocks):
            _check_whole(block, self.units)
        _check_writable(self)
        return self


def _check_protocols(entries: Sequence[Block | Register], protocols: frozenset[int]) -> None:
    for entry in entries:
        if not (entry.protocols or frozenset()) <= protocols:
            raise ValueError(f"{_label(entry)} names protocols that the layout does not have")


def _check_distinct(registers: Sequence[Register]) -> None:
    names: set[str] = set()
    owners: dict[int, str] = {}
    for register in registers:
        if register.name in names:
            raise ValueError(f"{_label(register)} is declared twice for one protocol")
        names.add(register.name)
        for address in register.addresses:
            if address in owners:
                raise ValueError(f"{_label(register)} overlaps {owners[address]} at address {address}")
            owners[address] = register.name


def _check_backups(registers: Sequence[Register]) -> None:
    names = {register.name for register in registers}
    for register in registers:
        if register.backup is not None and register.backup not in names:
            raise ValueError(f"{_label(register)} has a backup that does not exist: {register.backup}")


def _check_read(registers: Sequence[Register], blocks: Sequence[Block]) -> None:
    for register in registers:
        if not any(set(register.addresses) <= set(block.addresses) for block in blocks):
            raise ValueError(f"{_label(register)} lies outside every block of its group")


def _check_not_cut(registers: Sequence[Register], blocks: Sequence[Block]) -> None:
    for block in blocks:
        for register in registers:
            inside = set(register.addresses) & set(block.addresses)
            if 0 < len(inside) < register.words:
                raise ValueError(f"{_label(register)} is cut by {_label(block)}")


def _check_whole(block: Block, units: Sequence[Sequence[int]]) -> None:
    for unit in units:
        inside = set(unit) & set(block.addresses)
        if 0 < len(inside) < len(unit):
            raise ValueError(f"{_label(block)} cuts {unit[0]} to {unit[-1]}, which are only valid as a whole")


def _check_alive(registers: Sequence[Register], blocks: Sequence[Block]) -> None:
    for block in blocks:
        inside = {register.name for register in registers if set(register.addresses) <= set(block.addresses)}
        if strangers := sorted(set(block.alive) - inside):
            raise ValueError(f"{_label(block)} has no {strangers[0]} that could show that the unit is alive")


def _check_writable(layout: Layout) -> None:
    taken: set[tuple[str, int]] = set()
    for one in layout.writable:
        if not one.proven.keys() <= layout.protocols:
            raise ValueError(f"{one.name} is proven for protocols that the layout does not have")
        for protocol, models in one.proven.items():
            if (one.name, protocol) in taken:
                raise ValueError(f"{one.name} is writable twice for protocol {protocol}")
            taken.add((one.name, protocol))
            if not models or not models <= layout.models.keys():
                raise ValueError(f"{one.name} is proven for models that the layout does not have")
            _check_writable_on(layout, one, protocol)
    if layout.clock:
        _check_clock(layout, layout.clock)


def _check_clock(layout: Layout, clock: WritableClock) -> None:
    """Two runs of three registers, each in the order in which it is written in one frame."""
    for protocol, models in clock.proven.items():
        if not models or not models <= layout.models.keys():
            raise ValueError("clock is proven for models that the layout does not have")
        for names in CLOCK_FRAMES:
            found = [layout.setting(name, protocol) for name in names]
            addresses = [one.address for one in found if one and one.type == "uint16"]
            if len(addresses) < len(names) or addresses != [*range(addresses[0], addresses[0] + len(names))]:
                raise ValueError(
                    f"clock is proven for protocol {protocol}, where {names[0]} is not followed by its like"
                )
            if FORBIDDEN.intersection(addresses):
                raise ValueError(f"clock at {addresses[0]} is never written")


def _check_writable_on(layout: Layout, one: WritableSetting, protocol: int) -> None:
    register = layout.setting(one.name, protocol)
    if register is None or register.type != "uint16":
        raise ValueError(f"{one.name} is no setting of one word with protocol {protocol}")
    if register.address in FORBIDDEN:
        raise ValueError(f"{one.name} at {register.address} is never written")
    if not {*one.values} <= {*(register.enum or {}).values()}:
        raise ValueError(f"{one.name} has values that its register does not have with protocol {protocol}")
    if one.range and not (register.range and register.range[0] <= one.range[0] <= one.range[1] <= register.range[1]):
        raise ValueError(f"{one.name} may be changed beyond the range of its register")
    for name in one.neighbours:
        neighbour = layout.setting(name, protocol)
        if neighbour is None or neighbour.range is None:
            raise ValueError(f"{one.name} is bounded by {name}, which is no number with protocol {protocol}")


def _label(entry: Block | Register) -> str:
    return f"block {entry.start}" if isinstance(entry, Block) else f"register {entry.name}"


@cache
def load_layout(name: str) -> Layout:
    """Return a layout by its name, or raise ConfigError."""
    if name not in _names():
        raise ConfigError(poller.layout_missing(name=name, known=", ".join(_names())))
    return read_layout(LAYOUTS / f"{name}.yaml")


def layout_for(protocol: int) -> Layout | None:
    """Return the layout for a value of register 184, or None for an inverter that is not known."""
    layouts = (load_layout(name) for name in _names())
    return next((layout for layout in layouts if protocol in layout.protocols), None)


@cache
def _names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in LAYOUTS.glob("*.yaml")))


def read_layout(path: Path) -> Layout:
    """Return the layout in a file, or raise ConfigError that says what is wrong where."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 (both loaders are safe)
    except yaml.YAMLError as error:
        raise _invalid(path, poller.not_yaml(detail=" ".join(str(error).split()))) from None
    if not isinstance(content, dict):
        raise _invalid(path, poller.NOT_A_LAYOUT())
    try:
        return Layout.model_validate({"name": path.stem, **content})
    except ValidationError as error:
        raise _invalid(path, _at_its_place(content, first_fault(error))) from None


def _invalid(path: Path, fault: Reason) -> ConfigError:
    return ConfigError(poller.layout_invalid(file=path.name, fault=fault))


def _at_its_place(content: object, fault: Fault) -> Reason:
    """Return the fault behind its place: "register pv_power_w, divide_by: it must be more than 0"."""
    place: list[str] = []
    for step in fault.location:
        content = _inside(content, step)
        owner = _owner(content)
        place = [owner] if owner else [*place, str(step)]
    return files.at(place=", ".join(place), fault=fault.reason) if place else fault.reason


def _inside(content: Any, step: int | str) -> object:
    try:
        return content[step]
    except (KeyError, IndexError, TypeError):
        return None


def _owner(content: object) -> str | None:
    match content:
        case {"name": name}:
            return f"register {name}"
        case {"start": start}:
            return f"block {start}"
    return None
