"""Renders the table of regions in docs/schedule.md from shared/schedule_regions.py."""

from pathlib import Path

from shared.schedule_regions import REGIONS, Origin, Region

PAGE = "docs/schedule.md"
BEGIN = "<!-- the table is generated from shared/schedule_regions.py by `make docs` -->\n"
END = "<!-- end of the table -->\n"
HEAD = """
| `SCHEDULE_REGION` | region | how sure | sources, in order (last sign of life; * no licence stated) |
|---|---|---|---|
"""


def regions_page(root: Path) -> dict[str, str]:
    """Return the page by its name, with the table as the registry has it."""
    before, _, rest = (root / PAGE).read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return {PAGE: before + BEGIN + HEAD + "".join(map(_row, REGIONS)) + "\n" + END + after}


def _row(region: Region) -> str:
    origins = "; ".join(map(_origin, region.origins)) or "nobody publishes hours"
    return f"| `{region.slug}` | {region.en} | {region.sureness} | {origins} |\n"


def _origin(origin: Origin) -> str:
    return f"[{origin.name}]({origin.url}){'' if origin.is_free else '*'} ({origin.seen})"
