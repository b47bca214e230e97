"""Renders the table of settings that can be changed in docs/inverter.md from the register layouts."""

from collections.abc import Iterator
from pathlib import Path

from services.poller.registers import CLOCK_FRAMES, LAYOUTS, Layout, load_layout
from services.poller.writable_settings import WritableClock, WritableSetting
from shared.conditions.inverter_settings import CLOCK, CLOCK_RIGHT, meaning

PAGE = "docs/inverter.md"
BEGIN = "<!-- the table is generated from services/poller/layouts by `make docs` -->\n"
END = "<!-- end of the table -->\n"
HEAD = """
| setting | register | 184 | 171 | to what | how sure | sources |
|---|---|---|---|---|---|---|
"""


def writable_page(root: Path) -> dict[str, str]:
    """Return the page by its name, with the table as the layouts have it."""
    before, _, rest = (root / PAGE).read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    layouts = (load_layout(path.stem) for path in sorted(LAYOUTS.glob("*.yaml")))
    rows = (row for layout in layouts for row in _rows_of(layout))
    return {PAGE: before + BEGIN + HEAD + "".join(rows) + "\n" + END + after}


def _rows_of(layout: Layout) -> Iterator[str]:
    for one in layout.writable:
        yield from _rows(layout, one)
    if layout.clock:
        yield from _clock_rows(layout, layout.clock)


def _clock_rows(layout: Layout, clock: WritableClock) -> Iterator[str]:
    for protocol, models in clock.proven.items():
        frames = ((layout.setting(names[0], protocol), layout.setting(names[-1], protocol)) for names in CLOCK_FRAMES)
        addresses = ", ".join(f"{first and first.address}-{last and last.address}" for first, last in frames)
        units = ", ".join(f"0x{model:04X} ({layout.models[model]})" for model in sorted(models))
        allowed = f"`{CLOCK_RIGHT}`: {_text(CLOCK, CLOCK_RIGHT)}"
        cells = (f"`{CLOCK}`: {_text(CLOCK)}", addresses, str(protocol), units, allowed)
        yield "| " + " | ".join((*cells, clock.confidence, ", ".join(clock.sources))) + " |\n"


def _rows(layout: Layout, one: WritableSetting) -> Iterator[str]:
    for protocol, models in one.proven.items():
        register = layout.setting(one.name, protocol)
        units = ", ".join(f"0x{model:04X} ({layout.models[model]})" for model in sorted(models))
        name = f"`{one.name}`: {_text(one.name)}"
        cells = (name, str(register and register.address), str(protocol), units, _allowed(layout, one, protocol))
        yield "| " + " | ".join((*cells, one.confidence, ", ".join(one.sources))) + " |\n"


def _allowed(layout: Layout, one: WritableSetting, protocol: int) -> str:
    """Return the values with what they mean, or the range and what else bounds it."""
    if one.range is None:
        return "; ".join(f"`{value}`: {_text(one.name, value)}" for value in one.values)
    bounds = [f"at most {_address(layout, name, protocol)}" for name in one.at_most]
    bounds += [f"at least {_address(layout, name, protocol)}" for name in one.at_least]
    return ", ".join((f"{one.range[0]:g} to {one.range[1]:g} in steps of {one.step:g}", *bounds))


def _text(name: str, value: str = "") -> str:
    said = meaning(name, value)
    return said.text if said else ""


def _address(layout: Layout, name: str, protocol: int) -> str:
    register = layout.setting(name, protocol)
    return f"{register and register.address} (`{name}`)"
