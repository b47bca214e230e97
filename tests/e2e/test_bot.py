"""The bot as a real process between a real broker and the simulated Telegram."""

import json
import os
import signal
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
import requests
from flask import request

from shared.history import queries
from shared.history.engine import reader
from shared.messages import (
    AlertSettingsCommand,
    BatteryInfo,
    BatteryState,
    DayState,
    GridState,
    Message,
    OutageSchedule,
    PlannedDay,
    PlugState,
    Window,
)
from shared.outages import local_day
from simulators.http_server import HttpApp, start_server
from tests.bot.facts import KYIV
from tests.support.postgres import programs, running_postgres
from tests.support.reasons import reason_text
from tests.support.stack import Process, Stack
from tests.support.viewer import Viewer
from tests.support.waiting import PATIENCE_S, eventually

QUARTER = timedelta(minutes=15)


@pytest.fixture
def poller(stack: Stack) -> Any:
    with Viewer(stack.broker, "poller") as account:
        yield account


@pytest.fixture
def tuya(stack: Stack) -> Any:
    with Viewer(stack.broker, "tuya") as account:
        yield account


def publish(account: Viewer, topic: str, message: Message) -> None:
    account.client.publish(topic, message.model_dump_json(), qos=1, retain=True).wait_for_publish(PATIENCE_S)


def ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


def grid(state: str, since: datetime) -> GridState:
    return GridState(at=datetime.now(UTC), state=state, since=since, transition_id=f"{state}-{since.isoformat()}")


def planned(start: datetime, end: datetime) -> OutageSchedule:
    days = tuple(
        PlannedDay(
            day=local_day(ago(0) + timedelta(days=ahead), "Europe/Kyiv"), state=DayState.PLANNED, confirmed_at=ago(0)
        )
        for ahead in (-1, 0, 1)
    )
    window = Window(start=start, end=end)
    return OutageSchedule(at=ago(0), queue="5.2", days=days, windows=(window,), fetched_at=ago(0))


def answers(stack: Stack, chat: int) -> list[dict[str, Any]]:
    return [message for message in stack.chat(chat) if message["is_from_bot"]]


def texts(stack: Stack, chat: int = 4242) -> list[str]:
    return [message["text"] for message in answers(stack, chat)]


def running(stack: Stack, watcher: Viewer) -> None:
    stack.start_telegram()
    stack.bot.start()
    watcher.wait_for("service/bot/status", state="online")


def asked(stack: Stack, command: str, already: int) -> str:
    """Return the answer to a command, which comes after so many texts."""
    stack.tell_telegram("say", chat=4242, text=command)
    return eventually(lambda: texts(stack)[already:], f"the answer to {command}")[0]


def remembered(stack: Stack) -> dict[str, Any]:
    file = stack.directory / "bot/outbox.json"
    return json.loads(file.read_text()) if file.exists() else {"state": {"grid": None}, "waiting": {}}


def knows_the_grid(stack: Stack, account: Viewer, since: datetime) -> None:
    publish(account, "grid/state", grid("on", since))
    eventually(lambda: remembered(stack)["state"]["grid"], "the bot knows the grid")


def waiting(stack: Stack, count: int) -> None:
    eventually(lambda: len(remembered(stack)["waiting"].get("4242", [])) == count, f"{count} alerts wait")


