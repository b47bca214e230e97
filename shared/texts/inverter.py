"""The settings of the inverter, on the page and in Telegram, in Ukrainian and English."""

INVERTER: dict[str, tuple[str, str]] = {
    "inverter.title": ("Параметри інвертора", "Settings of the inverter"),
    "inverter.named": ("Інвертор {name}", "Inverter {name}"),
    "inverter.none_title": ("Параметрів ще не прочитано", "No settings read yet"),
    "inverter.none": (
        "Щойно інвертор відповість, тут буде видно, як його налаштовано, і що з цього можна змінити.",
        "As soon as the inverter answers, this shows how it is set, and what of it can be changed.",
    ),
    "inverter.not_read": (
        "Інвертор зараз не опитується: тут останні відомі значення, змінити їх не можна.",
        "The inverter is not being read now: these are the last known values, and they cannot be changed.",
    ),
    "inverter.control_off": (
        "Тут параметри лише показано. Щоб їх можна було змінювати, задайте INVERTER_CONTROL=settings.",
        "The settings are only shown here. To have them changed, set INVERTER_CONTROL=settings.",
    ),
    # who changed it last
    "inverter.changed": ("змінено {at}, {who}", "changed {at}, {who}"),
    "inverter.never_changed": ("не змінювався, відколи за ним стежимо", "not changed since it has been watched"),
    "inverter.by_automatic": ("автоматично", "automatically"),
    "inverter.by_device": ("на інверторі або іншою програмою", "at the inverter or by another program"),
    "inverter.by_dashboard": ("з цієї сторінки", "from the dashboard"),
    "inverter.by_telegram": ("з Telegram", "from Telegram"),
    "inverter.by_homeassistant": ("з Home Assistant", "from Home Assistant"),
    "inverter.by_other": ("{who}", "by {who}"),
    # to what
    "inverter.change": ("Змінити", "Change"),
    "inverter.new_value": ("Нове значення", "New value"),
    "inverter.next": ("Далі…", "Next…"),
    # asking once more
    "inverter.before": ("Зараз: {value}.", "Now: {value}."),
    "inverter.after": ("Буде: {value}.", "Then: {value}."),
    "inverter.remembered": (
        "Інвертор запам'ятає це й після вимкнення. Так само можна повернути, як було.",
        "The inverter remembers this, even when it is switched off. It can be changed back in the same way.",
    ),
    "inverter.drains": (
        "Батарея розряджатиметься й тоді, коли світло є, до {percent}.",
        "The battery will discharge while there is power, too, down to {percent}.",
    ),
    "inverter.drains_before": (
        "Батарея розряджатиметься й тоді, коли світло є, до {percent}. Відключення за графіком: {when}.",
        "The battery will discharge while there is power, too, down to {percent}. Scheduled outage: {when}.",
    ),
    "inverter.no_charging_before": (
        "Без сонця батарея не зарядиться. Відключення за графіком: {when}.",
        "Without the sun the battery will not be charged. Scheduled outage: {when}.",
    ),
    "inverter.yes": ("Змінити", "Change it"),
    "inverter.no": ("Скасувати", "Cancel"),
    # what became of it
    "inverter.asking": ("Надсилаю…", "Sending…"),
    "inverter.changing": ("Змінюється: інвертор ще не підтвердив.", "Changing: the inverter has not confirmed it yet."),
    "inverter.confirmed": ("Готово о {at}: інвертор це підтвердив.", "Done at {at}: the inverter has confirmed it."),
    "inverter.not_written": ("Не змінено ({at}). {why}", "Not changed ({at}). {why}"),
    "inverter.refused": ("Не змінено ({at}). {why}", "Not changed ({at}). {why}"),
    "inverter.not_taken_over": ("Не подіяло ({at}). {why}", "It had no effect ({at}). {why}"),
    "inverter.outcome_unknown": ("Чи вдалося, невідомо ({at}). {why}", "Not known whether it worked ({at}). {why}"),
    "inverter.no_outcome": (
        "Відповіді про зміну немає. Дивіться, яке значення показує інвертор.",
        "There is no answer about the change. See which value the inverter shows.",
    ),
    "inverter.stands_differently": (
        "Тим часом значення змінилося: тепер {value}. Перевірте й спробуйте ще раз.",
        "The value has changed meanwhile: it is {value} now. Look again, and try once more.",
    ),
    "inverter.bad_wish": ("Сторінка надіслала щось незрозуміле.", "The page sent something that makes no sense."),
}
