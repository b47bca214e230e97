"""Home Assistant itself, without a window. Runs in its own Python: bench/homeassistant.py says how to make one.

python bench/homeassistant_core.py validate FILE   discovery payloads (JSON, by object id) against its own schemas
python bench/homeassistant_core.py run DIR PORT PASSWORD [PREFIX]
                                                   connects as hass, reads commands from stdin, a line each: `states`,
                                                   `triggers`, `turn_on ID`, `turn_off ID`, `select ID=OPTION`, `energy`
                                                   (the energy dashboard with our counters, by its own websocket
                                                   commands); answers with lines of JSON
"""

import asyncio
import importlib
import json
import logging
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def faults(payloads: dict[str, dict[str, Any]]) -> list[str]:
    """Return what Home Assistant's schemas say against discovery payloads."""
    return asyncio.run(_faults(payloads))


async def _faults(payloads: dict[str, dict[str, Any]]) -> list[str]:
    import voluptuous as vol
    from homeassistant import core
    from homeassistant.components.mqtt import discovery
    from homeassistant.helpers import frame

    frame.async_setup(core.HomeAssistant(""))  # templates want to know whose they are
    found = []
    for name, payload in payloads.items():
        try:
            discovery.DEVICE_DISCOVERY_SCHEMA(payload)
        except vol.Invalid as error:
            found.append(f"{name}: {error}")
            continue
        common = {key: value for key, value in payload.items() if key != "components"}
        for key, component in payload["components"].items():
            if set(component) == {"platform"}:
                continue
            try:
                known = _schema(component["platform"])(common | component)
            except vol.Invalid as error:
                found.append(f"{name} {key}: {error}")
                continue
            # what was introduced in a later version is dropped here without a word
            dropped = set(component) - set(known) - {"default_entity_id", "platform"}
            found += [f"{name} {key}: dropped {one}" for one in sorted(dropped)]
    return found


def _schema(platform: str) -> Any:
    if platform == "device_automation":
        return importlib.import_module("homeassistant.components.mqtt.device_trigger").TRIGGER_DISCOVERY_SCHEMA
    return importlib.import_module(f"homeassistant.components.mqtt.{platform}").DISCOVERY_SCHEMA


async def run(directory: str, port: int, password: str, prefix: str) -> None:
    """Start Home Assistant with nothing but MQTT, and answer commands until stdin ends."""
    from homeassistant import bootstrap, config_entries, core, loader
    from homeassistant.const import __version__
    from homeassistant.setup import async_setup_component

    hass = core.HomeAssistant(directory)
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    await async_setup_component(hass, "homeassistant", {})
    for without_a_window in ("http", "file_upload", "frontend"):
        hass.config.components.add(without_a_window)
    await _with_history(hass, directory)
    entry = _entry(config_entries.ConfigEntry, port, password, prefix)
    triggered: list[str] = []
    if known := hass.config_entries.async_get_entry(entry.entry_id):  # it has been started before
        entry = known
        await hass.config_entries.async_setup(entry.entry_id)
    else:
        await hass.config_entries.async_add(entry)
    await hass.async_start()
    print(json.dumps({"version": __version__, "state": str(entry.state)}), flush=True)
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    listening: set[str] = set()
    while line := (await reader.readline()).decode().split():
        await _listen_to_triggers(hass, listening, triggered)
        print(json.dumps(await _answer(hass, triggered, *line), ensure_ascii=False, default=str), flush=True)
    await hass.async_stop()


async def _with_history(hass: Any, directory: str) -> None:
    """Set up what the energy dashboard needs: statistics, and the websocket's commands, without a socket."""
    from homeassistant.auth import auth_manager_from_config
    from homeassistant.helpers import recorder
    from homeassistant.setup import async_setup_component

    hass.auth = await auth_manager_from_config(hass, [], [])
    hass.http = SimpleNamespace(register_view=lambda *_: None, app={})
    recorder.async_initialize_recorder(hass)
    config = {"recorder": {"db_url": f"sqlite:///{directory}/history.db", "commit_interval": 1}}
    for name in ("recorder", "websocket_api", "history", "sensor", "energy"):
        if not await async_setup_component(hass, name, config):
            print(f"{name} could not be set up", file=sys.stderr)


