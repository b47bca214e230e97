"""The way to the inverter, what answers there, and doubts about its readings."""

from shared.conditions.condition import Reason, Severity, condition, simple

# settings

HOST_NOT_SET = simple(
    "poller.host_not_set",
    uk="Інвертор не налаштовано: задайте в .env MODBUS_HOST — адресу його шлюзу.",
    en="No inverter is configured: set MODBUS_HOST in .env to the address of its gateway.",
    severity=Severity.NOTICE,
)
SERIAL_PORT_NOT_SET = simple(
    "poller.serial_port_not_set",
    uk="Інвертор не налаштовано: задайте в .env MODBUS_SERIAL_PORT — послідовний порт, наприклад /dev/ttyUSB0.",
    en="No inverter is configured: set MODBUS_SERIAL_PORT in .env to the serial port, such as /dev/ttyUSB0.",
    severity=Severity.NOTICE,
)
NONE_FOUND = simple(
    "poller.none_found",
    uk="Підтримуваного інвертора не знайдено: чи він увімкнений і чи його донгл або шлюз у цій мережі?",
    en="No inverter of this family was found: is it on, and is its dongle or gateway in this network?",
    severity=Severity.NOTICE,
)
LOST_VOLTAGE_NOT_LOWER = simple(
    "poller.lost_voltage_not_lower",
    uk="GRID_LOST_V має бути меншим за GRID_PRESENT_V",
    en="GRID_LOST_V must be lower than GRID_PRESENT_V",
)


@condition(
    "poller.model_mismatch",
    uk="INVERTER_MODEL={model} означає карту регістрів {configured}, але інвертор повідомляє протокол {protocol}, "
    "тобто {detected}, і читається саме так. Задайте INVERTER_MODEL=auto.",
    en="INVERTER_MODEL={model} means the layout {configured}, but the inverter reports protocol {protocol}, which is "
    "{detected}, and is read as such: set INVERTER_MODEL=auto.",
    severity=Severity.WARNING,
)
def model_mismatch(*, model: str, configured: str, protocol: int, detected: str) -> None:
    """The configured model contradicts the device, and the device is right."""


# several inverters

BAD_NAME = simple(
    "poller.bad_name",
    uk="можна лише латинські літери, цифри, `_` і `-`, щонайбільше 40 знаків",
    en="only letters, digits, `_` and `-`, at most 40",
)
RESERVED_NAME = simple(
    "poller.reserved_name",
    uk="`all` означає суму всіх інверторів; виберіть іншу назву",
    en="`all` is the sum of all inverters; choose another name",
)


@condition("poller.of_inverter", uk="{name}: {reason}", en="{name}: {reason}", severity=Severity.WARNING)
def of_inverter(*, name: str, reason: Reason) -> None:
    """What is wrong with one of several inverters."""


@condition(
    "poller.list_not_taken_over",
    uk="{cause} Діє попередній список.",
    en="{cause} The previous list is still used.",
)
def list_not_taken_over(*, cause: Reason) -> None:
    """The list of inverters was changed while the poller runs, and has a mistake now."""


@condition("poller.list_gone", uk="INVERTERS_FILE {file} зник.", en="INVERTERS_FILE {file} is gone.")
def list_gone(*, file: str) -> None:
    """The list of inverters was there at the start and is no longer."""


@condition(
    "poller.left_changed",
    uk="Параметри інвертора {name}, якого тут уже немає, змінено на час, і ніхто їх не поверне. Дайте йому знову цю "
    "назву або поверніть їх самі й видаліть {file}.",
    en="Settings of the inverter {name}, which is not here any more, were changed for a time, and nobody restores "
    "them. Give the inverter this name again, or restore them yourself and delete {file}.",
)
def left_changed(*, name: str, file: str) -> None:
    """An inverter was removed, or renamed without a serial number to know it by, while its settings were changed."""


@condition(
    "poller.witnesses_disagree",
    uk="{off} не бачить напруги мережі, а {on} бачить, тож світло є. Перевірте, чи не вимкнено автомат на вході мережі "
    "{off}. Якщо вони на різних фазах, задайте `phase` у списку інверторів.",
    en="{off} sees no power at its grid input while {on} does, so the grid counts as on. Check the breaker of the "
    "grid input of {off}; where they are on different phases, set `phase` in the list of inverters.",
    severity=Severity.WARNING,
)
def witnesses_disagree(*, off: str, on: str) -> None:
    """Of several inverters on one phase, some see the grid and some do not."""


