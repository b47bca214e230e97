"""What inverters report by the bits of their fault and warning registers."""

from shared.conditions.condition import Quiet, Severity, condition, simple

# faults

INVERTER_TOO_HOT = simple("inverter.inverter_too_hot", uk="перегрівся інвертор", en="inverter too hot")
DCDC_TOO_HOT = simple("inverter.dcdc_too_hot", uk="перегрівся перетворювач DC-DC", en="DC-DC converter too hot")
BATTERY_VOLTAGE_TOO_HIGH = simple(
    "inverter.battery_voltage_too_high", uk="зависока напруга батареї", en="battery voltage too high"
)
PV_MODULE_TOO_HOT = simple(
    "inverter.pv_module_too_hot", uk="перегрівся сонячний модуль інвертора", en="PV module too hot"
)
OUTPUT_SHORT_CIRCUIT = simple(
    "inverter.output_short_circuit", uk="коротке замикання на виході", en="output short circuit"
)
INVERTER_VOLTAGE_TOO_HIGH = simple(
    "inverter.inverter_voltage_too_high", uk="зависока напруга інвертора", en="inverter voltage too high"
)
OUTPUT_OVERLOAD = simple("inverter.output_overload", uk="перевантажено вихід", en="output overload")
BUS_VOLTAGE_TOO_HIGH = simple("inverter.bus_voltage_too_high", uk="зависока напруга шини", en="bus voltage too high")
BUS_SOFT_START_TIMEOUT = simple(
    "inverter.bus_soft_start_timeout", uk="не вдався плавний пуск шини", en="bus soft start timed out"
)
PV_CURRENT_TOO_HIGH = simple(
    "inverter.pv_current_too_high", uk="завеликий струм сонячних панелей", en="PV current too high"
)
PV_VOLTAGE_TOO_HIGH = simple(
    "inverter.pv_voltage_too_high", uk="зависока напруга сонячних панелей", en="PV voltage too high"
)
BATTERY_CURRENT_TOO_HIGH = simple(
    "inverter.battery_current_too_high", uk="завеликий струм батареї", en="battery current too high"
)
INVERTER_CURRENT_TOO_HIGH = simple(
    "inverter.inverter_current_too_high", uk="завеликий струм інвертора", en="inverter current too high"
)
BUS_VOLTAGE_TOO_LOW = simple("inverter.bus_voltage_too_low", uk="занизька напруга шини", en="bus voltage too low")
DC_COMPONENT_IN_OUTPUT = simple(
    "inverter.dc_component_in_output",
    uk="постійна складова на виході інвертора",
    en="DC component in the inverter output",
)
OUTPUT_CURRENT_SENSOR_OFFSET = simple(
    "inverter.output_current_sensor_offset", uk="зсув датчика струму на виході", en="output current sensor offset"
)
INVERTER_CURRENT_SENSOR_OFFSET = simple(
    "inverter.inverter_current_sensor_offset", uk="зсув датчика струму інвертора", en="inverter current sensor offset"
)
BATTERY_CURRENT_SENSOR_OFFSET = simple(
    "inverter.battery_current_sensor_offset", uk="зсув датчика струму батареї", en="battery current sensor offset"
)
PV_CURRENT_SENSOR_OFFSET = simple(
    "inverter.pv_current_sensor_offset", uk="зсув датчика струму сонячних панелей", en="PV current sensor offset"
)
INVERTER_VOLTAGE_TOO_LOW = simple(
    "inverter.inverter_voltage_too_low", uk="занизька напруга інвертора", en="inverter voltage too low"
)
NEGATIVE_POWER = simple(
    "inverter.negative_power",
    uk="від'ємна потужність на інверторі",
    en="negative power at the inverter",
)
PARALLEL_HOST_LOST = simple(
    "inverter.parallel_host_lost", uk="паралельна робота: зник головний інвертор", en="parallel host lost"
)
PARALLEL_SYNC_ABNORMAL = simple(
    "inverter.parallel_sync_abnormal",
    uk="паралельна робота: збій синхронізації",
    en="parallel synchronization signal abnormal",
)
BATTERY_TYPE_MISMATCH = simple(
    "inverter.battery_type_mismatch", uk="тип батареї не збігається", en="battery type does not match"
)
PARALLEL_FIRMWARE_MISMATCH = simple(
    "inverter.parallel_firmware_mismatch",
    uk="паралельна робота: різні версії прошивки",
    en="parallel firmware versions differ",
)
DCDC_CURRENT_TOO_HIGH = simple(
    "inverter.dcdc_current_too_high",
    uk="завеликий струм перетворювача DC-DC",
    en="DC-DC converter current too high",
)
EXTERNAL_CT_DUPLICATE = simple(
    "inverter.external_ct_duplicate",
    uk="зовнішній трансформатор струму налаштовано двічі",
    en="external CT configured twice",
)
PV2_CURRENT_SENSOR_OFFSET = simple(
    "inverter.pv2_current_sensor_offset",
    uk="зсув датчика струму сонячних панелей, вхід 2",
    en="PV2 current sensor offset",
)
PV1_CURRENT_SENSOR_OFFSET = simple(
    "inverter.pv1_current_sensor_offset",
    uk="зсув датчика струму сонячних панелей, вхід 1",
    en="PV1 current sensor offset",
)
OUTPUT2_CURRENT_SENSOR_OFFSET = simple(
    "inverter.output2_current_sensor_offset", uk="зсув датчика струму виходу 2", en="output 2 current sensor offset"
)

