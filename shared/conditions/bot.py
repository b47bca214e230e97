"""Between the bot and Telegram, its chats and its own files."""

from shared.conditions.condition import Reason, Severity, condition, simple

NO_TOKEN = simple(
    "bot.no_token",
    uk="Telegram не налаштовано: не задано TELEGRAM_BOT_TOKEN. Отримайте токен у @BotFather, це п'ять хвилин за "
    "docs/telegram.md.",
    en="No Telegram: TELEGRAM_BOT_TOKEN is not set. Get one from @BotFather; docs/telegram.md has the five minutes.",
    severity=Severity.NOTICE,
)
UNKNOWN_TOKEN = simple(
    "bot.unknown_token",
    uk="Telegram не знає цього токена: він хибний або відкликаний. Впишіть у TELEGRAM_BOT_TOKEN той, що показує "
    "@BotFather.",
    en="Telegram does not know the token: it is wrong or was revoked. Put the one @BotFather shows into "
    "TELEGRAM_BOT_TOKEN.",
)
POLLING_CONFLICT = simple(
    "bot.polling_conflict",
    uk="Той самий токен використовує ще одна програма (або вебхук): зупиніть її чи отримайте окремий токен.",
    en="Another program polls with the same token (or a webhook does): stop it, or get a token of your own.",
)
NO_CHAT = simple(
    "bot.no_chat",
    uk="Ще жодного чату не дозволено: надішліть боту /id і впишіть номер у TELEGRAM_CHAT_ID.",
    en="No chat is allowed yet: send /id to the bot and put the number into TELEGRAM_CHAT_ID.",
)

OLD_COMMAND = simple(
    "bot.old_command",
    uk="Команда надто стара або збережена брокером, тому не виконана.",
    en="The command is too old, or retained by the broker, and is not obeyed.",
    severity=Severity.WARNING,
)

# settings

NOT_A_TOKEN = simple(
    "bot.not_a_token",
    uk="TELEGRAM_BOT_TOKEN не схоже на токен від @BotFather на кшталт 123456:ABC-DEF",
    en="TELEGRAM_BOT_TOKEN is no token of @BotFather's, such as 123456:ABC-DEF",
)
NOT_AN_API_URL = simple(
    "bot.not_an_api_url",
    uk="потрібна адреса на кшталт https://api.telegram.org",
    en="an address such as https://api.telegram.org is needed",
)


NOT_A_NTFY_URL = simple(
    "bot.not_a_ntfy_url",
    uk="потрібна адреса з темою на кшталт https://ntfy.sh/dim-7f3kq9",
    en="an address with a topic such as https://ntfy.sh/home-7f3kq9 is needed",
)
NO_MAIL_SERVER = simple(
    "bot.no_mail_server",
    uk="для EMAIL_TO потрібні ще SMTP_HOST і EMAIL_FROM",
    en="EMAIL_TO needs SMTP_HOST and EMAIL_FROM as well",
)


@condition(
    "bot.not_a_chat",
    uk="«{given}» не схоже на чат; потрібен номер на кшталт 123456789 або -100123:viewer",
    en='"{given}" is no chat; it should be a number such as 123456789 or -100123:viewer',
)
def not_a_chat(*, given: str) -> None:
    """A part of TELEGRAM_CHAT_ID that is no chat number."""


# how Telegram answers

BOT_BLOCKED = simple("bot.blocked", uk="бота там заблоковано", en="the bot is blocked there")
BOT_REMOVED = simple("bot.removed", uk="бота вилучено з групи", en="the bot was removed from the group")
CHAT_NOT_FOUND = simple("bot.chat_not_found", uk="такого чату немає", en="there is no such chat")
USER_DELETED = simple("bot.user_deleted", uk="цього користувача більше немає", en="the user's account is gone")
NO_RIGHT_TO_WRITE = simple("bot.no_right_to_write", uk="бот не має права там писати", en="the bot may not write there")
CONNECTION_FAILED = simple("bot.connection_failed", uk="з'єднання не вдалося", en="the connection failed")
TLS_FAILED = simple(
    "bot.tls_failed",
    uk="захищене з'єднання не вдалося; чи точний тут годинник?",
    en="the secure connection failed; is the clock of this machine right?",
)
TOPIC_CLOSED = simple("bot.topic_closed", uk="тему там закрито", en="the topic is closed there")
ODD_ANSWER = simple(
    "bot.odd_answer",
    uk="замість нього відповідає щось інше, як-от сторінка входу в мережу чи проксі",
    en="something else answers in its place, such as a login page of the network or a proxy",
)
SERVER_ERROR = simple("bot.server_error", uk="збій на його сервері", en="its server reports an error")


