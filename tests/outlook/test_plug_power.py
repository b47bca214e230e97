"""What a plug draws, by the load when it was switched."""

import numpy as np
import pytest

from services.outlook.estimate import Estimate
from services.outlook.plug_power import learn_plug_power, shed_w
from services.outlook.steps import to_steps
from tests.outlook.home import NOW, home


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_a_thermostat_draws_what_it_does_on_average(share: float):
    heater_w = 1000.0
    record = home(12)
    load, times = np.array(record.load_w), np.asarray(record.time)
    switched = []
    for number, begin in enumerate(range(100, load.size - 40, 80)):
        switched += [(times[begin], False), (times[begin + 30], True)]
        load[begin + 30 : begin + 36] += heater_w * (number % 10 < 10 * share)
        load[begin - 6 : begin] += heater_w * ((number * 3) % 10 < 10 * share)
    found = learn_plug_power(to_steps(home(12, columns={"load_w": load}), NOW.timestamp()), {"heater": switched})
    assert found["heater"].value == pytest.approx(share * heater_w, abs=130)


def test_plugs_that_an_outage_switches_together_share_the_change_and_one_alone_is_told_apart():
    record = home(12)
    load, times = np.array(record.load_w), np.asarray(record.time)
    events: dict[str, list[tuple[float, bool]]] = {"heater": [], "boiler": [], "desk": []}
    for number, begin in enumerate(range(100, load.size - 40, 80)):
        together = number % 2 == 0
        for plug in events if together else ("heater",):
            events[plug] += [(times[begin], False), (times[begin + 30] + 5, True)]
        load[begin - 6 : begin] += 1500 if together else 900
        load[begin + 30 : begin + 36] += 1500 if together else 900
    found = learn_plug_power(to_steps(home(12, columns={"load_w": load}), NOW.timestamp()), events)
    assert found["heater"].value == pytest.approx(900, abs=60)
    assert found["boiler"].value == pytest.approx(300, abs=60)
    assert found["desk"].value == pytest.approx(300, abs=60)


def test_what_was_switched_off_in_an_outage_counts_until_it_is_on_again_or_power_is_back():
    steps = to_steps(home(3, off_now_h=1), NOW.timestamp())
    begin = steps.first * 300.0
    outages = [(begin + 3000, begin + 9000), (begin + 30000, begin + 300.0 * steps.size)]
    events = {
        "heater": [(begin + 3600, False), (begin + 6000, True), (begin + 31200, False)],
        "boiler": [(begin + 1200, False), (begin + 6000, False), (begin + 9300, True)],
    }
    watts = shed_w(steps, outages, events, {"heater": Estimate(900.0), "boiler": Estimate(100.0)})
    assert [float(watts[place]) for place in (4, 12, 19, 20, 29, 30, 103, 104)] == [0, 900, 900, 100, 100, 0, 0, 900]
    assert watts[-1] == 900
