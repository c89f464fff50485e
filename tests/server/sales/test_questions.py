"""What alarms ask, and what an answer does: a time that was not measured, a reading that was charged wrongly, days that had
not come.
"""

import json
import re
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import get_user_model
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.headend.alarms import BACKWARDS_FOR
from prewatt.kernel.account import Account
from prewatt.kernel.entries import LeadBack, Reading, decode_command
from prewatt.kernel.rating import Used
from prewatt.kernel.tariff import Period, Tariff, Tiers
from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.server.accounts.keys import make_key
from prewatt.server.accounts.memberships import put_member
from prewatt.server.accounts.rights import Role
from prewatt.server.commissioning.enrolment import new_code
from prewatt.server.estate.models import Organisation, Tenancy, Unit
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.metering.models import Alarm, Gateway, JournalEntry, Meter
from prewatt.server.metering.usual import usual
from prewatt.server.sales.giving_back import decide, put_right
from prewatt.server.sales.leading_back import LeadBackError, charged_early, lead_back
from prewatt.server.sales.questions import question, reply
from prewatt.server.sales.top_ups import top_up
from prewatt.server.sales.wrong_readings import put_reading_right, right, wrong_readings
from prewatt.server.statements.statement import statement
from prewatt.server.tariffs.versions import keep, schedule
from prewatt.server.tenancies.moving import move_in, move_out
from prewatt.server.vending.exchanges import exchange
from prewatt.server.vending.models import Adjustment, Command
from prewatt.server.vending.refusals import GivingBackError
from prewatt.wire.signing import SigningKey
from tests.building import FLAT, PASSWORD, PRICE, ZONE
from tests.comparing import assert_row
from tests.enrolling import enrol
from tests.gateway import Edge, at
from tests.recorded import recorded_once

pytestmark = pytest.mark.database


@pytest.fixture
@recorded_once
def edge(building, clock, store):
    """Begins at midnight of 7 October at 5,000 kWh, with 100 on Anna's account."""
    Tenancy.objects.update(begins=at(2025, 10, 7) - 1)
    clock.at = at(2025, 10, 7)
    made = Edge(building.code, clock)
    Gateway.objects.update(is_online=True)
    top_up(anna(), 100 * NANO, "first")
    for meter in made.accounts:
        made.obey(meter)
        made.read(meter, 5_000_000)
    made.deliver(store)
    return made


@pytest.fixture
def by(building):
    return get_user_model().objects.get(username="manager")


@pytest.fixture
def second(building):
    user = get_user_model().objects.create(username="second")
    put_member(Organisation.objects.get(), user, Role.OWNER)
    return user


def anna():
    return Tenancy.objects.select_related("unit__property__organisation").get(tenant="Anna")


def fresh():
    return Meter.objects.select_related("gateway__property__organisation", "unit__property").get(name="m1")


def use(edge, store, until):
    """200 Wh each hour, 1,000 from 18 to 20 o'clock."""
    account = edge.accounts["m1"]
    while edge.clock.at < until:
        edge.clock.at += HOUR
        evening = (edge.clock.at - at(2025, 10, 7)) // HOUR % 24 in (19, 20)
        edge.read("m1", account.register + (1_000 if evening else 200))
    edge.deliver(store)


def jump(edge, store, register, readings=5):
    """The register stands elsewhere, and stays there: a new base."""
    account = edge.accounts["m1"]
    for _ in range(readings):
        edge.append("m1", account.read(edge.clock.at, register))
    edge.append("m1", account.rebase(edge.clock.at, register))
    edge.read("m1", register)
    edge.deliver(store)


def agrees(edge, store):
    """The meter takes up what was sent: then books and meter hold the same, and the books sum to zero."""
    edge.obey("m1")
    edge.deliver(store)
    held = fresh().balance
    assert held == edge.accounts["m1"].balance
    assert held == sum(balance(tenant_account(each)) for each in Tenancy.objects.filter(unit__name="Flat 1"))
    assert sum(trial_balance(Organisation.objects.get()).values()) == 0
    return held


