"""A building's month, from consumption to bill, with every process real."""

import csv
import gzip
from datetime import UTC, datetime, timedelta

import pytest

from tests.system.demonstration import PAYING_AT_THE_END, PREWATT, Demonstration, check
from tests.system.paying_at_the_end import CREDIT_ID


@pytest.fixture
def demonstrate(tmp_path):
    made = []

    def demonstrate(*options, **how):
        made.append(Demonstration(tmp_path, *options, **how))
        return made[-1]

    yield demonstrate
    for each in made:
        each.stop()


def test_a_month_of_24_homes_with_a_two_day_outage_is_right_to_the_last_unit(demonstrate):
    ended = check(demonstrate(program=PREWATT))
    account = ended.account
    assert account["ok"] and not account["failures"]
    assert len(account["meters"]) == 24
    assert all(meter["difference"] == "0.000000000" for meter in account["meters"])
    assert all(top_up["applied_times"] == 1 for top_up in account["top_ups"])
    begin, end = (datetime.fromisoformat(account["outage"][name]) for name in ("begin", "end"))
    assert end - begin == timedelta(days=2)
    # In the outage people go on consuming, run out, and pay: who types the code has it at once, the others when the line
    # is back.
    cut = [each["at"] for meter in account["meters"] for each in meter["cut_offs"]]
    assert any(begin < datetime.fromisoformat(at) < end for at in cut)
    paid = [each for each in account["top_ups"] if begin < datetime.fromisoformat(each["paid_at"]) < end]
    assert paid
    assert {each["way"] for each in paid} == {"code", "command"}
    assert all((datetime.fromisoformat(each["applied_at"]) < end) == (each["way"] == "code") for each in paid)
    assert all(meter["sent_late"] >= 2 * 96 for meter in account["meters"])
    assert "Every unit is accounted for" in ended.output


def write(path, homes):
    """Consumption by home and instant, in kWh as text, in the columns of the demonstration."""
    with gzip.open(path, "wt", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["meter", "timestamp", "kwh"])
        for home, used in homes.items():
            rows.writerows([home, at.isoformat(), kwh] for at, kwh in used.items())
    return path


def test_other_data_with_gaps_a_home_that_uses_nothing_and_a_change_of_the_clocks(demonstrate, tmp_path):
    begin = datetime(2024, 10, 2, 14, tzinfo=UTC)
    slots = [begin + timedelta(minutes=30) * number for number in range(48 * 7)]
    homes = {
        "empty": dict.fromkeys(slots, "0"),
        "blank": {at: "" if number % 5 == 0 else "0.217" for number, at in enumerate(slots)},
        "with gaps": {at: "0.333" for number, at in enumerate(slots) if number % 7 and not 100 < number < 160},
        "late": dict.fromkeys(slots[150:], "1.5"),
        "hungry": {at: f"{number % 11}.{number:03}" for number, at in enumerate(slots)},
        "fine": {at: "0.000000001" if number % 2 else "0.123456789" for number, at in enumerate(slots)},
    }
    data = write(tmp_path / "other.csv.gz", homes)
    ended = check(demonstrate("--zone", "Australia/Sydney", "--days", 6, "--seed", 5, data=data))
    meters = {meter["meter"]: meter for meter in ended.account["meters"]}
    assert list(meters) == list(homes)
    assert (meters["empty"]["register_kwh"], meters["empty"]["charged"]) == ("0.000", "0.000000000")
    assert meters["hungry"]["cut_offs"]


def test_what_somebody_pays_on_a_page_in_the_last_moment_arrives_before_both_sides_are_compared(demonstrate):
    ended = check(demonstrate("--days", 1, "--seed", 4, program=PAYING_AT_THE_END))
    last = next(each for each in ended.account["top_ups"] if each["credit_id"] == CREDIT_ID)
    assert (last["applied_times"], last["way"]) == (1, "command")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--days", "0"], "--days: 0 is not between 1 and 3660"),
        (["--meters", "0"], "--meters: 0 is not between 1 and 250"),
        (["--meters", "251"], "--meters: 251 is not between 1 and 250"),
        (["--zone", "Mars/Olympus"], "'Mars/Olympus' is not an IANA name"),
        (["--data", "/nowhere.csv"], "/nowhere.csv: can't be read"),
        (["--json", "/nowhere/out.json"], "--json: /nowhere/out.json can't be written"),
        (["--port", "99999"], "Invalid value for '--port'"),
    ],
)
def test_what_cannot_be_played_is_named_at_once(demonstrate, options, says):
    ended = demonstrate(*options, program=PREWATT).end()
    assert ended.status == 2
    assert says in ended.output


def test_a_folder_that_is_not_empty_is_left_alone(demonstrate, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "diary").write_text("x")
    ended = demonstrate(program=PREWATT).end()
    assert ended.status == 2
    assert "is not empty" in ended.output
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["diary"]
