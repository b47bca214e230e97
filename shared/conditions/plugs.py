"""Plugs, what becomes of attempts to switch them, and Tuya's cloud."""

from shared.conditions.condition import Reason, Severity, condition, simple

# a plug, reached over the home network or through the cloud


@condition(
    "plug.no_answer",
    uk="{name} не відповідає за адресою {host}: чи є в розетці напруга і чи не відкрито застосунок на телефоні?",
    en="{name} does not answer at {host}: is it powered, and no phone app open?",
)
def no_answer(*, name: str, host: str) -> None:
    """The plug cannot be reached over the home network."""


@condition(
    "plug.wrong_key",
    uk="{name} нас не розуміє: `local_key` або `version` хибні. Ключ змінюється, коли розетку під'єднують до "
    "застосунку знову: чи змінився він, покаже `python -m services.tuya list`.",
    en="{name} does not understand us: its local_key or version is wrong. A key changes when the plug is paired again: "
    "`python -m services.tuya list` shows whether it has.",
)
def wrong_key(*, name: str) -> None:
    """The plug rejects what we encrypted with its key."""


@condition(
    "plug.not_understood",
    uk="{name} за адресою {host} відповідає так, що зрозуміти це неможливо.",
    en="{name} at {host} answers something that cannot be understood.",
)
def not_understood(*, name: str, host: str) -> None:
    """An answer that the key does not open: broken, or the key or the version is wrong."""


@condition(
    "plug.silent",
    uk="{name} за адресою {host} приймає з'єднання, але не встигає відповісти. Якщо це триває, перевірте `local_key` "
    "і `version`.",
    en="{name} at {host} accepts the connection and does not answer in time. If it stays so, check its local_key and "
    "version.",
)
def silent(*, name: str, host: str) -> None:
    """The plug has power and is slow, or hangs."""


@condition(
    "plug.hung_up",
    uk="{name} за адресою {host} обриває з'єднання: вона щойно ввімкнулась, нею керує застосунок на телефоні, або "
    "`local_key` чи `version` хибні.",
    en="{name} at {host} hangs up: it has just started, a phone app is connected to it, or its local_key or version is "
    "wrong.",
)
def hung_up(*, name: str, host: str) -> None:
    """The plug closed the connection before it had answered; some do so when they cannot decrypt what we send."""


@condition(
    "plug.another_plug",
    uk="За адресою {host} відповідає не {name}, а інша розетка.",
    en="Another plug than {name} answers at {host}.",
)
def another_plug(*, name: str, host: str) -> None:
    """The router has given the address to another plug."""


NO_NETWORK = simple(
    "plug.no_network",
    uk="Цей комп'ютер не має мережі: перевірте його Wi-Fi або кабель.",
    en="This machine has no network: check its Wi-Fi or cable.",
)


@condition(
    "plug.no_switch_in_answer",
    uk="{name} відповідає, але не повідомляє, що ввімкнено.",
    en="{name} answers without saying what is on.",
)
def no_switch_in_answer(*, name: str) -> None:
    """The plug answers without any of its data points."""


@condition(
    "plug.not_a_switch",
    uk="Точка даних {point} у {name} не є вимикачем (увімкнено чи вимкнено повідомляють: {some}). Задайте правильну в "
    "`gangs` у списку розеток; в автоматів це зазвичай 16.",
    en="Data point {point} of {name} is not a switch (these report on or off: {some}). Set the right one under `gangs` "
    "in the list of plugs; for a breaker it is usually 16.",
)
def not_a_switch(*, name: str, point: int, some: str) -> None:
    """What should be a switch holds a number or a text: nothing is written to it."""


@condition(
    "plug.no_way",
    uk="До {name} немає шляху: потрібні `host` і `local_key` у списку розеток або хмара в .env.",
    en="There is no way to {name}: it needs host and local_key in the list of plugs, or the cloud in .env.",
)
def no_way(*, name: str) -> None:
    """The plug can be reached neither over the home network nor through the cloud."""


@condition("plug.both_ways_failed", uk="{local} {cloud}", en="{local} {cloud}")
def both_ways_failed(*, local: Reason, cloud: Reason) -> None:
    """Both the home network and the cloud failed."""


