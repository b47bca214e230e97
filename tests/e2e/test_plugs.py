"""The plug service as a process, against virtual plugs and their cloud: what it must do, and what it must never do."""

import io
import json
import os
import signal
import socket
import uuid
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from services.tuya import tools
from shared.conditions import Condition, Reason, files, plugs
from simulators.tuya.cloud import CLIENT_ID, SECRET, USER
from tests.support.fork_server import run_module
from tests.support.ports import free_port
from tests.support.stack import SOON_UNKNOWN, Process, Stack
from tests.support.viewer import Viewer
from tests.support.waiting import PATIENCE_S, eventually

FIRST, SECOND, THIRD, ROUTER = (f"bfsimulated{number:011}" for number in (1, 2, 3, 5))
STATUS = "service/tuya/status"


class Mains:
    """Publishes grid states of our making, as the poller does."""

    def __init__(self, client: Viewer, watcher: Viewer) -> None:
        self._client = client
        self.watcher = watcher
        self.state, self.id = "on", uuid.uuid4().hex

    def turn(self, state: str) -> None:
        self.state, self.id = state, uuid.uuid4().hex
        self.say()

    def say(self, *, state: str = "", age_s: float = 0, retain: bool = False, id_: str = "") -> None:
        at = datetime.now(UTC) - timedelta(seconds=age_s)
        since = (at - timedelta(seconds=1)).isoformat()
        payload = {"at": at.isoformat(), "state": state or self.state, "since": since, "transition_id": id_ or self.id}
        self._client.client.publish("grid/state", json.dumps(payload), qos=1, retain=retain)


@pytest.fixture
def mains(stack: Stack, watcher: Viewer) -> Iterator[Mains]:
    with Viewer(stack.broker, "poller") as client:
        yield Mains(client, watcher)


@pytest.fixture
def cloud(stack: Stack) -> dict[str, str]:
    """Virtual plugs, and the settings that lead to their cloud."""
    places = stack.start_plugs()
    return {
        "TUYA_ENDPOINT": f"http://127.0.0.1:{places['cloud_port']}",
        "TUYA_ACCESS_ID": CLIENT_ID,
        "TUYA_ACCESS_SECRET": SECRET,
        "TUYA_USER_ID": USER,
    }


def relays(stack: Stack) -> list[bool]:
    """Return plug by plug whether all its relays are on."""
    return [all(plug["relays"].values()) for plug in stack.tell_plugs("state")["plugs"]]


def commands(stack: Stack) -> int:
    return sum(len(plug["switched"]) for plug in stack.tell_plugs("state")["plugs"])


def start_and_introduce(stack: Stack, watcher: Viewer, mains: Mains, **settings: str) -> None:
    """Start the service, and let it handle that the grid is on."""
    stack.tuya.start(**settings)
    watcher.wait_for(STATUS, state="online")
    eventually(lambda: watcher.on(f"plug/{FIRST}/state"))
    repeat_until_handled(stack, mains)


def journal(stack: Stack) -> dict[str, Any]:
    file = Path(stack.tuya.env["TUYA_JOURNAL_FILE"])
    if stack.tuya.env.get("TUYA_DRY_RUN") == "true":
        file = file.with_suffix(".dry_run.json")
    content: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return content


def repeat_until_handled(stack: Stack, mains: Mains) -> None:
    """Repeat the grid, as the poller does with every reading, until it has been acted on."""

    def heard() -> bool:
        mains.say()
        return bool(journal(stack).get("handled") == mains.id)

    eventually(heard, "the change of the grid is in the journal")


def said(mains: Mains, **fields: Any) -> bool:
    """Tell of the grid once."""
    mains.say(**fields)
    return True


def until(stack: Stack, mains: Mains, wanted: list[bool]) -> None:
    """Repeat the grid until the plugs are so."""

    def so() -> bool:
        mains.say()
        return relays(stack) == wanted

    eventually(so, f"{wanted}; it is {relays(stack)}")


def set_plug(stack: Stack, id_: str, *, age_s: float = 0, retain: bool = False, **fields: Any) -> None:
    at = (datetime.now(UTC) - timedelta(seconds=age_s)).isoformat()
    with Viewer(stack.broker, "bot") as bot:
        done = bot.client.publish(f"plug/{id_}/set", json.dumps({"at": at, "by": "bot"} | fields), qos=1, retain=retain)
        done.wait_for_publish(PATIENCE_S)


