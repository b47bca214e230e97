"""The poller within one process, between a broker and simulated inverters."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.poller.serve import serve
from services.poller.setting_journal import SettingJournal, with_sequence
from services.poller.setting_sequence import Purpose, SettingSequence
from services.poller.settings import PollerSettings
from shared.conditions import poller as conditions
from shared.messages import Contact, Grid, Mode, ServiceHealth
from shared.state_file import StateFile
from simulators.setting_store import SettingStore
from tests.poller.register_dumps import G_MAINS_4K
from tests.poller.setting_home import UNIT
from tests.poller.simulated_inverter import simulated
from tests.support.living import living
from tests.support.ports import free_port
from tests.support.small_broker import SmallBroker
from tests.support.waiting import until

STATE, AVAILABILITY, STATUS = "inverter/main/state", "inverter/main/availability", "service/poller/status"


@pytest.fixture
def given(small_broker: SmallBroker, tmp_path: Path) -> dict[str, Any]:
    ours = {
        "inverters_file": tmp_path / "inverters.yaml",
        "inverter_journal_dir": tmp_path / "journal",
        "inverter_profiles_file": tmp_path / "profiles.yaml",
        "poll_interval": 0.5,
        "modbus_timeout": 0.3,
    }
    return small_broker.settings | ours | {"_env_file": None}


def words() -> Mapping[int, int]:
    return G_MAINS_4K.words


async def test_readings_and_the_grid_are_published_and_that_it_is_gone(
    small_broker: SmallBroker, given: dict[str, Any]
) -> None:
    wire, place = await simulated("tcp", words)
    async with living("poller", PollerSettings(**given | place), serve, small_broker):
        await until(lambda: small_broker.on(STATE) and small_broker.on("grid/state"))
        assert small_broker.on(STATE)[-1]["mode"] == Mode.MAINS
        assert small_broker.on("grid/state")[-1]["state"] == Grid.ON
        await until(lambda: small_broker.on("inverter/main/info"))
        assert small_broker.on("inverter/main/info")[-1]["layout"] == "classic"
        await wire.stop()
        await until(lambda: small_broker.on(AVAILABILITY)[-1]["state"] == Contact.OFFLINE)
    assert small_broker.on(STATUS)[-1]["state"] == ServiceHealth.OFFLINE


async def test_an_inverter_that_leaves_the_list_leaves_the_broker(
    small_broker: SmallBroker, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.poller.inverters.LIST_CHECK_S", 0.05)
    wire, place = await simulated("tcp", words)
    listed = f"inverters: [{{name: %s, host: 127.0.0.1, port: {place['modbus_port']}}}]\n"
    given["inverters_file"].write_text(listed % "one")
    async with living("poller", PollerSettings(**given), serve, small_broker):
        await until(lambda: small_broker.on("inverter/one/state"))
        given["inverters_file"].write_text("inverters: [{name: one, host: 127.0.0.1, port: 99999}]\n")
        await until(lambda: small_broker.on(STATUS)[-1]["state"] == ServiceHealth.DEGRADED)
        given["inverters_file"].write_text(listed % "two")
        await until(lambda: small_broker.on("inverter/two/state"))
        await until(lambda: "inverter/one/state" not in small_broker.retained)
    await wire.stop()
    assert "inverter/one/availability" not in small_broker.retained


def journal_of_a_muted_buzzer(given: dict[str, Any], unit: str, name: str = "main") -> Path:
    """Save the journal of an inverter whose buzzer was muted for the quiet hours."""
    muted = SettingSequence(
        purpose=Purpose.QUIET_HOURS,
        by="automatic",
        at=datetime(2026, 11, 30, tzinfo=UTC),
        unit=unit,
        wanted={"buzzer_mode": "mute"},
        before={"buzzer_mode": "fault"},
        made={"buzzer_mode": ("mute",)},
        stands={"buzzer_mode": "mute"},
    )
    file: Path = given["inverter_journal_dir"] / f"{name}.json"
    StateFile("", file, SettingJournal).save(with_sequence(SettingJournal(), muted))
    return file


@pytest.mark.parametrize("left_as", ["main.json", "left.json.left-1"])
async def test_the_buzzer_of_an_inverter_that_was_renamed_while_it_was_muted_is_restored(
    small_broker: SmallBroker, given: dict[str, Any], left_as: str
) -> None:
    """The second one: it was set aside, and then the poller was killed."""
    wire, place = await simulated("tcp", lambda: UNIT | {303: 0})
    store = wire.device.settings = SettingStore()
    file = journal_of_a_muted_buzzer(given, "1/1E00/101112131415161718191:1;")
    file = file.rename(file.with_name(left_as))
    async with living("poller", PollerSettings(**given | place | {"inverter_name": "left"}), serve, small_broker):
        await until(lambda: store.written == [(303, 3)])
        await until(lambda: not StateFile("", file.with_name("left.json"), SettingJournal).peek().sequences)
    assert not file.exists()
    said = [reason["code"] for status in small_broker.on(STATUS) for reason in status["reasons"]]
    assert conditions.left_changed.code not in said
    await wire.stop()


@pytest.mark.parametrize("muted", ["ab", "a", "abc"])
async def test_inverters_whose_names_were_exchanged_while_their_buzzers_were_muted_get_them_back(
    small_broker: SmallBroker, given: dict[str, Any], muted: str
) -> None:
    """Each letter is an inverter's name before; the next one in the circle is its name now."""
    names = muted if len(muted) > 1 else "ab"
    wires, stores, listed = [], {name: SettingStore() for name in names}, []
    for name, now in zip(names, names[1:] + names[0], strict=True):
        serial = ord(name) << 8 | ord(name)
        words = UNIT | {186: serial, 303: 0 if name in muted else 3}
        wire, place = await simulated("tcp", partial(dict, words))
        wire.device.settings = stores[name]
        wires.append(wire)
        listed.append(f"{{name: {now}, host: 127.0.0.1, port: {place['modbus_port']}}}")
        if name in muted:
            journal_of_a_muted_buzzer(given, f"1/1E00/{name}{name}1112131415161718191:1;", name)
    given["inverters_file"].write_text(f"inverters: [{', '.join(listed)}]\n")
    async with living("poller", PollerSettings(**given), serve, small_broker):
        await until(lambda: all(stores[name].written == [(303, 3)] for name in muted))
        files = [given["inverter_journal_dir"] / f"{name}.json" for name in names]
        await until(lambda: not any(StateFile("", file, SettingJournal).peek().sequences for file in files))
    assert set(given["inverter_journal_dir"].glob("*.json*")) <= {*files}
    assert not any(stores[name].written for name in names if name not in muted)
    said = [reason["code"] for status in small_broker.on(STATUS) for reason in status["reasons"]]
    assert conditions.left_changed.code not in said
    for wire in wires:
        await wire.stop()


