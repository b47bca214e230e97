"""The BMS service: Bluetooth, connections to batteries, and how their frames are laid out."""

from shared.conditions.condition import Reason, Severity, condition, simple

# The Bluetooth of this machine

NO_ADAPTER = simple(
    "bms.no_adapter",
    uk="Адаптера Bluetooth немає, або його вимкнено: під'єднайте або ввімкніть його.",
    en="There is no Bluetooth adapter, or it is off: plug one in, or switch it on.",
)


@condition(
    "bms.no_such_adapter",
    uk="Адаптера Bluetooth {adapter}, названого в списку батарей, немає, або його вимкнено.",
    en="The Bluetooth adapter {adapter}, which the list of batteries names, is not there or is off.",
)
def no_such_adapter(*, adapter: str) -> None:
    """The adapter of a battery is missing, while there may be others."""


NOT_PERMITTED = simple(
    "bms.not_permitted",
    uk="Система не дозволяє цьому користувачеві працювати з Bluetooth (відмовляє D-Bus): додайте його до групи "
    "`bluetooth`; у Docker див. docs/battery.md про AppArmor і простори імен користувачів.",
    en="This user may not use Bluetooth (D-Bus denies access): add the user to the group `bluetooth`; in Docker see "
    "docs/battery.md about AppArmor and user namespaces.",
)
NO_DBUS = simple(
    "bms.no_dbus",
    uk="Тут немає D-Bus, а отже, і Bluetooth: установіть `bluez`; у Docker змонтуйте /run/dbus хоста.",
    en="There is no D-Bus here, and so no Bluetooth: install `bluez`; in Docker mount /run/dbus of the host.",
)
NO_BLUETOOTHD = simple(
    "bms.no_bluetoothd",
    uk="`bluetoothd` не працює: установіть `bluez` і запустіть його на цьому комп'ютері (на хості).",
    en="`bluetoothd` is not running: install `bluez`, and start it on this machine (the host).",
)
DBUS_REJECTED = simple(
    "bms.dbus_rejected",
    uk="D-Bus хоста не визнає користувача цього контейнера: задайте BLEAK_DBUS_AUTH_UID з номером користувача хоста, "
    "від якого працює контейнер (docs/battery.md).",
    en="The host's D-Bus does not accept the user of this container: set BLEAK_DBUS_AUTH_UID to the number of the "
    "host's user that the container runs as (docs/battery.md).",
)
READ_BY_ANOTHER_PROGRAM = simple(
    "bms.read_by_another_program",
    uk="її дані вже отримує інша програма на цьому комп'ютері: зупиніть ту програму",
    en="another program on this machine receives its data already: stop that program",
)
PAIRING_CANCELED = simple(
    "bms.pairing_canceled",
    uk="спарювання почалося, а вона його перервала. Видаліть старі ключі: `bluetoothctl remove` з її адресою; якщо її "
    "прошивка 19.30 або новіша, її буде спарено знову, щойно вона є у списку батарей",
    en="the pairing began, and it broke that off. Remove the old keys: `bluetoothctl remove` with its address; with "
    "firmware 19.30 or later it is paired again, provided that it is in the list of batteries",
)
NEEDS_PAIRING = simple(
    "bms.needs_pairing",
    uk="їй потрібне спарювання, як і всім із прошивкою 19.30 або новішою. Батареї зі списку спаровуються самі: якщо її "
    "там немає, допишіть її адресу",
    en="it wants to be paired, as firmware 19.30 and later do. Batteries of the list are paired by themselves: add its "
    "address if it is not there",
)
PAIRING_REFUSED = simple(
    "bms.pairing_refused",
    uk="вона відмовляє. Якщо для спарювання їй потрібен код, допишіть його у списку батарей як `pin`, у лапках",
    en="it refuses. If it wants a passkey to be paired, add that to the list of batteries as `pin`, in quotes",
)
PIN_REFUSED = simple(
    "bms.pin_refused",
    uk="вона не приймає коду, записаного у списку батарей як `pin`",
    en="it does not accept the passkey that the list of batteries has as `pin`",
)


@condition("bms.bluetooth_error", uk="помилка Bluetooth {code}", en="Bluetooth error {code}")
def bluetooth_error(*, code: str) -> None:
    """Bluetooth failed in a way that has no text of its own here; the code is BlueZ's or bleak's name for it."""