@condition(
    "plug.did_not_obey",
    uk="{name} підтверджує команду, але не виконує її: можливо, у застосунку є таймер?",
    en="{name} accepts the command and does not stay that way: is there a timer in the app?",
)
def did_not_obey(*, name: str) -> None:
    """The plug acknowledges a command, and is found in the other state when it is read back."""


@condition(
    "plug.came_back_on",
    uk="{name} вмикається без нашої команди: можливо, у застосунку є таймер, або хтось натискає кнопку?",
    en="{name} comes back on by itself: is there a timer in the app, or somebody at its button?",
)
def came_back_on(*, name: str) -> None:
    """A plug that was switched off for an outage was found on, again and again."""


@condition(
    "plug.not_switched",
    uk="{name} не вдалося перемкнути. {cause}",
    en="{name} could not be switched. {cause}",
)
def not_switched(*, name: str, cause: Reason) -> None:
    """An attempt to switch failed; attempts go on."""


@condition(
    "plug.would_not_follow",
    uk="{name} не перемкнулася б під час відключення. {cause}",
    en="{name} would not be switched in an outage. {cause}",
    severity=Severity.WARNING,
    prompt=True,
)
def would_not_follow(*, name: str, cause: Reason) -> None:
    """Asked before a planned outage, or in the evening, the plug did not answer."""


@condition("plug.retrying", uk="{cause} Спроби тривають.", en="{cause} Trying again.", severity=Severity.WARNING)
def retrying(*, cause: Reason) -> None:
    """The first attempt failed."""


@condition(
    "plug.left_alone",
    uk="{cause} Кількість спроб: {tries}; більше ми її не чіпаємо.",
    en="{cause} It is left alone after {tries} tries.",
)
def left_alone(*, cause: Reason, tries: int) -> None:
    """We stop switching a plug that does not stay as it was switched."""


# what becomes of a target without an error

EXPIRED = simple(
    "plug.expired", uk="Це не вдалося зробити вчасно.", en="It could not be done in time.", severity=Severity.WARNING
)
GRID_CHANGED = simple(
    "plug.grid_changed",
    uk="Стан мережі змінився раніше, ніж це вдалося зробити.",
    en="The grid changed before it could be done.",
    severity=Severity.NOTICE,
)
REPLACED = simple(
    "plug.replaced",
    uk="Раніше, ніж це вдалося зробити, надійшла інша команда.",
    en="Another command came before it could be done.",
    severity=Severity.NOTICE,
)
DRY_RUN = simple(
    "plug.dry_run",
    uk="Діє TUYA_DRY_RUN: нічого не перемкнуто.",
    en="TUYA_DRY_RUN is set: nothing was switched.",
    severity=Severity.NOTICE,
)
RETIRED = simple(
    "plug.retired",
    uk="За нею більше не стежимо: у списку розеток її вимкнено або там її вже немає.",
    en="It is no longer watched: disabled in the list of plugs, or removed from it.",
    severity=Severity.NOTICE,
)

# an off-on test


@condition(
    "plug.test_failed",
    uk="Перевірку {name} не пройдено. {cause}",
    en="{name} has failed the test. {cause}",
    severity=Severity.WARNING,
)
def test_failed(*, name: str, cause: Reason) -> None:
    """The plug was to be switched off and on again, and did not do both."""


@condition(
    "plug.test_of_off",
    uk="{name} відповідає й зараз вимкнена, тому її не перемикали.",
    en="{name} answers and is off, so it was not switched.",
    severity=Severity.NOTICE,
)
def test_of_off(*, name: str) -> None:
    """What is off is not switched on for a test: nobody knows what hangs on it."""


TEST_WITHOUT_POWER = simple(
    "plug.test_without_power",
    uk="Перевіряємо лише тоді, коли світло точно є.",
    en="Plugs are tested only while the power is certain to be on.",
    severity=Severity.NOTICE,
)
TEST_BUSY = simple(
    "plug.test_busy",
    uk="Її саме перемикають: спробуйте трохи згодом.",
    en="It is just being switched: try again in a moment.",
    severity=Severity.NOTICE,
)

# refused commands

