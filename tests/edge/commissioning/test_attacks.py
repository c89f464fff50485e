"""The page of setting up meets people who should not be there: foreign pages, guessers, nonsense in every field."""

import http.client
import urllib.error
import urllib.parse
from contextlib import closing

import pytest

from prewatt.edge.commissioning import access, page
from prewatt.edge.commissioning.access import new_code
from prewatt.edge.commissioning.gateway import alone
from prewatt.edge.commissioning.page import SetUpPage
from prewatt.edge.commissioning.survey import Flat, load_survey, save_survey
from prewatt.edge.serving import open_server
from tests.edge.commissioning.house import DLT, House, Later, now
from tests.edge.test_page import Browser, Hours

LINE, KIND = "2400 8E1", "dlt645-2007"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    """A gateway with one meter on a played adapter, and its page."""
    folder = tmp_path_factory.mktemp("gateway")
    survey = load_survey(folder)
    survey.flats = (Flat("Flat 1", DLT, DLT),)
    save_survey(folder, survey)
    house = House(folder / "house")
    setup, _later = Later.on(alone(folder, now, range(1, 3)))
    setup.add_bus(house.ports["cellar"])
    setup.scanner.ask(house.ports["cellar"], LINE, KIND, DLT, {})
    hours = Hours()
    served = open_server(SetUpPage(setup, "Elm Street 5", hours, pause=hours.pause), ("127.0.0.1", 0))
    browser = Browser(f"http://127.0.0.1:{served.port}")
    browser.folder, browser.house, browser.setup, browser.hours, browser.port = folder, house, setup, hours, served.port
    yield browser
    served.close()
    house.close()


def logged_in(gateway):
    """Log in, unless somebody is logged in. Returns the page."""
    page = gateway.get("/setup")
    if "Buses" not in page:
        gateway.jar.clear()
        gateway.hours.at += 3600
        page = gateway.post("/setup/login", code=new_code(gateway.folder))
    gateway.token = page.split('name="token" value="')[1].split('"')[0]
    return page


