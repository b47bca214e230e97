"""What --help of the command-line tools prints, in Ukrainian and English."""

HELP: dict[str, tuple[str, str]] = {
    "help.poller": ("Інструменти для нового інвертора.", "Tools for a new inverter."),
    "help.scan": (
        "шукати донгли, шлюзи й послідовні порти, за якими є інвертор",
        "look for dongles, gateways and serial ports with an inverter behind them",
    ),
    "help.scan_network": ("типово: наша, як /24", "default: ours, as a /24"),
    "help.scan_port": ("порт шлюзів; типово: 502 і 8899", "of gateways; default: 502 and 8899"),
    "help.scan_no_serial": ("без послідовних портів", "skip the serial ports"),
    "help.json": ("для програм: об'єкт на рядок", "for programs: an object per line"),
    "help.read": ("один вимір інвертора з .env, таблицею", "one reading of the inverter in .env, as a table"),
    "help.dump": (
        "зберегти всі регістри для повідомлення про помилку, серійні номери приховано",
        "save all registers for a bug report, serial numbers masked",
    ),
    "help.of_list": ("натомість один з INVERTERS_FILE", "one of INVERTERS_FILE instead"),
    "help.replay": ("віддавати такий файл, ніби це інвертор", "serve such a file as an inverter"),
    "help.recorder": (
        "Без команди: записувати. Команди працюють із базою, яку називає .env.",
        "Without a tool: record. The tools use the database named in .env.",
    ),
    "help.export": ("записати рядки таблиці як CSV або JSON Lines", "write the rows of a table as CSV or JSON Lines"),
    "help.export_list": (
        "показати таблиці з їхніми першими й останніми рядками",
        "list the tables with their first and last rows",
    ),
    "help.export_from": (
        "2026-11-20, або 2026-11-20T18:30 за TIME_ZONE",
        "2026-11-20, or 2026-11-20T18:30 in TIME_ZONE",
    ),
    "help.export_to": ("до цього часу; день береться цілий", "up to this time; a day is included whole"),
    "help.export_output": ("типово: -, стандартний вивід", "default: -, the standard output"),
    "help.overwrite": ("замінити файл, який уже є", "overwrite an existing file"),
    "help.unfold": (
        "додати всі виміри до окремого файлу SQLite, для власних запитів",
        "add all readings to a SQLite file of its own, for queries of your own",
    ),
    "help.backup": (
        "записати цілісну копію, навіть поки працює recorder",
        "write a consistent copy, even while the recorder runs",
    ),
    "help.restore": (
        "замінити базу копією, а попередню відкласти",
        "replace the database by a backup and set the old one aside",
    ),
    "help.import_eamoon": (
        "перенести виміри попередника (x-mentat/eamoon) з його файлу SQLite",
        "import the readings of x-mentat/eamoon from its SQLite file",
    ),
    "help.import_device": (
        "як інвертор зветься тут; типово: INVERTER_NAME",
        "the name of the inverter here; default: INVERTER_NAME",
    ),
    "help.check": (
        "перевірити, чи база ціла, і розповісти про неї",
        "check the integrity of the database and summarize it",
    ),
    "help.tuya": ("Розетки; без команди – служба.", "Plugs; without a command, the service."),
    "help.plug_scan": ("знайти розетки в цій мережі", "find plugs on this network"),
    "help.plug_seconds": ("як довго (10)", "how long (10)"),
    "help.plug_port": ("слухати лише цей порт UDP і нікого не питати", "listen on this UDP port only, and ask nobody"),
    "help.plug_list": ("показати розетки зі списку й з акаунта", "list the plugs of the list and of the account"),
    "help.plug_keys": ("разом з їхніми локальними ключами", "with their local keys"),
    "help.plug_on": (
        "увімкнути розетку: через службу, якщо вона працює, інакше напряму",
        "switch a plug on: through the service if it runs, else directly",
    ),
    "help.plug_off": (
        "вимкнути розетку: через службу, якщо вона працює, інакше напряму",
        "switch a plug off: through the service if it runs, else directly",
    ),
    "help.plug_gang": ("лише цей з її вимикачів", "only this one of its switches"),
    "help.plug_simulate": (
        "що сталося б, якби світло зараз зникло чи з'явилося",
        "what would happen if the grid changed now",
    ),
    "help.forecast_at": (
        "Прогноз, яким він був би в певну мить, лише за записаною історією.",
        "The forecast as it would have been at a past moment, from the recorded history alone.",
    ),
    "help.replay_history": (
        "файл SQLite служби запису або адреса її бази PostgreSQL",
        "the recorder's SQLite file, or the URL of its PostgreSQL database",
    ),
    "help.replay_at": ("мить, як-от 2026-11-29T18:00 (типово: зараз)", "the moment: 2026-11-29T18:00 (default: now)"),
    "help.replay_zone": (
        "за годинником якого поясу йдуть дні (Europe/Kyiv)",
        "the time zone that days follow (Europe/Kyiv)",
    ),
    "help.replay_home": ("у базі багатьох домів: чия історія", "in a database of many homes: whose history"),
    "help.replay_reserve": (
        "заряд, який має лишитися, у відсотках (10)",
        "the charge to keep, in percent (10)",
    ),
    "help.configure": ("Питає, перевіряє кожну відповідь, записує .env.", "Asks, tests each answer, writes .env."),
    "help.settings_file": (
        "файл налаштувань (типово: {installed}, якщо він є, інакше .env)",
        "the settings file (default: {installed} if it is there, else .env)",
    ),
    "help.compose": ("служби працюють у контейнерах", "the services run in containers"),
    "help.scan_arguments": (
        "після --: інші аргументи для `python -m services.poller scan`",
        "after --: further arguments of `python -m services.poller scan`",
    ),
}
