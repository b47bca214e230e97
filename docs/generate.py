"""Writes every generated file; `--check` reports the stale ones.

docs/topics.md, docs/asyncapi.yaml and mosquitto/acl from shared/topics.py, docs/conditions.md from shared/conditions,
the regions in docs/schedule.md from shared/schedule_regions.py, the settings that can be changed in docs/inverter.md
from the register layouts, the systemd units from deploy/units.py, the Grafana dashboards over the SQL views, and what
docs/generate_settings.py renders from the settings classes.
"""

import sys
from pathlib import Path

from deploy.units import units
from docs.generate_conditions import conditions_markdown
from docs.generate_grafana import grafana_files
from docs.generate_regions import regions_page
from docs.generate_settings import settings_files
from docs.generate_topics import topic_files
from docs.generate_writable import writable_page

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Write the files, or with --check fail where one of them is stale."""
    conditions = {"docs/conditions.md": conditions_markdown()}
    files = (
        topic_files()
        | conditions
        | units()
        | grafana_files()
        | settings_files(ROOT)
        | regions_page(ROOT)
        | writable_page(ROOT)
    )
    stale = [name for name, text in files.items() if not _same(ROOT / name, text)]
    if "--check" in sys.argv:
        sys.exit(f"Stale: {', '.join(stale)}. Run `make docs`." if stale else 0)
    for name in stale:
        (ROOT / name).write_text(files[name], encoding="utf-8")


def _same(file: Path, text: str) -> bool:
    return file.exists() and file.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    main()
