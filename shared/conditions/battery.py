"""What batteries report by their alarm bits, and why one is near its limits or beyond them."""

from datetime import datetime

from shared.conditions.condition import Quiet, Reason, Severity, condition, simple

WIRE_RESISTANCE_TOO_HIGH = simple(
    "battery.wire_resistance_too_high",
    uk="завеликий опір дроту балансира",
    en="wire resistance too high",
    severity=Severity.WARNING,
)
MOSFET_TOO_HOT = simple("battery.mosfet_too_hot", uk="перегрілися транзистори BMS", en="MOSFET too hot")
CELL_COUNT_DIFFERS_FROM_THE_SETTINGS = simple(
    "battery.cell_count_differs_from_the_settings",
    uk="кількість комірок не така, як у налаштуваннях",
    en="cell count differs from the settings",
)
CURRENT_SENSOR_ABNORMAL = simple(
    "battery.current_sensor_abnormal", uk="несправний датчик струму", en="current sensor abnormal"
)
BATTERY_FULLY_CHARGED = simple(
    "battery.battery_fully_charged",
    uk="батарея повністю заряджена",
    en="battery fully charged",
    severity=Severity.NOTICE,
    quiet=Quiet.HARMLESS,
)
PACK_VOLTAGE_TOO_HIGH = simple(
    "battery.pack_voltage_too_high", uk="зависока напруга батареї", en="pack voltage too high"
)
CHARGING_CURRENT_TOO_HIGH = simple(
    "battery.charging_current_too_high", uk="завеликий струм заряджання", en="charging current too high"
)
SHORT_CIRCUIT_WHILE_CHARGING = simple(
    "battery.short_circuit_while_charging", uk="коротке замикання під час заряджання", en="short circuit while charging"
)
TOO_HOT_TO_CHARGE = simple("battery.too_hot_to_charge", uk="надто гаряче, щоб заряджати", en="too hot to charge")
TOO_COLD_TO_CHARGE = simple("battery.too_cold_to_charge", uk="надто холодно, щоб заряджати", en="too cold to charge")
NO_COMMUNICATION_WITH_THE_COPROCESSOR = simple(
    "battery.no_communication_with_the_coprocessor",
    uk="немає зв'язку зі співпроцесором",
    en="no communication with the coprocessor",
)
CELL_VOLTAGE_TOO_HIGH = simple(
    "battery.cell_voltage_too_high", uk="зависока напруга комірки", en="cell voltage too high"
)
CELL_VOLTAGE_TOO_LOW = simple("battery.cell_voltage_too_low", uk="занизька напруга комірки", en="cell voltage too low")
PACK_VOLTAGE_TOO_LOW = simple("battery.pack_voltage_too_low", uk="занизька напруга батареї", en="pack voltage too low")
DISCHARGING_CURRENT_TOO_HIGH = simple(
    "battery.discharging_current_too_high", uk="завеликий струм розряджання", en="discharging current too high"
)
SHORT_CIRCUIT_WHILE_DISCHARGING = simple(
    "battery.short_circuit_while_discharging",
    uk="коротке замикання під час розряджання",
    en="short circuit while discharging",
)
TOO_HOT_TO_DISCHARGE = simple(
    "battery.too_hot_to_discharge", uk="надто гаряче, щоб розряджати", en="too hot to discharge"
)
CHARGING_MOSFET_ABNORMAL = simple(
    "battery.charging_mosfet_abnormal", uk="несправний транзистор заряджання", en="charging MOSFET abnormal"
)
DISCHARGING_MOSFET_ABNORMAL = simple(
    "battery.discharging_mosfet_abnormal", uk="несправний транзистор розряджання", en="discharging MOSFET abnormal"
)
GPS_DISCONNECTED = simple("battery.gps_disconnected", uk="від'єднано GPS", en="GPS disconnected")
DISCHARGING_COULD_NOT_BE_SWITCHED_ON = simple(
    "battery.discharging_could_not_be_switched_on",
    uk="не вдалося ввімкнути розряджання",
    en="discharging could not be switched on",
)
BATTERY_TOO_HOT = simple("battery.battery_too_hot", uk="перегрілася батарея", en="battery too hot")
TEMPERATURE_SENSOR_ABNORMAL = simple(
    "battery.temperature_sensor_abnormal", uk="несправний датчик температури", en="temperature sensor abnormal"
)
PARALLEL_MODULE_ABNORMAL = simple(
    "battery.parallel_module_abnormal", uk="несправний паралельний модуль", en="parallel module abnormal"
)
SHORT_CIRCUIT_PROTECTION_WAS_NOT_RELEASED = simple(
    "battery.short_circuit_protection_was_not_released",
    uk="не знялося захисне вимкнення після короткого замикання",
    en="short circuit protection was not released",
)
DISCHARGING_CURRENT_TOO_HIGH_SECOND_LEVEL = simple(
    "battery.discharging_current_too_high_second_level",
    uk="завеликий струм розряджання, другий рівень",
    en="discharging current too high, second level",
)
DISCHARGING_CURRENT_TOO_HIGH_THIRD_LEVEL = simple(
    "battery.discharging_current_too_high_third_level",
    uk="завеликий струм розряджання, третій рівень",
    en="discharging current too high, third level",
)
TOO_COLD_TO_DISCHARGE = simple(
    "battery.too_cold_to_discharge", uk="надто холодно, щоб розряджати", en="too cold to discharge"
)
CURRENT_TOO_HIGH = simple("battery.current_too_high", uk="завеликий струм", en="current too high")
SHORT_CIRCUIT = simple("battery.short_circuit", uk="коротке замикання", en="short circuit")
CELLS_TOO_FAR_APART = simple("battery.cells_too_far_apart", uk="комірки надто різняться", en="cells too far apart")
ENCLOSURE_TOO_HOT = simple("battery.enclosure_too_hot", uk="перегрівся корпус", en="enclosure too hot")
BATTERY_TOO_COLD = simple("battery.battery_too_cold", uk="батарея надто холодна", en="battery too cold")
WARNING_WITHOUT_A_NAME = simple(
    "battery.warning_without_a_name",
    uk="BMS попереджає, але не каже про що; подивіться в застосунку",
    en="the BMS warns without saying of what; look into the app",
    severity=Severity.WARNING,
)
LOCKED_BY_GPS = simple("battery.locked_by_gps", uk="заблоковано через GPS", en="locked by GPS")
WIRE_WITH_TOO_MUCH_RESISTANCE = simple(
    "battery.wire_with_too_much_resistance",
    uk="дріт балансира із завеликим опором",
    en="a wire with too much resistance",
    severity=Severity.WARNING,
)


