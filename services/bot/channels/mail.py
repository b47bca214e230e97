"""E-mail by SMTP; only the standard library."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from services.bot.telegram.api import ChatUnreachableError, TransientError
from shared.conditions import Reason, system
from shared.conditions import bot as conditions

TIMEOUT_S = 20
PERMANENT = 500
"""An SMTP code from here on is a refusal; a lower one means: try again later."""


@dataclass(frozen=True)
class MailServer:
    """The server that accepts our mail. security is starttls, tls or none."""

    host: str
    port: int
    security: str
    user: str
    password: str


class Mail:
    """One or more addresses."""

    name = "email"

    def __init__(self, server: MailServer, sender: str, to: tuple[str, ...]) -> None:
        self._server = server
        self._sender = sender
        self._to = to

    def deliver(self, title: str, text: str, *, silent: bool) -> None:
        """Send a mail; it counts as delivered if the server accepts it for at least one address."""
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = title, self._sender, ", ".join(self._to)
        mail["Date"], mail["Message-ID"] = formatdate(localtime=True), make_msgid(domain="easun-bridge.invalid")
        mail["Auto-Submitted"] = "auto-generated"
        if not silent:
            mail["X-Priority"] = "2"
        mail.set_content(text, cte="quoted-printable")  # not every server accepts 8 bits
        try:
            with self._connected() as server:
                server.send_message(mail, self._sender, self._to)
        except smtplib.SMTPAuthenticationError as error:
            raise _by_code(error.smtp_code, conditions.MAIL_LOGIN_REFUSED()) from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise _by_code(min(codes), conditions.smtp_status(status=min(codes))) from None
        except smtplib.SMTPResponseException as error:
            raise _by_code(error.smtp_code, conditions.smtp_status(status=error.smtp_code)) from None
        except TimeoutError:
            raise _failed(system.TIMED_OUT()) from None
        except ssl.SSLError:
            raise _failed(conditions.TLS_FAILED()) from None
        except (smtplib.SMTPException, OSError, ValueError):  # also of a challenge that is not base64
            raise _failed(conditions.CONNECTION_FAILED()) from None

    def _connected(self) -> smtplib.SMTP:
        where, context = self._server, ssl.create_default_context()
        if where.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(where.host, where.port, timeout=TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(where.host, where.port, timeout=TIMEOUT_S)
        try:
            if where.security == "starttls":
                server.starttls(context=context)
            if where.user:
                server.login(where.user, where.password)
        except BaseException:
            server.close()
            raise
        return server


def _by_code(code: int, cause: Reason) -> TransientError | ChatUnreachableError:
    return ChatUnreachableError(cause) if code >= PERMANENT else _failed(cause)


def _failed(cause: Reason) -> TransientError:
    return TransientError(conditions.channel_unreachable(channel=Mail.name, cause=cause))
