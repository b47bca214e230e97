"""Who decides by what the broker says: plugs, charging ahead, the forecast, and who obeys an inverter's commands."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.outlook.forecast import forecast
from services.outlook.history import History
from services.outlook.live import Basis, basis_of, pause_s, plugs_of, since_when, with_live
from services.outlook.message import to_message
from services.outlook.recorded_history import plan_of
from services.outlook.standings import Standings, after_forecast
from services.poller.charge_ahead_rules import CHARGING, CURRENT, OUTPUT, Charging, Knobs, Need, Situation, next_step
from services.poller.charge_report import report_charging
from services.poller.charge_situation import USUAL_V, need_of, wh_per_percent
from services.poller.setting_check import checked, may_write
from services.poller.setting_journal import SettingJournal, command_refusal, received
from services.tuya.grid_rules import Policy, Rules, on_grid
from services.tuya.journal import Journal
from services.tuya.outlook_rules import on_outlook, plan_ahead
from services.tuya.plug import Plug
from services.tuya.shared_state import SharedState
from shared.broker_state import BrokerState
from shared.live_figures import live_figures
from shared.messages import (
    Certainty,
    ChargeAheadCommand,
    Grid,
    GridState,
    ProfileCommand,
    Scorecard,
    SettingCommand,
)
from tests.poller.test_setting_sequence import PRESENT

SINCE = timedelta(minutes=5)
PLUGS = {name: Plug(id=name, priority=priority) for priority, name in enumerate(("x", "kettle", "boiler"))}
RULES = Rules(turn_off=True, turn_on=True, restore_delay=timedelta(), restore_pause=timedelta(), policy=Policy.OUTLOOK)
KNOBS = Knobs({CURRENT: 10, CHARGING: "pv_only", OUTPUT: "sbu"}, 2, 60, 1)


def with_outages_ahead(state: BrokerState) -> BrokerState:
    """Return a home whose outages are all certain, each of them judged as the running one is."""
    schedule, outlook = state.schedule, state.outlook
    if schedule:
        windows = tuple(one.model_copy(update={"certainty": Certainty.DEFINITE}) for one in schedule.windows)
        schedule = schedule.model_copy(update={"windows": windows, "fetched_at": schedule.at})
    if schedule and outlook:
        ahead = (
            one.model_copy(update={"start": window.start, "end": window.end, "running": False})
            for window in schedule.windows
            for one in outlook.outages[:1]
        )
        outlook = outlook.model_copy(update={"outages": (*outlook.outages, *ahead)})
    return replace(state, schedule=schedule, outlook=outlook)


def shed_plugs(state: BrokerState, now: datetime) -> None:
    """Plan which plugs go in the outages ahead, and switch some off in one that runs, and back on."""
    state = with_outages_ahead(state)
    windows = state.schedule.windows if state.schedule else ()
    plan_ahead(RULES, PLUGS, windows, state.outlook, now)
    for grid in (state.grid, GridState(at=now, state=Grid.OFF, since=now - SINCE, transition_id="z")):
        if grid:
            journal = on_grid(Journal(handled="y"), grid, PLUGS, RULES, now, stable_for=timedelta(hours=1))
            for off_for in (timedelta(), timedelta(hours=1)):
                shared = SharedState(journal, RULES, grid)
                journal = on_outlook(shared, state.outlook, PLUGS, now, off_for=off_for)
            assert Journal.model_validate_json(journal.model_dump_json()) == journal


def charge_ahead(state: BrokerState, now: datetime) -> None:
    """Decide whether to charge before the next outage, and while it is charged."""
    state = with_outages_ahead(state)
    live = live_figures(state, now)
    voltage_v = (live.inverter and live.inverter.battery_voltage_v) or USUAL_V
    need = need_of(state, now, planned_percent=80.0, highest_w=KNOBS.high_a * voltage_v)
    idle = Situation(
        now=now,
        doubt=None,
        doubtful_for=timedelta(),
        grid=live.grid.state if live.grid else None,
        charge_percent=live.soc_percent,
        voltage_v=voltage_v,
        sun_w=float((live.inverter and live.inverter.pv_charging_power_w) or 0),
        wh_per_percent=wh_per_percent(state, live, now),
        need=need,
        knobs=KNOBS,
    )
    start = need.start if isinstance(need, Need) else now + SINCE
    busy = replace(idle, charging=Charging(start, now - SINCE, 90.0, 10.0, now - SINCE))
    for situation in (idle, busy, replace(busy, grid=Grid.ON, charge_percent=30.0), replace(idle, grid=Grid.ON)):
        report_charging(situation, next_step(situation), None, dry_run_until=None).model_dump_json()


def make_forecast(state: BrokerState, now: datetime) -> None:
    """Forecast without a record, and remember what stood."""
    history = with_live(History(time=()), state, now)
    pause_s(Basis(), basis_of(state, now, trusted=True))
    found = forecast(history, now, plan_of(state.schedule, now), plugs=plugs_of(state))
    outlook = since_when(to_message(found, now, Scorecard()), state, now)
    after_forecast(Standings(), outlook, live_figures(state, now).grid, history, now).model_dump_json()
    assert type(outlook).model_validate_json(outlook.model_dump_json()) == outlook


def obey(command: SettingCommand | ProfileCommand | ChargeAheadCommand, now: datetime) -> None:
    """Refuse a command or not, and check its value for every setting that can be changed."""
    journal = SettingJournal()
    for _ in range(2):
        command_refusal(journal, "x", command, now)
        journal = received(journal, "x", command, now)
    assert SettingJournal.model_validate_json(journal.model_dump_json()) == journal
    if isinstance(command, SettingCommand):
        for setting in (*PRESENT.values, command.by):
            checked(setting, command.value, PRESENT)
            may_write(setting, command.value, PRESENT, (), now)
