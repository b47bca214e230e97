"""Renders deploy/grafana/history-*.json: a dashboard over the SQL views, for PostgreSQL and for a SQLite plugin."""

# ruff: noqa: S608  # the queries are our own

import json
from typing import Any

SOURCES = {"postgresql": "grafana-postgresql-datasource", "sqlite": "frser-sqlite-datasource"}
SPAN = "at >= $__from AND at < $__to"
SERIES: tuple[tuple[str, str, str], ...] = (
    (
        "Power",
        "watt",
        "SELECT at / 1000 AS time, pv_power_w AS sun, load_power_w AS load, grid_power_w AS grid, "
        f"battery_power_w AS battery FROM v_inverter_5min WHERE {SPAN} ORDER BY at",
    ),
    (
        "Charge",
        "percent",
        "SELECT at / 1000 AS time, battery_soc_percent, battery_soc_percent_min, battery_soc_percent_max "
        f"FROM v_inverter_5min WHERE {SPAN} ORDER BY at",
    ),
    (
        "Energy a day",
        "kwatth",
        "SELECT at / 1000 AS time, pv_kwh AS sun, load_kwh AS load, grid_in_kwh AS grid, battery_out_kwh AS battery "
        f"FROM v_inverter_day WHERE {SPAN} ORDER BY at",
    ),
    (
        "Cells",
        "volt",
        f"SELECT at / 1000 AS time, device, cell_min_v, cell_max_v FROM v_battery_5min WHERE {SPAN} ORDER BY at",
    ),
)
OUTAGES = (
    "SELECT start_time, end_time, lasted_min, planned, soc_from_percent, soc_to_percent FROM v_outage "
    "WHERE start >= $__from AND start < $__to ORDER BY start DESC"
)


def queries() -> list[str]:
    """Return every query of the dashboard."""
    return [*(query for _, _, query in SERIES), OUTAGES]


def grafana_files() -> dict[str, str]:
    """Return the dashboards by their paths."""
    return {f"deploy/grafana/history-{kind}.json": _dashboard(kind, source) for kind, source in SOURCES.items()}


def _dashboard(kind: str, source: str) -> str:
    panels = [_panel(index, title, unit, query, source) for index, (title, unit, query) in enumerate(SERIES)]
    panels.append(_panel(len(panels), "Outages", "", OUTAGES, source))
    variable = {"name": "source", "type": "datasource", "query": source, "label": "Database"}
    content = {
        "title": "easun-bridge history",
        "uid": f"easun-bridge-history-{kind}",
        "schemaVersion": 39,
        "tags": ["easun-bridge"],
        "time": {"from": "now-7d", "to": "now"},
        "editable": True,
        "templating": {"list": [variable]},
        "panels": panels,
    }
    return json.dumps(content, indent=2) + "\n"


def _panel(index: int, title: str, unit: str, query: str, source: str) -> dict[str, Any]:
    is_table = not unit
    target = {"refId": "A", "format": "table", "rawQuery": True, "rawSql": query}
    if source == SOURCES["sqlite"]:
        target = {
            "refId": "A",
            "queryType": "table",
            "queryText": query,
            "rawQueryText": query,
            "timeColumns": ["time"],
        }
    elif not is_table:
        target["format"] = "time_series"
    return {
        "id": index + 1,
        "title": title,
        "type": "table" if is_table else "timeseries",
        "datasource": {"type": source, "uid": "${source}"},
        "gridPos": {"x": 0, "y": 8 * index, "w": 24, "h": 8},
        "fieldConfig": {"defaults": {"unit": unit} if unit else {}, "overrides": []},
        "targets": [{"refId": "A"} | target],
    }