ENERGY_SOURCES = [
    {
        "type": "grid",
        "flow_from": [
            {
                "stat_energy_from": "sensor.easun_energy_grid_in_kwh",
                "stat_cost": None,
                "entity_energy_price": None,
                "number_energy_price": None,
            }
        ],
        "flow_to": [],
        "cost_adjustment_day": 0,
    },
    {"type": "solar", "stat_energy_from": "sensor.easun_energy_pv_kwh", "config_entry_solar_forecast": None},
    {
        "type": "battery",
        "stat_energy_from": "sensor.easun_energy_battery_out_kwh",
        "stat_energy_to": "sensor.easun_energy_battery_in_kwh",
    },
]
"""What a user chooses by clicks, see docs/homeassistant.md."""


async def _energy(hass: Any) -> dict[str, Any]:
    """Choose our counters in the energy dashboard and return what it says against them."""
    from homeassistant.components.recorder import get_instance, statistics
    from homeassistant.components.recorder.tasks import StatisticsTask

    now = datetime.now(UTC)
    begun = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
    for start in (begun - timedelta(minutes=5), begun):
        get_instance(hass).queue_task(StatisticsTask(start, False))
    await get_instance(hass).async_block_till_done()
    known = await get_instance(hass).async_add_executor_job(statistics.list_statistic_ids, hass)
    saved = await _websocket(hass, {"type": "energy/save_prefs", "energy_sources": ENERGY_SOURCES})
    validated = await _websocket(hass, {"type": "energy/validate"})
    ours = [one["statistic_id"] for one in known if ".easun_energy_" in one["statistic_id"]]
    return {"statistics": sorted(ours), "saved": saved, "validated": validated}


async def _websocket(hass: Any, message: dict[str, Any]) -> Any:
    """Return the answer to a websocket command of an administrator."""
    from homeassistant.components.websocket_api.connection import ActiveConnection

    user = await hass.auth.async_create_system_user("bench", group_ids=["system-admin"])
    token = await hass.auth.async_create_refresh_token(user)
    answers: asyncio.Queue[Any] = asyncio.Queue()
    connection = ActiveConnection(logging.getLogger("bench"), hass, answers.put_nowait, user, token)
    connection.async_handle({"id": 1} | message)
    given = await answers.get()
    answer = given if isinstance(given, dict) else json.loads(given)
    return answer.get("result") if answer.get("success") else answer


def _entry(kind: Any, port: int, password: str, prefix: str) -> Any:
    return kind(
        data={
            "broker": "127.0.0.1",
            "port": port,
            "username": "hass",
            "password": password,
            "discovery": True,
            "discovery_prefix": prefix,
        },
        discovery_keys={},
        domain="mqtt",
        entry_id="mqtt",
        minor_version=2,
        options={},
        source="user",
        subentries_data=None,
        title="MQTT",
        unique_id=None,
        version=1,
    )


async def _listen_to_triggers(hass: Any, listening: set[str], triggered: list[str]) -> None:
    """Make an automation of every device trigger there is, as a user would by clicks."""
    from homeassistant.components.device_automation import DeviceAutomationType, async_get_device_automations
    from homeassistant.helpers import device_registry, trigger

    for device in list(device_registry.async_get(hass).devices):
        if device in listening:
            continue
        listening.add(device)
        found = await async_get_device_automations(hass, DeviceAutomationType.TRIGGER, [device])
        for one in found.get(device, []):
            if one["domain"] == "mqtt":

                async def act(_variables: Any, _context: Any = None, kind: str = one["type"]) -> None:
                    triggered.append(kind)

                config = await trigger.async_validate_trigger_config(hass, [_without_metadata(one)])
                await trigger.async_initialize_triggers(hass, config, act, "bench", "bench", logging.getLogger().info)


def _without_metadata(one: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if key != "metadata"}


async def _answer(hass: Any, triggered: list[str], command: str, entity: str = "") -> Any:
    if command == "triggers":
        return triggered
    if command == "energy":
        return await _energy(hass)
    if command == "select":
        entity, _, option = entity.partition("=")
        await hass.services.async_call(
            "select", "select_option", {"entity_id": entity, "option": option}, blocking=True
        )
        return True
    if command in ("turn_on", "turn_off"):
        await hass.services.async_call("switch", command, {"entity_id": entity}, blocking=True)
        return True
    return {one.entity_id: {"state": one.state, "attributes": dict(one.attributes)} for one in hass.states.async_all()}


if __name__ == "__main__":
    if sys.argv[1] == "validate":
        wrong = faults(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))
        print("\n".join(wrong) or "valid")
        sys.exit(bool(wrong))
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    asyncio.run(run(sys.argv[2], int(sys.argv[3]), sys.argv[4], (sys.argv[5:] or ["homeassistant"])[0]))
