"""What ran up while a gateway was dead is spread: light at once, a share of each payment, never more than is owed."""

import pytest

from prewatt.kernel.entries import GrantCredit, decode_command
from prewatt.kernel.orders import Restore
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO
from prewatt.server.billing.debt_payments import pay
from prewatt.server.billing.models import DebtPart, Spread
from prewatt.server.billing.on_the_way import on_the_way
from prewatt.server.billing.open_debts import debts_of, open_debts
from prewatt.server.billing.spreading import HIGHEST, SpreadError, owes, share_for, spread, spread_what_ran_up, stop
from prewatt.server.estate.models import Property, Tenancy
from prewatt.server.ledger.books import Kind, account, balance, tenant_account, trial_balance
from prewatt.server.metering.models import Gateway, Meter, Silence
from prewatt.server.notices.silences import tell_of_silences
from prewatt.server.payments.bank import book_line, reference, upload
from prewatt.server.payments.returned import book_returned
from prewatt.server.payments.undoing import reverse_top_up
from prewatt.server.payments.wrong_flat import move_payment
from prewatt.server.sales.giving_back import give
from prewatt.server.sales.top_ups import top_up
from prewatt.server.statements.statement import days, statement
from prewatt.server.statements.terms import TermsRequest, agree
from prewatt.server.tenancies.moving import move_out, settle
from prewatt.server.tenancies.put_right import Change, put_right
from prewatt.server.vending.adjustments import missing
from prewatt.server.vending.controls import control
from prewatt.server.vending.models import Code, Command
from prewatt.server.vending.silences import BACK_FOR, look
from tests.comparing import assert_row
from tests.server.notices.test_notices import office  # noqa: F401
from tests.server.vending.test_silences import USED, back, edge, gateway, gone  # noqa: F401

pytestmark = pytest.mark.database
OWED = 144 * NANO - 5_650_000_000
"""What Ben owes after thirty days of 24 kWh: 144.00, less the 5.65 that he had."""


def obey(edge, store):  # noqa: F811
    """The gateway takes up what is ordered, and moves the switches."""
    for name, account_ in edge.accounts.items():
        edge.obey(name)
        wanted = account_.wants_closed(edge.clock.at)
        if wanted is not None and wanted != account_.closed:
            edge.append(
                name, account_.relay(edge.clock.at, wanted, "credit" if wanted else account_.why_open(edge.clock.at))
            )
    edge.deliver(store)


@pytest.fixture
def ben(tenancy):
    return Tenancy.objects.get(tenant="Ben")


@pytest.fixture
def after(gateway, edge, store, ben, clock):  # noqa: F811
    """The gateway was dead for thirty days, and is back; the flats drew as they are used to."""
    gone(clock.at)
    clock.at += 10 * MINUTE
    look()
    clock.at += 30 * DAY - 10 * MINUTE
    for name, used in USED.items():
        register = edge.accounts[name].register + 96 * 30 * used
        # So much at once is believed when several readings have agreed.
        edge.read(name, register)
        edge.append(name, edge.accounts[name].read(clock.at, register, confirmed=True))
    back(clock.at)
    obey(edge, store)
    look()
    return Silence.objects.get()


def whole(owner):
    """All books sum to zero, debts are the sum of what is open, and each meter has what its tenant has in the books."""
    assert sum(trial_balance(owner).values()) == 0
    assert -balance(account(owner, Kind.DEBTS)) == sum(each.left for each in open_debts(owner))
    for meter in Meter.objects.filter(unit__isnull=False):
        assert missing(meter) == 0


def orders(name="m2"):
    rows = Command.objects.filter(meter__name=name).order_by("number")
    return [decode_command(bytes(row.body)).order for row in rows]


