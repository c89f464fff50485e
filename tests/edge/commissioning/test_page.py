"""The page on which meters are set up, over real HTTP, with played meters behind a played adapter."""

import time
import urllib.error

import pytest

from prewatt.edge.commissioning.access import new_code
from prewatt.edge.commissioning.gateway import alone
from prewatt.edge.commissioning.page import SetUpPage
from prewatt.edge.commissioning.survey import Flat, load_survey, save_survey
from prewatt.edge.serving import open_server
from prewatt.edge.settings import load_settings, write_settings
from tests.edge.commissioning.house import DLT, DLT_TWIN, House, Later, now
from tests.edge.test_page import Browser
from tests.edge.test_shell import made_settings


@pytest.fixture
def browser(tmp_path):
    folder = tmp_path / "gateway"
    folder.mkdir()
    write_settings(folder / "edge.toml", made_settings(folder, meters=(), drivers={}))
    survey = load_survey(folder)
    survey.flats = (Flat("Flat 1", DLT, DLT), Flat("Flat 2", DLT_TWIN, DLT_TWIN))
    save_survey(folder, survey)
    house = House(tmp_path / "house")
    setup, _later = Later.on(alone(folder, now, range(1, 3)))
    setup.add_bus(house.ports["cellar"])
    for address in (DLT, DLT_TWIN):
        setup.scanner.ask(house.ports["cellar"], "2400 8E1", "dlt645-2007", address, {})
    server = open_server(SetUpPage(setup, "Elm Street 5"), ("127.0.0.1", 0))
    browser = Browser(f"http://127.0.0.1:{server.port}")
    browser.folder, browser.house, browser.setup = folder, house, setup
    yield browser
    server.close()
    house.close()


def logged_in(browser):
    page = browser.post("/setup/login", code=new_code(browser.folder))
    browser.token = page.split('name="token" value="')[1].split('"')[0]
    return page


def test_only_who_has_the_code_of_the_gateway_gets_in(browser):
    assert "Set-up code" in browser.get("/setup")
    code = new_code(browser.folder)
    assert "This code is wrong" in browser.post("/setup/login", code="00000000")
    assert "Flat 1" not in browser.post("/setup/put", token="", id="1", flat="Flat 1")
    assert browser.setup.survey.at_flat("Flat 1") is None
    new_code(browser.folder)
    assert "This code is wrong" in browser.post("/setup/login", code=code)
    assert DLT in logged_in(browser)


def test_a_flat_is_set_up_by_taps_alone(browser):
    logged_in(browser)

    def tap(action, **fields):
        return browser.post(f"/setup/{action}", token=browser.token, id="1", **fields)

    assert "Saved." in tap("put", flat="Flat 1")
    assert "This is not the meter in front of you" in tap("compare", kwh="3.00")
    assert "agree: 2.000 kWh" in tap("compare", kwh="2.00")
    assert "Has the load in the flat stopped?" in tap("off")
    assert not browser.house.meters[DLT].is_closed()
    assert "Does the load run?" in tap("stopped", is_so="1")
    assert "The switch is tested." in tap("runs", is_so="1")
    assert browser.house.meters[DLT].is_closed()
    assert f"Ready: {DLT}." in browser.get("/setup")
    page = tap("service")
    assert f"In service as soon as the agent is restarted: {DLT}." in page
    assert "No meter yet: Flat 2." in browser.get("/setup")
    settings = load_settings(browser.folder / "edge.toml")
    assert [meter.name for meter in settings.meters] == [DLT]
    assert settings.drivers["bus"].meters[DLT]["address"] == DLT
    assert "This meter is in service" in tap("off")
    assert browser.house.meters[DLT].is_closed()


def test_a_label_leads_to_the_page_of_its_flat(browser):
    logged_in(browser)
    page = browser.get("/setup/labels")
    assert f"/?meter={DLT}" in page
    assert page.count("<svg") == 2


def test_a_search_goes_on_while_the_page_is_looked_at(browser):
    logged_in(browser)
    browser.setup.scanner._bench.models = {}
    browser.post("/setup/scan", token=browser.token)
    end = time.monotonic() + 60
    while browser.setup.bench.doing:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert "does not answer any more" in browser.get("/setup")


def test_a_form_that_is_too_large_is_refused(browser):
    with pytest.raises(urllib.error.HTTPError):
        browser.post("/setup/login", code="1" * 9000)


def test_a_password_is_kept_and_the_meter_is_asked_anew(browser):
    logged_in(browser)
    page = browser.post("/setup/more", token=browser.token, id="1", **{"more.password": "123456"})
    assert "Saved." in page
    meter = browser.setup.survey.meter(1)
    assert (meter.more["password"], meter.look.register) == ("123456", 2000)


def test_one_address_is_asked_where_a_person_names_it(browser):
    logged_in(browser)
    port = browser.house.ports["cellar"]
    browser.post("/setup/forget", token=browser.token, id="2")
    asked = {"port": port, "kind": "dlt645-2007", "line": "2400 8E1"}
    assert "Nothing answers at address 77" in browser.post("/setup/ask", token=browser.token, address="77", **asked)
    assert "A meter answers there." in browser.post("/setup/ask", token=browser.token, address=DLT_TWIN, **asked)
    assert [meter.address for meter in browser.setup.survey.meters] == [DLT, DLT_TWIN]
