"""The words of the web page, in Ukrainian and English; the first part of a name is where it is said."""

PAGES: dict[str, tuple[str, str]] = {
    # around every page
    "page.brand": ("Easun", "Easun"),
    "page.now": ("Зараз", "Now"),
    "page.history": ("Історія", "History"),
    "page.battery": ("Батарея", "Battery"),
    "page.outages": ("Відключення", "Outages"),
    "page.system": ("Система", "System"),
    "page.pages": ("Сторінки", "Pages"),
    "page.switch_theme": ("Світла чи темна тема", "Switch between light and dark"),
    "page.language": ("Мова", "Language"),
    "page.broker_gone": (
        "Немає зв'язку з брокером повідомлень. Тут останнє, що було відомо; далі все відновиться само.",
        "No connection to the message broker. What you see is the last that was known; it comes back by itself.",
    ),
    "page.server_gone": (
        "Сторінка втратила свій сервер: тут уже нічого не оновлюється. Вона пробує знову кожні дві секунди.",
        "This page has lost its server: nothing here is live any more. It tries again every two seconds.",
    ),
    "page.loading": ("Читаю історію…", "Reading the history…"),
    "page.live": ("наживо, {at}", "live, {at}"),
    "page.as_of": ("станом на {at}", "as of {at}"),
    "page.none": ("немає", "none"),
    # the sentence at the top of Now
    "now.grid_on": ("Світло є з {since}", "Grid on since {since}"),
    "now.grid_off": ("Світла немає з {since}", "No grid since {since}"),
    "now.lasting": (" ({duration})", " ({duration})"),
    "now.no_contact": ("Немає зв'язку з інвертором з {since}", "No contact with the inverter since {since}"),
    "now.last_known": ("Востаннє відомо: {grid}", "Last known: {grid}"),
    "now.grid_unheard": (
        "Ще ніхто не сказав, чи є світло",
        "Nobody has said yet whether the grid is there",
    ),
    "now.clock_ahead": (
        "Останній показ датовано {at}, а це ще попереду: перевірте годинники",
        "The last reading is dated {at}, which is still to come: check the clocks",
    ),
    "grid.on": ("світло є", "grid on"),
    "grid.off": ("світла немає", "no grid"),
    "grid.unknown": ("невідомо", "unknown"),
    # the verdict below it
    "now.home_uses": ("Дім споживає {power}", "The home uses {power}"),
    "now.from_sources": (" від {sources}", " from {sources}"),
    "now.the_sun": ("сонця", "the sun"),
    "now.the_grid": ("мережі", "the grid"),
    "now.the_battery": ("батареї", "the battery"),
    "now.both": ("{first} та {second}", "{first} and {second}"),
    "now.battery_at": ("заряд {soc}", "charge {soc}"),
    "now.battery_charging": ("батарея заряджається, {soc}", "battery charging, {soc}"),
    "now.inverter_why": ("Інвертор: {why}", "The inverter: {why}"),
    "now.empty_title": ("Показів ще немає", "No readings yet"),
    "now.empty": (
        "Панель під'єднано, і вона чекає на перший показ. Чи працює poller, і чи вказано в .env адресу інвертора "
        "(MODBUS_HOST)? Без інвертора команда `make demo` покаже змодельований дім.",
        "The dashboard is connected and waits for the first reading. Is the poller running, and does .env name the "
        "inverter's address (MODBUS_HOST)? Without an inverter, `make demo` shows a simulated house.",
    ),
    "now.empty_offline": (
        "Брокер повідомлень не відповідає, тож нічого не надходить. Чи працює Mosquitto, і чи вказують на нього "
        "MQTT_HOST і MQTT_PORT у .env?",
        "The message broker does not answer, so nothing can arrive. Is Mosquitto running, and do MQTT_HOST and "
        "MQTT_PORT in .env point to it?",
    ),
    # nodes and tiles of Now
    "now.flow": ("Куди тече енергія", "Where the power flows"),
    "node.sun": ("Сонце", "Sun"),
    "node.grid": ("Мережа", "Grid"),
    "node.battery": ("Батарея", "Battery"),
    "node.home": ("Дім", "Home"),
    "now.no_grid": ("Немає", "No grid"),
    "flow.charging": ("заряджання", "charging"),
    "flow.discharging": ("розряджання", "discharging"),
    "flow.resting": ("спокій", "at rest"),
    "flow.importing": ("споживання", "drawing"),
    "flow.exporting": ("віддача", "feeding in"),
    "flow.idle": ("спокій", "idle"),
    "now.load_share": ("{percent} потужності", "{percent} of capacity"),
    "now.produced_today": ("{energy} сьогодні", "{energy} today"),
    "now.no_sun": ("немає сонця", "no sun"),
    "now.details": ("Докладніше", "Details"),
    "now.output_voltage": ("Вихідна напруга", "Output voltage"),
    "now.output_frequency": ("Вихідна частота", "Output frequency"),
    "now.battery_current": ("Струм батареї", "Battery current"),
    "now.temperature": ("Температура інвертора", "Inverter temperature"),
    "now.mode": ("Режим", "Mode"),
    "now.warnings": ("Попередження", "Warnings"),
    "now.faults": ("Аварії", "Faults"),
    "now.other_inverters": ("Інші інвертори", "Other inverters"),
    "mode.power_on": ("запуск", "starting"),
    "mode.standby": ("очікування", "standby"),
    "mode.mains": ("від мережі", "on the grid"),
    "mode.off_grid": ("автономно", "off-grid"),
    "mode.bypass": ("байпас", "bypass"),
    "mode.charging": ("заряджання", "charging"),
    "mode.fault": ("аварія", "fault"),
    "mode.unknown": ("–", "–"),
    # services
    "service.title": ("Служби", "Services"),
    "service.silent": ("мовчить з {since}", "silent since {since}"),
    "service.online": ("працює", "online"),
    "service.degraded": ("має клопіт", "has trouble"),
    "service.disabled": ("вимкнено", "switched off"),
    "service.offline": ("не працює", "offline"),
    # history
    "span.day": ("День", "Day"),
    "span.week": ("Тиждень", "Week"),
    "span.month": ("Місяць", "Month"),
    "history.earlier": ("Раніше", "Earlier"),
    "history.later": ("Пізніше", "Later"),
    "history.charge": ("Заряд", "Charge"),
    "history.battery_line": ("Батарея (+ заряджання)", "Battery (+ charging)"),
    "history.chart": ("Потужність і заряд, {period}", "Power and state of charge, {period}"),
    "history.nothing_yet": (
        "Ще нічого не записано. Recorder записує кожен показ; перший з'явиться тут за хвилину.",
        "Nothing is recorded yet. The recorder writes every reading; the first appears here within a minute.",
    ),
    "history.nothing_here": (
        "За цей час нічого не записано. Останній показ: {last}.",
        "Nothing was recorded in this time. The last reading is of {last}.",
    ),
    "history.no_outage": ("За цей час відключень не записано.", "No outage was recorded in this time."),
    "history.outages": (
        "{count} відключення, без світла {duration}|{count} відключення, без світла {duration}"
        "|{count} відключень, без світла {duration}",
        "{count} outage, {duration} without grid|{count} outages, {duration} without grid",
    ),
    "history.nobody_knew": (
        "Невідомо {duration}: не було зв'язку з інвертором.",
        "Unknown for {duration}: no contact with the inverter.",
    ),
    "history.outage": ("Немає світла", "No grid"),
    "history.unknown_grid": ("Невідомо", "Grid unknown"),
    # moments
    "time.yesterday": ("вчора {time}", "yesterday {time}"),
    "time.months": (
        "січ лют бер кві тра чер лип сер вер жов лис гру",
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    ),
    "time.months_alone": (
        "січень лютий березень квітень травень червень липень серпень вересень жовтень листопад грудень",
        "January February March April May June July August September October November December",
    ),
    "time.months_of_day": (
        "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
        "January February March April May June July August September October November December",
    ),
    # the installed page
    "page.app": ("Easun: світло в домі", "Easun: power at home"),
    "page.about": (
        "Світло, інвертор, батарея та графік відключень цього дому",
        "The grid, the inverter, the battery and the planned outages of this home",
    ),
    # before the door
    "access.title": ("Вхід", "Log in"),
    "access.password": ("Пароль", "Password"),
    "access.enter": ("Увійти", "Log in"),
    "access.wrong": ("Пароль неправильний.", "That password is wrong."),
    "access.wait": (
        "Забагато неправильних паролів. Спробуйте ще раз через {wait}.",
        "Too many wrong passwords. Try again in {wait}.",
    ),
    "access.seconds": ("{seconds} с", "{seconds} s"),
    "access.again": (
        "Сторінка входу застаріла. Введіть пароль ще раз.",
        "The login page was out of date. Type the password once more.",
    ),
    "access.refused": ("Ця сторінка ще не має пароля", "This page has no password yet"),
    "access.set_password": (
        "Тому її видно лише на самому комп'ютері, де вона працює. Щоб відкрити її з телефона, вкажіть "
        "DASHBOARD_PASSWORD у файлі .env і перезапустіть панель.",
        "So it is shown only on the very machine that it runs on. To open it from a phone, set DASHBOARD_PASSWORD in "
        "the file .env and restart the dashboard.",
    ),
}