UNKNOWN_PLUG = simple(
    "plug.unknown",
    uk="Розетки з таким `id` у списку немає.",
    en="There is no plug with this id in the list of plugs.",
    severity=Severity.WARNING,
)
NAMED_GRID = simple(
    "plug.named_grid",
    uk="Від імені мережі команд не надсилають: `by` має називати того, хто перемикає.",
    en="No command comes from the grid: `by` must name who switches.",
    severity=Severity.WARNING,
)
COMMAND_TOO_OLD = simple(
    "plug.command_too_old",
    uk="Команда застаріла, або годинник відправника хибний.",
    en="The command is too old, or its sender's clock is wrong.",
    severity=Severity.WARNING,
)
COMMAND_RETAINED = simple(
    "plug.command_retained",
    uk="Команду надіслано з позначкою `retained`, тому її не виконано: вона повторювалася б після кожного запуску.",
    en="A retained command is not obeyed: it would be repeated at every start.",
    severity=Severity.WARNING,
)
NO_JOURNAL = simple(
    "plug.no_journal",
    uk="Журнал не записується, а без нього нічого не перемикаємо: див. стан служби.",
    en="The journal cannot be written, and nothing is switched without it: see the service's status.",
)


@condition(
    "plug.protected",
    uk="{name} під захистом: перемикати її не можна нікому.",
    en="{name} is protected: nobody may switch it.",
    severity=Severity.WARNING,
)
def protected(*, name: str) -> None:
    """The list of plugs has `protected: true` for it."""


@condition(
    "plug.disabled",
    uk="{name} вимкнено у списку розеток: поставте там `enabled: true`.",
    en="{name} is disabled: set `enabled: true` in the list of plugs.",
    severity=Severity.WARNING,
)
def disabled(*, name: str) -> None:
    """The list of plugs has `enabled: false` for it."""


@condition(
    "plug.no_such_gang",
    uk="{name} не має перемикача {gang}; є лише {gangs}.",
    en="{name} has no {gang}, only {gangs}.",
    severity=Severity.WARNING,
)
def no_such_gang(*, name: str, gang: str, gangs: str) -> None:
    """The command names a switch that the plug does not have."""


# the service

NO_PLUGS = simple(
    "plugs.none",
    uk="Розеток немає: впишіть їх у TUYA_PLUGS_FILE або задайте TUYA_ACCESS_ID і TUYA_ACCESS_SECRET, щоб їх знайти.",
    en="No plugs: list them in TUYA_PLUGS_FILE, or set TUYA_ACCESS_ID and TUYA_ACCESS_SECRET so that they are found.",
    severity=Severity.NOTICE,
)


HALF_AN_ACCOUNT = simple(
    "plugs.half_an_account",
    uk="Задано лише одне з двох: TUYA_ACCESS_ID або TUYA_ACCESS_SECRET. Потрібні обидва.",
    en="Only one of TUYA_ACCESS_ID and TUYA_ACCESS_SECRET is set: both are needed.",
)
ACCOUNT_EMPTY = simple(
    "plugs.account_empty",
    uk="У проєкті Tuya немає жодного пристрою: під'єднайте до нього обліковий запис застосунку на iot.tuya.com "
    "(Devices, Link App Account).",
    en="The Tuya project has no devices: link the app's account to it at iot.tuya.com (Devices, Link App Account).",
    severity=Severity.WARNING,
)


@condition(
    "plugs.none_enabled",
    uk="Знайдено {count} {count:розетку|розетки|розеток}, але жодна не перемикається разом із мережею. Оберіть, які "
    "саме перемикати: на сторінці «Система» або в боті, командою /plugs.",
    en="{count} {count:plug is|plugs are} found, and none is switched with the grid: choose which should be, on the "
    "page System or in the bot with /plugs.",
    severity=Severity.WARNING,
)
def none_enabled(*, count: int) -> None:
    """Plugs are listed, and every one is disabled."""


@condition(
    "plugs.enabled_as_before",
    uk="Відтепер разом із мережею вимикаються: {names}, бо так задано в .env. Якщо серед них роутер чи цей "
    "комп'ютер, захистіть їх: на сторінці «Система» або в боті, командою /plugs.",
    en="These are switched off with the grid from now on, as .env asks: {names}. If the router or this computer is "
    "among them, protect it on the page System or in the bot with /plugs.",
    severity=Severity.WARNING,
    prompt=True,
)
def enabled_as_before(*, names: str) -> None:
    """A setting switches them, not their owner: the predecessor's ones without a list, or TUYA_ALL_DEVICES."""