@condition("bms.scan_failed", uk="Не вдається шукати батареї через Bluetooth: {cause}.", en="Scanning failed: {cause}.")
def scan_failed(*, cause: Reason) -> None:
    """The scan for batteries does not start."""


@condition(
    "bms.no_answer_from_bluetooth", uk="Bluetooth не відповідає: {cause}.", en="Bluetooth does not answer: {cause}."
)
def no_answer_from_bluetooth(*, cause: Reason) -> None:
    """The Bluetooth daemon does not say which devices are connected."""


# Connections

NOT_FOUND_YET = simple(
    "bms.not_found_yet",
    uk="Батарею ще не знайдено.",
    en="It has not been found yet.",
    severity=Severity.WARNING,
)
CONNECTING = simple(
    "bms.connecting",
    uk="Батарею знайдено, триває з'єднання.",
    en="It was found and is being connected.",
    severity=Severity.WARNING,
)
DATA_AWAITED = simple(
    "bms.data_awaited",
    uk="З'єднання є, перших даних ще немає.",
    en="The connection is there; its first data are awaited.",
    severity=Severity.WARNING,
)
SEARCHING_AGAIN = simple(
    "bms.searching_again",
    uk="З'єднання з батареєю закінчилося, її знову шукають.",
    en="Its connection has ended; it is searched for again.",
    severity=Severity.WARNING,
)
NONE_FOUND = simple(
    "bms.none_found",
    uk="Не знайдено жодної батареї JK: чи вона поруч, чи не спить, і чи закрито застосунок на телефоні? Вона приймає "
    "лише одне з'єднання. Пошук триває.",
    en="No JK battery was found: is it in range and awake, and is the phone app closed? It takes one connection at a "
    "time. Still looking.",
)


@condition(
    "bms.not_found",
    uk="Батарею {address} не знайдено: вона задалеко або спить, або до неї під'єднано застосунок на телефоні чи іншу "
    "програму, а вона приймає лише одне з'єднання.",
    en="The battery {address} was not found: it is out of range or asleep, or the phone app or another program is "
    "connected to it, and it takes only one connection at a time.",
)
def not_found(*, address: str) -> None:
    """A battery does not advertise."""


@condition(
    "bms.connect_failed",
    uk="Не вдається з'єднатися з батареєю {address}: {cause}.",
    en="The battery {address} cannot be connected: {cause}.",
)
def connect_failed(*, address: str, cause: Reason) -> None:
    """A battery advertises but the connection fails."""


@condition(
    "bms.pairing_failed",
    uk="Не вдається спаруватися з батареєю {address}: {cause}.",
    en="The battery {address} cannot be paired: {cause}.",
)
def pairing_failed(*, address: str, cause: Reason) -> None:
    """A battery that seems to want pairing refuses it."""


@condition(
    "bms.command_failed",
    uk="Батарея {address} не прийняла команду: {cause}.",
    en="The battery {address} did not accept a command: {cause}.",
)
def command_failed(*, address: str, cause: Reason) -> None:
    """Writing a command to a connected battery fails."""


@condition(
    "bms.not_a_jk",
    uk="{address} не є JK BMS: у нього немає служби Bluetooth FFE0. Чи правильна адреса?",
    en="{address} is not a JK BMS: it has no Bluetooth service FFE0. Is the address correct?",
)
def not_a_jk(*, address: str) -> None:
    """What was connected lacks the service that every JK BMS has."""


@condition(
    "bms.stale_services",
    uk="Запис цього комп'ютера про батарею {address} застарів: служб Bluetooth, які вона оголошує, у ньому немає. "
    "Якщо її не спарено, запис уже видалено, і з'єднання буде нове; інакше: `bluetoothctl remove {address}`, "
    "і спаруйте знову.",
    en="What this machine remembers of the battery {address} is out of date: it lacks the Bluetooth services that the "
    "battery advertises. Unless it is paired, the record has been removed and it is connected again; otherwise "
    "`bluetoothctl remove {address}`, and pair it again.",
)
def stale_services(*, address: str) -> None:
    """A battery that advertises the service of a JK has no such service when connected: a stale cache of BlueZ."""


@condition(
    "bms.connection_lost",
    uk="З'єднання з батареєю {name} обірвалося; триває повторний пошук.",
    en="The connection to {name} was lost; looking for it again.",
)
def connection_lost(*, name: str) -> None:
    """A connection broke."""


