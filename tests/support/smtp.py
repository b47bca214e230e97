"""A mail server of a few lines, at a real port: keeps what it gets, refuses what it is told to."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class MailBox:
    """What has arrived, and the answers to come to a command instead of the usual ones; "" drops the connection."""

    port: int = 0
    mails: list[str] = field(default_factory=list)
    instead: dict[str, str] = field(default_factory=dict)


USUAL = {
    "EHLO": "250-mail\r\n250 AUTH PLAIN",
    "AUTH": "235 welcome",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "RSET": "250 ok",
    "DATA": "354 go on",
    "END": "250 taken",
    "QUIT": "221 bye",
}


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    server: "MailServer"

    def handle(self) -> None:
        """Answer commands until the end."""
        self._say("220 mail")
        verb = ""
        while verb != "QUIT" and (line := self.rfile.readline().decode()):
            verb = line[:4].strip().upper()
            if not self._answer(verb) or (verb == "DATA" and not self._data()):
                return

    def _data(self) -> bool:
        box = self.server.box
        if "DATA" in box.instead:
            return True
        mail = "".join(iter(lambda: self.rfile.readline().decode(), ".\r\n"))
        if "END" not in box.instead:
            box.mails.append(mail)
        return self._answer("END")

    def _answer(self, verb: str) -> bool:
        said = self.server.box.instead.get(verb, USUAL.get(verb, "502 no"))
        if said:
            self._say(said)
        return bool(said)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    """The server at a port that is free."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.box = MailBox(port=self.server_address[1])


@contextmanager
def running_mail_server() -> Iterator[MailBox]:
    """Run it."""
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.box
        server.shutdown()