def test_six_hours_without_internet_and_a_kill_in_the_middle(stack: Stack, watcher: Viewer, poller: Viewer) -> None:
    stack.bot.env["LOG_LEVEL"] = "DEBUG"  # even then the token stays out of the log
    running(stack, watcher)
    knows_the_grid(stack, poller, ago(600))
    stack.telegram.kill()
    began = [350, 240, 100]
    for number, minutes in enumerate(began):
        off = ago(minutes)
        publish(poller, "grid/state", grid("off", off))
        waiting(stack, 2 * number + 1)
        if number == 1:
            stack.bot.kill()
            stack.bot.start()
        publish(poller, "grid/state", grid("on", off + timedelta(hours=1)))
        waiting(stack, 2 * number + 2)
    late = datetime.now(UTC) - timedelta(hours=6)
    stack.bot.kill()
    file = stack.directory / "bot/outbox.json"
    contents = json.loads(file.read_text())
    for alert in contents["waiting"]["4242"]:
        alert["stored_at"] = late.isoformat()
    file.write_text(json.dumps(contents))
    stack.start_telegram()
    stack.bot.start()
    (account,) = eventually(lambda: texts(stack), "the account")
    assert account.startswith("📬 <b>While there was no connection (6 h")
    lines = [line for line in account.split("\n") if "power out" in line]
    assert len(lines) == 3
    assert all("off for 1 h" in line for line in lines)
    eventually(lambda: not remembered(stack)["waiting"], "the outbox is empty")
    stack.bot.end()
    stack.bot.start()
    publish(poller, "grid/state", grid("off", ago(1)))
    eventually(lambda: len(texts(stack)) == 2, "the next alert")
    assert "Power is out" in texts(stack)[1]
    assert "Traceback" not in stack.bot.log
    assert "secret-of-the-test" not in stack.bot.log


@pytest.mark.parametrize(
    ("step", "save", "copies"),
    [
        ("before", 1, 1),
        ("written", 1, 1),
        ("named", 1, 1),  # the alert, before it is sent
        ("before", 2, 2),  # accepted, and nothing of that is written: the one moment that nobody can make safe
        ("written", 2, 1),
        ("named", 2, 1),
    ],
)
def test_killed_at_a_step_of_the_outbox_an_alert_is_sent_once(  # noqa: PLR0917
    step: str, save: int, copies: int, stack: Stack, watcher: Viewer, poller: Viewer
) -> None:
    running(stack, watcher)
    knows_the_grid(stack, poller, ago(100))
    stack.bot.end()
    arguments = "services.bot", "outbox.json", step, str(save)
    dying = Process("dying", "tests.support.killed_at", stack.bot.env, stack.directory / "dying.log", *arguments)
    dying.start()
    watcher.wait_for("service/bot/status", state="online")
    since = ago(0)
    publish(poller, "grid/state", grid("off", since))
    assert dying.exit_code() == -signal.SIGKILL
    stack.bot.start()
    eventually(lambda: len(texts(stack)) == copies and not remembered(stack)["waiting"], f"{copies} alerts")
    asked(stack, "/id", copies)
    stack.bot.end()
    told = texts(stack)[:-1]
    assert len(told) == copies
    assert all(f"{since.astimezone(KYIV):%H:%M}" in text for text in told), "who reads it twice sees that it is one"


def test_killed_before_telegram_has_answered_it_is_sent_again_with_its_time(
    stack: Stack, watcher: Viewer, poller: Viewer
) -> None:
    running(stack, watcher)
    knows_the_grid(stack, poller, ago(100))
    stack.tell_telegram("fault", fault="slow_answer", count=1)
    since = ago(0)
    publish(poller, "grid/state", grid("off", since))
    eventually(lambda: texts(stack), "it has arrived, and is not answered")
    stack.bot.kill()
    stack.bot.start()
    told = eventually(lambda: len(texts(stack)) == 2 and texts(stack), "once more")
    assert told[0] == told[1]
    assert f"{since.astimezone(KYIV):%H:%M}" in told[0]


def test_an_outage_that_began_while_the_bot_was_down_is_reported_once(
    stack: Stack, watcher: Viewer, poller: Viewer
) -> None:
    on, off = ago(100), ago(30)
    with Viewer(stack.broker, "schedule") as schedule:
        publish(schedule, "outage/schedule", planned(off, ago(-90)))
    running(stack, watcher)
    knows_the_grid(stack, poller, on)
    stack.bot.kill()
    publish(poller, "grid/state", grid("off", off))
    stack.bot.start()
    (text,) = eventually(lambda: texts(stack))
    assert "It was on for 1 h 10 min" in text
    assert "As scheduled" in text, "the plan is known before the grid is judged"
    for _ in range(2):
        stack.bot.end()
        stack.bot.start()
        watcher.wait_for("service/bot/status", state="online")
    publish(poller, "grid/state", GridState(at=datetime.now(UTC), state="unknown", since=ago(0)))
    # the broker and Telegram are two ways: which of the two arrives first, nobody knows
    answers = count(1)
    while "unknown" not in asked(stack, "/status", next(answers)):
        pass
    after_restart = "retained messages are known after a restart"
    assert "queue 5.2" in asked(stack, "/schedule", next(answers)), after_restart


