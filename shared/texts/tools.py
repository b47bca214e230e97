"""What the command-line tools print, in Ukrainian and English."""

TOOLS: dict[str, tuple[str, str]] = {
    "tool.unknown": ("невідомо", "unknown"),
    "tool.none": ("немає", "none"),
    "tool.no_file": ("Файлу {file} немає.", "There is no file {file}."),
    "tool.not_written": ("{file} не записується: {cause}.", "{file} cannot be written: {cause}."),
    # the inverter
    "tool.set": ("{found}. Задайте {settings}", "{found}. Set {settings}"),
    "tool.inverter": (
        "інвертор із картою регістрів {layout} ({title}, протокол {protocol})",
        "an inverter with the {layout} layout ({title}, protocol {protocol})",
    ),
    "tool.dongle": ("Донгл {host}: {what}", "Dongle at {host}: {what}"),
    "tool.dongle_only": (
        "Донгл {host} відповідає, але інвертора за ним не прочитано. {problem}",
        "The dongle at {host} answers, but no inverter was read behind it. {problem}",
    ),
    "tool.gateway": ("Шлюз {where}: {what}", "Gateway at {where}: {what}"),
    "tool.gateway_only": (
        "За адресою {where} щось працює, але інвертор із номером {unit} там не відповідає.",
        "Something listens at {where}, but no inverter answers there as unit {unit}.",
    ),
    "tool.serial_port": ("Порт {port}: {what}", "Serial port {port}: {what}"),
    "tool.not_configured": (
        "{reason} Інвертори шукає `python -m services.poller scan`.",
        "{reason} `python -m services.poller scan` looks for inverters.",
    ),
    "tool.not_listed": (
        "Інвертора {name} у {file} немає; є: {known}.",
        "There is no inverter {name} in {file}; there are: {known}.",
    ),
    "tool.model": (
        "{model}, карта регістрів {layout} (протокол {protocol} у регістрі 184)",
        "{model}, layout {layout} (protocol {protocol} in register 184)",
    ),
    "tool.grid_on": ("Мережа: є ({voltage}, {frequency})", "Grid: on ({voltage}, {frequency})"),
    "tool.grid_off": ("Мережа: немає ({voltage}, {frequency})", "Grid: off ({voltage}, {frequency})"),
    "tool.grid_unknown": ("Мережа: невідомо ({voltage}, {frequency})", "Grid: unknown ({voltage}, {frequency})"),
    "tool.dumped": (
        "Регістрів у {file}: {count}; серійний номер і назву приховано. Додайте цей файл до свого повідомлення.",
        "{count} registers are in {file}, serial number and name masked. Please attach it to your report.",
    ),
    # batteries
    "tool.battery": ("Батарея", "A battery"),
    "tool.battery_found": ("{name}, адреса {address}, {rssi_dbm} дБм", "{name} at {address}, {rssi_dbm} dBm"),
    "tool.battery_reading": ("{title}: {voltage}, {current}, {charge}", "{title}: {voltage}, {current}, {charge}"),
    # plugs
    "tool.plug_local": ("через домашню мережу", "local"),
    "tool.plug_cloud": ("через хмару", "cloud"),
    "tool.plug_protected": ("захищена", "protected"),
    "tool.plug_enabled": ("перемикається з мережею", "enabled"),
    "tool.plug_disabled": ("не перемикається з мережею", "disabled"),
    "tool.plug_without_host": ("без адреси", "no host"),
    "tool.plug_in_account": ("в акаунті, {online}, {note}", "in the account, {online}, {note}"),
    "tool.plug_online": ("на зв'язку", "online"),
    "tool.plug_offline": ("не на зв'язку", "offline"),
    "tool.plug_listed": ("є у списку", "listed"),
    "tool.plug_listed_as": ("у списку як {title}", "listed as {title}"),
    "tool.plug_new": ("немає у списку", "not in the list"),
    "tool.no_plug_announced": (
        "На UDP {ports} не озвалася жодна розетка: оголошення не доходять ні до контейнера, ні з іншої мережі.",
        "No plug announced itself on UDP {ports}: announcements reach neither a container nor another network.",
    ),
    "tool.simulated_on": (
        "{title} ({gang}): зараз {state}; увімкнеться через {wait_s} с",
        "{title} ({gang}): {state} now; on after {wait_s} s",
    ),
    "tool.simulated_off": (
        "{title} ({gang}): зараз {state}; вимкнеться через {wait_s} с",
        "{title} ({gang}): {state} now; off after {wait_s} s",
    ),
    "tool.nothing_switched": ("Нічого б не перемкнулося.", "Nothing would be switched."),
    "tool.switched": ("{title}: {state} ({way}).", "{title} is {state} ({way})."),
    "tool.switched_by_service": (
        "{title}: {state} ({way}), це зробила служба.",
        "{title} is {state} ({way}), done by the service.",
    ),
    "tool.switched_directly": (
        "Служба не працює (або брокер недоступний), тож розетка перемикається напряму.",
        "The service does not run (or the broker cannot be reached), so the plug is switched directly.",
    ),
    "tool.would_be_on": (
        "{title}: було б увімкнено, але задано TUYA_DRY_RUN.",
        "{title} would be switched on, but TUYA_DRY_RUN is set.",
    ),
    "tool.would_be_off": (
        "{title}: було б вимкнено, але задано TUYA_DRY_RUN.",
        "{title} would be switched off, but TUYA_DRY_RUN is set.",
    ),
    # the bot
    "tool.sent": ("Надіслано: {receivers}.", "Sent to {receivers}."),
    # the schedule
    "tool.schedule_of": ("{source}, черга {queue}:", "{source}, queue {queue}:"),
    "tool.day_unknown": ("нічого не опубліковано", "nothing published"),
    "tool.day_waiting": ("оператор ще готує графік", "the operator is still preparing it"),
    "tool.day_no_outages": ("відключень не заплановано", "no outages planned"),
    "tool.day_emergency": ("екстрені відключення: графік не діє", "emergency outages: no schedule applies"),
    "tool.doubtful": ("  сумнівно: {what}", "  doubtful: {what}"),
    "tool.queue_early": (
        "ваша черга: робити висновки зарано, відключень поки {outages}",
        "your queue: too early to say, outages so far: {outages}",
    ),
    "tool.queue_fits": (
        "ваша черга: з останніх відключень ({outages}) черзі {queue} відповідають {fitting}",
        "your queue: {fitting} of your last {outages} outages fit queue {queue}",
    ),
    "tool.queue_other": (
        "ваша черга: останні відключення ({outages}) відповідають черзі {others}, а не {queue} ({fitting})",
        "your queue: your last {outages} outages fit queue {others}, not {queue} ({fitting})",
    ),
    "tool.queue_unclear": (
        "ваша черга: з останніх відключень ({outages}) черзі {queue} відповідають {fitting}, і жодна не підходить "
        "виразно",
        "your queue: {fitting} of your last {outages} outages fit queue {queue}, none fits clearly",
    ),
    "tool.region_high": ("надійно", "high"),
    "tool.region_fair": ("прийнятно", "fair"),
    "tool.region_unproven": ("не перевірено", "unproven"),
    "tool.region_none": ("джерел немає", "none"),
    "tool.region_without_hours": ("{region}: годин ніхто не публікує", "{region}: nobody publishes hours"),
    "tool.source_works": (
        "  {source}: працює, {days}, черг: {queues} (останнє оновлення {seen})",
        "  {source}: works, {days}, {queues} queues (last updated {seen})",
    ),
    "tool.source_behind": (
        "  {source}: відстає, {days}, черг: {queues} (останнє оновлення {seen})",
        "  {source}: behind, {days}, {queues} queues (last updated {seen})",
    ),
    "tool.source_of_unknown_age": (
        "  {source}: вік невідомий, {days}, черг: {queues} (останнє оновлення {seen})",
        "  {source}: of unknown age, {days}, {queues} queues (last updated {seen})",
    ),
    "tool.source_fails": (
        "  {source}: не працює, {failure} (останнє оновлення {seen})",
        "  {source}: does not work, {failure} (last updated {seen})",
    ),
    "tool.source_without_licence": ("{source} (ліцензію не вказано)", "{source} (no licence stated)"),
    "tool.all_regions_work": (
        "Кожен регіон ({regions}), графік якого хтось публікує, має джерело, що працює.",
        "Every region with a published schedule has a source that works; regions asked: {regions}.",
    ),
    # the recorder
    "tool.exported": ("Записано рядків {table}: {rows}.", "{rows} rows of {table} written."),
    "tool.hours_missing": (
        "Бракує {count} пошкодженої години.|Бракує {count} пошкоджених годин.|Бракує {count} пошкоджених годин.",
        "{count} damaged hour is missing.|{count} damaged hours are missing.",
    ),
    "tool.table_columns": ("таблиця рядків перший останній", "table rows first last"),
    "tool.unfolded": ("Додано вимірів до {file}: {readings}.", "{readings} readings added to {file}."),
    "tool.backed_up": (
        "{place} скопійовано до {file} ({size}); копія ціла.",
        "{place} was copied to {file} ({size}); the copy is intact.",
    ),
    "tool.restored": ("{file} відновлено до {place}.", "{file} was restored to {place}."),
    "tool.restored_aside": ("Попередня база тепер {aside}.", "The previous database is now {aside}."),
    "tool.db_intact": (
        "{file} ціла. Вона займає {size}; з них вільно для нових рядків {free}.",
        "{file} is intact. It takes {size}; {free} of it is free for new rows.",
    ),
    "tool.db_intact_with_log": (
        "{file} ціла. Вона займає {size} і ще {log} у журналі попереднього запису; вільно для нових рядків {free}.",
        "{file} is intact. It takes {size}, plus {log} in its write-ahead log; {free} of it is free for new rows.",
    ),
    "tool.db_schema": (
        "Її схема {schema} – саме та, яка потрібна цій програмі.",
        "Its schema is {schema}, the one this program needs.",
    ),
    "tool.db_on_server": ("На сервері вона займає {size}.", "On the server it takes {size}."),
    "tool.table_missing": ("Таблиці {table} немає.", "The table {table} is missing."),
    "tool.table_rows": (
        "{table}: {rows} рядок.|{table}: {rows} рядки.|{table}: {rows} рядків.",
        "{table}: {rows} row.|{table}: {rows} rows.",
    ),
    "tool.table_span": (
        "{table}: {rows} рядок, від {first} до {last}.|{table}: {rows} рядки, від {first} до {last}.|"
        "{table}: {rows} рядків, від {first} до {last}.",
        "{table}: {rows} row, from {first} to {last}.|{table}: {rows} rows, from {first} to {last}.",
    ),
    "tool.hours_damaged": (
        "compressed_hour: пошкоджено {count} годину.|compressed_hour: пошкоджено {count} години.|"
        "compressed_hour: пошкоджено {count} годин.",
        "compressed_hour: {count} hour is damaged.|compressed_hour: {count} hours are damaged.",
    ),
    "tool.gap": (
        "{table}: від {device} нічого між {start} і {end} ({length}).",
        "{table}: nothing from {device} between {start} and {end} ({length}).",
    ),
    "tool.more_gaps": ("{table}: і ще прогалин за тиждень: {more}.", "{table}: and {more} more gaps this week."),
    "tool.silent_since": (
        "{table}: від {device} нічого з {at} ({length}).",
        "{table}: nothing from {device} since {at} ({length}).",
    ),
    "tool.dead_letters": (
        "dead_letter: {count} повідомлення з {topic} не записалося, останнє {at}.|"
        "dead_letter: {count} повідомлення з {topic} не записалися, останнє {at}.|"
        "dead_letter: {count} повідомлень з {topic} не записалися, останнє {at}.",
        "dead_letter: {count} message on {topic} could not be recorded, the last at {at}.|"
        "dead_letter: {count} messages on {topic} could not be recorded, the last at {at}.",
    ),
    "tool.more_topics": (
        "dead_letter: і повідомлення ще з інших тем: {more}.",
        "dead_letter: and messages on {more} more topics.",
    ),
    # the forecast of a past moment
    "tool.forecast_of": ("Прогноз на {at}", "Forecast of {at}"),
    "tool.forecast_possible": ("Лише можливе. {sentence}", "Only possible. {sentence}"),
    "tool.forecast_step": ("  {at}  {middle}, від {low} до {high}", "  {at}  {middle}, {low} to {high}"),
    "tool.no_moment": (
        "«{given}» не схоже на мить із запису: напишіть 2026-11-29T18:00",
        '"{given}" is not a moment of a record: write 2026-11-29T18:00',
    ),
    "tool.no_zone": (
        "часового поясу «{given}» немає: напишіть Europe/Kyiv",
        'there is no time zone "{given}": write Europe/Kyiv',
    ),
    "tool.no_percentage": (
        "«{given}» не відсотки: напишіть число від 0 до 100",
        '"{given}" is not a percentage: write a number from 0 to 100',
    ),
    "tool.imported": (
        "Рядків у {file}: {rows}. Перенесено нових вимірів: {new}, як інвертор {device}; уже були тут або двічі у "
        "файлі: {known}.",
        "{file} has {rows} rows: {new} new readings were imported as inverter {device}, {known} were already there or "
        "are duplicates in the file.",
    ),
    "tool.import_errors": (
        "Пропущено рядків, у яких лише помилка попередника: {rows}.",
        "{rows} rows contain only an error of eamoon; skipped.",
    ),
    "tool.import_copies": (
        "Пропущено рядків, які є копіями старіших вимірів від служби батарей попередника: {rows}.",
        "{rows} rows are copies of older readings made by its battery service; skipped.",
    ),
    "tool.import_skipped": ("Пропущено рядків: {rows}; {cause}.", "{rows} rows were skipped: {cause}."),
    "tool.import_unreadable": (
        "Значень, які не є числами або неправдоподібні: {count}; вони записані як невідомі.",
        "{count} values are not numbers or implausible; they are stored as unknown.",
    ),
    "tool.import_unknown": (
        "Поле «{name}» невідоме й пропущене, рядків із ним: {rows}.",
        'The field "{name}" of {rows} rows is unknown and was skipped.',
    ),
    "tool.import_left_out": (
        "Навмисно пропущено: `grid_current` (обчислене з потужності й напруги), `battery_charge_power` (обчислене як "
        "мережа мінус навантаження), `ac_output_freq` (на 11K це налаштування, а не вимір).",
        "Skipped on purpose: `grid_current` (computed from power and voltage), `battery_charge_power` (computed as "
        "grid minus load), `ac_output_freq` (a setting, not a measurement, on its 11K).",
    ),
}
