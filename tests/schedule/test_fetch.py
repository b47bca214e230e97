"""One request against servers that answer well, badly, slowly, endlessly, or send us away."""

import gzip
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from services.schedule import fetch as module
from services.schedule.fetch import fetch
from shared.errors import BadReplyError, DeviceOfflineError
from shared.version import program_version
from tests.schedule.http_server import reply, server
from tests.support.ports import free_port


def test_a_body_and_the_servers_clock() -> None:
    with server(reply(body=b"[1]")) as url:
        fetched = fetch(f"{url}/x")
    assert fetched.body == b"[1]"
    assert fetched.server_time
    assert abs(fetched.server_time.timestamp() - time.time()) < 5


def test_it_says_who_it_is_and_asks_for_what_it_can_read() -> None:
    seen: dict[str, str] = {}
    with server(lambda request: (seen.update(request.headers), reply()(request))[1]) as url:
        fetch(url, method="POST")
    assert seen["User-Agent"].startswith(f"easun-bridge/{program_version()}")
    assert seen["Accept-Encoding"] == "gzip, deflate"


def test_packed_answers_are_unpacked() -> None:
    with server(reply(body=gzip.compress(b"[" + b" " * 100_000 + b"]"), Content_Encoding="gzip")) as url:
        assert len(fetch(url).body) == 100_002


def test_a_small_body_that_unpacks_to_a_huge_one_is_stopped() -> None:
    with (
        server(reply(body=gzip.compress(b" " * 50_000_000), Content_Encoding="gzip")) as url,
        pytest.raises(BadReplyError, match="too long"),
    ):
        fetch(url)


@pytest.mark.parametrize("status", [204, 400, 403, 404, 429, 500, 502, 503])
def test_other_answers_than_200(status: int) -> None:
    kind = DeviceOfflineError if status >= 500 else BadReplyError
    with server(reply(status, b"")) as url, pytest.raises(kind, match=f"HTTP {status}"):
        fetch(url)


def test_the_body_of_a_redirect_is_not_read() -> None:
    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", "http://127.0.0.2/")
        request.end_headers()
        while True:
            request.wfile.write(b" " * 100_000)

    with server(endless) as url, pytest.raises(BadReplyError, match="another host"):
        fetch(url)


def test_redirects_are_followed_on_the_same_host_only() -> None:
    def moved(request: BaseHTTPRequestHandler) -> None:
        (reply(body=b"[2]") if request.path == "/new" else reply(302, b"", Location="/new"))(request)

    with server(moved) as url:
        assert fetch(f"{url}/old").body == b"[2]"


@pytest.mark.parametrize(
    ("location", "sentence"),
    [
        ("http://127.0.0.2/x", "another host, 127.0.0.2"),
        ("https://127.0.0.1/x", "another host, 127.0.0.1"),
        ("//127.0.0.3:81/x", "another host, 127.0.0.3"),
        ("/again", "in circles"),
        ("ftp:", "another host, \\?"),
        ("http://[x/", "no address"),
    ],
)
def test_redirects_that_are_refused(location: str, sentence: str) -> None:
    with server(reply(301, b"", Location=location)) as url, pytest.raises(BadReplyError, match=sentence):
        fetch(url)


def test_an_endless_body_is_stopped() -> None:
    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while True:
            request.wfile.write(b" " * 100_000)

    with server(endless) as url, pytest.raises(BadReplyError, match="too long"):
        fetch(url)


def test_a_dripping_body_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IN_ALL_S", 0.3)
    done = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not done.wait(0.02):
            request.wfile.write(b" ")

    with server(drip) as url, pytest.raises(DeviceOfflineError, match="takes too long"):
        fetch(url)
    done.set()


def test_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE_S", 0.2)
    done = threading.Event()
    with server(lambda _request: (done.wait(), None)[1]) as url, pytest.raises(DeviceOfflineError, match="in time"):
        fetch(url)
    done.set()


def test_nobody_there() -> None:
    with pytest.raises(DeviceOfflineError, match="cannot be reached"):
        fetch(f"http://127.0.0.1:{free_port()}/x")


def test_a_body_shorter_than_promised() -> None:
    with server(reply(Content_Length="100")) as url, pytest.raises(DeviceOfflineError, match="broke off"):
        fetch(url)


@pytest.mark.processes
def test_a_certificate_that_nobody_signed(tmp_path: Path) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run([*made, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with server(reply(), context) as url, pytest.raises(BadReplyError, match="certificate"):
        fetch(url)


@pytest.mark.parametrize("url", ["http://", "nothing", "http://[x/"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(BadReplyError, match="address"):
        fetch(url)
