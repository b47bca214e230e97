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
        "Тим часом дещо змінилося. Подивіться ще раз і повторіть.",
        "Something has changed meanwhile. Look again, and try once more.",
    ),
    "inverter.bad_wish": ("Сторінка надіслала щось незрозуміле.", "The page sent something that makes no sense."),
    # profiles
    "inverter.profiles": ("Набори параметрів", "Profiles"),
    "inverter.profile_in_force": ("Діє зараз.", "In force now."),
    "inverter.difference": ("{name}: {before} → {after}", "{name}: {before} → {after}"),
    "inverter.apply": ("Застосувати…", "Apply…"),
    "inverter.all_or_nothing": (
        "Застосовується все або нічого: якщо один крок не вдасться, усе повернеться, як було.",
        "All or nothing: if one step fails, everything is put back as it was.",
    ),
    "inverter.applying": ("Застосовується…", "Being applied…"),
    "inverter.undoing": (
        "Один крок не вдався: усе повертається, як було.",
        "A step has failed: everything is being put back.",
    ),
    "inverter.profile_applied": ("Застосовано о {at}.", "Applied at {at}."),
    "inverter.profile_not_applied": ("Не застосовано ({at}). {why}", "Not applied ({at}). {why}"),
    "inverter.profile_rolled_back": (
        "Не застосовано, усе повернуто, як було ({at}). {why}",
        "Not applied, everything is as before ({at}). {why}",
    ),
    "inverter.profile_partly": (
        "Застосовано не все ({at}): перевірте параметри. {why}",
        "Applied in part ({at}): check the settings. {why}",
    ),
    # charging ahead of an outage
    "inverter.charge_ahead": ("Заряджання перед відключенням", "Charging before an outage"),
    "inverter.dry_run": ("Пробний режим: нічого не змінюється.", "Dry run: nothing is changed."),
    "inverter.dry_run_until": (
        "Пробний режим до {until}: нічого не змінюється.",
        "Dry run until {until}: nothing is changed.",
    ),
    "inverter.for_now": ("тимчасово, потім знову: {value}", "for now; then again: {value}"),
    "inverter.hold_off": ("Скасувати…", "Undo…"),
    "inverter.release": ("Дозволити знову…", "Allow again…"),
    "inverter.hold_off_puts_back": (
        "Параметри повернуться до попередніх, і до цього відключення батарея наперед не заряджатиметься.",
        "The settings are put back, and the battery is not charged ahead of this outage.",
    ),
    "inverter.hold_off_keeps": (
        "До цього відключення батарея наперед від мережі не заряджатиметься.",
        "The battery will not be charged from the mains ahead of this outage.",
    ),
    "inverter.release_means": (
        "Якщо сонця не вистачить, батарея зарядиться до цього відключення від мережі.",
        "If the sun is not enough, the battery will be charged from the mains before this outage.",
    ),
}
