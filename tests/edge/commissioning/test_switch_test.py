"""A switch that was opened for a test is closed again, whatever becomes of the page and of the person before it."""

import pytest

from prewatt.edge.commissioning import rules
from prewatt.edge.commissioning.gateway import alone
from prewatt.edge.commissioning.survey import Flat, SurveyError, load_survey, save_survey
from prewatt.edge.commissioning.switch_test import AGAIN_AFTER, TEST_LASTS
from tests.edge.commissioning.house import DLT, DLT_TWIN, House, Later, now

LINE, KIND = "2400 8E1", "dlt645-2007"


@pytest.fixture
def bench(tmp_path):
    """A gateway with one meter at its flat, its played house, and the clock by which switches are closed later."""
    survey = load_survey(tmp_path)
    survey.flats = (Flat("Flat 1", DLT, DLT), Flat("Flat 2", DLT_TWIN, DLT_TWIN))
    save_survey(tmp_path, survey)
    house = House(tmp_path / "house")
    setup, later = Later.on(alone(tmp_path, now, range(1, 3)))
    setup.scanner.ask(house.ports["cellar"], LINE, KIND, DLT, {})
    rules.put(setup.survey, 1, "Flat 1")
    yield setup, house, later
    setup.switches.end()
    house.close()


def test_after_three_minutes_it_is_closed_by_itself_though_the_page_is_gone(bench):
    setup, house, later = bench
    setup.switches.switch_off(1)
    assert not house.meters[DLT].is_closed()
    later.passes(TEST_LASTS - 1)
    assert not house.meters[DLT].is_closed()
    later.passes(1)
    assert house.meters[DLT].is_closed()
    assert setup.survey.meter(1).test == ""
    assert later.waits == []


def test_it_is_tried_again_while_something_else_is_being_done_or_the_adapter_is_gone(bench):
    setup, house, later = bench
    setup.switches.switch_off(1)
    with setup.bench.working("meters are being looked for"):
        later.passes(TEST_LASTS)
    assert not house.meters[DLT].is_closed()
    meters, house.cellar.meters = house.cellar.meters, []
    later.passes(AGAIN_AFTER)
    house.cellar.meters = meters
    assert not house.meters[DLT].is_closed()
    later.passes(AGAIN_AFTER)
    assert house.meters[DLT].is_closed()


def test_who_answers_has_nothing_closed_later(bench):
    setup, _house, later = bench
    setup.switches.switch_off(1)
    setup.switches.load_stopped(1, is_so=True)
    assert later.waits == []


@pytest.mark.parametrize("is_so", [True, False])
def test_a_switch_that_stands_open_after_the_test_is_told_to_close_whatever_the_person_saw(bench, is_so):
    setup, house, _later = bench
    setup.switches.switch_off(1)
    setup.switches.load_stopped(1, is_so=True)
    house.meters[DLT].order(False, True)
    with pytest.raises(SurveyError, match="its switch is still open"):
        setup.switches.load_runs(1, is_so)
    assert house.meters[DLT].is_closed()


def test_while_it_is_open_its_meter_is_neither_moved_nor_forgotten(bench):
    setup, house, later = bench
    setup.switches.switch_off(1)
    for change in (
        lambda: rules.put(setup.survey, 1, "Flat 2"),
        lambda: rules.put(setup.survey, 1, ""),
        lambda: rules.choose_model(setup.survey, 1, KIND),
        lambda: setup.survey.forget(1),
        lambda: setup.scanner.set_more(1, {"password": "1"}),
    ):
        with pytest.raises(SurveyError, match=r"open for a test\. End the test first"):
            change()
    later.passes(TEST_LASTS)
    assert house.meters[DLT].is_closed()
    # One that has been taken off the wall can be forgotten.
    setup.survey.change(1, test="off", is_silent=True)
    setup.survey.forget(1)
    assert setup.survey.meters == ()