@condition(
    "poller.phases_lost",
    uk="Світло є не на всіх фазах: немає на фазі {phases}.",
    en="The grid is not there on all phases: phase {phases} is lost.",
    severity=Severity.WARNING,
)
def phases_lost(*, phases: str) -> None:
    """Some phases of the grid are lost, and others are there."""


# register layouts

NOT_A_LAYOUT = simple("poller.not_a_layout", uk="це не карта регістрів", en="it is not a register layout")


@condition("poller.not_yaml", uk="це не YAML: {detail}", en="it is not valid YAML: {detail}")
def not_yaml(*, detail: str) -> None:
    """A register layout is not valid YAML; the detail is the library's."""


@condition(
    "poller.layout_invalid",
    uk="Файл карти регістрів {file} зіпсовано: {fault}. Поверніть файл із випуску програми.",
    en="{file}: {fault}.",
)
def layout_invalid(*, file: str, fault: Reason) -> None:
    """A register layout does not fit its schema."""


@condition(
    "poller.layout_missing",
    uk="Карти регістрів {name} немає; є {known}.",
    en="There is no register layout {name}; there are {known}.",
)
def layout_missing(*, name: str, known: str) -> None:
    """No file describes the register layout."""


# reaching the gateway, the serial port, the dongle


@condition(
    "poller.host_unknown",
    uk="Ім'я {host} у цій мережі невідоме: задайте в MODBUS_HOST адресу шлюзу або донгла інвертора.",
    en="The name {host} is not known on this network: set MODBUS_HOST to the address of the inverter's "
    "gateway or dongle.",
)
def host_unknown(*, host: str) -> None:
    """The name in MODBUS_HOST does not resolve."""


@condition(
    "poller.gateway_unreachable",
    uk="За адресою {where} немає відповіді за протоколом {protocol} ({cause}): чи ввімкнено шлюз, і чи правильні "
    "MODBUS_HOST та MODBUS_PORT?",
    en="Nothing listens for {protocol} at {where} ({cause}): is the gateway on, and are MODBUS_HOST and MODBUS_PORT "
    "right?",
)
def gateway_unreachable(*, where: str, protocol: str, cause: Reason) -> None:
    """The gateway does not accept a TCP connection."""


@condition(
    "poller.serial_port_unusable",
    uk="Послідовний порт {device} не відкривається: {cause}.",
    en="The serial port {device} cannot be opened: {cause}.",
)
def serial_port_unusable(*, device: str, cause: Reason) -> None:
    """The serial port does not open."""


SERIAL_PORT_MISSING = simple(
    "poller.serial_port_missing",
    uk="такого пристрою немає; перевірте його кабель і MODBUS_SERIAL_PORT",
    en="there is no such device; check its cable and MODBUS_SERIAL_PORT",
)
SERIAL_PORT_GONE = simple(
    "poller.serial_port_gone",
    uk="пристрій зник; перевірте його кабель",
    en="the device is gone; check its cable",
)
SERIAL_PORT_FORBIDDEN = simple(
    "poller.serial_port_forbidden",
    uk="цьому користувачеві його відкривати не можна: додайте користувача до групи `dialout` або дайте пристрій "
    "контейнеру",
    en="this user may not open it: add the user to the group dialout, or give the device to the container",
)
SERIAL_PORT_IN_USE = simple(
    "poller.serial_port_in_use",
    uk="ним користується інша програма; зупиніть її, бо дві програми на одній лінії заважають одна одній",
    en="another program uses it; stop that one, because two masters disturb each other",
)
NOT_A_SERIAL_PORT = simple(
    "poller.not_a_serial_port",
    uk="це не послідовний порт, або він не підтримує цієї швидкості",
    en="it is not a serial port, or it does not support this speed",
)


@condition(
    "poller.port_unusable",
    uk="Порт {port}, до якого має під'єднуватися донгл, непридатний ({cause}): задайте в MODBUS_PORT інший.",
    en="Port {port}, to which the dongle should connect, cannot be used ({cause}): set MODBUS_PORT to another.",
)
def port_unusable(*, port: int, cause: Reason) -> None:
    """The port for the dongle's connection cannot be opened."""