def test_thirty_days_dead_and_then_spread_with_light_at_once(after, edge, store, ben, clock):  # noqa: F811
    owner = ben.unit.property.organisation
    row = after.meters.get(meter__name="m2")
    assert_row(row, energy=720_000, charge=144 * NANO, stands=-OWED, was_read_meanwhile=False)
    assert edge.accounts["m2"].closed is False and owes(ben) == OWED
    made = spread(ben, "manager", after)
    assert made.debt.amount == OWED and made.debt.left == OWED
    lent, lit = orders()[-2:]
    assert isinstance(lent, GrantCredit) and (lent.amount, lent.reason) == (OWED, made.debt.memo)
    assert (lit.action, lit.by) == (Restore(until=clock.at + 3 * DAY), "manager")
    obey(edge, store)
    assert edge.accounts["m2"].balance == 0 and edge.accounts["m2"].closed is True
    whole(owner)
    with pytest.raises(SpreadError, match="is not below zero"):
        spread(ben, "manager", after)


def test_a_share_of_each_payment_pays_it_until_the_last_one_exactly(after, edge, store, ben, clock):  # noqa: F811
    owner = ben.unit.property.organisation
    made = spread(ben, "manager", after, share=30)
    obey(edge, store)
    kept = 0
    for number in range(1, 18):
        paid = top_up(ben, 30 * NANO, f"later-{number}")
        share = min(9 * NANO, OWED - 9 * NANO * (number - 1))
        assert paid.shared == max(share, 0)
        assert (
            Code.objects.get(command=paid.command).amount == 30 * NANO - paid.shared - (30 * NANO - paid.shared) % 10**7
        )
        assert on_the_way([paid.command.meter_id]) == {paid.command.meter_id: 30 * NANO - paid.shared}
        kept += 30 * NANO - paid.shared
        obey(edge, store)
        assert edge.accounts["m2"].balance == kept
        whole(owner)
    assert made.debt.left == 0 and not list(open_debts(owner))
    assert sum(part.amount for part in DebtPart.objects.all()) == OWED
    assert isinstance(orders()[-1], GrantCredit)


def test_a_code_carries_what_is_left_of_a_payment_and_nothing_comes_twice(after, edge, store, ben):  # noqa: F811
    spread(ben, "manager", after, share=25)
    obey(edge, store)
    paid = top_up(ben, 20 * NANO, "coded")
    code = paid.command.code
    assert code.amount == 15 * NANO
    account_ = edge.accounts["m2"]
    edge.append("m2", account_.by_code(edge.clock.at, code.tid, code.amount, "page"))
    assert account_.balance == 15 * NANO
    obey(edge, store)
    assert account_.balance == 15 * NANO
    whole(ben.unit.property.organisation)


def test_the_statement_shows_what_was_spread_and_each_share(after, edge, store, ben, clock):  # noqa: F811
    spread(ben, "manager", after, share=25)
    top_up(ben, 20 * NANO, "later-1")
    clock.at += MINUTE
    found = statement(ben, *days(ben, ben_day(clock.at - 40 * DAY), ben_day(clock.at)))
    texts = {line.text: line.amount for line in found.section("adjustments")}
    (lent, shared) = texts.items()
    assert "spread over payments" in lent[0] and lent[1] == OWED
    assert shared == ("Of payment later-1 for: " + lent[0][:1].lower() + lent[0][1:], -5 * NANO)
    assert found.closing == balance(tenant_account(ben))


def ben_day(at):
    from zoneinfo import ZoneInfo

    from prewatt.kernel.calendar import local_day

    return local_day(at, ZoneInfo("Europe/Berlin"))


def test_a_payment_that_is_undone_gives_its_share_back(after, edge, store, ben, admin_user):  # noqa: F811
    owner = ben.unit.property.organisation
    made = spread(ben, "manager", after, share=25)
    paid = top_up(ben, 20 * NANO, "typo")
    obey(edge, store)
    assert made.debt.left == OWED - 5 * NANO
    reverse_top_up(paid, admin_user, "typing error")
    obey(edge, store)
    paid.refresh_from_db()
    assert made.debt.left == OWED
    assert paid.shared == 0
    assert edge.accounts["m2"].balance == 0
    whole(owner)


