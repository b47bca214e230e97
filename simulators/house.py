"""A virtual house with sun, loads, a battery and a grid that fails. Pure physics without I/O; time is an argument.

The battery is integrated in fixed ticks of the clock, so steps of any size, in any process, lead to the same state.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from simulators.battery import Battery
from simulators.flow import MAX_GRID_CHARGE_A, STANDBY_W, Flow, off_grid, on_grid
from simulators.loads import Loads
from simulators.mains import KYIV, GridMode, Mains, Window
from simulators.noise import Noise
from simulators.sun import Sky

TICK_S = 10
"""Divides a minute: the timetable changes on whole minutes, so exactly at a tick."""
RATED_W = 6200
CUT_OFF_PERCENT = 10
"""Without grid the output switches off here, and on again at RECOVERY_PERCENT."""
RECOVERY_PERCENT = 20
TOP_UP_BELOW_PERCENT = 50
TOP_UP_UNTIL_PERCENT = 75
POWER_FACTOR = 0.93
HEATING_UP_S = 900

STANDBY, ON_MAINS, OFF_GRID, CHARGING = 1, 2, 3, 5
MAINS_LOST, BATTERY_LOW, BATTERY_NOT_RECOVERED = 1 << 0, 1 << 8, 1 << 12


@dataclass(frozen=True)
class Truth:
    """The state at one moment. Battery power and current are positive while charging, grid power while importing."""

    house_time: datetime
    grid_on: bool
    grid_since: datetime
    mode_code: int

    grid_voltage_v: float
    grid_frequency_hz: float
    grid_power_w: int
    grid_charging_power_w: int
    grid_charging_current_a: float

    inverter_voltage_v: float
    inverter_current_a: float
    inverter_frequency_hz: float
    inverter_power_w: int

    output_voltage_v: float
    output_current_a: float
    output_frequency_hz: float
    load_power_w: int
    load_apparent_power_va: int
    load_percent: int

    battery_voltage_v: float
    battery_current_a: float
    battery_power_w: int
    battery_soc_percent: int
    battery_stored_wh: float

    pv_voltage_v: float
    pv_current_a: float
    pv_power_w: int
    pv_charging_power_w: int
    pv_charging_current_a: float
    pv_energy_today_kwh: float
    pv_energy_total_kwh: float

    losses_w: int
    bus_voltage_v: float
    inverter_temperature_c: int
    dcdc_temperature_c: int
    pv_temperature_c: int
    fault_bits: int
    warning_bits: int


@dataclass(frozen=True)
class ChargingRule:
    """How an inverter is set to use the battery: the current it charges it with from the mains, and when.

    feeds_house: the battery feeds the house while there is power, and is not charged from the mains then.
    """

    mains_a: float = MAX_GRID_CHARGE_A
    with_sun: bool = True
    without_sun: bool = True
    feeds_house: bool = False

    def mains_w(self, pv_w: int, battery_v: float) -> int:
        """Return the power that the mains charges the battery with."""
        allowed = self.with_sun if pv_w else self.without_sun
        return int(self.mains_a * battery_v) if allowed else 0


class House:
    """The house from `start` on. The same seed, start, timetable and commands always give the same history."""

    def __init__(self, start: datetime, *, seed: int = 1, outages: tuple[Window, ...] = ()) -> None:
        self.now = start.astimezone(UTC)
        self.grid_mode = GridMode.AUTO
        self.battery = Battery()
        self.charging: ChargingRule | None = None
        """None: the battery is topped up from the mains when it is low, whatever the inverter's settings are."""
        self._outages = outages
        self._sky, self._loads, self._mains = Sky(seed), Loads(seed), Mains(seed)
        self._jitter = Noise(seed, "meters")
        self._tick = int(self.now.timestamp()) // TICK_S
        self._grid_on, self._grid_since = not self._planned_outage(self._tick * TICK_S), self.now
        self._topping_up = self._empty = False
        self._heat_w = 400.0
        self._pv_today_wh, self._pv_total_wh = 0.0, 4_812_000.0
        self._update_hysteresis()

    def step(self, seconds: float) -> None:
        """Advance by a number of seconds."""
        self.advance_to(self.now + timedelta(seconds=seconds))

    def advance_to(self, moment: datetime) -> None:
        """Advance to a moment; an earlier one changes nothing."""
        self.now = max(self.now, moment.astimezone(UTC))
        while (self._tick + 1) * TICK_S <= self.now.timestamp():
            self._advance_tick()

    def set_grid(self, mode: GridMode) -> None:
        """Cut the mains, bring it back, or leave it to the timetable."""
        self.grid_mode = mode
        self._update_grid(self.now)
        self._update_hysteresis()

    def set_soc(self, percent: float) -> None:
        """Set the battery's state of charge."""
        self.battery = Battery()
        self.battery.stored_wh *= percent / self.battery.soc_percent
        self._update_hysteresis()

    def truth(self) -> Truth:
        """Return the current state."""
        at_s = self.now.timestamp()
        return self._truth(at_s, self._flow(at_s))

    # time

    def _advance_tick(self) -> None:
        flow = self._flow(self._tick * TICK_S)
        self.battery.apply(flow.battery_w, TICK_S)
        self._heat_w += (flow.load_w + abs(flow.battery_w) - self._heat_w) * TICK_S / HEATING_UP_S
        self._count_sun(flow.pv_w * TICK_S / 3600)
        self._tick += 1
        self._update_grid(datetime.fromtimestamp(self._tick * TICK_S, UTC))
        self._update_hysteresis()

    def _count_sun(self, pv_wh: float) -> None:
        local = datetime.fromtimestamp(self._tick * TICK_S, KYIV)
        if (local.hour, local.minute, local.second // TICK_S) == (0, 0, 0):
            self._pv_today_wh = 0.0
        self._pv_today_wh += pv_wh
        self._pv_total_wh += pv_wh

    def _update_grid(self, moment: datetime) -> None:
        planned_on = not self._planned_outage(moment.timestamp())
        grid_on = planned_on if self.grid_mode is GridMode.AUTO else self.grid_mode is GridMode.ON
        if grid_on != self._grid_on:
            self._grid_on, self._grid_since = grid_on, moment

    def _planned_outage(self, at_s: float) -> bool:
        local = datetime.fromtimestamp(at_s, KYIV)
        return any(window.covers(local) for window in self._outages)

    def _update_hysteresis(self) -> None:
        """Switch the output by the battery, and charging from the grid, with hysteresis."""
        soc = self.battery.soc_percent
        self._empty = not self._grid_on and soc < (RECOVERY_PERCENT if self._empty else CUT_OFF_PERCENT)
        self._topping_up = self._grid_on and soc < (TOP_UP_UNTIL_PERCENT if self._topping_up else TOP_UP_BELOW_PERCENT)

    # state

    def _flow(self, at_s: float) -> Flow:
        pv_w = self._sky.pv_available_w(at_s)
        load_w = self._loads.power_w(at_s, datetime.fromtimestamp(at_s, KYIV))
        charge_limit_w = self.battery.charge_limit_w()
        if self._grid_on and self.charging:
            if self.charging.feeds_house and self.battery.soc_percent > TOP_UP_BELOW_PERCENT:
                return off_grid(pv_w, load_w, charge_limit_w)
            mains_w = self.charging.mains_w(pv_w, self.battery.open_voltage_v)
            return on_grid(pv_w, load_w, charge_limit_w, mains_w)
        if self._grid_on:
            top_up_w = int(MAX_GRID_CHARGE_A * self.battery.open_voltage_v) if self._topping_up else 0
            return on_grid(pv_w, load_w, charge_limit_w, top_up_w)
        if self._empty:
            return off_grid(pv_w, 0, charge_limit_w, STANDBY_W if self.battery.stored_wh > 1 else 0)
        return off_grid(pv_w, load_w, charge_limit_w)

    def _truth(self, at_s: float, flow: Flow) -> Truth:
        battery_v, battery_a = self.battery.under(flow.battery_w)
        from_sun_w = max(0, flow.battery_w - flow.charge_from_grid_w)
        grid_v = self._mains.voltage_v(at_s, flow.load_w) if self._grid_on else 0.0
        grid_hz = self._mains.frequency_hz(at_s) if self._grid_on else 0.0
        output_v, output_hz = self._output(at_s, grid_v, grid_hz)
        inverter_w = flow.load_w - flow.grid_w
        pv_v = self._pv_voltage_v(at_s, flow.pv_w)
        ambient_c = 21 + 3 * self._jitter.smooth(at_s, 30_000)
        return Truth(
            house_time=self.now,
            grid_on=self._grid_on,
            grid_since=self._grid_since,
            mode_code=self._mode(flow),
            grid_voltage_v=grid_v,
            grid_frequency_hz=grid_hz,
            grid_power_w=flow.grid_w,
            grid_charging_power_w=flow.charge_from_grid_w,
            grid_charging_current_a=round(flow.charge_from_grid_w / battery_v, 1),
            inverter_voltage_v=output_v,
            inverter_current_a=_current_a(abs(inverter_w), output_v),
            inverter_frequency_hz=output_hz,
            inverter_power_w=inverter_w,
            output_voltage_v=output_v,
            output_current_a=_current_a(flow.load_w / POWER_FACTOR, output_v),
            output_frequency_hz=output_hz,
            load_power_w=flow.load_w,
            load_apparent_power_va=round(flow.load_w / POWER_FACTOR),
            load_percent=round(100 * flow.load_w / RATED_W),
            battery_voltage_v=battery_v,
            battery_current_a=battery_a,
            battery_power_w=flow.battery_w,
            battery_soc_percent=round(self.battery.soc_percent),
            battery_stored_wh=self.battery.stored_wh,
            pv_voltage_v=pv_v,
            pv_current_a=_current_a(flow.pv_w, pv_v),
            pv_power_w=flow.pv_w,
            pv_charging_power_w=from_sun_w,
            pv_charging_current_a=round(from_sun_w / battery_v, 1),
            pv_energy_today_kwh=round(self._pv_today_wh / 1000, 2),
            pv_energy_total_kwh=round(self._pv_total_wh / 1000, 2),
            losses_w=flow.losses_w,
            bus_voltage_v=round(385 + 4 * self._jitter.smooth(at_s, 6), 1),
            inverter_temperature_c=round(ambient_c + 7 + self._heat_w / 120),
            dcdc_temperature_c=round(ambient_c + 5 + self._heat_w / 150),
            pv_temperature_c=round(ambient_c + 4 + flow.pv_w / 250),
            fault_bits=0,
            warning_bits=self._warnings(),
        )

    def _output(self, at_s: float, grid_v: float, grid_hz: float) -> tuple[float, float]:
        if self._empty:
            return 0.0, 0.0
        return (grid_v, grid_hz) if self._grid_on else (round(230 + 0.4 * self._jitter.smooth(at_s, 4), 1), 50.0)

    def _pv_voltage_v(self, at_s: float, pv_w: int) -> float:
        if self._sky.pv_available_w(at_s) == 0:
            return 0.0
        return round(352 - pv_w / 180 + 3 * self._jitter.smooth(at_s, 9), 1)

    def _mode(self, flow: Flow) -> int:
        if self._grid_on:
            return ON_MAINS
        if not self._empty:
            return OFF_GRID
        return CHARGING if flow.battery_w > 0 else STANDBY

    def _warnings(self) -> int:
        bits = 0 if self._grid_on else MAINS_LOST
        if self.battery.soc_percent < CUT_OFF_PERCENT + 5:
            bits |= BATTERY_LOW
        return bits | BATTERY_NOT_RECOVERED if self._empty else bits


def _current_a(power_w: float, voltage_v: float) -> float:
    return round(power_w / voltage_v, 1) if voltage_v else 0.0
