"""Two landlords for the walk over all addresses: `target` has a row of each kind that an address can name, and people of each role;
`other` has people of each role too.
"""

import hashlib
from datetime import date
from types import SimpleNamespace

from django.contrib.auth import get_user_model

from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.server.accounts.keys import ApiKey, make_key
from prewatt.server.accounts.memberships import put_member
from prewatt.server.accounts.rights import MEMBER_ROLES, Role
from prewatt.server.allocation.models import Run, Share, SharedCost
from prewatt.server.billing.models import Bill, Debt, DebtPayment, Spread, WriteOff
from prewatt.server.commissioning.installing import install
from prewatt.server.commissioning.setup import Apartment
from prewatt.server.core.sealing import sealer
from prewatt.server.correspondence.models import Entry, Note, Photo, Report
from prewatt.server.estate.models import Organisation, Property, Tenancy
from prewatt.server.ledger.books import Kind, account
from prewatt.server.metering.models import Alarm, Gateway, Meter, Silence, StaffGrant
from prewatt.server.notices.models import Channel
from prewatt.server.notices.recipients import recipient_of
from prewatt.server.payments.gifts import PURPOSE
from prewatt.server.payments.models import (
    BankLine,
    GiftLink,
    Merchant,
    Payment,
    Receipt,
    SettlementFile,
    SettlementLine,
    TakenBack,
    Unexpected,
)
from prewatt.server.tasks.models import Task
from prewatt.server.tenancies.residents import remove_resident
from prewatt.server.vending.models import (
    Adjustment,
    Code,
    EmergencyCode,
    KeypadEntry,
    KeypadReading,
    Refund,
    TokenMeter,
    TopUp,
)
from tests.building import NOON, PASSWORD, set_up
from tests.server.keypads import keypad_flat

MARKS = ("Zenobia Secretly", "Talhaus Unseen", "Quietgasse 9", "Hidden Flat")
"""What nobody outside is to read: the tenant, the landlord, the building and the flat of `target`."""
GIVE = "a-token-that-the-tests-know-0123"
"""Of the link by which others pay for the flat of `target`."""
NAMES = {"target": (MARKS[1], MARKS[2], MARKS[3], MARKS[0]), "other": ("Berg Homes", "Linden 5", "Flat 1", "Anna")}


def person(name, **more):
    """A login. A hash of a password takes a quarter of a second: nobody here types one."""
    return get_user_model().objects.create(username=name, password="!", **more)


def landlord(clock, name, meter):
    """A landlord with one building of two flats, and somebody of each role."""
    owner_name, building, flat, tenant = NAMES[name]
    flats = [Apartment(flat, f"{meter}1", tenant), Apartment("Next door", f"{meter}2", f"Ben of {name}")]
    more = {"organisation": owner_name, "name": building, "apartments": flats, "gateway": f"g-{meter}"}
    set_up(clock, manager=f"first of {name}", password=PASSWORD, **more)
    owner = Organisation.objects.get(name=owner_name)
    people = {role: person(f"{role} of {name}") for role in MEMBER_ROLES}
    for role, user in people.items():
        put_member(owner, user, role)
    tenancy = Tenancy.objects.get(tenant=tenant)
    for each in Tenancy.objects.filter(unit__property__organisation=owner):
        recipient_of(each)
    return SimpleNamespace(
        owner=owner, home=Property.objects.get(organisation=owner), tenancy=tenancy, meter=Meter.objects.get(name=f"{meter}1"),
        people=people, tenant=tenancy.people.get(), neighbour=Tenancy.objects.get(tenant=f"Ben of {name}").people.get(),
    )  # fmt: skip


def gift_link(tenancy):
    """A link by which others pay for a flat, with a token that tests know."""
    return GiftLink.objects.create(
        tenancy=tenancy, hash=hashlib.sha256(GIVE.encode()).hexdigest(), sealed=sealer(PURPOSE).seal(GIVE.encode()),
        flat_name="Home", shown_name=MARKS[0], note=MARKS[0], made_by=tenancy.people.get(), made_at=NOON, ends=NOON + DAY,
    )  # fmt: skip