@condition(
    "bms.silent_unpaired",
    uk="Батарею {name} під'єднано, але вона мовчить: прошивці 19.30 і новішим спершу потрібне спарювання "
    "(docs/battery.md). Якщо річ не в цьому, її модуль завис: розбудіть її кнопкою на корпусі.",
    en="{name} is connected but sends nothing: firmware 19.30 and later has to be paired first (docs/battery.md). "
    "Otherwise its module hangs: wake it with the button on the battery.",
)
def silent_unpaired(*, name: str) -> None:
    """A connected battery has never sent anything."""


@condition(
    "bms.silent",
    uk="Батарею {name} під'єднано, але нових даних немає: її модуль завис. З'єднання відновлюється.",
    en="{name} is connected but sends nothing new: its module hangs. Connecting again.",
)
def silent(*, name: str) -> None:
    """A connected battery stopped sending, or repeats the same frame."""


# RS485


@condition(
    "bms.line_unusable",
    uk="Порт {port} не відкривається: {cause}.",
    en="The port {port} cannot be opened: {cause}.",
)
def line_unusable(*, port: str, cause: Reason) -> None:
    """The serial port or the gateway that leads to JK packs does not open."""


NO_SUCH_PORT = simple(
    "bms.no_such_port",
    uk="такого пристрою немає; перевірте кабель і адресу в списку батарей",
    en="there is no such device; check its cable, and the address in the list of batteries",
)


@condition(
    "bms.line_lost", uk="Порт {port} зник; його відкривають знову.", en="The port {port} is gone; opening it again."
)
def line_lost(*, port: str) -> None:
    """An open serial port or gateway was unplugged or closed."""


@condition(
    "bms.no_answer_on_line",
    uk="Батарея {name} не відповідає на лінії: перевірте її перемикачі адреси, дроти A і B і протокол 001 у "
    "застосунку.",
    en="{name} does not answer on the line: check its address switches, the wires A and B, and protocol 001 in the "
    "app.",
)
def no_answer_on_line(*, name: str) -> None:
    """A pack does not answer on RS485, or a master does not pass its frames."""


@condition(
    "bms.no_answer_at_gps_port",
    uk="Батарея {name} не відповідає на порту GPS: перевірте дроти RX і TX, а в застосунку — протокол UART1: 000.",
    en="{name} does not answer at its GPS port: check the wires RX and TX, and in the app that UART1 has the protocol "
    "000.",
)
def no_answer_at_gps_port(*, name: str) -> None:
    """A board does not answer in the old dialect."""


@condition(
    "bms.nothing_heard_at_display_port",
    uk="Від батареї {name} на порту дисплея нічого не чути: перевірте дроти A і B та швидкість, зазвичай 2400.",
    en="Nothing is heard of {name} at its display port: check the wires A and B, and the speed, usually 2400 baud.",
)
def nothing_heard_at_display_port(*, name: str) -> None:
    """A board sends nothing to its display."""


@condition(
    "bms.answers_for_another",
    uk="За адресою {asked} на лінії відповідає батарея, у якій задано адресу {own}: дайте кожній свою адресу. Доти її "
    "показники не враховано.",
    en="At address {asked} of the line answers a battery that is set to address {own}: give each its own address. "
    "Until then its readings are not used.",
)
def answers_for_another(*, asked: int, own: int) -> None:
    """A pack answers for another pack's address on RS485."""


# Layouts of frames


@condition(
    "bms.layout_by_version",
    uk="з комірок не видно, який у неї формат даних, тому вибрано {layout} за прошивкою {software}",
    en="its cells do not prove the layout of its frames, so it is read as {layout} by its firmware {software}",
    severity=Severity.WARNING,
)
def layout_by_version(*, layout: str, software: str) -> None:
    """The layout is only known from the software version."""


@condition(
    "bms.layout_contradicts_version",
    uk="за прошивкою {software} формат даних мав би бути {expected}, але за комірками це {layout}; його й вибрано",
    en="its firmware {software} should send the layout {expected}, but its cells prove {layout}, which is used",
    severity=Severity.WARNING,
)
def layout_contradicts_version(*, software: str, expected: str, layout: str) -> None:
    """The content of the frames proves another layout than the software version suggests."""


@condition(
    "bms.layout_unknown",
    uk="ні комірки, ні прошивка ({software}) не показують, який у неї формат даних",
    en="neither its cells nor its firmware ({software}) prove the layout of its frames",
)
def layout_unknown(*, software: str) -> None:
    """Nothing proves how the frames are laid out."""


