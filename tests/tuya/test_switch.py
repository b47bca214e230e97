"""The ways to a plug: which is taken, and that the cloud is not asked for ever about one that is dead."""

import pytest

from services.tuya.cloud import Account, CloudSilentError
from services.tuya.plugs import Plug
from services.tuya.switch import Switcher
from shared.errors import DeviceOfflineError
from simulators.tuya.cloud import CLIENT_ID, SECRET, USER, CloudFault
from tests.tuya.sky import Sky

PLUG = Plug(id="bf1", name="Kettle", mode="cloud")


async def attempt(switcher: Switcher) -> None:
    await switcher.switch(PLUG, {"switch_1": False}, lambda _: None)


@pytest.fixture
def switcher(sky: Sky) -> Switcher:
    return Switcher(Account(sky.endpoint, CLIENT_ID, SECRET, user_id=USER), 0.3)


async def test_the_cloud_is_asked_ever_more_seldom_about_a_dead_plug_until_something_else_is_wanted(
    sky: Sky, switcher: Switcher
) -> None:
    sky.plug.online = False
    for _ in range(5):
        with pytest.raises(DeviceOfflineError, match="no contact to Kettle"):
            await attempt(switcher)
    assert sky.cloud.requests == 2, "a token and a look, once"
    sky.plug.online = True
    switcher.ask_anew(PLUG)
    await attempt(switcher)
    assert sky.plug.relays == {"switch_1": False}
    switcher.close()


async def test_a_cloud_that_is_out_of_reach_counts_nothing_so_it_is_tried_each_time(
    sky: Sky, switcher: Switcher
) -> None:
    sky.cloud.fault = CloudFault.HTML
    for _ in range(3):
        with pytest.raises(CloudSilentError):
            await attempt(switcher)
    assert sky.cloud.requests == 3
    sky.cloud.fault = CloudFault.NONE
    await attempt(switcher)
    switcher.close()