def test_an_outage_is_told_that_passed_while_the_bot_was_cut_off_from_the_broker(
    stack: Stack, watcher: Viewer, poller: Viewer
) -> None:
    stack.start(stack.recorder)
    watcher.wait_for("service/recorder/status", state="online")
    running(stack, watcher)
    knows_the_grid(stack, poller, ago(100))
    pid = stack.bot.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    stack.broker.stop()
    stack.broker.start()
    eventually(poller.client.is_connected, "the poller is connected again")
    began = ago(30)
    for minutes in range(30, 2, -3):  # what the bot gets of it later is too old to say anything of now
        publish(poller, "grid/state", grid("off", began).model_copy(update={"at": ago(minutes)}))
    since = began + timedelta(minutes=30)
    publish(poller, "grid/state", grid("on", since))
    eventually(lambda: stack.rows("SELECT 1 FROM grid_state WHERE state = 'on' AND at > 0"), "its end is recorded")
    os.kill(pid, signal.SIGCONT)
    (text,) = eventually(lambda: texts(stack), "the outage is told")
    assert f"{since.astimezone(KYIV):%H:%M} Power is back" in text
    assert "It was off for 30 min" in text
    assert stack.bot.pid == pid, "it was never started again"


def test_what_the_bot_missed_is_told_by_what_the_recorder_knows(stack: Stack, watcher: Viewer, poller: Viewer) -> None:
    stack.start(stack.recorder)
    watcher.wait_for("service/recorder/status", state="online")
    running(stack, watcher)
    knows_the_grid(stack, poller, ago(100))
    assert stack.bot.end() == 0  # killed, it may get once more what it has not acknowledged: newer than all below
    now = ago(0)
    for state, began, ended in (("off", 60, 50), ("on", 50, 30), ("off", 30, 1), ("on", 1, -1)):
        since = now - timedelta(minutes=began)
        for minutes in range(began, ended, -3):  # as the poller does, for what is not confirmed is unknown
            publish(poller, "grid/state", grid(state, since).model_copy(update={"at": ago(minutes)}))
    eventually(lambda: len(queries.outages(reader(stack.db_path), start=ago(90), end=ago(0))) == 2, "both are recorded")
    stack.bot.start()
    missed, back = eventually(lambda: len(texts(stack)) == 2 and texts(stack), "what was missed, and the end")
    assert "While the bot was away" in missed
    assert "(10 min)" in missed
    assert "Power is back" in back
    assert "It was off for 29 min" in back


@pytest.mark.parametrize(
    ("fault", "count", "copies"),
    [("lost_answer", 1, 2), ("too_many", 1, 1), ("server_error", 2, 1), ("bad_request", 1, 1), ("html", 2, 1)],
)
def test_failures_of_telegram(  # noqa: PLR0917
    fault: str, count: int, copies: int, stack: Stack, watcher: Viewer, poller: Viewer
) -> None:
    running(stack, watcher)
    knows_the_grid(stack, poller, ago(100))
    asked(stack, "/id", 0)  # its menus are set up, so the fault meets the alert
    stack.tell_telegram("fault", fault=fault, count=count)
    publish(poller, "grid/state", grid("off", ago(0)))
    eventually(lambda: remembered(stack)["state"]["grid"]["state"] == "off")
    publish(poller, "grid/state", grid("on", ago(0)))
    eventually(lambda: any("Power is back" in text for text in texts(stack)))
    assert sum("Power is out" in text or "Power was out" in text for text in texts(stack)) == copies


