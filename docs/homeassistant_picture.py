"""Makes the picture of the dashboard in Home Assistant from a running demo: `python -m docs.homeassistant_picture PY`.

PY is the Python of a Home Assistant with its frontend; bench/homeassistant_frontend.py says how to make one.
"""

import re
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize, sync_playwright

from bench.homeassistant_frontend import Frontend
from docs.pictures import DEMO, IMAGES, SETTLED_MS, save
from shared.env_file import values
from tests.support.chromium import CHROMIUM
from tests.support.waiting import eventually

VIEW: ViewportSize = {"width": 1280, "height": 740}
INVERTER = "SELECT * FROM v_inverter_hour WHERE device = 'main' ORDER BY at"
BATTERY = "SELECT * FROM v_battery_hour WHERE device = 'all' ORDER BY at"
MEANS = {
    "sensor.easun_inverter_main_pv_power_w": (INVERTER, "pv_power_w", "W"),
    "sensor.easun_inverter_main_load_power_w": (INVERTER, "load_power_w", "W"),
    "sensor.easun_battery_all_soc_percent": (BATTERY, "soc_percent", "%"),
}
COUNTERS = ("pv_kwh", "load_kwh", "grid_in_kwh", "grid_out_kwh", "battery_in_kwh", "battery_out_kwh")
ENTITY = re.compile(r"\b[a-z_]+\.easun_[a-z0-9_]+")
UNKNOWN = (None, "unknown", "unavailable")
WRONG = "hui-error-card, hui-warning, hui-entity-not-found, ha-alert[alert-type=error]"
PATIENCE_MS = 60_000
CALL = "message => document.querySelector('home-assistant').hass.callWS(message)"


def main() -> None:
    """Take the picture."""
    python = sys.argv[1] if len(sys.argv) == 2 else ""
    if not DEMO.exists() or not python:
        sys.exit("It needs a running demo (make demo), and the Python of a Home Assistant with its frontend.")
    demo = values(DEMO.read_text(encoding="utf-8"))
    with (
        tempfile.TemporaryDirectory() as directory,
        Frontend(python, Path(directory)) as home,
        sync_playwright() as playwright,
    ):
        home.connect(int(demo["MQTT_PORT"]), (Path(demo["MQTT_SECRETS_DIR"]) / "hass").read_text().strip())
        eventually(lambda: found(home), "Home Assistant has found the house", 60)
        browser = playwright.chromium.launch(**CHROMIUM)
        page = browser.new_page(viewport=VIEW, locale="uk-UA", timezone_id="Europe/Kyiv", color_scheme="light")
        page.add_init_script(home.login)
        page.goto(home.address)
        with closing(sqlite3.connect(demo["DB_PATH"])) as database:
            import_past(page, database)
        page.goto(f"{home.address}/easun-bridge/now")
        page.locator("hui-history-graph-card canvas").last.wait_for(timeout=PATIENCE_MS)
        page.wait_for_timeout(SETTLED_MS)
        if wrong := page.locator(WRONG).all_text_contents():
            sys.exit(f"The dashboard shows: {wrong}")
        save(page, IMAGES / "homeassistant.png")


def found(home: Frontend) -> bool:
    """Whether everything of the dashboard is known."""
    states = home.states()
    dashboard = (home.directory / "dashboard.yaml").read_text(encoding="utf-8")
    return all(states.get(one, {}).get("state") not in UNKNOWN for one in ENTITY.findall(dashboard))


def import_past(page: Page, database: sqlite3.Connection) -> None:
    """Give Home Assistant the demo's hours before its own start, as a home that has had it for days would show them."""
    page.wait_for_function("document.querySelector('home-assistant')?.hass?.connected")
    database.row_factory = sqlite3.Row
    for entity, (query, column, unit) in MEANS.items():
        past = [
            {"start": row["time"], "mean": row[column], "min": row[f"{column}_min"], "max": row[f"{column}_max"]}
            for row in database.execute(query).fetchall()[:-1]
        ]
        page.evaluate(CALL, statistics(entity, unit, past, has_mean=True))
    hours = database.execute(INVERTER).fetchall()[:-1]
    for counter in COUNTERS:
        past = list(summed(hours, counter))
        page.evaluate(CALL, statistics(f"sensor.easun_energy_{counter}", "kWh", past, has_mean=False))


def summed(hours: list[sqlite3.Row], counter: str) -> Iterator[dict[str, Any]]:
    """Yield the counter as it stood after each hour."""
    total = 0.0
    for row in hours:
        total += row[counter] or 0
        yield {"start": row["time"], "state": total, "sum": total}


def statistics(entity: str, unit: str, past: list[dict[str, Any]], *, has_mean: bool) -> dict[str, Any]:
    """Return the command that imports an entity's past."""
    about: dict[str, Any] = {"statistic_id": entity, "source": "recorder", "name": None, "unit_of_measurement": unit}
    about |= {"has_mean": has_mean, "has_sum": not has_mean}
    return {"type": "recorder/import_statistics", "metadata": about, "stats": past}


if __name__ == "__main__":
    main()
