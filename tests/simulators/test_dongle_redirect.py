import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.transports.dongle_redirect import Redirect, parse_redirect


@pytest.mark.parametrize(
    ("datagram", "redirect"),
    [
        pytest.param(b"set>server=192.0.2.10:8899;", Redirect(("192.0.2.10", 8899)), id="plain"),
        pytest.param(b"set>server=192.0.2.10:8899;\r\n", Redirect(("192.0.2.10", 8899)), id="crlf"),
        pytest.param(b"set>server=192.0.2.10:8899;\n", Redirect(("192.0.2.10", 8899)), id="lf"),
        pytest.param(b"set>server=", Redirect(None), id="who-is-there"),
        pytest.param(b"set>server=192.0.2.10:8899", None, id="unfinished"),
        pytest.param(b"set>server=192.0.2.256:8899;", None, id="no-address"),
        pytest.param(b"set>server=192.0.2.10:0;", None, id="port-0"),
        pytest.param(b"set>server=192.0.2.10:65536;", None, id="port-65536"),
        pytest.param(b"set>server=example.org:8899;", None, id="a-name"),
        pytest.param(b"AT+SEARCH=HF-LPB100", None, id="another-kind-of-dongle"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_redirects(datagram, redirect):
    assert parse_redirect(datagram) == redirect


@given(st.binary() | st.from_regex(rb"set>server=[0-9.]*:[0-9]*;\s?", fullmatch=True))
def test_any_datagram_raises_nothing(datagram):
    parse_redirect(datagram)