def test_a_token_that_was_revoked_is_reported_and_survived(stack: Stack, watcher: Viewer) -> None:
    running(stack, watcher)
    stack.tell_telegram("fault", fault="unauthorized")
    status = watcher.wait_for("service/bot/status", state="degraded")
    assert "does not know the token" in reason_text(status)
    assert stack.bot.end() == 0
    assert "secret-of-the-test" not in stack.bot.log + json.dumps(watcher.messages)


def test_a_token_of_another_bot_is_reported(stack: Stack, watcher: Viewer) -> None:
    stack.telegram.env["HOUSE_TELEGRAM_TOKEN"] = "2:another"
    stack.start_telegram()
    stack.bot.start()
    assert "does not know the token" in reason_text(watcher.wait_for("service/bot/status", state="degraded"))


def test_a_second_poller_with_our_token_is_reported(stack: Stack, watcher: Viewer) -> None:
    running(stack, watcher)
    stack.tell_telegram("say", chat=4242, text="/help")
    eventually(lambda: texts(stack), "the bot polls")
    twin = f"{stack.bot.env['TELEGRAM_API_URL']}/bot{stack.bot.env['TELEGRAM_BOT_TOKEN']}/getUpdates"
    eventually(
        lambda: requests.post(twin, timeout=PATIENCE_S).ok and "polls with" in stack.bot.log, "the bot reports it"
    )
    assert "same token" in reason_text(watcher.wait_for("service/bot/status", state="degraded"))


def test_a_group_that_moves_is_followed(stack: Stack, watcher: Viewer, poller: Viewer) -> None:
    stack.bot.env |= {"TELEGRAM_CHAT_ID": "-5"}
    running(stack, watcher)
    knows_the_grid(stack, poller, ago(100))
    stack.tell_telegram("fault", fault="moved", moved_to=-1005)
    publish(poller, "grid/state", grid("off", ago(0)))
    eventually(lambda: texts(stack, -1005))
    assert "change TELEGRAM_CHAT_ID" in reason_text(watcher.wait_for("service/bot/status", state="degraded"))


def test_without_a_token_it_is_disabled(stack: Stack, watcher: Viewer) -> None:
    stack.bot.env["TELEGRAM_BOT_TOKEN"] = ""
    stack.bot.start()
    assert "@BotFather" in reason_text(watcher.wait_for("service/bot/status", state="disabled"))


def answer(stack: Stack, text: str) -> str:
    """Ask, and return the first message that comes."""
    before = len(texts(stack))
    stack.tell_telegram("say", chat=4242, text=text)
    return eventually(lambda: texts(stack)[before:], f"an answer to {text}")[0]


def test_no_data_odd_names_and_a_plan_of_eight_kilobytes(stack: Stack, watcher: Viewer) -> None:
    running(stack, watcher)
    assert "No data yet" in answer(stack, "/status")
    assert "no history" in answer(stack, "/chart")
    start = ago(24 * 60)
    windows = tuple(Window(start=start + n * QUARTER, end=start + (n + 0.6) * QUARTER) for n in range(96 * 3))
    with Viewer(stack.broker, "bms") as bms, Viewer(stack.broker, "schedule") as schedule:
        full = planned(start, ago(0)).model_copy(update={"windows": windows})
        publish(schedule, "outage/schedule", full)
        publish(bms, "battery/c1/info", BatteryInfo(at=ago(0), name="<b>x", address="AA:BB:CC:DD:EE:FF"))
        publish(bms, "battery/c1/state", BatteryState(at=ago(0), soc_percent=50.0))
    eventually(lambda: "&lt;b&gt;x" in answer(stack, "/battery"), "the battery is known, and the plan before it")
    before = len(texts(stack))
    assert "queue 5.2" in answer(stack, "/schedule")
    eventually(lambda: "Updated" in texts(stack)[-1], "the end of the plan")
    assert len(texts(stack)) > before + 1
    assert "Traceback" not in stack.bot.log