@condition("bot.http_status", uk="відповідь HTTP {status}", en="it answers HTTP {status}")
def http_status(*, status: int) -> None:
    """The Bot API, or a proxy before it, answers with an error of its own."""


@condition(
    "bot.unreachable", uk="Telegram недоступний ({cause}). Спроби тривають.", en="Telegram cannot be reached ({cause})."
)
def unreachable(*, cause: Reason) -> None:
    """No internet, or the Bot API is down."""


@condition(
    "bot.channel_unreachable",
    uk="Канал {channel} недоступний ({cause}).",
    en="The channel {channel} cannot be reached ({cause}).",
)
def channel_unreachable(*, channel: str, cause: Reason) -> None:
    """ntfy or the mail server does not answer, or asks to try again later."""


MAIL_LOGIN_REFUSED = simple(
    "bot.mail_login_refused",
    uk="поштовий сервер не приймає ім'я чи пароль",
    en="the mail server accepts neither this user nor this password",
)


@condition("bot.smtp_status", uk="відповідь SMTP {status}", en="it answers SMTP {status}")
def smtp_status(*, status: int) -> None:
    """The mail server refuses, or asks to try again later."""


@condition(
    "bot.rate_limited",
    uk="Telegram просить зачекати {seconds:.0f} с.",
    en="Telegram asks to wait {seconds:.0f} s.",
    severity=Severity.WARNING,
)
def rate_limited(*, seconds: float) -> None:
    """Too many messages in a short time."""


@condition("bot.rejected", uk="Telegram відмовляє: «{answer}».", en="Telegram refuses: {answer}.")
def rejected(*, answer: str) -> None:
    """A refusal that has no condition of its own; `answer` quotes Telegram."""


# what follows for alerts and chats


@condition("bot.alerts_waiting", uk="Сповіщення чекають. {cause}", en="Alerts wait: {cause}")
def alerts_waiting(*, cause: Reason) -> None:
    """Alerts are kept until Telegram takes them."""


@condition(
    "bot.chat_unreachable",
    uk="У чат {chat} не можна написати ({cause}). Його сповіщення зберігаються.",
    en="The chat {chat} cannot be written to ({cause}). Its alerts are kept.",
)
def chat_unreachable(*, chat: str, cause: Reason) -> None:
    """A chat of TELEGRAM_CHAT_ID that the bot cannot write to; it is tried again every few minutes."""


@condition(
    "bot.alert_left_out",
    uk="Сповіщення для чату {chat} пропущено: {cause}",
    en="An alert for the chat {chat} was left out: {cause}",
)
def alert_left_out(*, chat: str, cause: Reason) -> None:
    """Telegram has rejected the same alert for an hour."""


@condition(
    "bot.chat_moved",
    uk="Група {chat} має тепер номер {number}: змініть TELEGRAM_CHAT_ID. До того бот пише за новим номером.",
    en="The group {chat} has the number {number} now: change TELEGRAM_CHAT_ID. Until then it is followed.",
    severity=Severity.WARNING,
)
def chat_moved(*, chat: str, number: str) -> None:
    """A group became a supergroup, which has another number."""


@condition(
    "bot.state_not_saved",
    uk="{cause} Після перезапуску бот може повторити сповіщення.",
    en="{cause} After a restart the bot may repeat alerts.",
)
def state_not_saved(*, cause: Reason) -> None:
    """The bot's state cannot be written."""