@condition(
    "poller.port_taken_by",
    uk="Порт {port}, до якого має під'єднуватися донгл, зайняла програма {program} (процес {process}): завершіть її "
    "або задайте MODBUS_PORT.",
    en="Port {port}, to which the dongle should connect, is taken by {program} (process {process}): end that program, "
    "or set MODBUS_PORT.",
)
def port_taken_by(*, port: int, program: str, process: int) -> None:
    """Another program, which we may see, listens on the port for the dongle's connection."""


@condition(
    "poller.port_taken",
    uk="Порт {port}, до якого має під'єднуватися донгл, зайняла інша програма: завершіть її або задайте MODBUS_PORT.",
    en="Port {port}, to which the dongle should connect, is taken by another program: end it, or set MODBUS_PORT.",
)
def port_taken(*, port: int) -> None:
    """Another program, which we may not see, listens on the port for the dongle's connection."""


@condition(
    "poller.several_dongles",
    uk="Відповідає кілька донглів ({addresses}): задайте в MODBUS_HOST потрібний.",
    en="Several dongles answer ({addresses}): set MODBUS_HOST to the one that is meant.",
)
def several_dongles(*, addresses: str) -> None:
    """MODBUS_HOST is empty, and more than one dongle is on the network."""


@condition(
    "poller.dongle_at_other_address",
    uk="Під'єднався {caller}, а в MODBUS_HOST стоїть {host}: впишіть туди цю адресу, якщо це донгл; за проксі залиште "
    "MODBUS_HOST порожнім і задайте в DONGLE_BROADCAST адресу самого донгла.",
    en="A connection came from {caller}, but MODBUS_HOST is {host}: set it to that address if this is the dongle; "
    "behind a proxy leave it empty and set DONGLE_BROADCAST to the dongle's own address.",
)
def dongle_at_other_address(*, caller: str, host: str) -> None:
    """Something connects, but not from the address in MODBUS_HOST."""


@condition(
    "poller.dongle_does_not_connect",
    uk="Донгл {address} відповідає, але не під'єднується до порту {port} цієї машини: задайте в LOCAL_IP адресу цієї "
    "машини, доступну донглу (у Docker адресу хоста, з опублікованим портом), і перевірте, чи не заважає брандмауер "
    "або інша програма, що перехоплює донгл.",
    en="The dongle at {address} answers but does not connect to port {port} of this machine: set LOCAL_IP to the "
    "address of this machine that the dongle can reach (in Docker: the host's, with the port published), and look for "
    "a firewall, or for another program that takes the dongle away.",
)
def dongle_does_not_connect(*, address: str, port: int) -> None:
    """The dongle answers by UDP, but its TCP connection does not arrive."""


@condition(
    "poller.dongle_not_at_host",
    uk="За адресою {host} (UDP {udp_port}) жоден донгл не відповідає: чи ввімкнено його, чи він у цій мережі, і чи "
    "MODBUS_HOST — його адреса?",
    en="No dongle answers at {host} (UDP {udp_port}): is it on, in this network, and is MODBUS_HOST its address?",
)
def dongle_not_at_host(*, host: str, udp_port: int) -> None:
    """No dongle answers at the address in MODBUS_HOST."""


@condition(
    "poller.dongle_not_found",
    uk="У цій мережі жоден донгл не відповідає (запит на {broadcast}, UDP {udp_port}): чи ввімкнено його, і чи він у "
    "цій мережі? У Docker широкомовні запити проходять лише через мережу хоста: задайте в MODBUS_HOST адресу донгла.",
    en="No dongle answers on this network (broadcast to {broadcast}, UDP {udp_port}): is it on and in this network? In "
    "Docker only the host's network carries broadcasts: set MODBUS_HOST to the dongle's address.",
)
def dongle_not_found(*, broadcast: str, udp_port: int) -> None:
    """No dongle answers a broadcast."""


@condition(
    "poller.dongle_contended",
    uk="Донгл від'єднався {times} {times:раз|рази|разів} за {seconds:.0f} с: ним користується ще одна програма "
    "(SmartESS у локальному режимі, Home Assistant, друга служба poller), а може лише одна; або його Wi-Fi "
    "нестабільний.",
    en="The dongle disconnected {times} times within {seconds:.0f} s: another program (SmartESS in local "
    "mode, Home Assistant, a second poller) uses it too, and only one can; or its Wi-Fi is unstable.",
    severity=Severity.WARNING,
)
def dongle_contended(*, times: int, seconds: float) -> None:
    """The dongle keeps dropping our connection although readings come in between."""


