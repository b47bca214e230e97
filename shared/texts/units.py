"""Numbers, lengths and moments, in Ukrainian and English."""

UNITS: dict[str, tuple[str, str]] = {
    # numbers and time
    "unknown": ("–", "–"),
    "under_a_minute": ("менше хвилини", "under a minute"),
    "minutes": ("{minutes} хв", "{minutes} min"),
    "hours": ("{hours} год {minutes} хв", "{hours} h {minutes} min"),
    "whole_hours": ("{hours} год", "{hours} h"),
    "days_hours": ("{days} д {hours} год", "{days} d {hours} h"),
    "watts": ("{value} Вт", "{value} W"),
    "kilowatts": ("{value} кВт", "{value} kW"),
    "volts": ("{value} В", "{value} V"),
    "kilowatt_hours": ("{value} кВт·год", "{value} kWh"),
    "millivolts": ("{value} мВ", "{value} mV"),
    "percent": ("{value} %", "{value} %"),
    "hertz": ("{value} Гц", "{value} Hz"),
    "celsius": ("{value} °C", "{value} °C"),
    "amperes": ("{value} А", "{value} A"),
    "ampere_hours": ("{value} А·год", "{value} Ah"),
    "milliohms": ("{value} мОм", "{value} mΩ"),
    "weekdays": ("пн вт ср чт пт сб нд", "Mon Tue Wed Thu Fri Sat Sun"),
    "today": ("сьогодні", "today"),
    "yesterday": ("вчора", "yesterday"),
    "tomorrow": ("завтра", "tomorrow"),
    "day_after": ("післязавтра", "the day after"),
}