# warnings

MAINS_LOST = simple(
    "inverter.mains_lost", uk="зникла мережа", en="mains lost", severity=Severity.WARNING, quiet=Quiet.OUTAGE
)
MAINS_WAVEFORM_ABNORMAL = simple(
    "inverter.mains_waveform_abnormal",
    uk="спотворена напруга мережі",
    en="mains waveform abnormal",
    severity=Severity.WARNING,
    quiet=Quiet.OUTAGE,
)
MAINS_VOLTAGE_TOO_HIGH = simple(
    "inverter.mains_voltage_too_high",
    uk="зависока напруга мережі",
    en="mains voltage too high",
    severity=Severity.WARNING,
    quiet=Quiet.OUTAGE,
)
MAINS_VOLTAGE_TOO_LOW = simple(
    "inverter.mains_voltage_too_low",
    uk="занизька напруга мережі",
    en="mains voltage too low",
    severity=Severity.WARNING,
    quiet=Quiet.OUTAGE,
)
MAINS_FREQUENCY_TOO_HIGH = simple(
    "inverter.mains_frequency_too_high",
    uk="зависока частота мережі",
    en="mains frequency too high",
    severity=Severity.WARNING,
    quiet=Quiet.OUTAGE,
)
MAINS_FREQUENCY_TOO_LOW = simple(
    "inverter.mains_frequency_too_low",
    uk="занизька частота мережі",
    en="mains frequency too low",
    severity=Severity.WARNING,
    quiet=Quiet.OUTAGE,
)
PV_VOLTAGE_TOO_LOW = simple(
    "inverter.pv_voltage_too_low",
    uk="занизька напруга сонячних панелей",
    en="PV voltage too low",
    severity=Severity.WARNING,
    quiet=Quiet.DUSK,
)
TOO_HOT = simple("inverter.too_hot", uk="перегрів", en="too hot", severity=Severity.WARNING)
BATTERY_VOLTAGE_LOW = simple(
    "inverter.battery_voltage_low", uk="низька напруга батареї", en="battery voltage low", severity=Severity.WARNING
)
BATTERY_NOT_CONNECTED = simple(
    "inverter.battery_not_connected", uk="батарею не під'єднано", en="battery not connected", severity=Severity.WARNING
)
OVERLOAD = simple("inverter.overload", uk="перевантаження", en="overload", severity=Severity.WARNING)
BATTERY_EQUALIZING = simple(
    "inverter.battery_equalizing", uk="вирівнювання батареї", en="battery equalizing", severity=Severity.WARNING
)
BATTERY_NOT_YET_RECOVERED = simple(
    "inverter.battery_not_yet_recovered",
    uk="батарея ще не відновилася",
    en="battery not yet recovered",
    severity=Severity.WARNING,
)
OUTPUT_POWER_REDUCED = simple(
    "inverter.output_power_reduced",
    uk="знижено вихідну потужність",
    en="output power reduced",
    severity=Severity.WARNING,
)
FAN_BLOCKED = simple("inverter.fan_blocked", uk="заблоковано вентилятор", en="fan blocked", severity=Severity.WARNING)
PV_ENERGY_LOW = simple(
    "inverter.pv_energy_low",
    uk="замало сонячної енергії",
    en="too little PV energy",
    severity=Severity.WARNING,
    quiet=Quiet.DUSK,
)
PARALLEL_COMMUNICATION_LOST = simple(
    "inverter.parallel_communication_lost",
    uk="паралельна робота: зник зв'язок",
    en="parallel communication lost",
    severity=Severity.WARNING,
)
PARALLEL_OUTPUT_MODE_MISMATCH = simple(
    "inverter.parallel_output_mode_mismatch",
    uk="паралельна робота: різні режими виходу",
    en="parallel output modes differ",
    severity=Severity.WARNING,
)
PARALLEL_BATTERY_VOLTAGE_MISMATCH = simple(
    "inverter.parallel_battery_voltage_mismatch",
    uk="паралельна робота: різні напруги батарей",
    en="parallel battery voltages differ",
    severity=Severity.WARNING,
)
BATTERY_COMMUNICATION_LOST = simple(
    "inverter.battery_communication_lost",
    uk="немає зв'язку з літієвою батареєю",
    en="no communication with the lithium battery",
    severity=Severity.WARNING,
)
DISCHARGE_CURRENT_OVER_LIMIT = simple(
    "inverter.discharge_current_over_limit",
    uk="струм розряджання батареї понад межу",
    en="battery discharge current above its limit",
    severity=Severity.WARNING,
)
ISLANDING = simple("inverter.islanding", uk="острівний режим", en="islanding", severity=Severity.WARNING)
OUTPUT2_OVERLOAD_OLD_CODE = simple(
    "inverter.output2_overload_old_code",
    uk="перевантажено вихід 2 (старий код)",
    en="output 2 overload (old code)",
    severity=Severity.WARNING,
)
OUTPUT1_OVERLOAD = simple(
    "inverter.output1_overload", uk="перевантажено вихід 1", en="output 1 overload", severity=Severity.WARNING
)
OUTPUT2_LOAD_OVER_LIMIT = simple(
    "inverter.output2_load_over_limit",
    uk="навантаження виходу 2 понад задане",
    en="output 2 load above its setting",
    severity=Severity.WARNING,
)
OUTPUT2_OVERLOAD = simple(
    "inverter.output2_overload", uk="перевантажено вихід 2", en="output 2 overload", severity=Severity.WARNING
)
PV1_VOLTAGE_TOO_LOW = simple(
    "inverter.pv1_voltage_too_low",
    uk="занизька напруга сонячних панелей, вхід 1",
    en="PV1 voltage too low",
    severity=Severity.WARNING,
    quiet=Quiet.DUSK,
)
PV2_VOLTAGE_TOO_LOW = simple(
    "inverter.pv2_voltage_too_low",
    uk="занизька напруга сонячних панелей, вхід 2",
    en="PV2 voltage too low",
    severity=Severity.WARNING,
    quiet=Quiet.DUSK,
)


@condition("inverter.unknown_bit", uk="невідомий біт {bit}", en="unknown bit {bit}", severity=Severity.WARNING)
def unknown_bit(*, bit: int) -> None:
    """A bit of a fault or warning register that no document describes."""
