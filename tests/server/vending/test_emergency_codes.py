"""Codes that are made in advance: bounded, each for one meter, once, until its day; listed, revoked, and in the books."""

import pytest
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.kernel.entries import EndCode
from prewatt.kernel.orders import Restore
from prewatt.kernel.units import DAY, MINUTE, NANO
from prewatt.server.estate.models import Organisation, Property, Unit
from prewatt.server.ledger.books import account, balance, trial_balance
from prewatt.server.ledger.models import Account as Ledger
from prewatt.server.ledger.models import Transfer
from prewatt.server.metering.models import Alarm, Meter
from prewatt.server.sales.top_ups import top_up
from prewatt.server.vending.controls import ControlError, control
from prewatt.server.vending.emergency_bounds import EmergencyError
from prewatt.server.vending.emergency_codes import make
from prewatt.server.vending.emergency_revoking import revoke
from prewatt.server.vending.emergency_states import at_risk, of_property, state
from prewatt.server.vending.emergency_use import take_up_state
from prewatt.server.vending.models import Command, EmergencyCode
from prewatt.server.web.happenings import happenings
from tests.building import PASSWORD
from tests.server.vending.test_order_codes import edge, order_of, typed  # noqa: F401

pytestmark = pytest.mark.database


@pytest.fixture
def where(building):
    return building.property


@pytest.fixture
def landlord(building):
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get(username="manager")


def made(where, by, meter="m1", amount=5 * NANO, days=7):
    return make(where, [Meter.objects.get(name=meter)], amount, days, by)[0]


def states(where):
    return [(each.meter.name, state(each)) for each in sorted(of_property(where), key=lambda each: each.pk)]


def test_a_typed_one_lends_at_once_and_is_in_the_books_once(where, landlord, edge, store, clock, tenancy):  # noqa: F811
    code = made(where, landlord)
    commands = Command.objects.count()
    clock.at += 3 * DAY
    typed(edge, clock, "m1", code.code.digits)
    assert edge.accounts["m1"].allowance(clock.now()) == 5 * NANO
    edge.deliver(store)
    code.refresh_from_db()
    assert (states(where), code.used_at, code.by) == ([("m1", "used")], clock.now(), "manager")
    assert not Alarm.objects.exists(), "it is known"
    (lent,) = Transfer.objects.filter(kind="restored")
    assert (lent.amount, lent.meter.name, lent.memo) == (5 * NANO, "m1", "manager: emergency code")
    owner = where.organisation
    assert balance(account(owner, Ledger.Kind.EMERGENCY_LENT)) == -balance(account(owner, Ledger.Kind.EMERGENCY))
    # The meter is told that this is known; and typed again it is worth nothing, before and after.
    assert Command.objects.count() == commands + 1 and order_of(Command.objects.latest("pk")) == EndCode(code.code.tid)
    for _ in range(2):
        with pytest.raises(ValueError, match="used already"):
            typed(edge, clock, "m1", code.code.digits)
        edge.obey("m1")
        edge.deliver(store)
    assert edge.accounts["m1"].coded == {} and Transfer.objects.filter(kind="restored").count() == 1
    clock.at += MINUTE
    top_up(tenancy, 20 * NANO, "c1")
    edge.obey("m1")
    edge.deliver(store)
    assert [each.amount for each in Transfer.objects.filter(kind="restored")] == [5 * NANO, 5 * NANO], "and repaid"
    assert balance(account(owner, Ledger.Kind.EMERGENCY)) == 0 == sum(trial_balance(owner).values())


def test_a_restoration_by_order_is_in_the_books_like_it(where, edge, store, clock):  # noqa: F811
    control(Meter.objects.get(name="m1"), Restore(2 * NANO), "manager", "ill")
    control(Meter.objects.get(name="m1"), Restore(0, clock.now() + DAY), "manager", "ill")
    edge.obey("m1")
    edge.deliver(store)
    assert [(each.amount, each.memo) for each in Transfer.objects.filter(kind="restored")] == [
        (2 * NANO, "manager: ill")
    ]


def test_an_expired_one_is_worth_nothing_and_counts_no_more(where, landlord, edge, clock):  # noqa: F811
    code = made(where, landlord)
    assert (at_risk(where).number, at_risk(where).amount, at_risk(where).until) == (1, 5 * NANO, code.ends)
    clock.at = code.ends
    with pytest.raises(ValueError, match="no longer works"):
        typed(edge, clock, "m1", code.code.digits)
    assert states(where) == [("m1", "expired")] and at_risk(where).number == 0
    made(where, landlord)


def test_one_is_for_one_meter(where, landlord, edge, clock):  # noqa: F811
    with pytest.raises(ValueError, match="another meter"):
        typed(edge, clock, "m2", made(where, landlord).code.digits)