@condition("bms.layout_doubtful", uk="{name}: {doubt}.", en="{name}: {doubt}.", severity=Severity.WARNING)
def layout_doubtful(*, name: str, doubt: Reason) -> None:
    """What is odd about the layout of a battery's frames."""


@condition(
    "bms.not_readable",
    uk="Батарею {name} не показано: {doubt}. Повідомте про це розробників.",
    en="{name} is not shown: {doubt}. Please report it.",
)
def not_readable(*, name: str, doubt: Reason) -> None:
    """A battery sends frames whose layout is unknown."""


# The service


@condition(
    "bms.disabled",
    uk="За батареями ніхто не стежить. {cause}",
    en="No batteries are watched. {cause}",
    severity=Severity.NOTICE,
)
def disabled(*, cause: Reason) -> None:
    """There has been no Bluetooth since the start, and no battery is listed."""


@condition(
    "bms.not_listed",
    uk="Батарею {name} не вдалося записати до списку, але за нею однаково стежать. {cause}",
    en="The battery {name} could not be added to the list; it is watched all the same. {cause}",
    severity=Severity.WARNING,
)
def not_listed(*, name: str, cause: Reason) -> None:
    """A new battery could not be written to DEVICES_FILE."""


# Settings and the list of batteries

LIMITS_CROSSED = simple(
    "bms.limits_crossed",
    uk="JK_CELL_LOW_V має бути меншим за JK_CELL_HIGH_V",
    en="JK_CELL_LOW_V must be lower than JK_CELL_HIGH_V",
)
NOT_AN_ADDRESS = simple(
    "bms.not_an_address",
    uk="це не адреса Bluetooth на кшталт C8:47:80:12:34:56 (беріть її в лапки)",
    en="it is no Bluetooth address such as C8:47:80:12:34:56 (put it in quotes)",
)
NOT_A_PASSKEY = simple(
    "bms.not_a_passkey",
    uk="код для спарювання має від 1 до 6 цифр (у лапках)",
    en="a passkey has 1 to 6 digits (put it in quotes)",
)
NO_BUS_ADDRESS = simple(
    "bms.no_bus_address",
    uk="адреса батареї на лінії має бути від 0 до 15, як-от /dev/ttyUSB0#1 чи tcp://192.168.1.5:8899#1 (у лапках)",
    en="the address of a battery on a line is from 0 to 15, such as /dev/ttyUSB0#1 or tcp://192.168.1.5:8899#1 "
    "(in quotes)",
)


@condition(
    "bms.line_differs",
    uk="Батареї на лінії {port} мають різні `{field}`: у списку батарей задайте всім однакове значення.",
    en="The batteries on the line {port} differ in `{field}`: give all of them the same in the list of batteries.",
)
def line_differs(*, port: str, field: str) -> None:
    """Packs on one line are listed with different speeds or dialects."""


NONE_IN_RANGE = simple(
    "bms.none_in_range",
    uk="Батарей JK не знайдено: вони поза досяжністю чи сплять, або до них під'єднано застосунок телефона.",
    en="No JK battery was found: it is out of range or asleep, or the phone app is connected to it.",
    severity=Severity.NOTICE,
)
NO_LINE = simple(
    "bms.no_line",
    uk="Батарей на дроті не задано: вкажіть JK_LINE_PORT і JK_LINE_PACKS.",
    en="No batteries on a wire are set: set JK_LINE_PORT and JK_LINE_PACKS.",
)
LINE_WITHOUT_PACKS = simple(
    "bms.line_without_packs",
    uk="JK_LINE_PORT задано, а JK_LINE_PACKS ні: вкажіть адреси батарей від 0 до 15, як-от 1-4",
    en="JK_LINE_PORT is set and JK_LINE_PACKS is not: name the addresses of the packs, from 0 to 15, such as 1-4",
)
ONE_BATTERY_AT_THE_PORT = simple(
    "bms.one_battery_at_the_port",
    uk="з протоколами `nw` і `display` на порту лише одна батарея: адреса без #, як-от /dev/ttyUSB0",
    en="with the dialects `nw` and `display` there is one battery at a port: give the address without #, such as "
    "/dev/ttyUSB0",
)
RESERVED_ID = simple(
    "bms.reserved_id",
    uk="`all` означає суму всіх батарей; виберіть іншу назву",
    en="`all` is the sum of all batteries; choose another name",
)
