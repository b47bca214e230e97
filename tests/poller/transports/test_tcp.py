"""A gateway on the network that is not there, or that has no inverter behind it."""

from typing import Any

import pytest

from services.poller.settings import ModbusSettings
from services.poller.transports.factory import create_client
from shared.conditions import Reason, poller, system
from shared.errors import DeviceError
from tests.poller.simulated_inverter import linked
from tests.support.ports import free_port


async def failure(**settings: Any) -> Reason:
    inverter = create_client(ModbusSettings(_env_file=None, modbus_timeout=0.5, **settings))
    with pytest.raises(DeviceError) as raised:
        await inverter.read(201, 2)
    inverter.close()
    return raised.value.reason


@pytest.mark.parametrize(("transport", "protocol"), [("tcp", "Modbus TCP"), ("rtu_over_tcp", "Modbus RTU")])
async def test_a_gateway_that_does_not_listen(transport: str, protocol: str) -> None:
    port = free_port()
    reason = await failure(modbus_transport=transport, modbus_host="127.0.0.1", modbus_port=port)
    cause = system.CONNECTION_REFUSED()
    assert reason == poller.gateway_unreachable(where=f"127.0.0.1:{port}", protocol=protocol, cause=cause)
    assert f"Nothing listens for {protocol} at 127.0.0.1:{port} (connection refused)" in reason.text


@pytest.mark.parametrize("name", ["no-such-host.invalid", "a" * 300])
async def test_a_name_that_does_not_resolve(name: str) -> None:
    assert await failure(modbus_host=name) == poller.host_unknown(host=name)


async def test_a_gateway_that_lost_the_inverter() -> None:
    async with linked("tcp", dict) as link:
        await link.fail("exception", code=11)
        with pytest.raises(DeviceError) as raised:
            await link.inverter.read(201, 2)
        exception = poller.modbus_exception(number=11, meaning=poller.GATEWAY_TARGET_SILENT())
        assert raised.value.reason == poller.gateway_does_not_reach_inverter(
            where=f"127.0.0.1:{link.wire.port}", unit=1, exception=exception
        )
