"""What inverters and batteries say of themselves, in Ukrainian: their own words are English, and travel as such."""

import re

from shared.texts.catalogue import Language

NUMBER = re.compile(r"\d+(?:\.\d+)?")


def device_words(language: Language, text: str) -> str:
    """Return a fault, a warning, an alarm or a reason in a language; one that we have no words for as it is."""
    if language is Language.EN:
        return text
    known = UKRAINIAN.get(text) or UKRAINIAN.get(NUMBER.sub("{}", text))
    return known.format(*NUMBER.findall(text)) if known else text


UKRAINIAN = {
    # the inverter
    "DC component in the inverter output": "постійна складова на виході інвертора",
    "DC-DC converter current too high": "завеликий струм перетворювача DC-DC",
    "DC-DC converter too hot": "перегрівся перетворювач DC-DC",
    "PV current sensor offset": "зсув датчика струму сонячних панелей",
    "PV current too high": "завеликий струм сонячних панелей",
    "PV module too hot": "перегрівся сонячний модуль інвертора",
    "PV voltage too high": "зависока напруга сонячних панелей",
    "PV voltage too low": "занизька напруга сонячних панелей",
    "PV{} current sensor offset": "зсув датчика струму сонячних панелей, вхід {}",
    "PV{} voltage too low": "занизька напруга сонячних панелей, вхід {}",
    "battery current sensor offset": "зсув датчика струму батареї",
    "battery current too high": "завеликий струм батареї",
    "battery discharge current above its limit": "струм розряджання батареї понад межу",
    "battery equalizing": "вирівнювання батареї",
    "battery not connected": "батарею не під'єднано",
    "battery not yet recovered": "батарея ще не відновилася",
    "battery type does not match": "тип батареї не збігається",
    "battery voltage low": "низька напруга батареї",
    "battery voltage too high": "зависока напруга батареї",
    "bus soft start timed out": "не вдався плавний пуск шини",
    "bus voltage too high": "зависока напруга шини",
    "bus voltage too low": "занизька напруга шини",
    "external CT configured twice": "зовнішній трансформатор струму налаштовано двічі",
    "fan blocked": "заблоковано вентилятор",
    "inverter current sensor offset": "зсув датчика струму інвертора",
    "inverter current too high": "завеликий струм інвертора",
    "inverter too hot": "перегрівся інвертор",
    "inverter voltage too high": "зависока напруга інвертора",
    "inverter voltage too low": "занизька напруга інвертора",
    "islanding": "острівний режим",
    "mains frequency too high": "зависока частота мережі",
    "mains frequency too low": "занизька частота мережі",
    "mains lost": "зникла мережа",
    "mains voltage too high": "зависока напруга мережі",
    "mains voltage too low": "занизька напруга мережі",
    "mains waveform abnormal": "спотворена напруга мережі",
    "negative power at the inverter": "від'ємна потужність на інверторі",
    "no communication with the lithium battery": "немає зв'язку з літієвою батареєю",
    "output {} overload": "перевантажено вихід {}",
    "output {} current sensor offset": "зсув датчика струму виходу {}",
    "output {} load above its setting": "навантаження виходу {} понад задане",
    "output {} overload (old code)": "перевантажено вихід {} (старий код)",
    "output current sensor offset": "зсув датчика струму на виході",
    "output overload": "перевантажено вихід",
    "output power reduced": "знижено вихідну потужність",
    "output short circuit": "коротке замикання на виході",
    "overload": "перевантаження",
    "parallel battery voltages differ": "паралельна робота: різні напруги батарей",
    "parallel communication lost": "паралельна робота: зник зв'язок",
    "parallel firmware versions differ": "паралельна робота: різні версії прошивки",
    "parallel host lost": "паралельна робота: зник головний інвертор",
    "parallel output modes differ": "паралельна робота: різні режими виходу",
    "parallel synchronization signal abnormal": "паралельна робота: збій синхронізації",
    "too hot": "перегрів",
    "too little PV energy": "замало сонячної енергії",
    "unknown bit {}": "невідомий біт {}",
    # the battery
    "wire resistance too high": "завеликий опір дроту балансира",
    "MOSFET too hot": "перегрілися транзистори BMS",
    "cell count differs from the settings": "кількість комірок не така, як у налаштуваннях",
    "current sensor abnormal": "несправний датчик струму",
    "battery fully charged": "батарея повністю заряджена",
    "pack voltage too high": "зависока напруга батареї",
    "charging current too high": "завеликий струм заряджання",
    "short circuit while charging": "коротке замикання під час заряджання",
    "too hot to charge": "надто гаряче, щоб заряджати",
    "too cold to charge": "надто холодно, щоб заряджати",
    "no communication with the coprocessor": "немає зв'язку зі співпроцесором",
    "cell voltage too low": "занизька напруга комірки",
    "pack voltage too low": "занизька напруга батареї",
    "discharging current too high": "завеликий струм розряджання",
    "short circuit while discharging": "коротке замикання під час розряджання",
    "too hot to discharge": "надто гаряче, щоб розряджати",
    "charging MOSFET abnormal": "несправний транзистор заряджання",
    "discharging MOSFET abnormal": "несправний транзистор розряджання",
    "GPS disconnected": "від'єднано GPS",
    "discharging could not be switched on": "не вдалося ввімкнути розряджання",
    "battery too hot": "перегрілася батарея",
    "temperature sensor abnormal": "несправний датчик температури",
    "parallel module abnormal": "несправний паралельний модуль",
    "short circuit protection was not released": "не знялося захисне вимкнення після короткого замикання",
    "discharging current too high, second level": "завеликий струм розряджання, другий рівень",
    "discharging current too high, third level": "завеликий струм розряджання, третій рівень",
    "too cold to discharge": "надто холодно, щоб розряджати",
    "locked by GPS": "заблоковано через GPS",
    "unknown alarm {}": "невідома тривога {}",
    # why a battery is orange or red
    "a cell at {} V": "комірка має {} В",
    "cells {} mV apart": "комірки різняться на {} мВ",
    "a wire with too much resistance": "дріт балансира із завеликим опором",
}