@condition("battery.unknown_alarm", uk="невідома тривога {bit}", en="unknown alarm {bit}", severity=Severity.WARNING)
def unknown_alarm(*, bit: int) -> None:
    """An alarm bit that no document describes."""


@condition(
    "battery.cell_voltage", uk="комірка має {volts:.3f} В", en="a cell at {volts:.3f} V", severity=Severity.WARNING
)
def cell_voltage(*, volts: float) -> None:
    """A cell is near its upper or lower limit, or beyond it."""


@condition(
    "battery.cells_apart",
    uk="комірки різняться на {millivolts:.0f} мВ",
    en="cells {millivolts:.0f} mV apart",
    severity=Severity.WARNING,
)
def cells_apart(*, millivolts: float) -> None:
    """The voltages of the cells differ more than they should."""


@condition("battery.of_pack", uk="{name}: {reason}", en="{name}: {reason}", severity=Severity.WARNING)
def of_pack(*, name: str, reason: Reason) -> None:
    """What one battery reports, in the sum of all."""


@condition(
    "battery.charge_carried",
    uk="{name} мовчить; у сумі враховано її останній заряд, від {at}",
    en="{name} is silent; the sum counts its last charge, of {at}",
    severity=Severity.WARNING,
)
def charge_carried(*, name: str, at: datetime) -> None:
    """A battery of the sum has fallen silent a short while ago."""


@condition(
    "battery.charge_unknown",
    uk="{name} мовчить, тому спільний заряд невідомий",
    en="{name} is silent, so the charge of all is unknown",
    severity=Severity.WARNING,
)
def charge_unknown(*, name: str) -> None:
    """A battery of the sum has been silent for long, or was never read."""
