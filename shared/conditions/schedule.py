"""Why there is no newer outage schedule, and what is odd in a source's answer."""

from datetime import date, datetime

from shared.conditions.condition import Reason, Severity, condition, simple

NO_QUEUE = simple(
    "schedule.no_queue",
    uk="Графіка відключень немає, бо не задано QUEUE_NUMBER. Впишіть чергу своєї адреси, наприклад 5.2.",
    en="No outage schedule: QUEUE_NUMBER is not set. Set it to the queue of your address, such as 5.2.",
    severity=Severity.NOTICE,
)

# settings

NO_ADDRESS = simple(
    "schedule.no_address",
    uk="потрібна адреса на кшталт https://example.org",
    en="an address such as https://example.org is needed",
)
NOT_A_QUEUE = simple(
    "schedule.not_a_queue",
    uk="потрібен номер черги, як-от 5.2",
    en="the number of a queue, such as 5.2, is needed",
)
MIRROR_NOT_NAMED = simple(
    "schedule.mirror_not_named",
    uk="SCHEDULE_PROVIDERS просить копію (gpv_json), а GPV_JSON_URL порожній: адреси є в docs/schedule.md. "
    "Простіше задати SCHEDULE_REGION.",
    en="SCHEDULE_PROVIDERS asks for a mirror (gpv_json), and GPV_JSON_URL is empty: docs/schedule.md lists the "
    "addresses. SCHEDULE_REGION is simpler.",
    severity=Severity.NOTICE,
)


@condition(
    "schedule.mirrors_not_asked",
    uk="копій для {region} не запитано, бо їхні автори не вказали ліцензії: {mirrors}; якщо згодні, задайте "
    "SCHEDULE_REGION={region} і SCHEDULE_UNLICENSED=true",
    en="mirrors of {region} are not asked, because their authors state no licence: {mirrors}; if you agree, set "
    "SCHEDULE_REGION={region} and SCHEDULE_UNLICENSED=true",
)
def mirrors_not_asked(*, region: str, mirrors: str) -> None:
    """The sources that may be asked have failed, and there are mirrors that the user has not agreed to."""


@condition(
    "schedule.unknown_provider",
    uk="джерела «{given}» немає; є {known}",
    en='"{given}" is no provider; there are {known}',
)
def unknown_provider(*, given: str, known: str) -> None:
    """SCHEDULE_PROVIDERS names something else."""


@condition(
    "schedule.unknown_region",
    uk="регіону «{given}» немає; є {known}",
    en='"{given}" is no region; there are {known}',
)
def unknown_region(*, given: str, known: str) -> None:
    """SCHEDULE_REGION names something else."""


@condition(
    "schedule.only_unlicensed",
    uk="Графік регіону {region} є лише в копіях, автори яких не вказали ліцензії: {mirrors}. Якщо згодні, задайте "
    "SCHEDULE_UNLICENSED=true.",
    en="The schedule of {region} is only in mirrors whose authors state no licence: {mirrors}. If you agree, set "
    "SCHEDULE_UNLICENSED=true.",
    severity=Severity.NOTICE,
)
def only_unlicensed(*, region: str, mirrors: str) -> None:
    """Nobody but unlicensed mirrors publishes a region."""


@condition(
    "schedule.nobody_publishes",
    uk="Графіка відключень регіону {region} ніхто не публікує.",
    en="Nobody publishes an outage schedule of {region}.",
    severity=Severity.NOTICE,
)
def nobody_publishes(*, region: str) -> None:
    """A region without any source."""


@condition(
    "schedule.too_often",
    uk="SCHEDULE_INTERVAL має бути щонайменше {seconds}: джерела публічні",
    en="SCHEDULE_INTERVAL must be at least {seconds}: the sources are public services",
)
def too_often(*, seconds: int) -> None:
    """A public source would be asked too often."""


@condition(
    "schedule.regions_without_source",
    uk="Жодне джерело не працює в регіонах: {regions}.",
    en="No source works in these regions: {regions}.",
)
def regions_without_source(*, regions: str) -> None:
    """`check` has found regions whose sources all fail, are behind, or are of unknown age."""


# how a source answers

