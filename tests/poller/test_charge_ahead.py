"""Charging ahead, as it is published: why it does nothing in a home with several inverters."""

from datetime import timedelta

import pytest

from shared.broker_state import BrokerState
from shared.messages import (
    BatteryState,
    ChargeAheadPhase,
    Grid,
    GridState,
    InverterControl,
    InverterInfo,
    OutageSchedule,
    Window,
)
from shared.topics import CHARGE_AHEAD
from tests.poller.setting_home import UNIT, home
from tests.support.flying_time import fly

SHORT_OF_CHARGE = UNIT | {331: 3, 333: 100, 301: 2}


@pytest.mark.parametrize("names", [("main",), ("main", "second")])
def test_only_a_single_inverter_charges_ahead_and_several_say_why_not(names: tuple[str, ...]) -> None:
    async def evening() -> None:
        async with home(words=SHORT_OF_CHARGE, control=InverterControl.AUTOMATIC) as one:
            now = one.clock.now()
            window = Window(start=now + timedelta(hours=2), end=now + timedelta(hours=6))
            one.state = BrokerState(
                connected=True,
                grid=GridState(at=now, state=Grid.ON, since=now),
                schedule=OutageSchedule(at=now, queue="5.2", windows=(window,), fetched_at=now),
                batteries={"jk": BatteryState(at=now, soc_percent=40, packs=("jk",), full_ah=200, voltage_v=52)},
                inverter_infos={name: InverterInfo(at=now, model="SMG 6200", layout="classic") for name in names},
            )
            one.control.charging.step()
            assert await one.idle()
            said = one.bus.on(CHARGE_AHEAD, "main")[-1]
            if len(names) == 1:
                assert (said.phase, bool(one.store.written)) == (ChargeAheadPhase.CHARGING, True)
            else:
                assert (said.phase, one.store.written) == (ChargeAheadPhase.IDLE, [])
                assert said.reason.code == "charging.several_inverters"

    fly(evening())