@condition(
    "plugs.essential",
    uk="Судячи з назв, тут живиться роутер, комп'ютер або холодильник: {names}. Вони вимикаються разом із мережею, тож "
    "захистіть їх: на сторінці «Система» або в боті, командою /plugs.",
    en="Judging by the names, a router, a computer or a fridge is fed by {names}, and switched off with the grid: "
    "protect it on the page System or in the bot with /plugs.",
    severity=Severity.WARNING,
    prompt=True,
)
def essential(*, names: str) -> None:
    """A setting enabled plugs that the owner may not want switched off."""


@condition(
    "plugs.held_back",
    uk="Судячи з назв, тут живиться роутер, комп'ютер або холодильник: {names}. TUYA_ALL_DEVICES їх не перемикає, доки "
    "ви не вирішите: на сторінці «Система» або в боті, командою /plugs.",
    en="Judging by the names, a router, a computer or a fridge is fed by {names}. TUYA_ALL_DEVICES leaves that alone "
    "until you decide, on the page System or in the bot with /plugs.",
    severity=Severity.WARNING,
    prompt=True,
)
def held_back(*, names: str) -> None:
    """TUYA_ALL_DEVICES is set, and the owner has not decided about these."""


@condition(
    "plugs.none_answers",
    uk="Жодна розетка не відповідає ({count}): чи працюють роутер і Wi-Fi, чи є напруга в самих розетках?",
    en="None of {count} plugs answers: do the router and the Wi-Fi work, and do the plugs have power?",
    severity=Severity.WARNING,
    prompt=True,
)
def none_answers(*, count: int) -> None:
    """All plugs that follow the grid are silent at once, over the home network and through the cloud."""


@condition(
    "plugs.cut_off",
    uk="Цей комп'ютер не має мережі, тому не досягає жодної розетки ({count}): перевірте його Wi-Fi або кабель.",
    en="This machine has no network and reaches none of {count} plugs: check its Wi-Fi or cable.",
    prompt=True,
)
def cut_off(*, count: int) -> None:
    """The operating system knows no way to any plug."""


@condition(
    "plugs.wrong_time",
    uk="Час у повідомленнях {topic} не збігається з нашим, тому нічого не перемикаємо: чий годинник хибний, тут чи в "
    "служби poller?",
    en="{topic} comes with a time that is not now, so nothing is switched: is this clock wrong, or the poller's?",
)
def wrong_time(*, topic: str) -> None:
    """Nothing about the grid that arrives is of this moment."""


@condition(
    "plugs.journal_unwritable",
    uk="{cause} Без журналу нічого не перемикаємо.",
    en="{cause} Nothing is switched without it.",
)
def journal_unwritable(*, cause: Reason) -> None:
    """The journal in TUYA_JOURNAL_FILE cannot be saved."""


@condition(
    "plugs.journal_in_use",
    uk="Журнал {file} уже веде інша служба розеток: двом не можна, зупиніть одну.",
    en="Another plug service keeps the journal {file}: there may be only one, so stop one of them.",
)
def journal_in_use(*, file: str) -> None:
    """Two services with one journal would switch against each other."""


@condition(
    "plugs.journal_damaged",
    uk="Журнал розеток пошкоджено, тепер він зветься {file}: вимкнене раніше так і лишиться вимкненим. Перевірте "
    "розетки; наступне відключення буде оброблено як завжди.",
    en="The journal of the plugs is damaged and now called {file}: what was switched off before stays off. Check your "
    "plugs; the next outage is handled again.",
)
def journal_damaged(*, file: str) -> None:
    """The journal could not be read, so nobody knows which plugs were on before the outage."""


@condition(
    "plugs.list_not_taken_over",
    uk="{cause} Діє попередній список.",
    en="{cause} The previous list is still used.",
)
def list_not_taken_over(*, cause: Reason) -> None:
    """The list of plugs was changed and has a mistake now."""


