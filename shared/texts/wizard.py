"""The questions of `make configure`, in Ukrainian and English."""

WIZARD: dict[str, tuple[str, str]] = {
    "configure.language": ("Мова / Language", "Мова / Language"),
    "configure.welcome": (
        "Відповідайте на запитання; Enter залишає те, що в дужках, «-» стирає, «<» повертає до попереднього запитання. "
        "До кінця нічого не записується.",
        "Answer the questions; Enter keeps what is in brackets, “-” clears it, “<” goes back to the question before. "
        "Nothing is written before the end.",
    ),
    "configure.file": ("Налаштування: {file}", "Settings: {file}"),
    "configure.searched_from_here": (
        "Контейнера configure-host немає, тож донгли й батареї шукаються з мережі контейнерів, де їх не чути: "
        "введіть їх вручну або запустіть без --no-deps.",
        "The container configure-host is not there, so dongles and batteries are searched for in the containers' "
        "network, where they are not heard: type them in, or run this without --no-deps.",
    ),
    "configure.tried_later": (
        "Контейнер дістане цей порт лише після запису відповідей; тоді його перевірить: "
        "docker compose run --rm --no-deps {service} python -m services.{service} read",
        "A container is given this port only once the answers are written; then this tries it: "
        "docker compose run --rm --no-deps {service} python -m services.{service} read",
    ),
    "configure.remark": ("{file}: {what}", "{file}: {what}"),
    "configure.interrupted": ("Перервано: нічого не записано.", "Interrupted: nothing was written."),
    "configure.yes_no": ("[Т/н]", "[Y/n]"),
    "configure.no_yes": ("[т/Н]", "[y/N]"),
    "configure.kept": ("залишити", "keep"),
    "configure.worked": ("✓ {what}", "✓ {what}"),
    "configure.failed": ("✗ {what}", "✗ {what}"),
    "configure.keep_anyway": ("Залишити цю відповідь?", "Keep this answer all the same?"),
    "configure.as_it_is": ("як є в .env ({known})", "as .env has it ({known})"),
    # inverter
    "configure.inverter": ("\n== Інвертор ==", "\n== The inverter =="),
    "configure.inverter_search": (
        "Пошукати інвертор у мережі та на портах (до хвилини)?",
        "Look for the inverter in the network and at the ports (up to a minute)?",
    ),
    "configure.inverter_several": (
        "Кілька інверторів разом описує список {file}: див. docs/inverter.md. Тут налаштовується один.",
        "Several inverters together are described by the list {file}: see docs/inverter.md. Here one is set up.",
    ),
    "configure.inverter_which": ("Котрий з них", "Which of these"),
    "configure.inverter_by_hand": ("ввести вручну", "type it in"),
    "configure.inverter_none": ("інвертора поки немає", "no inverter yet"),
    "configure.transport": (
        "Як під'єднано інвертор",
        "How it is connected",
    ),
    "configure.transport_tcp": ("шлюз Modbus TCP", "a gateway that speaks Modbus TCP"),
    "configure.transport_rtu_over_tcp": (
        "шлюз RTU over TCP (Elfin, ser2net)",
        "a gateway with RTU over TCP (Elfin, ser2net)",
    ),
    "configure.transport_serial": ("кабель (USB або RS-232)", "a cable (USB or RS-232)"),
    "configure.transport_dongle": ("Wi-Fi донгл інвертора", "the inverter's Wi-Fi dongle"),
    "configure.host": ("Адреса шлюзу чи донгла", "Address of the gateway or dongle"),
    "configure.port": ("Порт (порожньо: звичайний)", "Port (empty: the usual one)"),
    "configure.serial_port": ("Порт, напр. /dev/ttyUSB0", "Port, such as /dev/ttyUSB0"),
    "configure.inverter_loopback": (
        "Для контейнера ця адреса є ним самим. Вкажіть адресу, яку цей комп'ютер має у вашій мережі (192.168...).",
        "To a container that address is the container itself. Give the address that this machine has in your network "
        "(192.168...).",
    ),
    # batteries
    "configure.batteries": ("\n== Батареї JK ==", "\n== JK batteries =="),
    "configure.batteries_search": (
        "Послухати батареї через Bluetooth (8 с)?",
        "Listen for batteries over Bluetooth (8 s)?",
    ),
    "configure.batteries_own": (
        "Їх додають самі служби: список у {file}.",
        "They are added by themselves: the list is in {file}.",
    ),
    "configure.batteries_wire": (
        "Є батареї на дроті (RS485, порт GPS чи дисплея)?",
        "Are there batteries on a wire (RS485, GPS or display port)?",
    ),
    "configure.batteries_at": ("Які саме", "Which"),
    "configure.batteries_auto": (
        "батареї JK-PB на RS485, одна чи кілька",
        "JK-PB packs on RS485, one or several",
    ),
    "configure.batteries_nw": ("старша плата, порт GPS (UART-TTL)", "an older board, its GPS port (UART-TTL)"),
    "configure.batteries_display": ("старша плата, порт дисплея", "an older board, its display port"),
    "configure.batteries_port": (
        "Порт, напр. /dev/ttyUSB0, або шлюз, напр. tcp://192.168.1.5:8899",
        "Port such as /dev/ttyUSB0, or gateway such as tcp://192.168.1.5:8899",
    ),
    "configure.batteries_packs": (
        "Адреси батарей за їхніми перемикачами, напр. 1-4",
        "Addresses of the packs by their switches, such as 1-4",
    ),
    # schedule
    "configure.schedule": ("\n== Графік відключень ==", "\n== Planned outages =="),
    "configure.region": ("Ваш регіон", "Your region"),
    "configure.region_other": ("Мого регіону тут немає", "Mine is not listed"),
    "configure.region_not_listed": (
        "Тоді графіка поки не буде; docs/schedule.md пояснює, як задати власне джерело.",
        "Then there is no schedule for now; docs/schedule.md explains how to set a source of your own.",
    ),
    "configure.unlicensed": (
        "Автори цих копій не вказали ліцензії: {mirrors}. Брати графік і з них?",
        "The authors of these mirrors state no licence: {mirrors}. Use them too?",
    ),
    "configure.queue": (
        "Ваша черга, напр. 5.2 (порожньо: без графіка)",
        "Your queue, such as 5.2 (empty: no schedule)",
    ),
    # Telegram
    "configure.telegram": ("\n== Telegram ==", "\n== Telegram =="),
    "configure.telegram_how": (
        "Напишіть @BotFather /newbot і вставте токен сюди; без бота: Enter.",
        "Write /newbot to @BotFather and paste the token here; no bot: Enter.",
    ),
    "configure.token": ("Токен", "Token"),
    "configure.write_to_bot": (
        "Тепер напишіть {bot} будь-що в Telegram і натисніть Enter тут",
        "Now write anything to {bot} in Telegram, and press Enter here",
    ),
    "configure.chat": (
        "Кому бот відповідає (номери через кому)",
        "Whom the bot answers (numbers, with commas between)",
    ),
    "configure.test_message": (
        "👋 Це перевірка: бот дому на зв'язку.",
        "👋 This is a test: the bot of your home is here.",
    ),
    # plugs
    "configure.plugs": ("\n== Розетки Tuya ==", "\n== Tuya plugs =="),
    "configure.plugs_want": ("Налаштувати розетки Tuya?", "Set up Tuya plugs?"),
    "configure.access_id": ("Access ID проєкту Tuya", "Access ID of the Tuya project"),
    "configure.access_secret": ("Access Secret", "Access Secret"),
    "configure.user_id": ("UID користувача (порожньо: знайти самим)", "UID of the user (empty: found by itself)"),
    "configure.endpoint": ("Адреса API вашого регіону", "API address of your region"),
    "configure.plugs_own": (
        "Служба допише їх до {file}. Які перемикати з мережею, а які захистити, обирають на сторінці «Система» або в "
        "боті (/plugs).",
        "The service adds them to {file}. Choose which to switch with the grid, and which to protect, on the page "
        "System or in the bot (/plugs).",
    ),
    "configure.plugs_none": ("В акаунті немає розеток.", "There are no plugs in the account."),
    "configure.plugs_follow": (
        "Якщо списку ще немає, одразу перемикати з мережею всі ці розетки та вимикачі?",
        "If there is no list yet, switch all these plugs and wall switches with the grid right away?",
    ),
    "configure.plugs_protect": (
        "Роутер і цей комп'ютер захистіть на сторінці «Система» або в боті, щойно служба запрацює.",
        "Protect the router and this computer on the page System or in the bot as soon as the service runs.",
    ),
    # the page
    "configure.page": ("\n== Сторінка ==", "\n== The page =="),
    "configure.page_open": (
        "Відкрити сторінку для телефонів удома (з паролем)?",
        "Open the page to phones at home (with a password)?",
    ),
    "configure.password": (
        "Пароль сторінки (порожньо: вигадати)",
        "Password of the page (empty: make one up)",
    ),
    "configure.password_is": ("Пароль сторінки: {password}", "The page's password: {password}"),
    "configure.broker_open": (
        "Чи під'єднуватимуться до брокера інші пристрої (Home Assistant, MQTT Explorer)?",
        "Will other devices use the broker (Home Assistant, MQTT Explorer)?",
    ),
    # the end
    "configure.changes": ("\nЗміниться: {names}", "\nThis changes: {names}"),
    "configure.nothing": (
        "\nНічого не змінилося: {file} лишається, як є.",
        "\nNothing has changed: {file} stays as it is.",
    ),
    "configure.write": ("Записати {file}?", "Write {file}?"),
    "configure.written": (
        "Записано {file}; попередній: {before}.",
        "Written to {file}; the one before is {before}.",
    ),
    "configure.next_compose": ("Далі: docker compose up -d", "Next: docker compose up -d"),
    "configure.next_systemd": ("Перезапускати нічого не треба.", "Nothing has to be restarted."),
    "configure.next_make_up": (
        "Далі: sudo deploy/install.sh, або make up (якщо вже працює, спиніть і запустіть ще раз)",
        "Next: sudo deploy/install.sh, or make up (where it runs already, stop it and start it again)",
    ),
    "configure.restart": ("Перезапустити те, чого це стосується ({units})?", "Restart what this concerns ({units})?"),
    "configure.restarted": ("Працюють з новими налаштуваннями: {units}", "These run with the new settings: {units}"),
}
