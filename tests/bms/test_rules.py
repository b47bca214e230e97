"""Health, sums, the list of batteries, and what radio errors mean."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from bleak.exc import BleakBluetoothNotAvailableError, BleakBluetoothNotAvailableReason, BleakDBusError, BleakError

from services.bms import devices
from services.bms.devices import Entry
from services.bms.frame import Frame, FrameType
from services.bms.health import Limits, judge
from services.bms.pack import Pack
from services.bms.radio import PairingError, RadioUnavailableError, meaning
from services.bms.total import sum_up
from shared.errors import ConfigError, DeviceOfflineError
from shared.messages import BatteryState, PackHealth
from simulators.jk.frames import Identity, Measurement, cell_frame, device_frame, settings_frame

AT = datetime(2026, 11, 24, 6, tzinfo=UTC)
LIMITS = Limits(cell_low_v=2.6, cell_high_v=3.65, cell_delta_v=0.1)
ADDRESS = "C8:47:80:00:00:01"


@pytest.mark.parametrize(
    ("alarms", "low", "high", "wires", "health"),
    [
        pytest.param((), 3.30, 3.32, 0, PackHealth.GREEN, id="well"),
        pytest.param(("battery fully charged",), 3.40, 3.45, 0, PackHealth.GREEN, id="full-is-no-fault"),
        pytest.param(("MOSFET too hot",), 3.30, 3.32, 0, PackHealth.RED, id="an-alarm"),
        pytest.param((), 3.50, 3.58, 0, PackHealth.ORANGE, id="nearly-too-high"),
        pytest.param((), 3.60, 3.65, 0, PackHealth.RED, id="too-high"),
        pytest.param((), 2.65, 2.70, 0, PackHealth.ORANGE, id="nearly-too-low"),
        pytest.param((), 2.60, 2.65, 0, PackHealth.RED, id="too-low"),
        pytest.param((), 3.20, 3.31, 0, PackHealth.ORANGE, id="apart"),
        pytest.param((), 3.00, 3.31, 0, PackHealth.RED, id="far-apart"),
        pytest.param((), 3.30, 3.32, 4, PackHealth.ORANGE, id="a-bad-wire"),
        pytest.param(None, None, None, None, PackHealth.UNKNOWN, id="nothing-known"),
    ],
)
def test_health(alarms, low, high, wires, health) -> None:
    colour, reasons = judge(alarms, low, high, wires, LIMITS)
    assert colour is health
    assert bool(reasons) == (health in (PackHealth.RED, PackHealth.ORANGE))


def pack(**entry: object) -> Pack:
    known = Pack(Entry(address=ADDRESS, **entry), Limits(2.8, 3.6, 0.1))
    identity = Identity("Pack", "JK_PB2A16S15P", "15.38", "15A", "4012")
    known.take(Frame(FrameType.DEVICE, device_frame(identity)), AT)
    known.take(Frame(FrameType.SETTINGS, settings_frame(identity, 4, 100)), AT)
    known.take(Frame(FrameType.CELLS, cell_frame("JK02_32S", Measurement((3.3,) * 4, -10.0, 50, 100), 1)), AT)
    return known


def test_the_settings_count_though_they_come_before_the_layout_is_known() -> None:
    known = pack()
    assert known.is_complete
    assert known.limits == Limits(2.6, 3.65, 0.1), "the BMS's own"
    assert known.state(AT).nominal_ah == 120.0


def test_what_the_owner_wrote_wins() -> None:
    known = pack(invert_current=True, capacity_ah=280, cell_low_v=3.0, name="Cellar")
    state = known.state(AT)
    assert (state.current_a, state.power_w, state.nominal_ah) == (10.0, 132.0, 280.0)
    assert known.limits.cell_low_v == 3.0
    assert known.info(AT).name == "Cellar"


def test_the_same_frame_again_is_no_news() -> None:
    known = pack()
    frame = Frame(FrameType.CELLS, cell_frame("JK02_32S", Measurement((3.3,) * 4, -10.0, 50, 100), 1))
    known.take(frame, datetime(2026, 11, 24, 7, tzinfo=UTC))
    assert known.read_at == AT


def test_the_sum_of_two() -> None:
    one = BatteryState(at=AT, voltage_v=52.0, current_a=-10.0, power_w=-520, remaining_ah=50, full_ah=100)
    two = one.model_copy(update={"remaining_ah": 150, "full_ah": 200, "alarms": ("MOSFET too hot",)})
    both = sum_up({"A": one, "B": two.model_copy(update={"health": PackHealth.RED})}, AT)
    assert (both.current_a, both.power_w, both.soc_percent, both.full_ah) == (-20.0, -1040.0, 66.7, 300.0)
    assert (both.alarms, both.health, both.packs) == (("B: MOSFET too hot",), PackHealth.RED, ("A", "B"))
    assert sum_up({"A": one, "B": two.model_copy(update={"current_a": None})}, AT).current_a is None


def test_batteries_are_added_and_comments_stay(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "jk.yaml"
    devices.add(file, [Entry(address=ADDRESS, name="Öffnung: 'A'")])
    file.write_text(file.read_text() + "# mine\n")
    devices.add(file, [Entry(address="C8:47:80:00:00:02", model="JK", enabled=True)])
    assert "# mine" in file.read_text()
    assert [entry.name for entry in devices.read(file)] == ["Öffnung: 'A'", ""]
    assert not list(file.parent.glob(".*.new"))


@pytest.mark.parametrize("text", ["", "batteries: []\n", "batteries:\n", "# nothing yet\n"])
def test_an_empty_list_can_be_added_to(text: str, tmp_path: Path) -> None:
    file = tmp_path / "jk.yaml"
    file.write_text(text)
    assert devices.read(file) == []
    devices.add(file, [Entry(address=ADDRESS)])
    assert [entry.address for entry in devices.read(file)] == [ADDRESS]


def test_a_list_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        devices.add(tmp_path / "file" / "jk.yaml", [Entry(address=ADDRESS)])


def dbus(name: str, text: str = "") -> BleakDBusError:
    return BleakDBusError(name, [text])


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (FileNotFoundError(), RadioUnavailableError, "There is no D-Bus here"),
        (dbus("org.freedesktop.DBus.Error.ServiceUnknown"), RadioUnavailableError, "bluetoothd does not run"),
        (dbus("org.freedesktop.DBus.Error.Spawn.ChildExited"), RadioUnavailableError, "bluetoothd does not run"),
        (dbus("org.freedesktop.DBus.Error.AccessDenied"), RadioUnavailableError, "D-Bus says no"),
        (PermissionError(), RadioUnavailableError, "D-Bus says no"),
        (
            BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.NO_BLUETOOTH),
            RadioUnavailableError,
            "no Bluetooth adapter",
        ),
        (dbus("org.bluez.Error.AuthenticationFailed"), PairingError, "wants to be paired"),
        (BleakError("ATT error: Insufficient Authentication"), PairingError, "wants to be paired"),
        (TimeoutError(), DeviceOfflineError, "TimeoutError"),
        (BleakError("out of range"), DeviceOfflineError, "out of range"),
    ],
)
def test_what_radio_errors_mean(error: BaseException, kind: type[Exception], sentence: str) -> None:
    meant = meaning(error, "The battery does not connect")
    assert type(meant) is kind
    assert sentence in str(meant)
