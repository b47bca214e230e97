"""What the bot reads from the environment."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from services.bot.chats import Role
from shared.conditions import bot as conditions
from shared.settings import HistorySettings, LanguageSettings, ServiceSettings, ZoneSettings
from shared.settings_metadata import ESSENTIAL, InCompose, Section
from shared.validation import HOST, InvalidValueError, form

CHAT = re.compile(rf"(-?[0-9]+)(?:/([0-9]+))?(?::({'|'.join(Role)})?)?")
TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")


class BotSettings(ServiceSettings, HistorySettings, ZoneSettings, LanguageSettings):
    """The token, the allowed chats, and the limits of alerts."""

    section = Section.TELEGRAM

    telegram_bot_token: Annotated[SecretStr, ESSENTIAL] = Field(
        default=SecretStr(""),
        description="The token from @BotFather; docs/telegram.md shows how to get one in five minutes. Empty: the "
        "bot reports that it is disabled and waits.",
    )
    telegram_chat_id: Annotated[str, ESSENTIAL] = Field(
        default="",
        description="Who may use the bot: chat numbers, comma-separated; /id tells a chat its own number. 123:viewer "
        "may look but not switch. In a group only members whose own number is listed may switch. -100123/45 sends the "
        "alerts of a forum to its topic 45, which /id shows there.",
    )
    telegram_api_url: str = Field(
        default="https://api.telegram.org",
        description="The Bot API server: Telegram's, your own, or the simulated one.",
    )
    bot_poll_interval: int = Field(
        default=30,
        ge=1,
        le=50,
        description="Seconds that one request waits for commands (long polling). Commands are answered at once all "
        "the same.",
    )
    bot_state_dir: Annotated[Path, InCompose("/data/bot")] = Field(
        default=Path("data/bot"), description="Where pending alerts and the last reported state are kept."
    )
    bot_low_battery_percent: float = Field(
        default=20, ge=1, le=95, description="State of charge below which the battery is reported as low."
    )
    bot_imbalance_v: float = Field(
        default=0.1,
        gt=0,
        le=1,
        description="Difference between cells, in volts, above which they are reported as uneven.",
    )
    bot_silent_minutes: float = Field(
        default=5,
        ge=0.05,
        le=1440,
        description="Minutes for which a service, battery or inverter may be silent before it is reported.",
    )

    ntfy_url: SecretStr = Field(
        default=SecretStr(""),
        description="Alerts by ntfy, too: server and topic, such as https://ntfy.sh/home-7f3kq9 or one of your own. "
        "On a public server whoever knows the topic reads it: choose one that nobody guesses.",
    )
    ntfy_token: SecretStr = Field(default=SecretStr(""), description="The access token of a protected ntfy topic.")
    email_to: str = Field(default="", description="Alerts by e-mail, too: addresses, comma-separated.")
    email_from: str = Field(default="", description="The sender of these mails, most often the address of SMTP_USER.")
    smtp_host: Annotated[str, form(HOST, "smtp.gmail.com")] = Field(
        default="", description="The mail server that takes the mails, such as smtp.gmail.com."
    )
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port: 587 for starttls, 465 for tls.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the connection is encrypted; none only for a server in your own network."
    )
    smtp_user: str = Field(default="", description="The user at the mail server; empty: no login.")
    smtp_password: SecretStr = Field(
        default=SecretStr(""), description="The password; large providers want an app password here."
    )

    @field_validator("ntfy_url")
    @classmethod
    def _a_topic(cls, given: SecretStr) -> SecretStr:
        parts = urlsplit(given.get_secret_value())
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
        if given.get_secret_value() and not (is_address and parts.path.strip("/")):
            raise InvalidValueError(conditions.NOT_A_NTFY_URL())
        return given

    @field_validator("telegram_chat_id")
    @classmethod
    def _chats(cls, given: str) -> str:
        parse_roles(given)
        return given

    @field_validator("telegram_api_url")
    @classmethod
    def _an_address(cls, given: str) -> str:
        parts = urlsplit(given)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidValueError(conditions.NOT_AN_API_URL())
        return given.rstrip("/")

    @model_validator(mode="after")
    def _a_token(self) -> Self:
        token = self.telegram_bot_token.get_secret_value()
        if token and not TOKEN.fullmatch(token):
            raise InvalidValueError(conditions.NOT_A_TOKEN())
        return self

    @model_validator(mode="after")
    def _a_mail_server(self) -> Self:
        if self.email_to and not (self.smtp_host and self.email_from):
            raise InvalidValueError(conditions.NO_MAIL_SERVER())
        return self

    @property
    def mail_addresses(self) -> tuple[str, ...]:
        """The recipients of alerts by e-mail."""
        return tuple(filter(None, (one.strip() for one in self.email_to.split(","))))

    @property
    def roles(self) -> dict[int, Role]:
        """The allowed chats with their roles."""
        return parse_roles(self.telegram_chat_id)

    @property
    def topics(self) -> dict[int, int]:
        """The topics of forums that alerts go to, by chat."""
        return {chat: topic for chat, (_, topic) in parse_chats(self.telegram_chat_id).items() if topic is not None}


def parse_roles(given: str) -> dict[int, Role]:
    """Parse the chats and what each may do. Raises InvalidValueError."""
    return {chat: role for chat, (role, _) in parse_chats(given).items()}


def parse_chats(given: str) -> dict[int, tuple[Role, int | None]]:
    """Parse `123, -100456/7:viewer`: role and topic of each chat. Raises InvalidValueError."""
    found: dict[int, tuple[Role, int | None]] = {}
    for part in filter(None, (piece.strip() for piece in given.split(","))):
        match = CHAT.fullmatch(part)
        if match is None:
            raise InvalidValueError(conditions.not_a_chat(given=part))
        chat, topic, role = match.groups()
        found[int(chat)] = (Role(role or Role.OWNER), int(topic) if topic else None)
    return found