def test_off_with_the_grid_and_back_with_it_but_not_what_was_off_or_is_protected(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    stack.tell_plugs("plug", plug=2, on=False)
    stack.recorder.start()
    watcher.wait_for("service/recorder/status", state="online")
    start_and_introduce(stack, watcher, mains, PLUG_RESTORE_PAUSE="0.5")
    mains.turn("off")
    until(stack, mains, [False, False, False, False, True])
    state = watcher.wait_for(f"plug/{FIRST}/state", on=False, confirmed=True)
    assert (state["via"], state["switched_by"], state["pending"]) == ("local", "grid", None)
    mains.turn("on")
    until(stack, mains, [True, False, True, True, True])
    restored = [plug["switched"][-1] for plug in stack.tell_plugs("state")["plugs"] if plug["switched"]]
    moments = [at for at, _, on in restored if on]
    assert moments == sorted(moments), "one by one, in order of priority"
    assert watcher.wait_for(f"plug/{ROUTER}/state", protected=True)["on"]
    outcomes = {action["outcome"] for action in watcher.on(f"plug/{FIRST}/action")}
    assert outcomes == {"done"}
    assert "Boiler off by grid: done (local)." in stack.tuya.log
    query = f'SELECT "on", "by", outcome, via, transition_id FROM plug_action WHERE device = \'{FIRST}\' ORDER BY at'
    rows = eventually(lambda: rows if len(rows := stack.rows(query)) == 2 else [], "both actions are in the database")
    assert rows[0][:4] == (0, "grid", "done", "local")
    assert rows[1] == (1, "grid", "done", "local", mains.id)
    assert "key0of0plug0" not in json.dumps(watcher.messages) + stack.tuya.log
    assert stack.tuya.end() == 0


def test_with_the_policy_of_the_outlook_no_more_goes_off_than_the_battery_needs(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    with Viewer(stack.broker, "outlook") as outlook:

        def forecast(verdict: str, chance: float) -> list[bool]:
            now = datetime.now(UTC)
            sets = [{"plug": None, "chance": chance}, {"plug": THIRD, "chance": 0.99}, {"plug": FIRST, "chance": 1}]
            start, end = now.isoformat(), (now + timedelta(hours=3)).isoformat()
            running = {"start": start, "end": end, "running": True, "verdict": verdict, "chance": chance}
            payload = {
                "at": now.isoformat(),
                "reserve_percent": 10,
                "charge": {"percent": 60, "source": "bms"},
                "outages": [running | {"shedding": sets}],
            }
            outlook.client.publish("outlook/state", json.dumps(payload), qos=1, retain=True)
            mains.say()
            return relays(stack)

        start_and_introduce(stack, watcher, mains, PLUG_POLICY="outlook", PLUG_RESTORE_PAUSE="0.1")
        forecast("lasts", 0.99)
        assert watcher.wait_for("plug/plan", by_outlook=True, dry_run=False)["outages"] == []
        mains.turn("off")
        eventually(lambda: forecast("lasts", 0.99) and journal(stack)["handled"] == mains.id, "the outage is known")
        assert relays(stack) == [True] * 5
        eventually(lambda: not all(forecast("will_not_last", 0.2)), "something went off")
        shed = set(journal(stack)["shed"])
        went = relays(stack)
        assert went[0], "the most important one stays on"
        stack.tuya.kill()
        stack.tuya.start()
        watcher.wait_for(STATUS, state="online")
        eventually(lambda: len(watcher.on(f"plug/{FIRST}/state")) > 1 and forecast("will_not_last", 0.2), "it is back")
        assert set(journal(stack)["shed"]) == shed
        mains.turn("on")
        until(stack, mains, [True] * 5)


def test_old_retained_and_repeated_messages_switch_nothing(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    mains.turn("off")
    mains.say(retain=True)
    start_and_introduce(stack, watcher, mains)  # the first start ever, in an outage that is none of its doing
    mains.turn("on")
    repeat_until_handled(stack, mains)
    mains.say(state="off", id_="old", age_s=3600)
    mains.say(state="off", id_="a-moment-ago", age_s=40)
    mains.say(state="unknown", id_="new")
    repeat_until_handled(stack, mains)
    eventually(lambda: said(mains, state="off", id_="late", age_s=3600) and reasons(watcher))
    assert reasons(watcher) == [plugs.wrong_time.code]
    mains.say()
    watcher.wait_for(STATUS, state="online")
    repeat_until_handled(stack, mains)
    stack.tuya.end()
    mains.say(state="off", id_="retained", retain=True)
    stack.tuya.start()
    eventually(lambda: len(watcher.on(STATUS)) and watcher.on(STATUS)[-1]["state"] == "online")
    mains.say()
    stack.broker.kill()
    stack.broker.start()
    eventually(lambda: len(watcher.on(STATUS)) and watcher.on(STATUS)[-1]["state"] == "online")
    mains.say()
    stack.tuya.kill()
    stack.tuya.start()
    watcher.wait_for(STATUS, state="online")
    repeat_until_handled(stack, mains)
    assert commands(stack) == 0


def test_killed_in_an_outage_it_ends_well(stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]) -> None:
    stack.tell_plugs("plug", plug=2, on=False)
    start_and_introduce(stack, watcher, mains)
    stack.tell_plugs("plug", fault="silent")
    mains.turn("off")
    repeat_until_handled(stack, mains)  # in the journal, and no command has reached a plug
    stack.tuya.kill()
    stack.tell_plugs("plug", fault="none")
    assert commands(stack) == 0
    stack.tuya.start()
    watcher.wait_for(STATUS, state="online")
    until(stack, mains, [False, False, False, False, True])
    stack.tell_plugs("plug", fault="cut")
    mains.turn("on")
    eventually(lambda: said(mains) and any(relays(stack)[:4]))  # commanded, and never read back
    stack.tuya.kill()
    stack.tell_plugs("plug", fault="none")
    stack.tuya.start()
    watcher.wait_for(STATUS, state="online")
    until(stack, mains, [True, False, True, True, True])


def test_killed_between_command_and_answer_it_knows_what_was_on(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    stack.tell_plugs("plug", plug=2, on=False)
    start_and_introduce(stack, watcher, mains)
    stack.tell_plugs("plug", fault="cut")
    mains.turn("off")
    eventually(lambda: said(mains) and not any(relays(stack)[:4]))
    stack.tuya.kill()
    stack.tell_plugs("plug", fault="none")
    stack.tuya.start()
    watcher.wait_for(STATUS, state="online")
    mains.turn("on")
    until(stack, mains, [True, False, True, True, True])


def test_without_the_internet_the_home_network_switches_and_without_that_the_cloud(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    stack.tell_plugs("cloud", fault="silent")
    stack.tuya.start(**cloud)
    eventually(lambda: watcher.on(f"plug/{FIRST}/state"))
    repeat_until_handled(stack, mains)
    mains.turn("off")
    until(stack, mains, [False, False, False, False, True])
    assert watcher.wait_for(f"plug/{FIRST}/state", on=False, confirmed=True)["via"] == "local"
    stack.tell_plugs("plug", fault="gone")
    stack.tell_plugs("cloud", fault="none")
    mains.turn("on")
    until(stack, mains, [True] * 5)
    assert watcher.wait_for(f"plug/{FIRST}/state", on=True, confirmed=True)["via"] == "cloud"
    assert stack.tell_plugs("state")["cloud"]["refused"] == 0, "every request was signed well"
    assert SECRET not in json.dumps(watcher.messages) + stack.tuya.log


def test_without_both_it_is_pending_reported_and_done_in_the_end(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    start_and_introduce(stack, watcher, mains, **cloud)
    stack.tell_plugs("cloud", fault="html")
    stack.tell_plugs("plug", fault="gone")
    mains.turn("off")
    repeat_until_handled(stack, mains)
    # a check may have reported the silent plug before, with the one reason of its own
    reported = partial(watcher.on, f"plug/{FIRST}/state")
    state = eventually(lambda: [one for one in reported() if "local" in (one["reason"] or {}).get("params", {})])[-1]
    assert state["pending"] is False
    assert state["reason"]["params"]["local"]["code"] == plugs.no_answer.code
    assert "does not answer" in state["reason"]["text"]
    stack.tell_plugs("plug", fault="none")
    until(stack, mains, [False, False, False, False, True])


def test_where_no_plug_answers_that_is_one_trouble_and_attempts_go_on(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    start_and_introduce(stack, watcher, mains)
    eventually(lambda: all(watcher.on(f"plug/{id_}/state") for id_ in (FIRST, SECOND, THIRD)))
    stack.tell_plugs("plug", fault="gone")
    mains.turn("off")
    eventually(lambda: said(mains) and plugs.none_answers.code in reasons(watcher))
    assert reasons(watcher) == [plugs.none_answers.code]
    failed = eventually(lambda: [one for one in watcher.on(f"plug/{FIRST}/action") if one["outcome"] == "failed"])
    assert [one["reason"]["params"]["cause"]["code"] for one in failed] == [plugs.none_answers.code]
    stack.tell_plugs("plug", plug=2, fault="none")
    watcher.wait_for(STATUS, state="online")
    stack.tell_plugs("plug", fault="none")
    until(stack, mains, [False, False, False, False, True])
    watcher.wait_for(f"plug/{FIRST}/action", outcome="done")
    assert [one["outcome"] for one in watcher.on(f"plug/{FIRST}/action")] == ["failed", "done"]


def test_a_command_is_obeyed_and_the_grid_leaves_that_plug_alone(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    start_and_introduce(stack, watcher, mains)
    mains.turn("off")
    until(stack, mains, [False, False, False, False, True])
    set_plug(stack, FIRST, on=True)
    until(stack, mains, [True, False, False, False, True])
    assert watcher.wait_for(f"plug/{FIRST}/state", on=True, confirmed=True)["switched_by"] == "bot"
    set_plug(stack, FIRST, on=False)
    until(stack, mains, [False, False, False, False, True])
    mains.turn("on")
    until(stack, mains, [False, True, True, True, True])


def refused(watcher: Viewer, id_: str, reason: Reason) -> bool:
    actions = watcher.on(f"plug/{id_}/action")
    return any(one["outcome"] == "refused" and Reason.model_validate(one["reason"]) == reason for one in actions)


def test_impossible_commands_are_refused(stack: Stack, watcher: Viewer, mains: Mains) -> None:
    stack.start_plugs()
    set_plug(stack, FIRST, on=False, retain=True)
    start_and_introduce(stack, watcher, mains)
    watcher.wait_for(f"plug/{FIRST}/action", outcome="refused")
    assert refused(watcher, FIRST, plugs.COMMAND_RETAINED())
    for id_, command, reason in (
        (ROUTER, {"on": False}, plugs.protected(name="Router")),
        ("nobody", {"on": False}, plugs.UNKNOWN_PLUG()),
        (FIRST, {"on": False, "age_s": 600}, plugs.COMMAND_TOO_OLD()),
        (
            SECOND,
            {"on": False, "gang": "switch_9"},
            plugs.no_such_gang(name="Kettle", gang="switch_9", gangs="switch_1"),
        ),
    ):
        set_plug(stack, id_, **command)
        eventually(partial(refused, watcher, id_, reason), reason.text)
    assert commands(stack) == 0
    assert any("Router is protected" in str(state["reason"]) for state in watcher.on(f"plug/{ROUTER}/state"))


def test_plugs_that_do_not_obey_or_switch_back_are_left_alone_and_one_that_talks_nonsense_is_told_off_later(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    start_and_introduce(stack, watcher, mains)
    for number, fault in enumerate(("stubborn", "returns", "garbage"), start=1):
        stack.tell_plugs("plug", plug=number, fault=fault)
    mains.turn("off")
    repeat_until_handled(stack, mains)

    def causes() -> set[str]:
        """What was reported so far: the stubborn one is found on once more when it has been left alone."""
        mains.say()
        reasons = (reason for status in watcher.on(STATUS) for reason in status["reasons"])
        return {str(reason["params"].get("cause", {}).get("code")) for reason in reasons}

    eventually(lambda: {plugs.did_not_obey.code, plugs.came_back_on.code} <= causes())
    stubborn, returns, nonsense = stack.tell_plugs("state")["plugs"][:3]
    assert len(stubborn["switched"]) == 3
    assert [on for _, _, on in returns["switched"]] == [False] * 4
    assert not nonsense["switched"]
    assert plugs.wrong_key.code not in causes()
    stack.tell_plugs("plug", plug=3, fault="none")
    until(stack, mains, [True, True, False, False, True])


def test_a_dry_run_switches_nothing_and_publishes_that(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    start_and_introduce(stack, watcher, mains, TUYA_DRY_RUN="true")
    mains.turn("off")
    repeat_until_handled(stack, mains)
    assert watcher.wait_for(f"plug/{FIRST}/action", outcome="dry_run")["on"] is False
    assert watcher.last(f"plug/{FIRST}/state")["dry_run"]
    mains.turn("on")
    repeat_until_handled(stack, mains)
    watcher.wait_for(f"plug/{FIRST}/action", on=True, outcome="dry_run")
    assert "Boiler off by grid: dry run." in stack.tuya.log
    assert commands(stack) == 0


def test_a_dry_run_forgets_nothing_that_was_really_done(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    start_and_introduce(stack, watcher, mains)
    mains.turn("off")
    until(stack, mains, [False, False, False, False, True])
    stack.tuya.end()
    stack.tuya.start(TUYA_DRY_RUN="true")
    mains.turn("on")
    repeat_until_handled(stack, mains)
    stack.tuya.end()
    stack.tuya.start(TUYA_DRY_RUN="false")
    until(stack, mains, [True, True, True, True, True])


def test_without_a_journal_nothing_is_switched_and_that_is_reported(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    file = Path(stack.tuya.env["TUYA_JOURNAL_FILE"])
    file.write_text("{damaged")
    stack.tuya.start()
    watcher.wait_for(STATUS, state="degraded")
    assert reasons(watcher) == [plugs.journal_damaged.code]
    repeat_until_handled(stack, mains)
    watcher.wait_for(STATUS, state="online")
    file.with_name(f".{file.name}.new").mkdir()
    set_plug(stack, FIRST, on=False)
    watcher.wait_for(f"plug/{FIRST}/action", outcome="refused")
    assert refused(watcher, FIRST, plugs.NO_JOURNAL())
    mains.turn("off")
    mains.say()
    wait_for_reason(watcher, plugs.journal_unwritable)
    assert commands(stack) == 0
    file.with_name(f".{file.name}.new").rmdir()
    until(stack, mains, [False, False, False, False, True])


def test_a_change_of_the_list_is_taken_over_and_a_mistake_in_it_is_not(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    start_and_introduce(stack, watcher, mains)
    text = stack.plugs_file.read_text()
    stack.plugs_file.write_text(text + "  - {id: [\n")
    wait_for_reason(watcher, plugs.list_not_taken_over)
    lines = text.splitlines()
    lines[2] = lines[2].replace('"priority": 1', '"protected": true')
    lines[3] = lines[3].replace('"priority": 2', '"enabled": false')
    del lines[4]
    stack.plugs_file.write_text("\n".join(lines))
    watcher.wait_for(f"plug/{FIRST}/state", protected=True)
    watcher.wait_for(STATUS, state="online")
    watcher.wait_for(f"plug/{SECOND}/state", on=None, reachable=None)
    set_plug(stack, SECOND, on=False)
    action = watcher.wait_for(f"plug/{SECOND}/action", outcome="refused")
    assert action["reason"]["code"] == plugs.disabled.code
    mains.turn("off")
    until(stack, mains, [True, True, True, False, True])
    stack.plugs_file.unlink()
    mains.turn("on")
    until(stack, mains, [True, True, True, True, True])


def test_what_is_in_the_account_is_listed_disabled_and_left_alone(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    stack.plugs_file.write_text("# mine\nplugs:\n  - id: elsewhere  # at mum's\n")
    stack.tuya.start(**cloud)
    assert "elsewhere" in wait_for_reason(watcher, plugs.not_in_account)["text"]
    eventually(lambda: FIRST in stack.plugs_file.read_text())
    text = stack.plugs_file.read_text()
    assert text.startswith("# mine\nplugs:\n  - id: elsewhere  # at mum's\n")
    assert text.count("enabled: false") == 5
    mains.turn("off")
    repeat_until_handled(stack, mains)
    mains.turn("on")
    repeat_until_handled(stack, mains)
    mains.turn("off")
    repeat_until_handled(stack, mains)
    assert commands(stack) == 0


def test_all_devices_of_the_account_are_switched_with_nothing_else_set(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    stack.plugs_file.unlink()
    start_and_introduce(stack, watcher, mains, TUYA_ALL_DEVICES="true", **cloud | {"TUYA_USER_ID": ""})
    eventually(lambda: set(reasons(watcher)) == {plugs.enabled_as_before.code, plugs.held_back.code})
    infos = [watcher.last(f"plug/{id_}/info") for id_ in (FIRST, ROUTER)]
    assert [(info["follows_grid"], info["seen"]) for info in infos] == [(True, False), (False, False)]
    set_up(stack, SECOND, enabled=False)
    watcher.wait_for(f"plug/{SECOND}/info", follows_grid=False, seen=True)
    for plug in stack.tell_plugs("state")["plugs"]:
        set_up(stack, plug["id"])
    watcher.wait_for(STATUS, state="online")
    mains.turn("off")
    until(stack, mains, [False, True, False, False, True])


def set_up(stack: Stack, id_: str, **fields: Any) -> None:
    with Viewer(stack.broker, "dashboard") as page:
        message = {"at": datetime.now(UTC).isoformat(), "by": "dashboard"} | fields
        page.client.publish(f"plug/{id_}/setup", json.dumps(message), qos=1).wait_for_publish(PATIENCE_S)


def test_with_the_predecessor_s_settings_alone_its_plugs_follow_and_the_owner_is_told_which(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    stack.plugs_file.unlink()
    asked = {"TUYA_TURN_OFF_ON_POWER_LOSS": "true", "TUYA_TURN_ON_ON_GRID_BACK": "true"}
    stack.tuya.start(**cloud | asked)
    reason = wait_for_reason(watcher, plugs.enabled_as_before)
    assert reason["params"]["names"] == "Boiler, Heater, Kettle, Router, Washing machine"
    assert wait_for_reason(watcher, plugs.essential)["params"]["names"] == "Router"
    assert reasons(watcher) == [plugs.enabled_as_before.code, plugs.essential.code]
    eventually(lambda: watcher.on(f"plug/{THIRD}/info"))
    assert watcher.last(f"plug/{THIRD}/info")["gangs"] == {"switch_1": "Lamp", "switch_2": "Fan"}
    repeat_until_handled(stack, mains)
    mains.turn("off")
    until(stack, mains, [False] * 5)
    set_up(stack, ROUTER, protected=True)
    until(stack, mains, [False, False, False, False, True])
    assert watcher.wait_for(f"plug/{ROUTER}/info", protected=True)["follows_grid"] is False
    set_up(stack, FIRST, enabled=False)
    until(stack, mains, [True, False, False, False, True])
    for plug in stack.tell_plugs("state")["plugs"]:
        set_up(stack, plug["id"])
    watcher.wait_for(STATUS, state="online")
    stack.tuya.kill()
    stack.tuya.start()
    mains.turn("on")
    until(stack, mains, [True] * 5)
    assert "seen: false\n" not in stack.plugs_file.read_text()


def test_with_id_and_secret_alone_a_found_plug_follows_the_grid_once_it_is_chosen(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    stack.plugs_file.unlink()
    stack.tuya.start(**cloud | {"TUYA_USER_ID": ""})
    wait_for_reason(watcher, plugs.none_enabled)
    assert watcher.last(f"plug/{FIRST}/info")["follows_grid"] is False
    set_up(stack, FIRST, enabled=True, priority=7)
    info = watcher.wait_for(f"plug/{FIRST}/info", follows_grid=True)
    assert (info["priority"], info["seen"]) == (7, True)
    watcher.wait_for(STATUS, state="online")
    repeat_until_handled(stack, mains)
    mains.turn("off")
    until(stack, mains, [False, True, True, True, True])
    text = stack.plugs_file.read_text()
    stack.plugs_file.write_text(text + "  - {id: [\n")
    set_up(stack, SECOND, enabled=True)
    refused = eventually(lambda: [one for one in watcher.on(f"plug/{SECOND}/info") if one["reason"]])[-1]
    assert refused["reason"]["code"] == files.in_list.code


def test_a_plug_is_tested_by_switching_it_off_and_on_and_never_a_protected_one(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    start_and_introduce(stack, watcher, mains)
    set_up(stack, FIRST, test=True)
    eventually(lambda: watcher.last(f"plug/{FIRST}/info")["tested_at"], "it went off and on again")
    set_up(stack, ROUTER, test=True)
    refusal = eventually(lambda: [one for one in watcher.on(f"plug/{ROUTER}/info") if one["reason"]])[-1]
    assert refusal["reason"]["code"] == plugs.protected.code
    listed = stack.tell_plugs("state")["plugs"]
    assert [[on for _, _, on in plug["switched"]] for plug in listed] == [[False, True], [], [], [], []]


@pytest.mark.parametrize(("step", "save", "is_on"), [("named", 3, True), ("before", 4, False)])
def test_killed_in_the_middle_of_a_test_the_plug_comes_back_on(  # noqa: PLR0917
    step: str, save: int, is_on: bool, stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    """Its third save of the journal says that the plug was on, the fourth that it went off."""
    start_and_introduce(stack, watcher, mains)
    stack.tuya.end()
    arguments = "services.tuya", "plugs_journal.json", step, str(save)
    dying = Process("dying", "tests.support.killed_at", stack.tuya.env, stack.directory / "dying.log", *arguments)
    dying.start()
    watcher.wait_for(STATUS, state="online")

    def asked() -> bool:
        """Ask for the test, which is refused while it is not known that there is power, and once it has begun."""
        mains.say()
        set_up(stack, FIRST, test=True)
        return not dying.is_running

    eventually(asked, "it dies")
    assert dying.exit_code() == -signal.SIGKILL
    assert relays(stack)[0] is is_on
    stack.tuya.start()
    watcher.wait_for(STATUS, state="online")
    eventually(lambda: said(mains) and not journal(stack)["targets"] and relays(stack)[0], "it is known to be on")


def test_a_second_service_with_the_same_journal_switches_nothing(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    start_and_introduce(stack, watcher, mains)
    second = Process("second", "services.tuya", dict(stack.tuya.env), stack.directory / "second.log")
    second.start()
    assert second.exit_code() == 78
    assert plugs.journal_in_use(file=stack.tuya.env["TUYA_JOURNAL_FILE"]).text in second.log


def test_what_the_cloud_refuses_is_reported(stack: Stack, watcher: Viewer, cloud: dict[str, str]) -> None:
    for settings, fault, condition in (
        ({"TUYA_ACCESS_SECRET": "wrong0secret"}, "none", plugs.CLOUD_BAD_SIGNATURE),
        ({"TUYA_ACCESS_SECRET": "wrong0secret", "TUYA_USER_ID": ""}, "none", plugs.CLOUD_BAD_SIGNATURE),
        ({"TUYA_ACCESS_SECRET": ""}, "none", plugs.HALF_AN_ACCOUNT),
        ({"TUYA_USER_ID": "nobody"}, "none", plugs.CLOUD_ACCESS_DENIED),
        ({}, "quota", plugs.CLOUD_QUOTA_USED_UP),
    ):
        stack.tell_plugs("cloud", fault=fault)
        stack.tuya.start(**cloud | settings)
        wait_for_reason(watcher, condition)
        stack.tuya.kill()
    assert "wrong0secret" not in stack.tuya.log + json.dumps(watcher.messages)


def reasons(watcher: Viewer) -> list[str]:
    """Return the codes in the service's last status."""
    return [reason["code"] for reason in watcher.last(STATUS)["reasons"]]


def wait_for_reason(watcher: Viewer, condition: Condition[Any]) -> dict[str, Any]:
    """Wait until the service's status names a condition, and return how."""

    def named() -> list[dict[str, Any]]:
        present = watcher.last(STATUS)["reasons"] if watcher.on(STATUS) else []
        return [reason for reason in present if reason["code"] == condition.code]

    (reason,) = eventually(named, condition.code)
    return reason


WAYS_TO_DROP = ("reset", "refused", "half", "silent", "late")


def test_a_first_connection_that_breaks_is_made_anew_and_no_key_is_blamed(
    stack: Stack, watcher: Viewer, mains: Mains
) -> None:
    """Five versions times five ways, all at the moment of the loss, and again when power is back."""
    stack.start_plugs(HOUSE_PLUGS="25")
    stack.plugs_file.write_text(stack.plugs_file.read_text().replace(', "protected": true', ""))
    start_and_introduce(stack, watcher, mains, PLUG_CHECK_INTERVAL="600", PLUG_RESTORE_PAUSE="0")
    for state in ("off", "on"):
        eventually(lambda: len({topic for topic, _, _ in watcher.messages if topic.endswith("/state")}) >= 25)
        for number in range(25):
            stack.tell_plugs("plug", plug=number + 1, fault=WAYS_TO_DROP[number // 5], connections=1)
        mains.turn(state)
        until(stack, mains, [state == "on"] * 25)
        numbers = (f"bfsimulated{number + 1:011}" for number in range(25))
        eventually(lambda: all(watcher.last(f"plug/{id_}/state")["confirmed"] for id_ in numbers))  # noqa: B023
    actions = [message for topic, message, _ in watcher.messages if topic.endswith("/action")]
    assert {action["outcome"] for action in actions} == {"done"}
    assert reasons(watcher) == []
    assert "key" not in stack.tuya.log


def test_a_plug_with_a_new_address_is_found_by_its_announcement(stack: Stack, watcher: Viewer, mains: Mains) -> None:
    port = str(free_port())
    stack.start_plugs(HOUSE_PLUGS_ANNOUNCE_PORT=port)
    stack.plugs_file.write_text(stack.plugs_file.read_text().replace('"127.0.0.1"', '"127.0.0.9"'))
    start_and_introduce(stack, watcher, mains, TUYA_ANNOUNCE_PORTS=port)
    mains.turn("off")
    until(stack, mains, [False, False, False, False, True])


def test_before_a_planned_outage_plugs_are_asked_and_one_that_does_not_answer_is_told(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    start_and_introduce(stack, watcher, mains)
    stack.tell_plugs("plug", plug=1, fault="silent")
    stack.tell_plugs("plug", plug=5, fault="silent")  # the router is protected
    now = datetime.now(UTC)
    window = {"start": (now + timedelta(hours=1)).isoformat(), "end": (now + timedelta(hours=5)).isoformat()}
    mains.say()
    with Viewer(stack.broker, "schedule") as operator:
        message = {"at": now.isoformat(), "queue": "5.2", "windows": [window]}
        operator.client.publish("outage/schedule", json.dumps(message), qos=1, retain=True).wait_for_publish(PATIENCE_S)
    wait_for_reason(watcher, plugs.would_not_follow)
    assert reasons(watcher) == [plugs.would_not_follow.code]
    stack.tell_plugs("plug", plug=1, fault="none")
    watcher.wait_for(STATUS, state="online")


def test_a_wrong_key_is_reported_once(stack: Stack, watcher: Viewer, mains: Mains) -> None:
    place = stack.start_plugs()["plugs"][0]
    changed = {"host": "127.0.0.1", "mode": "local", "local_key": "f" * 16}
    stack.plugs_file.write_text("plugs:\n  - " + json.dumps(place | changed))
    stack.tuya.start()
    wait_for_reason(watcher, plugs.wrong_key)
    assert reasons(watcher) == [plugs.wrong_key.code]
    repeat_until_handled(stack, mains)
    mains.turn("off")
    eventually(lambda: said(mains) and reasons(watcher) == [plugs.not_switched.code])
    assert "f" * 16 not in stack.tuya.log + json.dumps(watcher.messages)


def test_a_bad_list_is_reported_and_left_as_it_is(stack: Stack, watcher: Viewer) -> None:
    stack.plugs_file.write_text("plugs:\n  - id: [\n")
    stack.tuya.start()
    assert stack.tuya.exit_code() == 78
    status = watcher.wait_for(STATUS, state="offline")
    assert status["reasons"][0]["code"] == files.in_list.code
    assert "line 3: it is not valid YAML" in status["reasons"][0]["text"]
    assert "Traceback" not in stack.tuya.log
    assert stack.plugs_file.read_text() == "plugs:\n  - id: [\n"


def test_with_the_real_poller_a_cut_of_the_mains_switches_and_a_kill_of_the_poller_does_not(
    stack: Stack, watcher: Viewer, cloud: dict[str, str]
) -> None:
    stack.start_house()
    stack.poller.env |= SOON_UNKNOWN
    stack.start(stack.poller, stack.tuya)
    eventually(lambda: journal(stack).get("handled"))
    first = watcher.last("grid/state")["transition_id"]
    stack.poller.kill()
    stack.command("fault", kind="silent")
    stack.poller.start()
    watcher.wait_for("grid/state", state="unknown")
    stack.command("fault", kind="none")
    watcher.wait_for("grid/state", state="on", transition_id=first)
    assert commands(stack) == 0
    stack.command("grid", mode="off")
    eventually(lambda: relays(stack) == [False, False, False, False, True])
    stack.poller.kill()
    stack.poller.start()
    seen = len(watcher.on("grid/state"))
    eventually(lambda: len(watcher.on("grid/state")) > seen + 1)
    assert commands(stack) == 5, "one a relay"
    stack.command("grid", mode="on")
    eventually(lambda: relays(stack) == [True] * 5)


def tool(stack: Stack, *arguments: str, **settings: str) -> tuple[int, str]:
    """Run one of the tools as its process would be run; return its exit code and what it said."""
    said = io.StringIO()
    code: Any = 0
    env = stack.tuya.env | {"BOT_LANGUAGE": "en"} | settings
    with patch.dict(os.environ, env, clear=True), redirect_stdout(said), redirect_stderr(said):
        try:
            tools.main(list(arguments))
        except SystemExit as end:
            code = end.code
    return code, said.getvalue()


def test_the_tools(stack: Stack, cloud: dict[str, str]) -> None:
    done = run_module("services.tuya", "list", env=stack.tuya.env | cloud)
    said = done.stdout
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{ROUTER}  Router  захищена" in said
    assert f"{FIRST}  Boiler  в акаунті, на зв'язку, є у списку" in said
    said = tool(stack, "list", **cloud)[1]
    assert f"{ROUTER}  Router  protected" in said
    assert f"{FIRST}  Boiler  in the account, online, listed" in said
    assert "key0of0plug0" not in said
    assert "key0of0plug00000" in tool(stack, "list", "--keys", **cloud)[1]
    code, said = tool(stack, "simulate", "off")
    assert said.count("on now; off after") == 5
    assert "Router" not in said
    assert tool(stack, "simulate", "on") == (0, "Nothing would be switched.\n")
    assert commands(stack) == 0
    code, said = tool(stack, "off", FIRST)
    assert (code, said.splitlines()[1]) == (0, "Boiler is off (local).")
    assert "switched directly" in said
    assert relays(stack)[0] is False
    assert "Boiler would be switched off" in tool(stack, "off", FIRST, TUYA_DRY_RUN="true")[1]
    assert tool(stack, "off", ROUTER) == (1, "Router is protected: nobody may switch it.\n")
    said = tool(stack, "off", FIRST, TUYA_DRY_RUN="true", BOT_LANGUAGE="uk")[1]
    assert "Boiler: було б вимкнено, але задано TUYA_DRY_RUN." in said
    assert tool(stack, "on", "nobody") == (1, "There is no plug with this id in the list of plugs.\n")
    assert tool(stack, "on", FIRST, TUYA_LOCAL_TIMEOUT="often")[0] == 78


def test_from_the_command_line_the_running_service_switches_and_does_not_fight_it(
    stack: Stack, watcher: Viewer, mains: Mains, cloud: dict[str, str]
) -> None:
    start_and_introduce(stack, watcher, mains)
    mains.turn("off")
    until(stack, mains, [False, False, False, False, True])
    assert tool(stack, "on", FIRST) == (0, "Boiler is on (local), done by the service.\n")
    assert tool(stack, "on", THIRD, "--gang", "switch_2") == (0, "Heater is on (local), done by the service.\n")
    assert watcher.wait_for(f"plug/{FIRST}/state", on=True, confirmed=True)["switched_by"] == "manual"
    stack.tell_plugs("plug", plug=1, fault="gone")
    code, said = tool(stack, "off", FIRST)
    assert (code, "Trying again" in said) == (1, True)
    assert stack.tell_plugs("state")["plugs"][2]["relays"] == {"switch_1": False, "switch_2": True}
    code, said = tool(stack, "off", FIRST, MQTT_PASSWORD="wrong")
    assert code == 78
    assert "refuses the user" in said


def test_plugs_that_announce_themselves_are_found(stack: Stack) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    stack.start_plugs(HOUSE_PLUGS_ANNOUNCE_PORT=port)

    def scan() -> str:
        """Look for a second; on a slow machine none may announce itself in it."""
        code, said = tool(stack, "scan", "--seconds", "1", "--port", port)
        assert code == 0
        return said

    said = eventually(lambda: found if (found := scan()).count("id: ") == 5 else "", "all five are heard")
    assert f'id: {FIRST}  host: 127.0.0.1  version: "3.3"  (listed as Boiler)' in said
    assert [line.partition("version: ")[2][1:4] for line in said.splitlines()] == ["3.3", "3.4", "3.5", "3.1", "3.2"]
    stack.tell_plugs("plug", fault="gone")
    eventually(lambda: "No plug announced itself" in tool(stack, "scan", "--seconds", "0.1", "--port", port)[1])


def test_a_plug_at_its_own_button_and_out_of_reach(stack: Stack, watcher: Viewer, mains: Mains) -> None:
    stack.start_plugs()
    start_and_introduce(stack, watcher, mains)
    watcher.wait_for(f"plug/{FIRST}/state", on=True)
    stack.tell_plugs("plug", plug=1, on=False)
    assert watcher.wait_for(f"plug/{FIRST}/state", on=False, switched_by="device")["since"]
    stack.tell_plugs("plug", plug=1, fault="gone")
    watcher.wait_for(f"plug/{FIRST}/state", on=None, reachable=False)
    assert watcher.last(STATUS)["state"] == "online", "no alarm"
    stack.tell_plugs("plug", plug=1, fault="none")
    watcher.wait_for(f"plug/{FIRST}/state", on=False, reachable=True, reason=None)


def test_without_any_configuration_it_is_disabled(stack: Stack, watcher: Viewer) -> None:
    stack.tuya.start()
    status = watcher.wait_for(STATUS, state="disabled")
    assert [reason["code"] for reason in status["reasons"]] == [plugs.NO_PLUGS.code]
    assert stack.tuya.end() == 0