@condition(
    "plugs.not_in_account",
    uk="{name} немає в обліковому записі Tuya: перевірте `id`.",
    en="{name} is not in the Tuya account: check its id.",
)
def not_in_account(*, name: str) -> None:
    """A listed plug that only the cloud can reach is not among the devices of the account."""


@condition(
    "plugs.new_key",
    uk="{name} має новий `local_key`: його покаже `python -m services.tuya list --keys`.",
    en="{name} has a new local_key: `python -m services.tuya list --keys` shows it.",
)
def new_key(*, name: str) -> None:
    """The key in the list differs from the one in the account."""


# the command-line tools


@condition(
    "plugs.still_trying",
    uk="Служба прийняла команду для {name} і ще пробує: дивіться її журнал.",
    en="The service has the command for {name} and is still trying: see its log.",
)
def still_trying(*, name: str) -> None:
    """The service has not finished a command of the command line in time."""


@condition(
    "plugs.without_reason",
    uk="{name} не перемкнуто, причини служба не назвала: дивіться її журнал.",
    en="{name} was not switched, and the service gave no reason: see its log.",
)
def without_reason(*, name: str) -> None:
    """An attempt to switch failed, and its event does not say why."""


@condition(
    "plugs.cannot_listen",
    uk="Порт UDP {port} не відкрито ({cause}): чи не йде вже інший пошук?",
    en="Cannot listen on UDP port {port} ({cause}): is another scan running?",
)
def cannot_listen(*, port: int, cause: Reason) -> None:
    """The search for plugs cannot hear their announcements."""


# mistakes in the list of plugs

BAD_ID = simple(
    "plugs.bad_id",
    uk="можна лише латинські літери, цифри, `_` і `-`, щонайбільше 40 знаків",
    en="only letters, digits, `_` and `-`, at most 40",
)
HOST_NOT_AN_ADDRESS = simple(
    "plugs.host_not_an_address",
    uk="`host` має бути адресою розетки; її покаже `python -m services.tuya scan`",
    en="host is the address of the plug; `python -m services.tuya scan` shows it",
)
GANGS_NOT_CODES = simple(
    "plugs.gangs_not_codes",
    uk="`gangs` мають бути кодами перемикачів, як-от switch_1",
    en="gangs are switch codes such as switch_1",
)
SAME_DATA_POINT = simple(
    "plugs.same_data_point",
    uk="два перемикачі мають той самий номер; дайте кожному свій, наприклад `switch_1: 1, switch: 101`",
    en="two gangs have the same data point; give each its own, such as `switch_1: 1, switch: 101`",
)
KEY_LENGTH = simple(
    "plugs.key_length",
    uk="`local_key` має 16 символів (візьміть його в лапки)",
    en="local_key has 16 characters (put it in quotes)",
)
LOCAL_WITHOUT_KEY = simple(
    "plugs.local_without_key",
    uk="для `mode: local` потрібні `host` і `local_key`",
    en="`mode: local` needs host and local_key",
)

# Tuya's cloud