def test_a_payment_for_another_flat_takes_its_share_with_it(after, edge, store, ben, tenancy, admin_user):  # noqa: F811
    made = spread(ben, "manager", after, share=25)
    paid = top_up(ben, 20 * NANO, "annas")
    obey(edge, store)
    Gateway.objects.update(is_online=True)
    moved = move_payment(paid, tenancy, admin_user, "it was Anna's")
    obey(edge, store)
    assert moved.amount == 20 * NANO
    assert made.debt.left == OWED
    assert edge.accounts["m2"].balance == 0
    whole(ben.unit.property.organisation)


def test_who_moves_out_settles_what_is_left(after, edge, store, ben, clock):  # noqa: F811
    owner = ben.unit.property.organisation
    made = spread(ben, "manager", after, share=25)
    top_up(ben, 40 * NANO, "later-1")
    obey(edge, store)
    move_out(ben, clock.at + HOUR)
    clock.at += 2 * HOUR
    edge.read("m2", edge.accounts["m2"].register)
    obey(edge, store)
    settle(ben)
    obey(edge, store)
    assert made.debt.left == 0
    # 10 of the 40 had paid it, the other 30 are left: what is owed beyond is one debt.
    (debt,) = debts_of(ben)
    assert debt.left == OWED - 40 * NANO
    assert (balance(tenant_account(ben)), edge.accounts["m2"].balance) == (0, 0)
    whole(owner)
    ben.refresh_from_db()
    put_right(ben, Change(stays=True), "manager", "he stays")
    assert made.debt.left == OWED - 10 * NANO
    whole(owner)


def test_it_is_spread_by_itself_where_the_property_says_so(after, edge, store, tenancy, ben, office):  # noqa: F811
    assert spread_what_ran_up() == []
    after.meters.update(was_checked_for_spread=False)
    Property.objects.update(spread_rule="self", spread_over=150)
    assert spread_what_ran_up() == []
    after.meters.update(was_checked_for_spread=False)
    Property.objects.update(spread_over=100)
    (made,) = spread_what_ran_up()
    assert (made.debt.tenancy, made.debt.amount, made.silence, made.by) == (ben, OWED, after, "prewatt")
    assert spread_what_ran_up() == []
    # Anna owes less than what is spread by itself: a person decides.
    assert (owes(tenancy), owes(ben)) == (13_340_000_000, 0)


def test_the_share_is_as_large_as_the_weeks_ask_for(building):
    where = Property(spread_share=25, spread_weeks=12)
    # 84 days of 4.80 are 403.20: of 138.35 a quarter is nearly enough, of 300.00 it is not.
    assert share_for(where, 130 * NANO, 4_800_000_000) == 25
    assert share_for(where, 300 * NANO, 4_800_000_000) == 43
    assert share_for(where, 10**6 * NANO, NANO) == HIGHEST
    assert share_for(where, 300 * NANO, None) == 25
    assert share_for(Property(spread_share=25, spread_weeks=0), 300 * NANO, 1) == 25


def test_what_is_paid_at_the_counter_or_ended_is_not_taken_again(after, edge, store, ben, admin_user):  # noqa: F811
    owner = ben.unit.property.organisation
    made = spread(ben, "manager", after, share=25)
    pay(ben, 100 * NANO, "counter", admin_user, account(owner, Kind.CASH))
    top_up(ben, 20 * NANO, "later-1")
    left = OWED - 105 * NANO
    assert made.debt.left == left
    assert stop(made, admin_user) == left
    obey(edge, store)
    assert (edge.accounts["m2"].balance, balance(tenant_account(ben))) == (15 * NANO - left, 15 * NANO - left)
    assert top_up(ben, 20 * NANO, "later-2").shared == 0
    whole(owner)


