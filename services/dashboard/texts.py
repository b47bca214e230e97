"""Every word on the page. Another language is another `Words`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.messages import Grid, Mode, ServiceHealth


@dataclass(frozen=True)
class Words:
    """The words of one language; this one is English."""

    brand: str = "Easun"
    now: str = "Now"
    history: str = "History"
    switch_theme: str = "Switch between light and dark"
    pages: str = "Pages"

    # the sentence at the top
    grid_on: str = "Grid on since {since}"
    grid_off: str = "No grid since {since}"
    lasting: str = " ({duration})"
    no_contact: str = "No contact with the inverter since {since}"
    last_known: str = "Last known: {grid}"
    grid_unheard: str = "Nobody has said yet whether the grid is there"
    clock_ahead: str = "The last reading is dated {at}, which is still to come: check the clocks"
    grid_words: Mapping[Grid, str] = field(
        default_factory=lambda: {Grid.ON: "grid on", Grid.OFF: "no grid", Grid.UNKNOWN: "unknown"}
    )

    # the verdict below it
    home_uses: str = "The home uses {power}"
    from_sources: str = " from {sources}"
    the_sun: str = "the sun"
    the_grid: str = "the grid"
    the_battery: str = "the battery"
    both: str = "{first} and {second}"
    battery_at: str = "charge {soc}"
    battery_charging: str = "battery charging, {soc}"
    as_of: str = "as of {at}"
    live: str = "live, {at}"

    # what went wrong
    broker_gone: str = (
        "No connection to the message broker. What you see is the last that was known; it comes back by itself."
    )
    server_gone: str = "This page has lost its server: nothing here is live any more. It tries again every two seconds."
    inverter_why: str = "The inverter: {why}"
    empty_title: str = "No readings yet"
    empty_text: str = (
        "The dashboard is connected and waits for the first reading. Is the poller running, and does .env name the "
        "inverter's address (MODBUS_HOST)? Without an inverter, `make demo` shows a simulated house."
    )
    empty_offline_text: str = (
        "The message broker does not answer, so nothing can arrive. Is Mosquitto running, and do MQTT_HOST and "
        "MQTT_PORT in .env point to it?"
    )

    # nodes and tiles
    flow: str = "Where the power flows"
    sun: str = "Sun"
    grid: str = "Grid"
    battery: str = "Battery"
    home: str = "Home"
    unknown: str = "–"
    no_grid: str = "No grid"
    charging: str = "charging"
    discharging: str = "discharging"
    resting: str = "at rest"
    importing: str = "drawing"
    exporting: str = "feeding in"
    idle: str = "idle"
    load_share: str = "{percent} of capacity"
    produced_today: str = "{energy} today"
    no_sun: str = "no sun"

    details: str = "Details"
    output_voltage: str = "Output voltage"
    output_frequency: str = "Output frequency"
    battery_current: str = "Battery current"
    temperature: str = "Inverter temperature"
    mode: str = "Mode"
    warnings: str = "Warnings"
    faults: str = "Faults"
    none: str = "none"
    modes: Mapping[Mode, str] = field(
        default_factory=lambda: {
            Mode.POWER_ON: "starting",
            Mode.STANDBY: "standby",
            Mode.MAINS: "on the grid",
            Mode.OFF_GRID: "off-grid",
            Mode.BYPASS: "bypass",
            Mode.CHARGING: "charging",
            Mode.FAULT: "fault",
            Mode.UNKNOWN: "–",
        }
    )
    other_inverters: str = "Other inverters"

    services: str = "Services"
    silent_since: str = "silent since {since}"
    health: Mapping[ServiceHealth, str] = field(
        default_factory=lambda: {
            ServiceHealth.ONLINE: "online",
            ServiceHealth.DEGRADED: "has trouble",
            ServiceHealth.DISABLED: "switched off",
            ServiceHealth.OFFLINE: "offline",
        }
    )

    # history
    spans: Mapping[str, str] = field(default_factory=lambda: {"day": "Day", "week": "Week", "month": "Month"})
    earlier: str = "Earlier"
    later: str = "Later"
    today: str = "Today"
    yesterday: str = "yesterday {time}"
    power: str = "Power"
    charge: str = "Charge"
    battery_line: str = "Battery (+ charging)"
    chart: str = "Power and state of charge, {period}"
    no_history: str = (
        "Nothing is recorded yet. The recorder writes every reading; the first appears here within a minute."
    )
    nothing_here: str = "Nothing was recorded in this time. The last reading is of {last}."
    no_outage: str = "No outage was recorded in this time."
    outages: str = "{count} outages, {duration} without grid"
    one_outage: str = "1 outage, {duration} without grid"
    nobody_knew: str = "Unknown for {duration}: no contact with the inverter."
    outage: str = "No grid"
    unknown_grid: str = "Grid unknown"
    loading: str = "Reading the history…"

    # time and numbers
    days: tuple[str, ...] = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    months: tuple[str, ...] = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    long_months: tuple[str, ...] = (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    )
    under_a_minute: str = "under a minute"
    minutes: str = "{minutes} min"
    hours: str = "{hours} h {minutes:02} min"
    days_hours: str = "{days} d {hours} h"


ENGLISH = Words()