# no answer, or none that can be trusted


@condition(
    "poller.connection_lost",
    uk="З'єднання з {where} обірвалося посеред запиту.",
    en="The connection to {where} was lost in the middle of a request.",
)
def connection_lost(*, where: str) -> None:
    """The connection ends while an answer is awaited."""


@condition(
    "poller.no_answer_from_gateway",
    uk="Шлюз {where} приймає з'єднання, але інвертор із номером {unit} не відповідає протягом {seconds:g} с: перевірте "
    "його кабель, MODBUS_UNIT_ID і MODBUS_TRANSPORT.",
    en="{where} accepts connections, but no inverter answers as unit {unit} within {seconds:g} s: check its cable, "
    "MODBUS_UNIT_ID and MODBUS_TRANSPORT.",
)
def no_answer_from_gateway(*, where: str, unit: int, seconds: float) -> None:
    """The gateway is connected, and no inverter answers behind it."""


@condition(
    "poller.no_answer_on_serial_port",
    uk="Порт {where} відкрито, але інвертор із номером {unit} не відповідає протягом {seconds:g} с: перевірте кабель, "
    "MODBUS_UNIT_ID і MODBUS_BAUDRATE ({baudrate}; ці інвертори працюють на 9600).",
    en="{where} is open, but no inverter answers as unit {unit} within {seconds:g} s: check the cable, MODBUS_UNIT_ID "
    "and MODBUS_BAUDRATE ({baudrate}; these inverters use 9600).",
)
def no_answer_on_serial_port(*, where: str, unit: int, seconds: float, baudrate: int) -> None:
    """The serial port is open, and no inverter answers on it."""


@condition(
    "poller.no_answer_from_dongle",
    uk="Донгл {where} під'єднався, але інвертор за ним не відповідає за Modbus як номер {unit} протягом {seconds:g} с: "
    "відійшов його кабель, або інший MODBUS_UNIT_ID, або це модель із протоколом PI30 (Easun SMW, SMH, SMR, SMT та "
    "інші), яких ця програма не читає.",
    en="The dongle at {where} has connected, but no inverter behind it answers Modbus as unit {unit} within "
    "{seconds:g} s: its cable is loose, MODBUS_UNIT_ID is another, or it is a PI30 model (Easun SMW, SMH, SMR, SMT "
    "and others), which this program does not read.",
)
def no_answer_from_dongle(*, where: str, unit: int, seconds: float) -> None:
    """The dongle is connected, and no inverter answers behind it."""


@condition(
    "poller.bad_answer_from_gateway",
    uk="Від {where} надходить щось інше, ніж ціла відповідь {protocol}: перевірте MODBUS_TRANSPORT і послідовну лінію "
    "шлюзу (9600 8N1, лише один головний пристрій).",
    en="{where} sends something that is not a whole {protocol} answer: check MODBUS_TRANSPORT, and the gateway's "
    "serial line (9600 8N1, one master only).",
)
def bad_answer_from_gateway(*, where: str, protocol: str) -> None:
    """What comes from the gateway is damaged, or of another protocol."""


@condition(
    "poller.bad_answer_on_serial_port",
    uk="З порту {where} надходить щось інше, ніж ціла відповідь {protocol}: перевірте MODBUS_BAUDRATE ({baudrate}; ці "
    "інвертори працюють на 9600), і чи не під'єднано до лінії донгл або ще одну програму.",
    en="{where} receives something that is not a whole {protocol} answer: check MODBUS_BAUDRATE ({baudrate}; these "
    "inverters use 9600), and that no dongle or other program shares the line.",
)
def bad_answer_on_serial_port(*, where: str, protocol: str, baudrate: int) -> None:
    """What comes from the serial port is damaged, or of another protocol."""


@condition(
    "poller.bad_answer_from_dongle",
    uk="Від донгла {where} надходить щось інше, ніж ціла відповідь {protocol}: чи не під'єднано до порту інвертора ще "
    "один кабель або програму?",
    en="The dongle at {where} sends something that is not a whole {protocol} answer: does a second cable or program "
    "share the inverter's port?",
)
def bad_answer_from_dongle(*, where: str, protocol: str) -> None:
    """What comes from the dongle is damaged, or of another protocol."""