@pytest.fixture
def manager(log_in):
    return log_in("manager")


def test_one_page_says_who_was_told_what_each_flat_owes_and_how_it_is_paid_back(
    manager,
    after,
    ben,
    tenancy,
    office,  # noqa: F811
    clock,
):
    page = f"/silences/{after.pk}/"
    after.back_at = after.over_at = None
    after.save()
    Gateway.objects.update(is_online=False)
    tell_of_silences()
    Gateway.objects.update(is_online=True)
    look()
    clock.at += BACK_FOR
    look()
    tell_of_silences()
    shown = " ".join(manager.get(page).content.decode().split())
    assert "Gateway g1 has been silent for 30 days" in shown and "email of…@example.com: waits" in shown
    assert "720.0" in shown and "138.35" in shown and "Spread all of it: 151.69" in shown
    manager.post(f"{page}spread/", {"unit": ben.unit_id, "share": "40"})
    made = Spread.objects.get()
    assert (made.debt.tenancy, made.share, made.by, made.silence) == (ben, 40, "manager", after)
    # A second click spreads nothing more; the other flat is left as it was.
    manager.post(f"{page}spread/", {"unit": ben.unit_id, "share": "40"})
    assert Spread.objects.count() == 1 and owes(tenancy) == 13_340_000_000
    top_up(ben, 20 * NANO, "later-1")
    shown = " ".join(manager.get(page).content.decode().split())
    assert "138.35 is spread: 40 % of each payment. 8.00 is paid back, 130.35 is left." in shown
    manager.post(f"{page}spread/", {})
    assert owes(tenancy) == 0 and Spread.objects.count() == 2
    assert "no owed amount to spread" in manager.post(f"{page}spread/", {}, follow=True).content.decode()
    whole(ben.unit.property.organisation)


def test_the_tenant_sees_what_is_spread_and_each_share(log_in, after, edge, store, ben, clock):  # noqa: F811
    spread(ben, "manager", after, share=25)
    top_up(ben, 20 * NANO, "later-1")
    shown = " ".join(log_in("flat2").get(f"/tenancies/{ben.pk}/payments/").content.decode().split())
    assert (
        "25 % of each payment goes to this debt, and the rest goes to the meter. 133.35 is still to be paid." in shown
    )
    assert "5.00 of it went to the amount that is spread" in shown


def test_silences_and_spreads_are_their_landlords_alone(log_in, after, ben):
    made = spread(ben, "manager", after)
    stranger = log_in("flat1")
    assert stranger.get(f"/silences/{after.pk}/").status_code == 404
    assert stranger.post(f"/silences/{after.pk}/spread/", {}).status_code == 404
    assert stranger.post(f"/spreads/{made.pk}/stop/").status_code == 404
    assert made.debt.left == OWED


def test_the_rules_of_silence_are_kept_and_the_meters_hear_of_theirs(manager, building):
    where = building.property
    typed = {
        "silence_minutes": "5",
        "silence_again": "12",
        "alone_kwh": "10.5",
        "alone_days": "2",
        "spread_rule": "self",
        "spread_over": "20",
        "spread_share": "30",
        "spread_weeks": "8",
        "spread_days": "1",
    }
    answer = manager.post(f"/properties/{where.pk}/silence-rules/", {**typed, "spread_share": "99"}, follow=True)
    assert "80" in answer.content.decode() and 'value="99"' in answer.content.decode()
    manager.post(f"/properties/{where.pk}/silence-rules/", typed)
    where.refresh_from_db()
    assert_row(where, silence_minutes=5, spread_rule="self", spread_share=30)
    told = orders("m1")[-1].settings
    assert (told.alone, told.alone_days) == (10_500, 2)