async def test_an_inverter_that_is_renamed_while_its_buzzer_is_muted_is_reported_until_it_is_back(
    small_broker: SmallBroker, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def reasons() -> list[str]:
        return [reason["code"] for reason in small_broker.on(STATUS)[-1]["reasons"]]

    monkeypatch.setattr("services.poller.inverters.LIST_CHECK_S", 0.05)
    wire, place = await simulated("tcp", words)
    listed = f"inverters: [{{name: %s, host: 127.0.0.1, port: {place['modbus_port']}}}]\n"
    given["inverters_file"].write_text(listed % "left")
    file = journal_of_a_muted_buzzer(given, "1/1E00/1")
    async with living("poller", PollerSettings(**given), serve, small_broker):
        await until(lambda: small_broker.on("inverter/left/state"))
        await until(lambda: reasons() == [conditions.left_changed.code])
        given["inverters_file"].write_text(listed % "main")
        await until(lambda: conditions.left_changed.code not in reasons())
        given["inverters_file"].write_text(listed % "left")
        await until(lambda: conditions.left_changed.code in reasons())
        file.unlink()
        await until(lambda: not reasons())
    await wire.stop()


async def test_an_inverter_that_never_answers_does_not_keep_one_that_is_gone_from_being_reported(
    small_broker: SmallBroker, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.poller.inverters.LIST_CHECK_S", 0.05)
    monkeypatch.setattr("services.poller.inverters.FIRST_READING_S", 0.2)
    journal_of_a_muted_buzzer(given, "1/1E00/1")
    ours = given | {"inverter_name": "left", "modbus_host": "127.0.0.1", "modbus_port": free_port()}
    async with living("poller", PollerSettings(**ours), serve, small_broker):
        await until(
            lambda: conditions.left_changed.code in {one["code"] for one in small_broker.on(STATUS)[-1]["reasons"]}
        )


async def test_without_an_inverter_it_says_what_to_set(small_broker: SmallBroker, given: dict[str, Any]) -> None:
    async with living("poller", PollerSettings(**given), serve, small_broker):
        await until(lambda: small_broker.on(STATUS)[-1]["state"] == ServiceHealth.DISABLED)
    [reason] = small_broker.on(STATUS)[-2]["reasons"]
    assert reason["code"] == conditions.HOST_NOT_SET.code