@condition(
    "poller.answers_as_other_unit",
    uk="Запит до {where} був для номера {unit}, а відповідь надходить від номера {answered}, тож її не прийнято. Якщо "
    "це ваш інвертор, задайте той самий номер у шлюзі та в MODBUS_UNIT_ID; шлюзи, що замінюють його на 0, "
    "читаються через MODBUS_TRANSPORT=rtu_over_tcp, якщо мають прозорий режим.",
    en="{where} was asked as unit {unit} and answers as unit {answered}, so the answer is not taken. If this is your "
    "inverter, set the same number in the gateway and in MODBUS_UNIT_ID; a gateway that replaces it by 0 can be read "
    "with MODBUS_TRANSPORT=rtu_over_tcp where it has a transparent mode.",
)
def answers_as_other_unit(*, where: str, unit: int, answered: int) -> None:
    """Complete answers arrive, but under the number of another unit."""


@condition(
    "poller.answers_with_other_number",
    uk="Відповіді від {where} мають власні номери транзакцій замість номерів наших запитів, тож невідомо, на що вони. "
    "Оновіть прошивку шлюзу або ввімкніть у ньому прозорий режим і задайте MODBUS_TRANSPORT=rtu_over_tcp.",
    en="{where} answers with transaction numbers of its own instead of those of our requests, so nobody knows what "
    "they answer: update the gateway's firmware, or switch it to its transparent mode and set "
    "MODBUS_TRANSPORT=rtu_over_tcp.",
)
def answers_with_other_number(*, where: str) -> None:
    """Complete answers arrive, but with a transaction number that we never sent."""


@condition(
    "poller.other_protocol",
    uk="Інвертор за {where} відповідає за протоколом PI30 іншої родини (Easun SMW, SMH, SMR, SMT та інші), якого ця "
    "програма не читає.",
    en="The inverter behind {where} speaks PI30, the protocol of another family (Easun SMW, SMH, SMR, SMT and others), "
    "which this program does not read.",
)
def other_protocol(*, where: str) -> None:
    """The inverter answers in the ASCII protocol PI30."""


@condition(
    "poller.gateway_does_not_reach_inverter",
    uk="Шлюз {where} не має зв'язку з інвертором номер {unit}: {exception}. Перевірте кабель інвертора та "
    "MODBUS_UNIT_ID.",
    en="The gateway {where} does not reach unit {unit}: {exception}; check the inverter's cable and MODBUS_UNIT_ID.",
)
def gateway_does_not_reach_inverter(*, where: str, unit: int, exception: Reason) -> None:
    """The gateway itself reports that the inverter does not answer it."""


@condition(
    "poller.request_refused",
    uk="Інвертор {where} відхилив запит: {exception}.",
    en="The inverter at {where} refuses the request: {exception}.",
)
def request_refused(*, where: str, exception: Reason) -> None:
    """The inverter answers a request by a Modbus exception."""


@condition("poller.modbus_exception", uk="виняток Modbus {number} ({meaning})", en="exception {number} ({meaning})")
def modbus_exception(*, number: int, meaning: Reason) -> None:
    """A Modbus exception code with its meaning by the standard."""


UNKNOWN_EXCEPTION = simple("poller.unknown_exception", uk="невідомий код винятку", en="unknown exception code")
ILLEGAL_FUNCTION = simple("poller.illegal_function", uk="недопустима функція", en="illegal function")
ILLEGAL_DATA_ADDRESS = simple("poller.illegal_data_address", uk="недопустима адреса даних", en="illegal data address")
ILLEGAL_DATA_VALUE = simple("poller.illegal_data_value", uk="недопустиме значення даних", en="illegal data value")
DEVICE_FAILURE = simple("poller.device_failure", uk="збій пристрою", en="device failure")
STILL_BUSY = simple("poller.still_busy", uk="прийнято, ще виконується", en="acknowledge, still busy")
DEVICE_BUSY = simple("poller.device_busy", uk="пристрій зайнятий", en="device busy")
GATEWAY_PATH_UNAVAILABLE = simple(
    "poller.gateway_path_unavailable", uk="шлях шлюзу недоступний", en="gateway path unavailable"
)
GATEWAY_TARGET_SILENT = simple(
    "poller.gateway_target_silent", uk="пристрій за шлюзом не відповідає", en="gateway target does not respond"
)

# readings