CLOUD_BAD_SECRET = simple(
    "tuya.bad_secret",
    uk="Хмара Tuya не приймає секрет: звірте TUYA_ACCESS_ID і TUYA_ACCESS_SECRET з проєктом на iot.tuya.com.",
    en="The Tuya cloud refuses the secret: check TUYA_ACCESS_ID and TUYA_ACCESS_SECRET against the project at "
    "iot.tuya.com.",
)
CLOUD_BAD_SIGNATURE = simple(
    "tuya.bad_signature",
    uk="Хмара Tuya не приймає підпис, отже TUYA_ACCESS_SECRET хибний: звірте його з проєктом на iot.tuya.com.",
    en="The Tuya cloud refuses the signature, so TUYA_ACCESS_SECRET is wrong: check it against the project at "
    "iot.tuya.com.",
)
CLOUD_BAD_ID = simple(
    "tuya.bad_access_id",
    uk="Хмара Tuya не приймає TUYA_ACCESS_ID: звірте його з проєктом на iot.tuya.com.",
    en="The Tuya cloud refuses TUYA_ACCESS_ID: check it against the project at iot.tuya.com.",
)
CLOUD_ACCESS_DENIED = simple(
    "tuya.access_denied",
    uk="Хмара Tuya забороняє доступ: пристрою немає в цьому обліковому записі, або TUYA_ENDPOINT належить "
    "іншому регіону.",
    en="The Tuya cloud denies access: the device is not in this account, or TUYA_ENDPOINT is another region's.",
)
CLOUD_UNKNOWN_PATH = simple(
    "tuya.unknown_path",
    uk="Хмара Tuya не знає такої адреси: TUYA_ENDPOINT має бути адресою дата-центру проєкту (для Європи "
    "https://openapi.tuyaeu.com) і нічим більше.",
    en="The Tuya cloud does not know this address: TUYA_ENDPOINT should be that of the project's data center (in "
    "Europe https://openapi.tuyaeu.com) and nothing more.",
)
CLOUD_BAD_VALUE = simple(
    "tuya.bad_value",
    uk="Хмара Tuya не приймає значення в запиті: перевірте `id` і `gangs` розетки у списку, TUYA_USER_ID і "
    "TUYA_APP_SCHEMA.",
    en="The Tuya cloud does not accept a value in the request: check the plug's id and gangs in the list, TUYA_USER_ID "
    "and TUYA_APP_SCHEMA.",
)
CLOUD_NOT_LINKED = simple(
    "tuya.not_linked",
    uk="До проєкту в хмарі Tuya більше не прив'язано обліковий запис застосунку: прив'яжіть його знову на iot.tuya.com "
    "(Devices, Link App Account).",
    en="No app account is linked to the Tuya cloud project any more: link it again at iot.tuya.com (Devices, "
    "Link App Account).",
)
CLOUD_UNKNOWN_SWITCH = simple(
    "tuya.unknown_switch",
    uk="Розетка не має такого перемикача: див. `gangs` у списку розеток.",
    en="The plug does not have this switch: see its gangs in the list of plugs.",
)
CLOUD_NOT_SWITCHABLE = simple(
    "tuya.not_switchable",
    uk="Хмара Tuya не вміє перемикати пристрої такого типу.",
    en="The Tuya cloud cannot switch this kind of device.",
)
CLOUD_UNKNOWN_DEVICE = simple(
    "tuya.unknown_device",
    uk="Пристрою немає в цьому обліковому записі Tuya.",
    en="The device is not in this Tuya account.",
)
CLOUD_NO_PERMISSION = simple(
    "tuya.no_permission",
    uk="Проєкт Tuya не має на це дозволу: підпишіть його на IoT Core на iot.tuya.com.",
    en="The Tuya project has no permission for this: subscribe it to IoT Core at iot.tuya.com.",
)
CLOUD_PLAN_EXPIRED = simple(
    "tuya.plan_expired",
    uk="Термін плану хмари Tuya скінчився: продовжте його на iot.tuya.com (Cloud, Cloud Services, IoT Core).",
    en="The Tuya cloud plan has expired: extend it at iot.tuya.com (Cloud, Cloud Services, IoT Core).",
)
CLOUD_QUOTA_USED_UP = simple(
    "tuya.quota_used_up",
    uk="Ліміт пробного плану Tuya вичерпано: його поновлять наступного місяця (iot.tuya.com).",
    en="The quota of the Tuya trial plan is used up: it is renewed next month (iot.tuya.com).",
)
CLOUD_NOT_SUBSCRIBED = simple(
    "tuya.not_subscribed",
    uk="Проєкт Tuya не підписано на цей API: додайте до нього IoT Core на iot.tuya.com.",
    en="The Tuya project has not subscribed to this API: add IoT Core to it at iot.tuya.com.",
)
CLOUD_NOT_AUTHORIZED = simple(
    "tuya.not_authorized",
    uk="Проєкт Tuya не має доступу до цього API: надайте йому доступ до IoT Core на iot.tuya.com.",
    en="The Tuya project is not authorized for this API: authorize IoT Core for it at iot.tuya.com.",
)
CLOUD_SUSPENDED = simple(
    "tuya.data_center_suspended",
    uk="Дата-центр проєкту Tuya призупинено: на iot.tuya.com (Cloud, Development, проєкт, Edit) приберіть його й "
    "додайте знову.",
    en="The data center of the Tuya project is suspended: at iot.tuya.com (Cloud, Development, the project, Edit) "
    "remove it and add it again.",
)
CLOUD_ADDRESS_REFUSED = simple(
    "tuya.address_refused",
    uk="Хмара Tuya не пускає з цієї адреси в інтернеті: на iot.tuya.com приберіть з проєкту IP Allowlist і звірте "
    "TUYA_ENDPOINT з його дата-центром.",
    en="The Tuya cloud does not let in this internet address: remove the IP Allowlist from the project at "
    "iot.tuya.com, and check TUYA_ENDPOINT against its data center.",
)
CLOUD_CLOCK = simple(
    "tuya.clock_refused",
    uk="Хмара Tuya не приймає часу цього комп'ютера: його годинник хибний.",
    en="The Tuya cloud refuses the time of this machine: its clock is wrong.",
)
CLOUD_PLUG_OFFLINE = simple(
    "tuya.plug_offline",
    uk="За даними хмари Tuya розетка не в мережі.",
    en="The Tuya cloud says that the plug is offline.",
)
CLOUD_BUSY = simple(
    "tuya.busy",
    uk="Хмара Tuya каже, що запитів забагато.",
    en="The Tuya cloud says that requests are too frequent.",
)
CLOUD_TROUBLE = simple(
    "tuya.trouble",
    uk="Хмара Tuya повідомляє про власний збій.",
    en="The Tuya cloud reports trouble of its own.",
)
CLOUD_SYNCING = simple(
    "tuya.syncing",
    uk="Хмара Tuya ще оновлює дані облікового запису застосунку: зачекайте кілька хвилин.",
    en="The Tuya cloud is still updating the app account: wait a few minutes.",
)
CLOUD_NOT_DELIVERED = simple(
    "tuya.not_delivered",
    uk="Хмара Tuya не змогла передати команду розетці: перевірте, чи розетка в мережі.",
    en="The Tuya cloud could not deliver the command to the plug: check that the plug is online.",
)
CLOUD_TOKEN_EXPIRED = simple(
    "tuya.token_expired",
    uk="Хмара Tuya не приймає й нового токена.",
    en="The Tuya cloud says that a new token is expired.",
)
CLOUD_NO_TOKEN = simple("tuya.no_token", uk="Хмара Tuya не дає токена.", en="The Tuya cloud gives no token.")
CLOUD_WRONG_ANSWER = simple(
    "tuya.wrong_answer",
    uk="Хмара Tuya погоджується, але відповідає не те, про що її запитано.",
    en="The Tuya cloud agrees, but does not answer what it was asked.",
)
CLOUD_NO_JSON = simple(
    "tuya.no_json",
    uk="Хмара Tuya відповідає щось інше, не JSON: там збій.",
    en="The Tuya cloud answers something that is no JSON: it has trouble.",
)
CLOUD_BROKEN_TLS = simple(
    "tuya.broken_tls",
    uk="захищене з'єднання не встановлюється (можливо, годинник тут хибний)",
    en="no secure connection (is this machine's clock wrong?)",
)


@condition(
    "tuya.error", uk="Хмара Tuya повідомляє про помилку {number}.", en="The Tuya cloud reports the error {number}."
)
def cloud_error(*, number: str) -> None:
    """An error of the cloud that has no text of its own here; its sentence is in the log."""


@condition(
    "tuya.unreachable",
    uk="Хмара Tuya за адресою {host} не відповідає: {cause}.",
    en="No answer from the Tuya cloud at {host}: {cause}.",
)
def cloud_unreachable(*, host: str, cause: Reason) -> None:
    """The cloud was not reached."""


@condition(
    "tuya.not_tuya",
    uk="За адресою {endpoint} відповідає не хмара Tuya: перевірте TUYA_ENDPOINT.",
    en="What answers at {endpoint} is no Tuya cloud: check TUYA_ENDPOINT.",
)
def not_tuya(*, endpoint: str) -> None:
    """JSON that is not Tuya's."""


@condition(
    "tuya.no_contact",
    uk="Хмара Tuya не має зв'язку з {name}.",
    en="The Tuya cloud has no contact to {name}.",
)
def cloud_no_contact(*, name: str) -> None:
    """The cloud answers, but the plug is not connected to it."""