def test_a_revoked_one_is_worth_nothing_once_the_meter_has_heard_of_it(where, landlord, edge, store, clock):  # noqa: F811
    code, other = made(where, landlord), made(where, landlord, "m2")
    assert revoke(of_property(where), landlord) == 2 and revoke(of_property(where), landlord) == 0
    assert states(where) == [("m1", "revoking"), ("m2", "revoking")]
    assert at_risk(where).number == 2, "the meters do not know yet"
    with pytest.raises(EmergencyError, match="1 codes are valid already"):
        made(where, landlord)
    # One is used before the network is back, the other is not.
    typed(edge, clock, "m2", other.code.digits)
    edge.obey("m1")
    edge.obey("m2")
    edge.deliver(store)
    assert states(where) == [("m1", "revoked"), ("m2", "used")] and at_risk(where).number == 0
    with pytest.raises(ValueError, match="used already"):
        typed(edge, clock, "m1", code.code.digits)
    assert Transfer.objects.filter(kind="restored").count() == 1
    made(where, landlord)


@pytest.mark.parametrize(
    ("rules", "amount", "days", "said"),
    [
        ({}, 5 * NANO + 1, 7, "at most 5.00"),
        ({}, 0, 7, "more than 0"),
        ({}, 5 * NANO, 8, "1 to 7 days"),
        ({}, NANO // 1000, 7, "steps of 0.01 up to 100.00, and of 1.00 above"),
        ({"emergency_code_number": 0}, NANO, 7, "0 codes are valid already"),
        ({"emergency_code_amount": 100}, 60 * NANO, 7, "more than 50.00"),
    ],
)
def test_what_is_beyond_the_bounds_is_not_made(where, landlord, rules, amount, days, said):
    Property.objects.update(**rules)
    where.refresh_from_db()
    with pytest.raises(EmergencyError, match=said):
        made(where, landlord, amount=amount, days=days)
    assert not EmergencyCode.objects.exists()


def test_a_used_one_counts_until_it_would_have_ended(where, landlord, edge, store, clock):  # noqa: F811
    code = made(where, landlord)
    typed(edge, clock, "m1", code.code.digits)
    edge.deliver(store)
    with pytest.raises(EmergencyError, match="A used code counts until its end"):
        made(where, landlord)
    clock.at = code.ends
    made(where, landlord)


def test_what_one_person_may_give_alone_bounds_all_of_it(where, landlord, clock):
    """In one purse: codes that can be used, those that were, restorations by order, and what is given freely."""
    Organisation.objects.update(adjustment_limit=12)
    made(where, landlord)
    made(where, landlord, "m2")
    with pytest.raises(EmergencyError, match=r"more than 12\.00"):
        made(where, landlord, "m3")
    with pytest.raises(ControlError, match=r"more than 12\.00"):
        control(Meter.objects.get(name="m3"), Restore(5 * NANO), landlord)
    clock.at += 8 * DAY
    control(Meter.objects.get(name="m3"), Restore(5 * NANO), landlord)


def test_all_or_none_are_made(where, landlord):
    made(where, landlord)
    with pytest.raises(EmergencyError, match="Flat 1"):
        make(where, list(Meter.objects.filter(unit__isnull=False)), NANO, 7, landlord)
    assert EmergencyCode.objects.count() == 1


def test_the_page_makes_lists_and_revokes_them_and_says_what_can_be_lost(manager, where, landlord):
    page = f"/properties/{where.pk}/emergency-codes/"
    units = list(Unit.objects.values_list("pk", flat=True))
    assert "No code can be used now" in manager.get(page).content.decode()
    said = manager.post(f"{page}make/", {"units": units, "amount": "4,00", "days": "3"}, follow=True).content.decode()
    assert "3 codes are made" in said and "12.00 EUR at most in all, until 9 Oct, 12:00" in said
    sheet = manager.get(f"{page}sheet/")
    text = sheet.content.decode()
    for each in of_property(where):
        assert str(each) in said and str(each) in text and each.meter.unit.name in text
    assert "at most 12.00 EUR" in text and "Content-Disposition" not in sheet
    kept = manager.get(f"{page}sheet/?keep")
    assert "attachment" in kept["Content-Disposition"]
    assert "src=" not in kept.content.decode() and "href=" not in kept.content.decode(), "It needs no network"
    first = EmergencyCode.objects.earliest("pk")
    manager.post(f"{page}revoke/", {"code": first.pk})
    text = manager.get(f"{page}sheet/").content.decode()
    assert str(first) not in text and text.count('class="code"') == 2
    manager.post(f"{page}revoke/")
    assert "No code can be used now" in manager.get(f"{page}sheet/").content.decode()
    shown = manager.get(page).content.decode()
    assert shown.count("revoked, on its way") == 3 and str(first) not in shown
    said = manager.post(f"{page}make/", {"units": units, "amount": "4", "days": "40"}, follow=True).content.decode()
    assert "from 1 to 31" in said
    rules = {"emergency_code_amount": "2", "emergency_code_number": "3", "emergency_code_days": "32"}
    assert "At most 31" in manager.post(f"/properties/{where.pk}/emergency-rules/", rules, follow=True).content.decode()
    manager.post(f"/properties/{where.pk}/emergency-rules/", {**rules, "emergency_code_days": "2"})
    where.refresh_from_db()
    assert (where.emergency_code_amount, where.emergency_code_number, where.emergency_code_days) == (2, 3, 2)


def test_the_api_makes_lists_and_revokes_them(program, where, landlord):
    path = f"properties/{where.pk}/emergency-codes"
    answer = program("post", path, {"amount": "5.00", "days": 7, "units": ["Flat 1"]})
    (code,) = answer.json()
    row = EmergencyCode.objects.get()
    assert answer.status_code == 201 and (code["code"], code["meter"], code["state"]) == (row.code.digits, "m1", "open")
    listed = program("get", path).json()
    assert listed["codes"] == [code]
    assert listed["lost_at_most"] == {"codes": 1, "amount": "5.000000000", "until": "2025-10-13T10:00:00Z"}
    assert listed["may_be_made"] == {"amount": "5.000000000", "of_a_flat": 1, "days": 7}
    wrong = program("post", path, {"amount": "5.00", "days": 7, "units": ["Attic"]})
    assert wrong.status_code == 400 and "is not a flat" in wrong.content.decode()
    assert len(program("post", path, {"amount": "1", "days": 1, "units": ["Flat 2", "Flat 3"]}).json()) == 2
    gone = program("post", f"emergency-codes/{row.pk}/revoke").json()
    assert (gone["state"], gone["code"], gone["revoked_by"]) == ("revoking", None, "manager")
    assert program("post", f"{path}/revoke").json() == {"revoked": 2}


def test_the_command_makes_lists_and_revokes_them_and_writes_the_sheet(where, tmp_path):
    def run(*arguments, status=0):
        result = CliRunner().invoke(app, ["emergency-code", *arguments])
        assert result.exit_code == status, result.output
        return result.output

    said = run("make", "5.00", "--unit", "Flat 1", "--valid-days", "2")
    row = EmergencyCode.objects.get()
    assert str(row) in said and "until 2025-10-08 12:00: 1. If they are lost, you lose at most 5.00 EUR" in said
    assert "1 codes are valid already" in run("make", "5.00", status=2)
    assert str(row) in run("list") and "console" in run("list")
    run("sheet", str(tmp_path / "codes.html"))
    assert str(row) in (tmp_path / "codes.html").read_text()
    assert (tmp_path / "codes.html").stat().st_mode & 0o077 == 0
    assert "Codes revoked: 1" in run("revoke")
    assert "revoking" in run("list")


def test_they_are_for_no_stranger(client, where, landlord):
    code, page = made(where, landlord), f"/properties/{where.pk}/emergency-codes/"
    client.login(username="flat1", password=PASSWORD)
    for path in (page, f"{page}sheet/"):
        assert client.get(path).status_code == 404
    for path in ("make", "revoke", "rules"):
        assert client.post(f"{page}{path}/", {}).status_code == 404
    assert client.get(f"/api/v1/properties/{where.pk}/emergency-codes").status_code == 404
    assert client.post(f"/api/v1/emergency-codes/{code.pk}/revoke").status_code == 404
    assert states(where) == [("m1", "open")]


def test_who_made_a_code_that_was_typed_is_said_at_the_meter(where, landlord, edge, store, clock):  # noqa: F811
    code = made(where, landlord)
    ordered = control(Meter.objects.get(name="m1"), Restore(NANO), "manager", "ill")
    typed(edge, clock, "m1", code.code.digits)
    typed(edge, clock, "m1", ordered.code.digits)
    edge.deliver(store)
    told = [each.detail for each in happenings(Meter.objects.get(name="m1")) if "restore" in each.text]
    where_typed = "on the page in the building, with the code of manager"
    assert sorted(told) == [f"{where_typed}: emergency code", f"{where_typed}: ill"]


def test_a_database_from_before_is_told_of_a_used_one(where, landlord, edge, store, clock):  # noqa: F811
    code = made(where, landlord)
    digits = code.code.digits
    code.delete()
    typed(edge, clock, "m1", digits)
    edge.deliver(store)
    assert [each.kind for each in Alarm.objects.all()] == ["unknown-order"]


def test_an_account_that_is_replayed_knows_the_codes_that_were_used(where, landlord, edge, store, clock):  # noqa: F811
    from prewatt.headend import mending

    code = made(where, landlord)
    typed(edge, clock, "m1", code.code.digits)
    edge.deliver(store)
    meter = Meter.objects.get(name="m1")
    account_of = mending.rebuild(meter)
    assert account_of.supply.grace == 5 * NANO and meter.offset == 0


def test_where_the_books_go_on_from_a_meters_account_it_is_known_what_was_used(where, landlord, edge, clock):  # noqa: F811
    code, other = made(where, landlord), made(where, landlord, "m2")
    typed(edge, clock, "m1", code.code.digits)
    for name in ("m1", "m2"):
        take_up_state(Meter.objects.get(name=name), edge.accounts[name])
    assert states(where) == [("m1", "used"), ("m2", "open")] and other.pk
