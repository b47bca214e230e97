"""The plug service within one process, between a broker and virtual plugs on the network."""

import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.tuya.service import serve
from services.tuya.settings import TuyaSettings
from shared.messages import Grid, GridState, PlugCommand
from simulators.tuya.plug import LocalPlug, Plug, PlugFault
from tests.support.living import living
from tests.support.small_broker import SmallBroker
from tests.support.waiting import until

KEY = "0123456789abcdef"


@pytest.fixture
async def plugs(tmp_path: Path) -> AsyncIterator[dict[str, Plug]]:
    """Two plugs, of which the second is protected, and their list."""
    virtual = {name: Plug(name, name.capitalize(), KEY, "3.3", {"switch_1": 1}) for name in ("kettle", "router")}
    local = {name: LocalPlug(plug) for name, plug in virtual.items()}
    listed = []
    for name, plug in local.items():
        await plug.start("127.0.0.1", 0)
        place = {"id": name, "name": virtual[name].name, "host": "127.0.0.1", "port": plug.port, "version": "3.3"}
        listed.append(place | {"local_key": KEY, "gangs": ["switch_1"], "protected": name == "router"})
    (tmp_path / "plugs.yaml").write_text("plugs:\n" + "".join(f"  - {json.dumps(one)}\n" for one in listed))
    yield virtual
    for plug in local.values():
        plug.stop()


@pytest.fixture
def given(small_broker: SmallBroker, tmp_path: Path) -> dict[str, Any]:
    ours = {
        "tuya_plugs_file": tmp_path / "plugs.yaml",
        "tuya_journal_file": tmp_path / "journal.json",
        "tuya_announce_ports": "",
        "tuya_local_timeout": 10,
        "plug_check_interval": 0.2,
        "plug_restore_delay": 0,
        "plug_restore_pause": 0,
    }
    return small_broker.settings | ours | {"_env_file": None}


def is_on(plug: Plug) -> bool:
    return all(plug.relays.values())


def turn(broker: SmallBroker, state: Grid) -> None:
    now = datetime.now(UTC)
    broker.publish("grid/state", GridState(at=now, state=state, since=now, transition_id=uuid.uuid4().hex))


async def test_plugs_go_off_with_the_grid_and_come_back_with_it_but_not_a_protected_one(
    small_broker: SmallBroker, plugs: dict[str, Plug], given: dict[str, Any], tmp_path: Path
) -> None:
    async with living("tuya", TuyaSettings(**given), serve, small_broker):
        await until(lambda: small_broker.on("plug/kettle/state") and small_broker.on("plug/router/state"))
        turn(small_broker, Grid.ON)
        await until((tmp_path / "journal.json").exists)
        turn(small_broker, Grid.OFF)
        await until(lambda: not is_on(plugs["kettle"]))
        await until(lambda: small_broker.on("plug/kettle/state")[-1]["switched_by"] == "grid")
        assert small_broker.on("plug/kettle/state")[-1]["confirmed"]
        turn(small_broker, Grid.ON)
        await until(lambda: is_on(plugs["kettle"]))
        await until(lambda: len(small_broker.on("plug/kettle/action")) == 2)
    assert {one["outcome"] for one in small_broker.on("plug/kettle/action")} == {"done"}
    assert not plugs["router"].switched


async def test_a_plug_that_is_gone_with_the_grid_is_remembered_as_on(
    small_broker: SmallBroker, plugs: dict[str, Plug], given: dict[str, Any], tmp_path: Path
) -> None:
    async with living("tuya", TuyaSettings(**given), serve, small_broker):
        await until(lambda: small_broker.on("plug/kettle/state") and small_broker.on("plug/kettle/state")[-1]["on"])
        turn(small_broker, Grid.ON)
        await until((tmp_path / "journal.json").exists)
        plugs["kettle"].fault = PlugFault.REFUSED
        turn(small_broker, Grid.OFF)
        await until(lambda: small_broker.on("plug/kettle/state")[-1]["pending"] is False)
    assert list(json.loads((tmp_path / "journal.json").read_text())["seen_on"]) == ["kettle/switch_1"]


async def test_a_command_switches_but_not_by_half_an_hour_ago_and_never_what_is_protected(
    small_broker: SmallBroker, plugs: dict[str, Plug], given: dict[str, Any]
) -> None:
    now = datetime.now(UTC)
    off = PlugCommand(at=now, on=False, by="bot")
    async with living("tuya", TuyaSettings(**given), serve, small_broker):
        await until(lambda: small_broker.on("plug/kettle/state") and small_broker.on("plug/router/state"))
        for name, command in (("router", off), ("kettle", off.model_copy(update={"at": now.replace(year=2025)}))):
            small_broker.publish(f"plug/{name}/set", command, retain=False)
            await until(lambda name=name: small_broker.on(f"plug/{name}/action"))  # type: ignore[misc]
            assert small_broker.on(f"plug/{name}/action")[-1]["outcome"] == "refused"
        assert all(map(is_on, plugs.values()))
        small_broker.publish("plug/kettle/set", off, retain=False)
        await until(lambda: not is_on(plugs["kettle"]))


async def test_a_dry_run_says_what_it_would_do_and_switches_nothing(
    small_broker: SmallBroker, plugs: dict[str, Plug], given: dict[str, Any]
) -> None:
    async with living("tuya", TuyaSettings(**given, tuya_dry_run=True), serve, small_broker):
        await until(lambda: small_broker.on("plug/kettle/state"))
        small_broker.publish("plug/kettle/set", PlugCommand(at=datetime.now(UTC), on=False, by="bot"), retain=False)
        await until(lambda: small_broker.on("plug/kettle/action"))
    assert small_broker.on("plug/kettle/state")[-1]["dry_run"]
    assert is_on(plugs["kettle"])