def test_strangers_forgers_and_viewers(stack: Stack, watcher: Viewer, tuya: Viewer) -> None:
    stack.bot.env["TELEGRAM_CHAT_ID"] = "4242,7:viewer"
    running(stack, watcher)
    publish(tuya, "plug/desk/state", PlugState(at=datetime.now(UTC), name="Desk <b>", on=False, reachable=True))
    stack.tell_telegram("say", chat=99, text="/status")
    assert "private" in eventually(lambda: texts(stack, 99))[0]
    stack.tell_telegram("say", chat=99, text="/id")
    eventually(lambda: any("99" in text for text in texts(stack, 99)))
    eventually(lambda: "Desk" in answer(stack, "/plugs"), "the plug is known")
    listed = next(message for message in stack.chat() if "Desk" in message["text"])
    assert "Desk &lt;b&gt;" in listed["text"]
    for chat, data in ((99, "plug|desk|on"), (7, "plug|desk|on"), (4242, "plug|nothing|on"), (4242, "x" * 64)):
        stack.tell_telegram("say", chat=chat, text="/id")
        own = eventually(partial(answers, stack, chat))[-1]
        stack.tell_telegram("press", chat=chat, message_id=own["message_id"], data=data)
    stack.tell_telegram("say", chat=4242, text="/plugs", age_s=120)
    stack.tell_telegram("press", chat=4242, message_id=listed["message_id"], data="ask|desk|on")
    question = eventually(lambda: [one for one in stack.chat() if "?" in one["text"]])[-1]
    assert not watcher.on("plug/desk/set")
    stack.tell_telegram("press", chat=4242, message_id=question["message_id"], data="plug|desk|on")
    command = watcher.last("plug/desk/set")
    assert (command["on"], command["by"]) == (True, "telegram:4242")
    assert len(watcher.on("plug/desk/set")) == 1


def test_without_telegram_the_alerts_go_to_ntfy(stack: Stack, watcher: Viewer, poller: Viewer) -> None:
    published: list[dict[str, Any]] = []

    def take() -> Any:
        published.append(request.get_json())
        return {"event": "message"}

    http = start_server(HttpApp({"POST /": take}, max_body_bytes=10_000), "127.0.0.1", 0)
    stack.bot.env |= {"TELEGRAM_BOT_TOKEN": "", "NTFY_URL": f"http://127.0.0.1:{http.port}/secret-topic"}
    stack.bot.start()
    watcher.wait_for("service/bot/status", state="online")
    knows_the_grid(stack, poller, ago(100))
    publish(poller, "grid/state", grid("off", ago(0)))
    (message,) = eventually(lambda: published, "the alert")
    sent = watcher.wait_for("bot/alert", kind="grid_lost")
    http.shutdown()
    command = AlertSettingsCommand(at=ago(0), by="dashboard", low_battery_percent=35)
    with Viewer(stack.broker, "dashboard") as page:
        page.client.publish("bot/settings/set", command.model_dump_json(), qos=1).wait_for_publish(PATIENCE_S)
        watcher.wait_for("bot/settings", low_battery_percent=35)
    assert (sent["recipients"], sent["what"]["code"]) == (1, "alert.grid_lost")
    assert "Power is out" in message["title"]
    assert "secret-topic" not in stack.bot.log


@pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed: make setup-dev installs it")
def test_the_history_of_a_server_is_read(stack: Stack, watcher: Viewer) -> None:
    with running_postgres() as server:
        url = server.create("easun")
        for service in (stack.recorder, stack.bot):
            service.env["DATABASE_URL"] = url
        stack.start_house()
        stack.start(stack.recorder)
        watcher.wait_for("service/recorder/status", state="online")
        stack.start(stack.poller)
        eventually(lambda: queries.recorded(reader(url)), "a reading is in the server")
        running(stack, watcher)
        assert "No outages were recorded" in asked(stack, "/outages", len(texts(stack)))