@condition(
    "poller.unknown_protocol_number",
    uk="У регістрі {register} число {number}: такий інвертор ще не описано. Повідомте про нього, будь ласка, і "
    "додайте файл, який створює `python -m services.poller dump`.",
    en="Register {register} is {number}, and no such inverter is known yet. Please report it, with the file that "
    "`python -m services.poller dump` makes.",
)
def unknown_protocol_number(*, register: int, number: int) -> None:
    """No register layout is known for the protocol number that the inverter reports."""


@condition(
    "poller.refuses_everything",
    uk="{refusal} Навіть номера протоколу (регістр 184) він не повідомляє, тож це, ймовірно, інвертор іншої родини, "
    "якої ця програма не читає. Моделі з PI30 (Easun SMW, SMH, SMR, SMT) читають jblance/mpp-solar і "
    "groove-max/ha-eybond-local, SRNE (Easun SMX) і Growatt — HotNoob/PythonProtocolGateway.",
    en="{refusal} It does not even tell its protocol number (register 184), so it is probably an inverter of another "
    "family, which this program does not read. PI30 models (Easun SMW, SMH, SMR, SMT) are read by jblance/mpp-solar "
    "and groove-max/ha-eybond-local, SRNE (Easun SMX) and Growatt by HotNoob/PythonProtocolGateway.",
)
def refuses_everything(*, refusal: Reason) -> None:
    """The inverter refuses every read, as one with other register addresses does."""


@condition(
    "poller.registers_left_out",
    uk="Інвертор не відповідає про регістри {registers} або надсилає самі нулі, яких не може бути, тож їхні значення "
    "невідомі; решта читається.",
    en="The inverter does not answer for registers {registers}, or with zeros that cannot be true, so their values are "
    "unknown; the rest is read.",
    severity=Severity.WARNING,
)
def registers_left_out(*, registers: str) -> None:
    """Some requests get no answer, or zeros that contradict each other, while others are answered."""


READINGS_DIFFER = simple(
    "poller.readings_differ",
    uk="Інвертор щоразу відповідає по-різному.",
    en="The inverter answers differently each time.",
    severity=Severity.WARNING,
)
ONLY_ZEROS = simple(
    "poller.only_zeros",
    uk="Шлюз або донгл відповідає самими нулями: мабуть, він втратив кабель інвертора.",
    en="The gateway or dongle answers nothing but zeros: it has probably lost the inverter's cable.",
)
GRID_UNREAD = simple(
    "poller.grid_unread",
    uk="Інвертор не повідомляє придатних значень напруги й частоти мережі, тож її стан невідомий. Можливо, у цієї "
    "моделі інша карта регістрів: повідомте про це, будь ласка, і додайте файл, який створює `python -m "
    "services.poller dump`.",
    en="The inverter reports no usable voltage and frequency of the grid, so its state is unknown. Perhaps the "
    "registers of this model are laid out differently: please report it, with the file that `python -m "
    "services.poller dump` makes.",
    severity=Severity.WARNING,
)


@condition(
    "poller.grid_implausible",
    uk="Напруга й частота мережі від інвертора суперечать одна одній ({volts:.1f} В, {hertz:.1f} Гц), тож її стан "
    "невідомий. Можливо, у цієї моделі інша карта регістрів: повідомте про це, будь ласка, і додайте файл, який "
    "створює `python -m services.poller dump`.",
    en="The inverter's figures for the grid cannot be true ({volts:.1f} V at {hertz:.1f} Hz), so its state is "
    "unknown. Perhaps the registers of this model are laid out differently: please report it, with the file that "
    "`python -m services.poller dump` makes.",
    severity=Severity.WARNING,
)
def grid_implausible(*, volts: float, hertz: float) -> None:
    """The voltage and frequency of the grid contradict each other."""


@condition(
    "poller.grid_between_limits",
    uk="У мережі {volts:.1f} В, {hertz:.1f} Гц: це ні «є», ні «немає», тож її стан невідомий. Якщо така напруга у вас "
    "звичайна, задайте менше значення GRID_PRESENT_V.",
    en="The grid shows {volts:.1f} V at {hertz:.1f} Hz, which is neither present nor lost, so its state is unknown: "
    "set GRID_PRESENT_V lower where this is usual.",
    severity=Severity.WARNING,
)
def grid_between_limits(*, volts: float, hertz: float) -> None:
    """Voltage and frequency lie between the limits from the start, so that there is no earlier state to keep."""