@pytest.fixture
def asked(edge, store, clock):
    """Two weeks are known. Then nothing can be read from 17 to 21 o'clock on a Tuesday, and the register stands elsewhere."""
    use(edge, store, at(2025, 10, 21, 17))
    clock.at = at(2025, 10, 21, 21)
    jump(edge, store, 12_000)
    return Alarm.objects.get(kind="rebased")


# -- what is usual -----------------------------------------------------------------------------------------------------------


def test_the_usual_is_what_the_same_hours_of_the_weeks_before_used(asked):
    pieces = usual(fresh(), at(2025, 10, 21, 17), at(2025, 10, 21, 21), _zone())
    assert [piece.energy for piece in pieces] == [200, 1_000, 1_000, 200]
    halves = usual(fresh(), at(2025, 10, 21, 17), at(2025, 10, 21, 18, 30), _zone())
    assert [piece.energy for piece in halves] == [200, 500]


def _zone():
    return ZoneInfo(ZONE)


def test_too_little_is_known_after_two_days(edge, store, clock):
    use(edge, store, at(2025, 10, 9))
    assert usual(fresh(), at(2025, 10, 9), at(2025, 10, 9, 1), _zone()) is None


# -- the question ------------------------------------------------------------------------------------------------------------


def test_the_page_shows_what_is_known_and_one_click_answers_it(asked, edge, store, log_in):
    before = agrees(edge, store)
    manager = log_in("manager")
    page = manager.get(f"/alarms/{asked.pk}/").content.decode()
    known = re.sub(r"\s+", " ", page)
    assert "12.000 kWh" in known and "67.000 kWh" in known
    assert "2.400 kWh, 0.48 EUR" in known
    for _ in range(2):
        answer = manager.post(f"/alarms/{asked.pk}/", {"do": "answer", "answer": "average"}, follow=True)
        assert answer.status_code == 200
    assert agrees(edge, store) == before - 2_400 * PRICE
    asked.refresh_from_db()
    assert_row(asked, is_resolved=True, resolved_by="manager")
    assert asked.data["charged"] == 2_400 * PRICE
    assert asked.resolved_at == edge.clock.at
    assert balance(account(Organisation.objects.get(), Kind.ADJUSTMENTS)) == 0
    (line,) = statement(anna(), at(2025, 10, 7), edge.clock.at + 1).section("adjustments")
    assert line.amount == -2_400 * PRICE
    assert "not measured: 2.400 kWh, 21 Oct 2025, 17:00 – 21 Oct 2025, 21:00" in line.text
    settled = manager.get(f"/properties/{fresh().property.pk}/alarms/").content.decode()
    assert "settled by manager" in settled


