"""The live figures, for Prometheus; unknown ones are left out.

Its format: https://prometheus.io/docs/instrumenting/exposition_formats. Signs as everywhere: + charging, + importing.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared.broker_state import BrokerState
from shared.freshness import fresh
from shared.live_figures import is_battery_live, is_inverter_live, is_plug_live, is_service_running, load_w
from shared.messages import Grid

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

Sample = tuple[tuple[str, ...], float | None]


def exposition(state: BrokerState, now: datetime, fresh_for: timedelta) -> bytes:
    """Return the live figures in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot(state, now, fresh_for))
    return generate_latest(registry)


class _Snapshot(Collector):
    def __init__(self, state: BrokerState, now: datetime, fresh_for: timedelta) -> None:
        self._state = state
        self._now = now
        self._fresh_for = fresh_for

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        yield from self._inverters()
        yield from self._batteries()
        yield from self._grid()
        yield from self._rest()

    def _inverters(self) -> Iterator[Metric]:
        live = {
            name: one
            for name, one in self._state.inverters.items()
            if is_inverter_live(self._state, name, self._now, self._fresh_for)
        }
        powers: list[Sample] = []
        for name, one in live.items():
            powers += [((name, "pv"), one.pv_power_w), ((name, "load"), load_w(one))]
            powers += [((name, "grid"), one.grid_power_w), ((name, "battery"), one.battery_power_w)]
        yield _gauge("inverter_power_watts", "Power of an inverter.", ("inverter", "flow"), powers)
        heat = [((name,), one.inverter_temperature_c) for name, one in live.items()]
        yield _gauge("inverter_temperature_celsius", "Temperature of an inverter.", ("inverter",), heat)

    def _batteries(self) -> Iterator[Metric]:
        live = {
            name: one for name, one in self._state.batteries.items() if is_battery_live(self._state, name, self._now)
        }
        for name, about, values in (
            ("charge_percent", "Charge of a battery.", {key: one.soc_percent for key, one in live.items()}),
            ("power_watts", "Power of a battery.", {key: one.power_w for key, one in live.items()}),
            ("voltage_volts", "Voltage of a battery.", {key: one.voltage_v for key, one in live.items()}),
        ):
            yield _gauge(f"battery_{name}", about, ("battery",), [((key,), value) for key, value in values.items()])
        cells = [
            ((name, str(number)), volts)
            for name, one in live.items()
            for number, volts in enumerate(one.cell_voltages_v or (), 1)
        ]
        yield _gauge("battery_cell_volts", "Voltage of a cell.", ("battery", "cell"), cells)

    def _grid(self) -> Iterator[Metric]:
        grid = self._state.grid
        if grid and fresh(grid.at, self._now, self._fresh_for):
            is_on = None if grid.state is Grid.UNKNOWN else float(grid.state is Grid.ON)
            yield _gauge("grid_on", "Whether there is power: 1 or 0; absent while unknown.", (), [((), is_on)])
            yield _gauge("grid_voltage_volts", "Voltage of the grid.", (), [((), grid.voltage_v)])

    def _rest(self) -> Iterator[Metric]:
        plugs = [
            ((name, one.name), None if one.on is None else float(one.on))
            for name, one in self._state.plugs.items()
            if is_plug_live(one, self._now)
        ]
        yield _gauge("plug_on", "Whether a plug is on.", ("plug", "name"), plugs)
        services = [((name,), float(is_service_running(one, self._now))) for name, one in self._state.services.items()]
        yield _gauge("service_up", "Whether a service runs.", ("service",), services)
        energy = self._state.energy.model_dump() if self._state.energy else {}
        counter = CounterMetricFamily("easun_energy_kwh", "Energy of the home, counted from power.", labels=("flow",))
        for name, kwh in energy.items():
            if name.endswith("_kwh") and kwh is not None:
                counter.add_metric((name.removesuffix("_kwh"),), kwh)
        yield counter


def _gauge(name: str, about: str, labels: tuple[str, ...], samples: Iterable[Sample]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(f"easun_{name}", about, labels=labels)
    for values, value in samples:
        if value is not None:
            gauge.add_metric(values, value)
    return gauge