def test_a_payment_that_the_bank_takes_back_gives_its_share_back(after, edge, store, ben, admin_user):  # noqa: F811
    owner = ben.unit.property.organisation
    made = spread(ben, "manager", after, share=25)
    for amount in ("20,00", "-20,00"):
        text = f"date;amount;text;payer\n2025-11-08;{amount};{reference(ben)};BEN\n"
        (line,) = upload(owner, text.encode(), "EUR", admin_user).new
        if line.amount > 0:
            book_line(line, ben, admin_user)
            assert made.debt.left == OWED - 5 * NANO
    book_returned(line, admin_user, ben.top_ups.first())
    obey(edge, store)
    assert made.debt.left == OWED and edge.accounts["m2"].balance == 0
    whole(owner)


def test_there_is_light_though_an_amount_was_restored_once_before(after, edge, store, ben, clock):  # noqa: F811
    """Whoever once used an emergency code is not left in the dark by it, nor lent the same amount anew."""
    meter = Meter.objects.get(name="m2")
    control(meter, Restore(5 * NANO), "manager")
    obey(edge, store)
    spread(ben, "manager", after)
    obey(edge, store)
    supply = edge.accounts["m2"].supply
    assert (supply.grace_until, edge.accounts["m2"].closed) == (clock.at + 3 * DAY, True)
    clock.at += 3 * DAY
    assert edge.accounts["m2"].allowance(clock.at) == 0


def test_what_was_restored_is_repaid_by_what_is_spread(after, edge, store, ben, clock):  # noqa: F811
    Property.objects.update(spread_days=0)
    control(Meter.objects.get(name="m2"), Restore(5 * NANO), "manager")
    obey(edge, store)
    spread(ben, "manager", after)
    obey(edge, store)
    assert (edge.accounts["m2"].balance, edge.accounts["m2"].allowance(clock.at)) == (0, 0)


def test_a_share_leaves_nobody_in_the_dark_who_has_paid_enough(after, edge, store, ben, clock, admin_user):  # noqa: F811
    """Something was taken off, and the credit is used up; what is paid brings the light back first."""
    owner = ben.unit.property.organisation
    Property.objects.update(clearance=1)
    ben = Tenancy.objects.get(pk=ben.pk)
    made = spread(ben, "manager", after, share=50)
    obey(edge, store)
    clock.at += 4 * DAY
    give(ben, -20 * NANO, "broken lamp", admin_user, "a lamp")
    obey(edge, store)
    assert (edge.accounts["m2"].balance, edge.accounts["m2"].closed) == (-20 * NANO, False)
    paid = top_up(ben, 15 * NANO, "not-enough")
    assert paid.shared == 0
    paid = top_up(ben, 10 * NANO, "enough")
    obey(edge, store)
    assert paid.shared == 4 * NANO
    assert edge.accounts["m2"].balance == NANO
    assert edge.accounts["m2"].closed is True
    assert made.debt.left == OWED - 4 * NANO
    assert top_up(ben, 10 * NANO, "later").shared == 5 * NANO
    whole(owner)


def test_who_pays_after_use_is_billed_and_nothing_is_spread_beside_the_bill(after, edge, store, ben, clock):  # noqa: F811
    after.meters.update(was_checked_for_spread=False)
    Property.objects.update(spread_rule="self")
    agree(ben, TermsRequest(True, limit=500 * NANO), "manager")
    spread_what_ran_up()
    assert not Spread.objects.filter(debt__tenancy=ben).exists() and owes(ben) == OWED


def test_a_share_of_what_was_spread_before_is_taken_where_it_is_paid_after_use(after, edge, store, ben, admin_user):  # noqa: F811
    spread(ben, "manager", after, share=25)
    agree(ben, TermsRequest(True, limit=100 * NANO), "manager")
    give(ben, -40 * NANO, "lamp", admin_user, "a lamp")
    assert top_up(ben, 20 * NANO, "bill").shared == 5 * NANO
    assert balance(tenant_account(ben)) == -25 * NANO
    whole(ben.unit.property.organisation)