@pytest.mark.parametrize(
    ("answer", "amount", "charged"),
    [("nothing", 0, 0), ("energy", 1_500, 1_500 * PRICE), ("money", NANO // 3, NANO // 3), ("energy", 0, 0)],
)
def test_each_answer_is_charged_once(asked, edge, store, by, answer, amount, charged):
    before = agrees(edge, store)
    for _ in range(2):
        reply(asked, answer, amount, by)
    assert agrees(edge, store) == before - charged
    assert not Alarm.objects.filter(is_resolved=False).exists()


@pytest.mark.parametrize(
    ("answer", "amount", "said"),
    [
        ("energy", 68_000, "At most 67.000 kWh"),
        ("energy", -1, "At most"),
        ("money", -1, "0 or more"),
        ("guess", 0, "Known answers: "),
    ],
)
def test_no_answer_that_can_not_be(asked, by, answer, amount, said):
    with pytest.raises(GivingBackError, match=said):
        reply(asked, answer, amount, by)
    asked.refresh_from_db()
    assert not asked.is_resolved and not Adjustment.objects.exists()


def test_over_the_limit_a_second_person_agrees(asked, edge, store, by, second):
    before = agrees(edge, store)
    (made,) = reply(asked, "money", 60 * NANO, by)
    assert made.state == "waiting" and agrees(edge, store) == before
    with pytest.raises(GivingBackError, match="second person"):
        decide(made, by, True)
    decide(made, second, True)
    assert agrees(edge, store) == before - 60 * NANO


def test_by_the_api_it_is_asked_and_answered_too(asked, edge, store, client, by):
    headers = {"Authorization": f"Bearer {make_key(by, 'test')}"}
    (told,) = client.get(f"/api/v1/properties/{fresh().property.pk}/alarms", headers=headers).json()
    assert (told["id"], told["kind"], told["meter"]) == (asked.pk, "rebased", "m1")
    path, kind = f"/api/v1/alarms/{asked.pk}/answer", "application/json"
    wrong = client.post(path, json.dumps({"answer": "energy", "kwh": "99"}), content_type=kind, headers=headers)
    assert (wrong.status_code, "At most" in wrong.content.decode()) == (400, True)
    right = client.post(path, json.dumps({"answer": "energy", "kwh": "1.5"}), content_type=kind, headers=headers)
    assert right.json() == {"adjustments": [{"amount": "-0.300000000", "state": "done"}]}


def test_a_time_of_two_tenancies_is_divided(edge, store, clock, by):
    use(edge, store, at(2025, 10, 21, 17))
    move_out(anna(), at(2025, 10, 21, 19))
    zoe = move_in(Unit.objects.get(name="Flat 1"), "Zoe", at(2025, 10, 21, 19))
    clock.at = at(2025, 10, 21, 21)
    edge.obey("m1")
    jump(edge, store, 12_000)
    alarm = Alarm.objects.get(kind="rebased")
    assert [(each.tenancy.tenant, each.energy) for each in question(alarm).shares] == [("Anna", 1_200), ("Zoe", 1_200)]
    reply(alarm, "energy", 1_000, by)
    assert {each.tenancy.tenant: -each.amount for each in Adjustment.objects.all()} == {
        "Anna": 500 * PRICE,
        "Zoe": 500 * PRICE,
    }
    assert balance(tenant_account(zoe)) == -500 * PRICE
    agrees(edge, store)


def test_where_nobody_lived_it_is_the_landlords_cost(edge, store, clock, by):
    account_of = edge.accounts["m3"]
    clock.at += 2 * HOUR
    for _ in range(5):
        edge.append("m3", account_of.read(clock.at, 7_000))
    edge.append("m3", account_of.rebase(clock.at, 7_000))
    edge.deliver(store)
    alarm = Alarm.objects.get()
    assert question(alarm).nobody and question(alarm).energy is None
    with pytest.raises(GivingBackError, match="Too little is known"):
        reply(alarm, "average", 0, by)
    for _ in range(2):
        reply(alarm, "energy", 3_000, by)
    owner = Organisation.objects.get()
    assert balance(account(owner, Kind.VACANCY)) == -3_000 * PRICE == -balance(account(owner, Kind.ENERGY_REVENUE))


def test_a_register_that_comes_back_takes_the_question_away(asked, edge, store, clock):
    clock.at += HOUR
    jump(edge, store, edge_register(asked) + 5_000)
    used = edge_register(asked) + 5_000 - 5_000_000
    assert agrees(edge, store) == 100 * NANO - used * PRICE
    asked.refresh_from_db()
    assert asked.is_resolved and asked.resolved_by == ""
    assert not Alarm.objects.filter(is_resolved=False).exists()
    assert "This alarm has ended by itself" in _page(f"/alarms/{asked.pk}/")


def _page(path):
    from django.test import Client

    client = Client()
    assert client.login(username="manager", password=PASSWORD)
    return client.get(path).content.decode()


def test_what_was_answered_before_it_came_back_is_given_back_by_a_click(asked, edge, store, clock, by, log_in):
    reply(asked, "average", 0, by)
    agrees(edge, store)
    clock.at += HOUR
    jump(edge, store, edge_register(asked) + 5_000)
    alarm = Alarm.objects.get(kind="charged-twice")
    before = agrees(edge, store)
    manager = log_in("manager")
    for _ in range(2):
        manager.post(f"/alarms/{alarm.pk}/", {"do": "give-back-twice"})
    assert agrees(edge, store) == before + 2_400 * PRICE


def edge_register(alarm):
    """Where the register stood before it jumped."""
    rows = JournalEntry.objects.filter(meter=alarm.meter, register__isnull=False, seq__lt=alarm.seq)
    return rows.order_by("-seq").first().register


def test_an_exchange_whose_end_nobody_knows_is_asked_from_the_last_reading_to_the_new_one(edge, store, clock, by):
    use(edge, store, at(2025, 10, 21, 17))
    clock.at = at(2025, 10, 21, 19)
    edge.append("m1", edge.accounts["m1"].event(clock.at, "foreign-meter", "m1-new"))
    clock.at = at(2025, 10, 21, 22)
    exchange(fresh(), "m1-new", "0", "unknown", "manager")
    edge.obey("m1")
    edge.read("m1", 900)
    edge.deliver(store)
    alarm = Alarm.objects.get(kind="exchanged", is_resolved=False)
    found = question(alarm)
    # What the new one used is measured: it hung there from seven o'clock on.
    assert_row(found, begin=at(2025, 10, 21, 17), end=at(2025, 10, 21, 19), energy=1_200)
    before = agrees(edge, store)
    reply(alarm, "average", 0, by)
    assert agrees(edge, store) == before - 1_200 * PRICE


# -- readings that were charged wrongly ----------------------------------------------------------------------------------------


def charge_wrongly(edge, store, energy):
    """As a journal of before registers were doubted has it: `energy` Wh at once."""
    account = edge.accounts["m1"]
    rated = account.rate(edge.clock.at, energy)
    entry = Reading(
        account.seq + 1,
        edge.clock.at,
        account.balance - rated.charge,
        account.register + energy,
        rated.used,
        rated.charge,
    )
    assert rated.used == (Used("flat", 0, PRICE, energy),) or len(rated.used) > 1
    edge.append("m1", entry)
    return entry


@contextmanager
def old_rules():
    """The server's rules of then: any register was believed."""

    def recompute(self, entry):
        rated = self.rate(entry.at, entry.register - self.register)
        return Reading(entry.seq, entry.at, self.balance - rated.charge, entry.register, rated.used, rated.charge)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Account, "recompute_reading", recompute)
        yield


def test_320_million_are_given_back_to_the_unit(edge, store, clock, by, second, log_in):
    use(edge, store, at(2025, 10, 8))
    right_balance = agrees(edge, store)
    clock.at += HOUR
    with old_rules():
        charge_wrongly(edge, store, 10**12 - 5 * 10**9)
        edge.deliver(store)
    assert fresh().balance < -190_000_000 * NANO
    (wrong,) = wrong_readings(fresh())
    assert wrong.energy == 10**12 - 5 * 10**9 and not wrong.proposed
    manager = log_in("manager")
    page = manager.post(f"/meters/{fresh().pk}/wrong-readings/", {"seq": wrong.seq, "kwh": "0,2"}).content.decode()
    assert "198,999,999.96 EUR" in page
    manager.post(
        f"/meters/{fresh().pk}/wrong-readings/",
        {"seq": wrong.seq, "kwh": "0,2", "reason": "a broken bus", "do": "propose"},
    )
    (made,) = Adjustment.objects.all()
    assert made.state == "waiting"
    with pytest.raises(GivingBackError, match="second person"):
        decide(made, by, True)
    decide(made, second, True)
    assert agrees(edge, store) == right_balance - 200 * PRICE
    assert balance(account(Organisation.objects.get(), Kind.ENERGY_REVENUE)) == 100 * NANO - right_balance + 200 * PRICE
    (proposed,) = wrong_readings(fresh())
    assert proposed.proposed


def test_what_later_readings_cost_more_in_a_higher_tier_is_given_back_too(edge, store, clock, by, second):
    rates = (type(FLAT.rates[0])("flat", (PRICE, 3 * PRICE)),)
    where = fresh().property
    tiered = Tariff("tiers", "EUR", ZONE, rates, FLAT.seasons, (), Tiers(Period.MONTH, (100_000,)))
    schedule(where, keep(where.organisation, tiered), clock.at + 1)
    edge.obey("m1")
    use(edge, store, at(2025, 10, 8))
    clock.at += HOUR
    with old_rules():
        entry = charge_wrongly(edge, store, 500_000)
        edge.deliver(store)
        use(edge, store, clock.at + 5 * HOUR)
    honest = 100 * NANO - PRICE * (edge.accounts["m1"].register - 5_000_000 - 500_000 + 200)
    (found,) = right(fresh(), entry.seq, 200)
    assert fresh().balance + found.amount == honest
    (made,) = put_reading_right(fresh(), entry.seq, 200, by, "lied")
    decide(made, second, True)
    assert agrees(edge, store) == honest


def test_what_is_typed_has_no_largest_amount_and_always_a_second_person(edge, store, by, second, log_in):
    before = agrees(edge, store)
    made = put_right(anna(), 320_000_000 * NANO, "mine", by, "of an old journal")
    small = put_right(anna(), 1, "one", by, "a nano")
    assert (made.state, small.state) == ("waiting", "waiting")
    assert put_right(anna(), 320_000_000 * NANO, "mine", by, "of an old journal").pk == made.pk
    with pytest.raises(GivingBackError, match="another adjustment"):
        put_right(anna(), 1, "mine", by, "x")
    with pytest.raises(GivingBackError, match="more than a meter can hold"):
        put_right(anna(), 2**62, "large", by, "x")
    manager = log_in("manager")
    given = {"do": "charged", "amount": "5000000", "reason": "typed", "adjustment_id": "typed"}
    assert (
        "has to agree first, under Books"
        in manager.post(f"/tenancies/{anna().pk}/give-back/", given, follow=True).content.decode()
    )
    for each in (made, small):
        decide(each, second, True)
    assert agrees(edge, store) == before + 320_000_000 * NANO + 1


# -- time that was ahead -------------------------------------------------------------------------------------------------------


@pytest.fixture
def ahead(edge, store, clock):
    """A standing charge of 0.30 a day; at noon of the 8th the gateway's clock was 30 days ahead for one reading."""
    where = fresh().property
    standing = Tariff("standing", "EUR", ZONE, FLAT.rates, FLAT.seasons, (), None, 3 * NANO // 10)
    schedule(where, keep(where.organisation, standing), clock.at + 1)
    edge.obey("m1")
    use(edge, store, at(2025, 10, 8, 12))
    now = clock.at
    clock.at = now + 30 * DAY
    edge.read("m1", edge.accounts["m1"].register + 100)
    clock.at = now
    edge.deliver(store)
    return now


def test_an_order_leads_a_journal_back_and_what_had_not_come_is_given_back(ahead, edge, store, clock, log_in):
    alarm = Alarm.objects.get(kind="clock-ahead")
    early = charged_early(fresh())
    assert early.amount == 30 * 3 * NANO // 10
    manager = log_in("manager")
    page = manager.get(f"/alarms/{alarm.pk}/").content.decode()
    assert "9.00 EUR" in page and "Set back this journal" in page
    # A day later: that one has come.
    clock.at += DAY
    for _ in range(2):
        manager.post(f"/alarms/{alarm.pk}/", {"do": "lead-back"})
    assert Command.objects.filter(kind="time").count() == 1
    edge.obey("m1")
    edge.deliver(store)
    assert fresh().at == clock.at
    alarm.refresh_from_db()
    assert alarm.resolved_by == "manager"
    offered = Alarm.objects.get(kind="charged-early")
    before = agrees(edge, store)
    for _ in range(2):
        manager.post(f"/alarms/{offered.pk}/", {"do": "give-back-early"})
    assert agrees(edge, store) == before + 29 * 3 * NANO // 10
    # The days that come are charged when they come.
    use(edge, store, at(2025, 10, 10, 12))
    used = edge.accounts["m1"].register - 5_000_000
    assert agrees(edge, store) == 100 * NANO - used * PRICE - 3 * 3 * NANO // 10
    with pytest.raises(LeadBackError, match="is not ahead"):
        lead_back(fresh(), "manager")


def test_by_command_and_api_of_a_meter_a_unit_and_a_gateway(ahead, edge, client, by):
    assert "has no meter, unit or gateway" in CliRunner().invoke(app, ["meter", "lead-back", "nothing"]).output
    headers = {"Authorization": f"Bearer {make_key(by, 'test')}"}
    refused = client.post("/api/v1/meters/m2/lead-back", headers=headers)
    assert "m2 is not ahead" in refused.content.decode()
    command = CliRunner().invoke(app, ["meter", "lead-back", "m2"])
    assert (command.exit_code, "m2 is not ahead" in command.output) == (2, True)
    assert "Journals of g1 that are being set back: 1." in CliRunner().invoke(app, ["meter", "lead-back", "g1"]).output
    assert "on its way already" in CliRunner().invoke(app, ["meter", "lead-back", "m1"]).output
    assert "on its way already" in CliRunner().invoke(app, ["meter", "lead-back", "Flat 1"]).output
    assert client.post("/api/v1/meters/m1/lead-back", headers=headers).json() == {"number": None}
    assert "write a reason" in CliRunner().invoke(app, ["meter", "order", "Flat 1", "open", "--reason", " "]).output


def test_a_new_gateway_is_led_back_with_its_enrolment(ahead, edge):
    enrol(new_code(Gateway.objects.get()), SigningKey.generate().public())
    (command,) = Command.objects.filter(kind="time")
    assert (command.meter.name, decode_command(bytes(command.body)).order) == ("m1", LeadBack())


# -- alarms where the manager looks --------------------------------------------------------------------------------------------


def test_a_register_that_goes_back_is_told_by_the_entries_alone_once(edge, store, clock):
    account = edge.accounts["m1"]
    clock.at += HOUR
    edge.read("m1", 5_001_000)
    begin = clock.at
    while clock.at < begin + BACKWARDS_FOR + 3 * HOUR:
        clock.at += HOUR
        edge.append("m1", account.read(clock.at, 5_000_900))
        edge.append("m1", account.hold(clock.at))
        edge.deliver(store)
        told = Alarm.objects.filter(kind="register-backwards").count()
        assert told == (clock.at - begin - HOUR >= BACKWARDS_FOR)
        Alarm.objects.update(is_resolved=True)


def test_alarms_stand_on_the_first_page_and_are_settled_by_name(edge, clock, log_in):
    Alarm.objects.create(gateway=Gateway.objects.get(), kind="clock-stepped", at=clock.at, text="A clock stepped.")
    Alarm.objects.create(meter=fresh(), kind="switch-failed", at=clock.at, text="A switch stuck.")
    manager, pk = log_in("manager"), fresh().property.pk
    first = manager.get("/properties/").content.decode()
    assert "A clock stepped." in first and "A switch stuck." in first
    assert all(f'href="/alarms/{each.pk}/"' in first for each in Alarm.objects.all())
    page = manager.get(f"/properties/{pk}/alarms/").content.decode()
    assert "A clock stepped." in page and "A switch stuck." in page
    assert "A switch stuck." in manager.get(f"/units/{fresh().unit_id}/").content.decode()
    assert log_in("flat1").get(f"/alarms/{Alarm.objects.first().pk}/").status_code == 404
    for each in Alarm.objects.all():
        assert manager.get(f"/alarms/{each.pk}/").status_code == 200
        manager.post(f"/alarms/{each.pk}/", {"do": "settle"})
    assert {each.resolved_by for each in Alarm.objects.all()} == {"manager"}
    assert "No alarm is open" in manager.get(f"/properties/{pk}/alarms/").content.decode()
    said = manager.post(f"/alarms/{each.pk}/", {"do": "nonsense"}, follow=True).content.decode()
    assert "What to do: There is no such choice." in said