def elsewhere(target):
    """People of `target` who have a role at another building of it alone, and who lived in the flat before."""
    other_home = Property.objects.create(
        organisation=target.owner, name="Elsewhere 1", zone="Europe/Berlin", currency="EUR"
    )
    manager, cashier, before = person("manager elsewhere"), person("cashier elsewhere"), person("lived there")
    put_member(target.owner, manager, Role.MANAGER, [other_home])
    put_member(target.owner, cashier, Role.CASHIER, [other_home])
    lived = Tenancy.objects.create(
        unit=target.tenancy.unit, tenant="Before", begins=NOON - 9 * DAY, ends=NOON - 8 * DAY, settled_at=NOON
    )  # fmt: skip
    lived.people.add(before)
    return manager, cashier, before


def flatmates(target, other):
    """Somebody whose access to the flat was ended, a flatmate of the neighbour, and somebody who lives next door and at the
    other landlord's.
    """
    left, flatmate, lives_in_two = person("left again"), person("flatmate"), person("lives in two")
    next_door = target.neighbour.tenancies.get()
    target.tenancy.people.add(left)
    remove_resident(target.tenancy.residents.get(user=left))
    next_door.people.add(flatmate, lives_in_two)
    other.tenancy.people.add(lives_in_two)
    return left, flatmate, lives_in_two