BAD_CERTIFICATE = simple(
    "schedule.bad_certificate", uk="його сертифікат ненадійний", en="its certificate is not trusted"
)
BAD_ADDRESS = simple("schedule.bad_address", uk="його адресу не запитати", en="its address cannot be requested")
NO_ANSWER = simple("schedule.no_answer", uk="не відповідає вчасно", en="it does not answer in time")
UNREACHABLE = simple(
    "schedule.unreachable", uk="недоступне або обірвало зв'язок", en="it cannot be reached, or broke off"
)
REDIRECT_NOWHERE = simple(
    "schedule.redirect_nowhere", uk="переспрямовує на хибну адресу", en="it redirects to something that is no address"
)
REDIRECT_LOOP = simple("schedule.redirect_loop", uk="переспрямовує по колу", en="it redirects in circles")
ANSWER_TOO_LONG = simple("schedule.answer_too_long", uk="відповідь надто довга", en="its answer is too long")
ANSWER_TOO_SLOW = simple("schedule.answer_too_slow", uk="відповідь триває надто довго", en="its answer takes too long")
EMPTY_ANSWER = simple("schedule.empty_answer", uk="відповідь порожня", en="it answered with nothing")
WEB_PAGE = simple("schedule.web_page", uk="замість даних прийшла вебсторінка", en="it answered with a web page")
NOT_JSON = simple("schedule.not_json", uk="у відповіді не JSON", en="it answered with something that is no JSON")


@condition(
    "schedule.redirect_host", uk="переспрямовує на інший сайт, {host}", en="it redirects to another host, {host}"
)
def redirect_host(*, host: str) -> None:
    """A source redirects to a host that was not asked: a captive portal, or worse."""


@condition("schedule.http_status", uk="відповідає кодом HTTP {status}", en="it answered with HTTP {status}")
def http_status(*, status: int) -> None:
    """A source answers with an HTTP status other than 200."""


# what is in an answer

NO_GROUPS = simple("schedule.no_groups", uk="у відповіді немає списку груп", en="its answer is no list of groups")
NO_DAYS = simple("schedule.no_days", uk="у відповіді немає списку днів", en="its answer is no list of days")
NO_SCHEDULE = simple("schedule.no_schedule", uk="у відповіді немає графіка", en="its answer holds no schedule")
NO_QUEUES = simple(
    "schedule.no_queues",
    uk="список черг порожній або незнайомий",
    en="its list of queues is empty or has another shape",
)
DAY_MALFORMED = simple(
    "schedule.day_malformed", uk="день у відповіді пошкоджений", en="a day of the answer is no object"
)


@condition(
    "schedule.foreign_region",
    uk="відповідь про інший регіон: {given} замість {expected}",
    en="its answer is of another region: {given} instead of {expected}",
)
def foreign_region(*, given: str, expected: str) -> None:
    """A mirror's file names another region than the one that was asked for."""


@condition(
    "schedule.unknown_status",
    uk="{day} має невідомий стан {status}",
    en="{day} has the status {status}, which nobody has documented",
)
def unknown_status(*, day: date, status: str) -> None:
    """A day has a state that nobody has documented."""


@condition(
    "schedule.unknown_kind",
    uk="відключення має невідомий вид {kind}",
    en="an outage is marked {kind}, which nobody has documented",
)
def unknown_kind(*, kind: str) -> None:
    """An outage has a mark that nobody has documented."""


@condition(
    "schedule.unknown_mark",
    uk="{day} {hour:02}:00 має невідому позначку {mark}",
    en="{day} {hour:02}:00 is marked {mark}, which nobody has documented",
)
def unknown_mark(*, day: date, hour: int, mark: str) -> None:
    """An hour has a mark that nobody has documented."""


@condition(
    "schedule.no_hours", uk="{day} графік діє, але годин немає", en="a schedule applies on {day} but has no hours"
)
def no_hours(*, day: date) -> None:
    """A day is planned, without hours."""


@condition("schedule.hours_missing", uk="{day} бракує годин", en="hours of {day} are missing")
def hours_missing(*, day: date) -> None:
    """The hours of a day do not cover it."""


@condition("schedule.hours_wrong", uk="години за {day} не мають сенсу", en="the hours of {day} make no sense")
def hours_wrong(*, day: date) -> None:
    """The hours of a day cannot be."""


@condition("schedule.hours_malformed", uk="години за {day} пошкоджені", en="the hours of {day} are no list")
def hours_malformed(*, day: date) -> None:
    """The hours of a day have another shape."""


@condition("schedule.outage_malformed", uk="відключення за {day} пошкоджене", en="an outage of {day} is no object")
def outage_malformed(*, day: date) -> None:
    """An outage has another shape."""


@condition(
    "schedule.outage_empty", uk="відключення за {day} не має тривалості", en="an outage of {day} begins when it ends"
)
def outage_empty(*, day: date) -> None:
    """An outage ends when it begins."""


@condition("schedule.outage_without_hours", uk="відключення за {day} без годин", en="an outage of {day} has no hours")
def outage_without_hours(*, day: date) -> None:
    """An outage without hours."""


@condition(
    "schedule.days_differ",
    uk="{day} є двічі і по-різному; береться перше, як на сторінці оператора",
    en="{day} comes twice and differs; the first one counts, as on the operator's page",
)
def days_differ(*, day: date) -> None:
    """A day stands twice in an answer, with different hours."""


@condition("schedule.not_a_date", uk="{text} — не дата", en="{text} is no date")
def not_a_date(*, text: str) -> None:
    """Something stands where a date belongs."""


