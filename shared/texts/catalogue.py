"""Every sentence in Ukrainian and English, side by side, so that neither is forgotten. Values are put in by `say`."""

from shared.texts.language import Language, plural
from shared.texts.pages import PAGES
from shared.texts.wizard import WIZARD


def say(language: Language, name: str, /, **values: object) -> str:
    """Return a sentence in a language, with its values."""
    return TEXTS[name][language is Language.EN].format(**values)


def count(language: Language, name: str, number: int, /, **values: object) -> str:
    """Return a sentence in the form that goes with a number; its forms stand beside each other between bars."""
    return plural(language, number, TEXTS[name][language is Language.EN]).format(count=number, **values)


TEXTS: dict[str, tuple[str, str]] = (
    PAGES
    | WIZARD
    | {
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
        # the grid, as an alert
        "grid_lost": ("🔴 <b>{time} Світло зникло</b>", "🔴 <b>{time} Grid lost</b>"),
        "grid_back": ("🟢 <b>{time} Світло з'явилося</b>", "🟢 <b>{time} Grid is back</b>"),
        "was_on": ("🕓 Воно було {lasted}", "🕓 It was there for {lasted}"),
        "was_off": ("🕓 Його не було {lasted}", "🕓 It was away for {lasted}"),
        "missed_between": (
            "🕓 Поки бот не працював, мережа змінювалася",
            "🕓 The grid changed while the bot was not running",
        ),
        "charge": ("🔋 Заряд батареї {soc}", "🔋 Battery at {soc}"),
        "charge_later": ("🔋 Заряд батареї {soc} (на {time})", "🔋 Battery at {soc} (as of {time})"),
        "load": ("🏠 Навантаження {load}", "🏠 Load {load}"),
        "lasts": ("⏳ Вистачить на ~{lasts}", "⏳ Lasts for ~{lasts}"),
        "planned": ("🗓 За графіком", "🗓 As planned"),
        "possibly_planned": ("🗓 Можливе відключення за графіком", "🗓 A possible outage of the schedule"),
        "unplanned": ("⚠️ Позапланове відключення", "⚠️ Not in the schedule"),
        "emergency": ("🚨 Екстрені відключення, графіки не діють", "🚨 Emergency outages: no schedule holds"),
        "expected_back": ("💡 Світло має з'явитися: {time}", "💡 Expected back: {time}"),
        "plan_open": ("(наступний день ще не опубліковано)", "(the next day is not published yet)"),
        "next_planned": ("🗓 Наступне відключення: {window}", "🗓 Next planned outage: {window}"),
        "grid_unstable": (
            "🟡 <b>Мережа нестабільна</b>: з {began} до {time} змін: {count}",
            "🟡 <b>The grid is unstable</b>: {count} changes from {began} to {time}",
        ),
        "now_on": ("Зараз світло є", "The grid is there now"),
        "now_off": ("Зараз світла немає", "There is no grid now"),
        # schedule, as an alert
        "schedule_published": (
            "💡 <b>{time} З'явився графік на {day}</b>",
            "💡 <b>{time} Schedule published for {day}</b>",
        ),
        "schedule_changed": ("💡 <b>{time} Графік оновлено</b>", "💡 <b>{time} The schedule has changed</b>"),
        "schedule_withdrawn": (
            "💡 <b>{time} Графік на {day} знято</b>",
            "💡 <b>{time} Schedule withdrawn for {day}</b>",
        ),
        "added": ("➕ Додано: {window}", "➕ Added: {window}"),
        "removed": ("➖ Скасовано: <s>{window}</s>", "➖ Removed: <s>{window}</s>"),
        "moved": ("↔️ Перенесено: <s>{before}</s> → {window}", "↔️ Moved: <s>{before}</s> → {window}"),
        "for_queue": ("Черга {queue}", "Queue {queue}"),
        # reminders
        "remind_outage": (
            "⏰ Через {ahead} очікується відключення: <b>{window}</b> (~{lasted})",
            "⏰ An outage is planned in {ahead}: <b>{window}</b> (~{lasted})",
        ),
        "remind_possible": (
            "⏰ Через {ahead} можливе відключення: <b>{window}</b> (~{lasted})",
            "⏰ An outage is possible in {ahead}: <b>{window}</b> (~{lasted})",
        ),
        "remind_light": (
            "💡 Через {ahead} має з'явитися світло: <b>{time}</b>",
            "💡 The grid should be back in {ahead}: <b>{time}</b>",
        ),
        # troubles, as alerts; `_over` when they have ended
        "low_battery": ("🪫 <b>{time} Низький заряд батареї: {soc}</b>", "🪫 <b>{time} Low battery: {soc}</b>"),
        "low_battery_over": ("🔋 {time} Заряд батареї знову достатній", "🔋 {time} The battery is charged again"),
        "advice": (
            "Вимкніть бойлер, духовку, чайник та інше потужне.",
            "Switch off the boiler, the oven, the kettle and whatever draws much.",
        ),
        "battery_alarm": ("‼️ <b>{time} Батарея {name}</b>: {what}", "‼️ <b>{time} Battery {name}</b>: {what}"),
        "battery_alarm_over": (
            "✅ {time} Батарея {name}: більше немає «{what}»",
            "✅ {time} Battery {name}: no more “{what}”",
        ),
        "imbalance": (
            "⚠️ <b>{time} Батарея {name}</b>: розбіжність комірок {what}",
            "⚠️ <b>{time} Battery {name}</b>: cells {what} apart",
        ),
        "imbalance_over": (
            "✅ {time} Батарея {name}: комірки вирівнялися",
            "✅ {time} Battery {name}: cells are even again",
        ),
        "battery_silent": (
            "📡 <b>Батарея {name}</b> не відповідає з {time}. {what}",
            "📡 <b>Battery {name}</b> has been silent since {time}. {what}",
        ),
        "battery_silent_over": ("✅ {time} Батарея {name} знову відповідає", "✅ {time} Battery {name} answers again"),
        "inverter_silent": (
            "📡 <b>Інвертор {name}</b> не відповідає з {time}; чи є світло, невідомо. {what}",
            "📡 <b>Inverter {name}</b> has been silent since {time}; whether the grid is there is unknown. {what}",
        ),
        "inverter_silent_over": (
            "✅ {time} Інвертор {name} знову відповідає",
            "✅ {time} Inverter {name} answers again",
        ),
        "inverter_fault": (
            "‼️ <b>{time} Інвертор {name}, аварія</b>: {what}",
            "‼️ <b>{time} Inverter {name}, fault</b>: {what}",
        ),
        "inverter_fault_over": (
            "✅ {time} Інвертор {name}: минулося «{what}»",
            "✅ {time} Inverter {name}: “{what}” is over",
        ),
        "inverter_warning": (
            "⚠️ <b>{time} Інвертор {name}, попередження</b>: {what}",
            "⚠️ <b>{time} Inverter {name}, warning</b>: {what}",
        ),
        "inverter_warning_over": (
            "✅ {time} Інвертор {name}: минулося «{what}»",
            "✅ {time} Inverter {name}: “{what}” is over",
        ),
        "service_down": (
            "🛠 <b>Служба {name}</b> не працює з {time}. {what}",
            "🛠 <b>Service {name}</b> is down since {time}. {what}",
        ),
        "service_down_over": ("✅ {time} Служба {name} знову працює", "✅ {time} Service {name} works again"),
        "service_partly": (
            "🛠 <b>Служба {name}</b> працює не повністю з {time}. {what}",
            "🛠 <b>Service {name}</b> has done only part of its work since {time}. {what}",
        ),
        "service_partly_over": (
            "✅ {time} Служба {name} знову працює повністю",
            "✅ {time} Service {name} does all of its work again",
        ),
        "service_poller": ("«інвертор» (poller)", "“inverter” (poller)"),
        "service_bms": ("«батареї» (bms)", "“batteries” (bms)"),
        "service_schedule": ("«графік відключень» (schedule)", "“planned outages” (schedule)"),
        "service_recorder": ("«запис історії» (recorder)", "“history” (recorder)"),
        "service_tuya": ("«розетки» (tuya)", "“plugs” (tuya)"),
        "service_dashboard": ("«вебсторінка» (dashboard)", "“web page” (dashboard)"),
        # plugs, as alerts
        "plug_done": ("🔌 {time} {name}: {state} ({by})", "🔌 {time} {name}: {state} ({by})"),
        "plug_unconfirmed": (
            "🔌 {time} {name}: команду «{order}» надіслано, але не підтверджено ({by}). {what}",
            "🔌 {time} {name}: told to {order}, not confirmed ({by}). {what}",
        ),
        "plug_failed": (
            "❌ {time} {name}: не вдалося {order} ({by}). {what}",
            "❌ {time} {name}: could not {order} ({by}). {what}",
        ),
        "plug_refused": (
            "⛔ {time} {name}: не дозволено {order} ({by}). {what}",
            "⛔ {time} {name}: not allowed to {order} ({by}). {what}",
        ),
        "plug_dropped": (
            "⌛ {time} {name}: команду «{order}» пропущено ({by}). {what}",
            "⌛ {time} {name}: the wish to {order} was dropped ({by}). {what}",
        ),
        "plug_dry_run": (
            "🧪 {time} {name}: було б {state} ({by}); пробний режим",
            "🧪 {time} {name}: would be {state} ({by}); dry run",
        ),
        "order_on": ("увімкнути", "switch on"),
        "order_off": ("вимкнути", "switch off"),
        "by_grid": ("автоматично", "automatically"),
        "by_telegram": ("з Telegram", "from Telegram"),
        "by_dashboard": ("з вебсторінки", "from the web page"),
        # the merged account
        "meanwhile": (
            "📬 <b>Поки не було зв'язку ({lasted})</b>",
            "📬 <b>While there was no connection ({lasted})</b>",
        ),
        "overnight": ("📬 <b>За тихі години ({lasted})</b>", "📬 <b>During quiet hours ({lasted})</b>"),
        "line_outage": (
            "🔴 {began} світло зникло{soc} – 🟢 {ended} з'явилося{soc_after}, не було {lasted}",
            "🔴 grid lost {began}{soc} – 🟢 back {ended}{soc_after}, away for {lasted}",
        ),
        "at_charge": (" при {soc}", " at {soc}"),
        "line_trouble_over": ("{trouble} – до {ended}", "{trouble} – until {ended}"),
        "line_schedule": (
            "💡 Змін графіка: {count}, остання:",
            "💡 The schedule changed {count} times, the last time:",
        ),
        # commands
        "cmd_status": ("стан: мережа, батарея, розетки", "grid, battery, plugs at a glance"),
        "cmd_battery": ("батарея: заряд і на скільки вистачить", "battery: charge and how long it lasts"),
        "cmd_schedule": ("графік відключень", "planned outages"),
        "cmd_chart": ("графік потужності й заряду", "picture of power and charge"),
        "cmd_energy": ("енергія: сьогодні, вчора, місяць", "energy: today, yesterday, month"),
        "cmd_outages": ("останні відключення", "the last outages"),
        "cmd_plugs": ("розетки", "plugs"),
        "cmd_settings": ("мова, тихі години, сповіщення", "language, quiet hours, alerts"),
        "cmd_id": ("номер цього чату", "the number of this chat"),
        "cmd_help": ("що вміє бот", "what the bot can do"),
        "start": (
            "👋 Я стежу за світлом, інвертором і батареєю цього дому й пишу, коли щось змінюється.",
            "👋 I watch the grid, the inverter and the battery of this home, and write when something changes.",
        ),
        "viewer_note": ("Цей чат може дивитися, але не перемикати.", "This chat may look but not switch."),
        "your_id": ("Номер цього чату: <code>{chat}</code>", "The number of this chat: <code>{chat}</code>"),
        "how_to_allow": (
            "Допишіть його до TELEGRAM_CHAT_ID у файлі .env і перезапустіть бота.",
            "Add it to TELEGRAM_CHAT_ID in the file .env and restart the bot.",
        ),
        "stranger": (
            "Цей бот приватний. Номер цього чату покаже /id.",
            "This bot is private. /id shows the number of this chat.",
        ),
        "unknown_command": (
            "Такої команди немає. Що є, покаже /help.",
            "There is no such command. /help shows what there is.",
        ),
        "too_late": (
            "Команда йшла надто довго ({lasted}), тож нічого не перемкнуто. Повторіть її.",
            "That took too long to arrive ({lasted}), so nothing was switched. Please repeat it.",
        ),
        "own_id": ("Ваш власний номер: <code>{user}</code>", "Your own number: <code>{user}</code>"),
        "not_in_group": (
            "У групі перемикає лише той, чий власний номер ({user}) є в TELEGRAM_CHAT_ID.",
            "In a group only those switch whose own number ({user}) is in TELEGRAM_CHAT_ID.",
        ),
        "settings_not_kept": (
            "⚠️ Диск не приймає запис: це діятиме лише до перезапуску.",
            "⚠️ The disk takes nothing: this holds until the next restart only.",
        ),
        "not_allowed": ("Цей чат може лише дивитися.", "This chat may only look."),
        "bad_button": ("Ця кнопка вже не діє.", "This button no longer works."),
        "no_data": ("Даних ще немає: жодного показу не надійшло.", "No data yet: not one reading has arrived."),
        "old_data": ("⚠️ Дані застарілі (оновлено {time})", "⚠️ Out of date (updated {time})"),
        "updated": ("Оновлено {time}", "Updated {time}"),
        "grid_is_on": ("🟢 <b>Світло є</b> з {time} ({lasted})", "🟢 <b>Grid on</b> since {time} ({lasted})"),
        "grid_is_off": ("🔴 <b>Світла немає</b> з {time} ({lasted})", "🔴 <b>No grid</b> since {time} ({lasted})"),
        "grid_is_unknown": ("⚪️ <b>Чи є світло, невідомо</b>", "⚪️ <b>Whether the grid is there is unknown</b>"),
        "voltage": ("⚡️ Напруга мережі {voltage}", "⚡️ Grid voltage {voltage}"),
        "sun": ("☀️ Сонячна генерація {power}", "☀️ Sun {power}"),
        "battery_flow": ("🔋 Батарея {soc}, {flow}", "🔋 Battery {soc}, {flow}"),
        "charging": ("заряджання {power}", "charging {power}"),
        "discharging": ("розряджання {power}", "discharging {power}"),
        "resting": ("у спокої", "at rest"),
        "flow_unknown": ("потужність невідома", "power unknown"),
        "battery_line": ("• {name}: {soc}, {flow}", "• {name}: {soc}, {flow}"),
        "silent": ("не відповідає", "silent"),
        "until_end": ("✅ До {time} вистачить", "✅ Enough until {time}"),
        "tight": ("⚠️ До {time} може не вистачити", "⚠️ May not be enough until {time}"),
        "not_enough": ("‼️ До {time} не вистачить", "‼️ Not enough until {time}"),
        "runtime_unknown": ("⏳ На скільки вистачить, порахувати не можна", "⏳ How long it lasts cannot be told"),
        "spread": (
            "• {name}: комірки {low} – {high}, розбіжність {delta}",
            "• {name}: cells {low} – {high}, {delta} apart",
        ),
        "temperature": ("• {name}: температура {temperature}", "• {name}: temperature {temperature}"),
        "trouble": ("• {name}: {what}", "• {name}: {what}"),
        "schedule_title": ("🗓 <b>Графік відключень</b>, черга {queue}", "🗓 <b>Planned outages</b>, queue {queue}"),
        "plan_old": ("⚠️ Графік застарілий (оновлено {time})", "⚠️ The schedule is out of date (updated {time})"),
        "no_schedule": ("🗓 Графік невідомий: ще нічого не надійшло.", "🗓 Schedule unknown: nothing has arrived yet."),
        "day_head": ("<b>{day}, {date} ({weekday})</b>", "<b>{day}, {date} ({weekday})</b>"),
        "no_outages": ("Відключень не заплановано", "No outages planned"),
        "not_published": ("Графік ще не опубліковано", "Not published yet"),
        "waiting_plan": ("Графік готується", "The schedule is being prepared"),
        "window": ("🪫 {window} (~{lasted})", "🪫 {window} (~{lasted})"),
        "window_possible": ("❔ {window} (~{lasted}), можливе", "❔ {window} (~{lasted}), possible"),
        "window_now": ("👉 {window} (~{lasted}), зараз", "👉 {window} (~{lasted}), now"),
        "window_past": ("<s>{window}</s>", "<s>{window}</s>"),
        "total": ("Загалом без світла: ~{lasted}", "In total without light: ~{lasted}"),
        "plugs_title": ("🔌 <b>Розетки</b>", "🔌 <b>Plugs</b>"),
        "no_plugs": ("Розеток немає.", "There are no plugs."),
        "plug_short": ("🔌 {name}: {state}{note}", "🔌 {name}: {state}{note}"),
        "plug_line": ("• {name}: {state}{note}", "• {name}: {state}{note}"),
        "plug_on": ("увімкнено", "on"),
        "plug_off": ("вимкнено", "off"),
        "plug_unknown": ("невідомо", "unknown"),
        "plug_unreachable": (", не на зв'язку", ", out of reach"),
        "plug_protected": (", захищена", ", protected"),
        "sure_on": ("Увімкнути «{name}»?", "Switch “{name}” on?"),
        "sure_off": ("Вимкнути «{name}»?", "Switch “{name}” off?"),
        "switching": ("Команду надіслано. Про результат повідомлю.", "Sent. The outcome will follow."),
        "no_history": ("Історії ще немає.", "There is no history yet."),
        "history_fails": ("Історію зараз не прочитати.", "The history cannot be read at the moment."),
        "energy_title": ("⚡️ <b>Енергія</b>", "⚡️ <b>Energy</b>"),
        "energy_line": (
            "<b>{period}</b>: споживання {load}, сонце {sun}, з мережі {grid}",
            "<b>{period}</b>: used {load}, sun {sun}, from the grid {grid}",
        ),
        "energy_note": ("За потужністю, яку записано.", "From the power that was recorded."),
        "month": ("місяць", "month"),
        "outages_title": ("📋 <b>Останні відключення</b>", "📋 <b>The last outages</b>"),
        "no_recorded_outages": (
            "За останні 30 днів відключень не записано.",
            "No outages were recorded in the last 30 days.",
        ),
        "outage_line": ("🔴 {window}, {lasted}{planned}", "🔴 {window}, {lasted}{planned}"),
        "outage_now": ("🔴 з {began}, уже {lasted}{planned}", "🔴 since {began}, {lasted} so far{planned}"),
        "is_planned": (", за графіком", ", planned"),
        "is_unplanned": (", позапланове", ", not planned"),
        # settings
        "settings_title": ("⚙️ <b>Налаштування</b>", "⚙️ <b>Settings</b>"),
        "set_language": ("Мова: українська", "Language: English"),
        "set_quiet": ("Тихі години: {quiet}", "Quiet hours: {quiet}"),
        "set_quiet_off": ("немає", "none"),
        "set_quiet_silent": ("У тихі години: без звуку", "In quiet hours: without sound"),
        "set_quiet_waits": ("У тихі години: зачекати", "In quiet hours: wait"),
        "set_reminder": ("Нагадування за {minutes} хв", "Reminder {minutes} min before"),
        "set_no_reminder": ("Нагадування: немає", "Reminder: none"),
        "group_grid": ("світло", "grid"),
        "group_schedule": ("графік", "schedule"),
        "group_reminder": ("нагадування", "reminders"),
        "group_battery": ("батарея", "battery"),
        "group_inverter": ("інвертор", "inverter"),
        "group_service": ("служби", "services"),
        "group_plug": ("розетки", "plugs"),
        # buttons
        "refresh": ("🔄 Оновити", "🔄 Refresh"),
        "day": ("День", "Day"),
        "week": ("Тиждень", "Week"),
        "turn_on": ("Увімкнути {name}", "{name} on"),
        "turn_off": ("Вимкнути {name}", "{name} off"),
        "yes": ("✅ Так", "✅ Yes"),
        "no": ("Ні", "No"),
        "nothing_done": ("Нічого не змінено.", "Nothing was changed."),
        # the picture
        "chart_title": ("Потужність і заряд, {period}", "Power and charge, {period}"),
        "chart_power": ("Потужність, кВт", "Power, kW"),
        "chart_load": ("навантаження", "load"),
        "chart_sun": ("сонце", "sun"),
        "chart_soc": ("Заряд, %", "Charge, %"),
        "chart_outage": ("немає світла", "no grid"),
        "chart_planned": ("за графіком", "planned"),
        "chart_unknown": ("невідомо", "unknown"),
    }
)