def numbers(of):
    """The number or name of a row of each kind, by the part of the address before it."""
    owner, home, tenancy, meter, by = of.owner, of.home, of.tenancy, of.meter, of.people[Role.OWNER]
    merchant = Merchant.objects.create(organisation=owner, provider="stripe", name="cards", sealed=b"", made_at=NOON)
    file = SettlementFile.objects.create(merchant=merchant, day=date(2025, 10, 1), fetched_at=NOON)
    keypad = keypad_flat(home, name="Attic", tenant="Kim")
    token_meter = TokenMeter.objects.get(unit=keypad.unit)
    code = Code.objects.create(token_meter=token_meter, kind="units", digits="1" * 20, at=NOON, amount=10)
    secret = Code.objects.create(token_meter=token_meter, kind="units", digits="2" * 20, at=NOON, amount=10, tid=5)
    KeypadEntry.objects.create(
        tenancy=tenancy, token_meter=token_meter, number=1, kind="sold", at=NOON, until=NOON, counters=b"{}", used=b"[]",
        energy=1000, charge=NANO, code=code,
    )  # fmt: skip
    cost = SharedCost.objects.create(property=home, name="Garden")
    run = Run.objects.create(shared_cost=cost, begins=NOON - DAY, ends=NOON, cost=NANO, rule={}, made_at=NOON)
    debt = Debt.objects.create(tenancy=tenancy, who=tenancy.tenant, amount=NANO, of="top-up", number=77, since=NOON)
    report = Report.objects.create(tenancy=tenancy, asked="1", category="meter", made_at=NOON, changed_at=NOON)
    entry = Entry.objects.create(report=report, asked="1", at=NOON, by="x", is_from_office=False, text=MARKS[0])
    silence = Silence.objects.create(gateway=meter.gateway, began_at=NOON - HOUR)
    channel = Channel.objects.create(
        recipient=recipient_of(tenancy), kind="webhook", sealed=b"", shown="x", made_at=NOON
    )
    top_up = TopUp.objects.create(organisation=owner, credit_id="t1", tenancy=tenancy, amount=NANO, paid_at=NOON)
    money = {"amount": NANO, "currency": "EUR", "at": NOON}
    rows = {
        "properties": home,
        "units": tenancy.unit,
        "tenancies": tenancy,
        "meters": meter,
        "organisations": owner,
        "merchants": merchant,
        "keypad-meters": token_meter,
        "keypad-readings": KeypadReading.objects.create(
            token_meter=token_meter, at=NOON, register=1, typed_at=NOON, by="x", photo=b"x"
        ),
        "grants": StaffGrant.objects.create(
            property=home, holder="Sam", key="ab" * 32, actions="close", begins=NOON - DAY, ends=NOON + DAY, made_at=NOON, by="x"
        ),
        "emergency-codes": EmergencyCode.objects.create(
            code=secret, meter=meter, amount=NANO, made_at=NOON, ends=NOON + DAY, by="x"
        ),
        "shared-costs": cost,
        "runs": run,
        "shares": Share.objects.create(run=run, unit=tenancy.unit, tenancy=tenancy, days=1, weights={}, amount=1),
        "debts": debt,
        "debt-payments": DebtPayment.objects.create(
            organisation=owner, tenancy=tenancy, payment_id="1", amount=1, source=account(owner, Kind.CASH), at=NOON
        ),
        "write-offs": WriteOff.objects.create(debt=debt, amount=NANO, reason="x", at=NOON, by=by),
        "spreads": Spread.objects.create(debt=debt, share=25, at=NOON, by="x", silence=silence),
        "refunds": Refund.objects.create(tenancy=tenancy, who=tenancy.tenant, amount=NANO, reason="x", at=NOON, by="x"),
        "adjustments": Adjustment.objects.create(
            tenancy=tenancy, organisation=owner, adjustment_id="a", amount=NANO, reason="x", at=NOON, by=by
        ),
        "top-ups": top_up,
        "receipts": Receipt.objects.create(organisation=owner, number=1, top_up=top_up, made_at=NOON),
        "bills": Bill.objects.create(
            organisation=owner, number=1, tenancy=tenancy, who=tenancy.tenant, begins=NOON - DAY, ends=NOON, made_at=NOON,
            due_at=NOON + DAY, owed=0, total=NANO, amount=NANO, is_complete=True, document={},
        ),
        "bank-lines": BankLine.objects.create(
            organisation=owner, fingerprint="f", day=date(2025, 10, 1), amount=NANO, currency="EUR", uploaded_at=NOON
        ),
        "taken-back-payments": TakenBack.objects.create(
            organisation=owner, merchant=merchant, back_id="b", cause="x", heard_at=NOON, seen_by="x", **money
        ),
        "settlement-lines": SettlementLine.objects.create(
            file=file, merchant=merchant, line_id="l", kind="other", fee=0, **money
        ),
        "unexpected-payments": Unexpected.objects.create(merchant=merchant, provider_id="p", reason="x", **money),
        "alarms": Alarm.objects.create(meter=meter, kind="switch-failed", at=NOON, text=MARKS[0]),
        "silences": silence,
        "notes": Note.objects.create(organisation=owner, asked="n", title="x", text=MARKS[0], at=NOON, by="x"),
        "reports": report,
        "photos": Photo.objects.create(entry=entry, content=b"x", width=1, height=1),
        "channels": channel,
        "tariffs": owner.tariffs.get(),
        "gateways": meter.gateway,
        "common-meters": install(None, meter.gateway, f"common-{meter.name}", role=Meter.Role.COMMON),
        "tasks": Task.objects.create(
            organisation=owner, by=by, right="books", kind="export", back="/books/", asked_at=NOON, text=MARKS[0]
        ),
    }  # fmt: skip
    make_key(of.people[Role.OWNER], "program")
    Gateway.objects.update(is_online=True)
    Payment.objects.create(
        payment_id="pay1", asked="1", merchant=merchant, tenancy=tenancy, amount=NANO, currency="EUR", method="card",
        made_at=NOON, expires_at=NOON + DAY, state="closed",
    )  # fmt: skip
    return {kind: row.pk for kind, row in rows.items()} | {
        "payments": "pay1",
        "codes": 1,
        "set-off": rows["refunds"].pk,
        "residents": tenancy.residents.get().pk,
        "gift-links": gift_link(tenancy).pk,
        "people": owner.memberships.get(user=of.people[Role.CASHIER]).pk,
        "sessions": 1,
        "passkeys": 1,
        "keys": ApiKey.objects.get().pk,
    }