def raw(gateway, method, path, body=b"", **headers):
    """The status and the text of an answer to a request with any headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=30)) as connection:
        connection.putrequest(method, path, skip_host="Host" in named)
        for name, value in {"Content-Length": str(len(body)), **named}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("192.0.2.7:8080", 200), ("[fe80::1]:8080", 200), ("localhost:8080", 200), ("gateway", 200),
        ("gateway.local:8080", 200), ("evil.example:8080", 403), ("192.0.2.7.evil.example", 403), ("", 403),
        ("gateway.local.evil.example.", 403), ("[", 403),
    ],
)  # fmt: skip
def test_a_name_of_the_internet_that_leads_to_the_gateway_opens_nothing(gateway, host, status):
    assert raw(gateway, "GET", "/setup", Host=host)[0] == status


def test_a_form_of_a_foreign_page_is_refused_also_with_the_session_of_the_electrician(gateway):
    logged_in(gateway)
    cookie = "; ".join(f"{each.name}={each.value}" for each in gateway.jar)
    form = urllib.parse.urlencode({"token": gateway.token, "id": "1", "flat": "Flat 1"}).encode()
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{gateway.port}.evil.example"):
        assert raw(gateway, "POST", "/setup/put", form, Cookie=cookie, Origin=origin)[0] == 403
        assert raw(gateway, "POST", "/setup/login", b"code=1", Origin=origin)[0] == 403
    without = urllib.parse.urlencode({"id": "1", "flat": "Flat 1"}).encode()
    assert raw(gateway, "POST", "/setup/put", without, Cookie=cookie)[0] == 303
    assert gateway.setup.survey.at_flat("Flat 1") is None
    own = f"http://127.0.0.1:{gateway.port}"
    assert raw(gateway, "POST", "/setup/put", form, Cookie=cookie, Origin=own)[0] == 303
    assert gateway.setup.survey.at_flat("Flat 1").id == 1
    gateway.setup.survey.change(1, flat="")


def test_who_guesses_is_slowed_and_keeps_nobody_out(gateway):
    gateway.jar.clear()
    gateway.hours.at += 24 * 3600
    code, at = new_code(gateway.folder), gateway.hours.at
    for number in range(12):
        assert "This code is wrong" in gateway.post("/setup/login", code=f"{number:08}")
    assert gateway.hours.at == at + 9 * 6, "three are free, then one has a turn each six seconds"
    assert DLT in gateway.post("/setup/login", code=code)


def test_a_session_ends_with_its_code_after_an_hour_and_when_it_is_ended_but_not_with_the_agent(gateway, monkeypatch):
    logged_in(gateway)
    assert "Buses" in gateway.get("/setup")
    # The agent starts anew: what is in memory is gone.
    gateway.setup_page = SetUpPage(gateway.setup, "", gateway.hours)
    token = next(each.value for each in gateway.jar)
    environ = {"HTTP_COOKIE": f"{page.COOKIE}={token}"}
    assert gateway.setup_page._session(environ) == token
    gateway.hours.at += page.SESSION_LASTS + 1
    assert "Set-up code" in gateway.get("/setup")
    assert gateway.setup_page._session(environ) == ""
    logged_in(gateway)
    new_code(gateway.folder)
    assert "Set-up code" in gateway.get("/setup")
    logged_in(gateway)
    gateway.post("/setup/logout", token=gateway.token)
    assert "Set-up code" in gateway.get("/setup")
    logged_in(gateway)
    monkeypatch.setattr(access.time, "time", lambda: 4e9)
    assert "Set-up code" in gateway.get("/setup")


def test_the_answer_to_a_form_is_seen_by_who_sent_it_alone(gateway):
    logged_in(gateway)
    cookie = "; ".join(f"{each.name}={each.value}" for each in gateway.jar)
    form = urllib.parse.urlencode({"token": gateway.token, "id": "1", "face": "7"}).encode()
    raw(gateway, "POST", "/setup/face", form, Cookie=cookie)
    assert "Saved." not in raw(gateway, "GET", "/setup")[1]
    assert "Saved." in gateway.get("/setup/meter/1")


NONSENSE = ["", " ", "\0", "²", "-1", "9" * 400, "../../etc/passwd", "<script>alert(1)</script>", "١٢", "A" * 12, "AA" * 6, "1e5",
            "nan", "🔌", "%s%d{0}", "'; DROP TABLE meter; --"]  # fmt: skip
ACTIONS = {
    "bus": ["port"], "ask": ["port", "kind", "line", "address"], "put": ["id", "flat"], "compare": ["id", "kwh"],
    "model": ["id", "model"], "face": ["id", "face"], "more": ["id", "more.password", "more.bus", "more.ratios"],
    "off": ["id"], "stopped": ["id", "is_so"], "runs": ["id", "is_so"], "forget": ["id"], "no-such": ["id"],
}  # fmt: skip


@pytest.mark.parametrize("action", ACTIONS)
def test_nonsense_in_every_field_is_answered_in_words_and_changes_no_meter(gateway, action):
    logged_in(gateway)
    right = {
        "id": "1",
        "port": gateway.house.ports["cellar"],
        "kind": KIND,
        "line": LINE,
        "address": DLT,
        "is_so": "1",
        "flat": "Flat 1",
        "kwh": "2.00",
        "model": "dlt645-2007",
        "face": "1",
    }
    before = gateway.setup.survey.meters
    for name in ACTIONS[action]:
        # One wrong field at a time, the others as they should be; a right form is no part of this.
        rest = {each: right[each] for each in ACTIONS[action] if each != name and each in right}
        for typed in NONSENSE if name != "is_so" else ["no"]:
            answer = gateway.post(f"/setup/{action}", token=gateway.token, **{**rest, name: typed})
            assert "<script>alert" not in answer
            assert "Elm Street 5" in answer
    gateway.setup.survey.meters = before
    assert gateway.house.meters[DLT].is_closed()


@pytest.mark.parametrize(
    "path", ["meter/" + "9" * 5000, "meter/%C2%B2", "meter/-1", "meter/1/2", "%00", "../edge.toml", "again.js/.."]
)
def test_an_address_that_there_is_not_is_answered(gateway, path):
    logged_in(gateway)
    try:
        assert "Elm Street 5" in gateway.get(f"/setup/{path}")
    except urllib.error.HTTPError as error:
        assert error.code < 500


@pytest.mark.parametrize(
    "typed", ["/etc/passwd", "/dev/mem", "/dev/watchdog", "/dev/../etc/passwd", "/proc/self/mem", "/dev/tty"]
)
def test_a_path_that_is_no_adapter_is_never_opened(gateway, typed):
    logged_in(gateway)
    assert "is not a serial adapter" in gateway.post("/setup/bus", token=gateway.token, port=typed)
    form = {"kind": KIND, "line": LINE, "address": DLT, "port": typed}
    assert "There is no such bus here" in gateway.post("/setup/ask", token=gateway.token, **form)


def test_a_huge_form_and_one_of_many_fields_are_refused(gateway):
    logged_in(gateway)
    assert raw(gateway, "POST", "/setup/login", b"code=" + b"1" * 5000)[0] == 413
    assert raw(gateway, "POST", "/setup/login", b"&".join(b"a%d=1" % number for number in range(100)))[0] == 413
    assert raw(gateway, "POST", "/setup/login", Content_Length="-1")[0] in (400, 413)