@condition("schedule.not_a_time", uk="{text} — не час доби", en="{text} is no time of day")
def not_a_time(*, text: str) -> None:
    """Something stands where a time of day belongs."""


# what that means for the schedule


@condition(
    "schedule.mirror_behind",
    uk="копія не оновлювалася з {since}",
    en="it has not looked at the operator since {since} UTC",
)
def mirror_behind(*, since: datetime) -> None:
    """A mirror has not asked the operator for more than a day."""


@condition(
    "schedule.asked_to_wait",
    uk="просить не запитувати до {until}",
    en="it asked not to be asked before {until} UTC",
)
def asked_to_wait(*, until: datetime) -> None:
    """A source answered with Retry-After."""


@condition(
    "schedule.age_unknown",
    uk="{source} не каже, коли востаннє дивилося на графік оператора: його години можуть бути застарілими.",
    en="{source} does not say when it last looked at the operator: its hours may be out of date.",
    severity=Severity.WARNING,
)
def age_unknown(*, source: str) -> None:
    """Nothing shows how old a mirror's hours are; unchanged they are used for half a day."""


NOTHING_PUBLISHED = simple("schedule.nothing_published", uk="нічого не опублікувало", en="it has published nothing")
UNDATED_AND_UNCHANGED = simple(
    "schedule.undated",
    uk="години без дати давно не змінюються",
    en="its hours carry no date and have not changed for long",
)


@condition("schedule.source_failed", uk="{source}: {cause}", en="{source}: {cause}")
def source_failed(*, source: str, cause: Reason) -> None:
    """One source, and why it does not help."""


@condition(
    "schedule.no_source",
    uk="Жодне джерело не дає графіка відключень ({failures}); лишається останній відомий.",
    en="No source has the outage schedule ({failures}); the last known one stays.",
)
def no_source(*, failures: tuple[Reason, ...]) -> None:
    """Every source has failed."""


@condition(
    "schedule.other_source",
    uk="Графік узято з {source}, бо {failures}.",
    en="The schedule comes from {source}, because {failures}.",
    severity=Severity.WARNING,
)
def other_source(*, source: str, failures: tuple[Reason, ...]) -> None:
    """The first source has failed and a later one has answered."""


@condition(
    "schedule.single_copy",
    uk="Графік узято лише з {source}: інша його копія не допомагає ({failures}).",
    en="The schedule comes from {source} alone: the other copy of it does not help ({failures}).",
    severity=Severity.WARNING,
)
def single_copy(*, source: str, failures: tuple[Reason, ...]) -> None:
    """Of several copies of a region's schedule only one answers."""


@condition(
    "schedule.copies_differ",
    uk="{other} має на {day} інші години, ніж {source}; враховано {source}.",
    en="{other} has other hours for {day} than {source}, which counts.",
    severity=Severity.WARNING,
)
def copies_differ(*, source: str, other: str, day: date) -> None:
    """Two copies of a region's schedule disagree for a while, and nothing shows which is newer."""


@condition(
    "schedule.odd_answer",
    uk="Частину відповіді {source} пропущено, або вона сумнівна: {fault}.",
    en="A part of the answer of {source} is ignored or doubtful: {fault}.",
    severity=Severity.WARNING,
)
def odd_answer(*, source: str, fault: Reason) -> None:
    """A part of an answer cannot be read, or may mean something else."""


@condition(
    "schedule.unknown_queue",
    uk="{source} не знає черги «{queue}»: у {setting} має бути одна з {some}.",
    en='{source} has no queue "{queue}": set {setting} to one of {some}.',
)
def unknown_queue(*, source: str, queue: str, setting: str, some: str) -> None:
    """A source does not know the home's queue."""


@condition(
    "schedule.clock_fast",
    uk="Годинник цього комп'ютера поспішає на {minutes} хв: виставте його або ввімкніть NTP.",
    en="This machine's clock is {minutes} min fast: set it, or switch NTP on.",
)
def clock_fast(*, minutes: int) -> None:
    """The source's own clock shows that ours is fast."""


@condition(
    "schedule.clock_slow",
    uk="Годинник цього комп'ютера відстає на {minutes} хв: виставте його або ввімкніть NTP.",
    en="This machine's clock is {minutes} min slow: set it, or switch NTP on.",
)
def clock_slow(*, minutes: int) -> None:
    """The source's own clock shows that ours is slow."""


@condition(
    "schedule.raw_unwritable",
    uk="Сирі відповіді не зберігаються в {folder} ({cause}): кому належить ця тека?",
    en="Raw answers cannot be stored in {folder} ({cause}): who owns it?",
    severity=Severity.WARNING,
)
def raw_unwritable(*, folder: str, cause: Reason) -> None:
    """SCHEDULE_RAW_DIR cannot be written."""
