"""Two landlords type the same ids, names and files into every form and call that takes some: neither sees the other, or is
hindered.
"""

import json
import re

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client

from prewatt.kernel.tariff_document import tariff_to_document
from prewatt.kernel.units import DAY, NANO, exact_instant
from prewatt.server.accounts.keys import make_key
from prewatt.server.allocation.models import SharedCost
from prewatt.server.api.routes import api, collided
from prewatt.server.billing.debts import owe
from prewatt.server.commissioning.setup import Apartment
from prewatt.server.console.tariffs.forms import fields_of
from prewatt.server.correspondence.models import Report
from prewatt.server.estate.models import Organisation, Property, Tenancy, Unit
from prewatt.server.ledger.books import trial_balance
from prewatt.server.ledger.references import Of, Reference
from prewatt.server.metering.models import Gateway, Meter
from prewatt.server.payments.merchants import keep_merchant
from prewatt.server.payments.models import BankLine
from prewatt.server.tariffs.models import Tariff
from prewatt.server.vending.meter_numbers import OWN
from prewatt.server.vending.models import SupplyGroup, TokenMeter
from prewatt.tokens import luhn
from prewatt.wire.signing import SigningKey
from tests.building import FLAT, NOON, PASSWORD, set_up
from tests.server.correspondence.test_correspondence import picture
from tests.server.keypads import keypad_flat
from tests.server.payments.players.server import METHODS
from tests.server.tariffs.editor import posted
from tests.server.web.addresses import pages

PHONE = SigningKey.generate().public().hex()
STATEMENT = b"date,amount,payer,text\n2025-10-06,7.00,Anna,rent\n2025-10-06,8.00,Anna,rent\n"
STRANGE = b"Wann;Wieviel;Wer\n2025-10-08;9,00;Ben\n"
PRICES = b"from,price\n2025-10-07T00:00:00+02:00,0.11\n2025-10-07T01:00:00+02:00,0.12\n2025-10-07T02:00:00+02:00,0.13\n"


class Landlord:
    """One of two, who have set up the same but for their meters."""

    def __init__(self, organisation, manager, meter, providers):
        self.owner = Organisation.objects.get(name=organisation)
        self.home = Property.objects.get(organisation=self.owner)
        self.tenancy = Tenancy.objects.get(unit__property=self.home, tenant="Anna")
        self.meter = Meter.objects.get(name=meter)
        user = get_user_model().objects.get(username=manager)
        self.client, self.tenant = Client(), Client()
        assert self.client.login(username=manager, password=PASSWORD)
        assert self.tenant.login(username=self.tenancy.people.get().username, password=PASSWORD)
        self.token = make_key(user, "program")
        self.merchant = keep_merchant(self.owner, "stripe", "cards", providers.settings("stripe"))
        self.secrets = providers.settings("stripe")

    def post(self, path, given, by=None):
        """What came of a form: where to, and what is said."""
        answer = (by or self.client).post(path, given, follow=True)
        said = [f"{each.level_tag}: {each}" for each in answer.context["messages"]] if answer.context else []
        wrong = re.findall(r'<em class="bad">([^<]*)<', answer.content.decode())
        return answer.status_code, said, wrong

    def call(self, path, given):
        """What came of a call."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.client.post(
            f"/api/v1/{path}", json.dumps(given), content_type="application/json", headers=headers
        )
        return answer.status_code, answer.json()


@pytest.fixture
def both(building, clock, providers):
    flats = [Apartment("Flat 1", "n1", "Anna"), Apartment("Flat 2", "n2", "Ben"), Apartment("Flat 3", "n3", "")]
    set_up(clock, organisation="Tal Homes", name="Linden 5", apartments=flats, gateway="g2", manager="other")
    Gateway.objects.update(is_online=True)
    return Landlord("Berg Homes", "manager", "m1", providers), Landlord("Tal Homes", "other", "n1", providers)


def _tariff(name):
    return {**tariff_to_document(FLAT), "name": name}


def _file(content, name="file.csv"):
    return SimpleUploadedFile(name, content, content_type="text/csv")


def _tariff_of(who):
    return Tariff.objects.get(organisation=who.owner, name="flat").pk


def _annas_lines(who):
    return BankLine.objects.filter(organisation=who.owner, payer="Anna")


def _like_of(who):
    """A line that is like another one; after the first time it is dealt with."""
    who.post("/bank-lines/", {"statement": _file(b"date,amount,payer\n2025-10-20,3.00,Ben\n")})
    who.post("/bank-lines/", {"statement": _file(b"date,amount,payer\n2025-10-21,3.00,Ben\n")})
    return BankLine.objects.get(organisation=who.owner, day="2025-10-21").pk


def _group_of(who):
    return SupplyGroup.objects.get(organisation=who.owner, is_own=False)


def _debt_of(who):
    return owe(who.tenancy, 50 * NANO, Reference(Of.TOP_UP, who.tenancy.pk, "lost"), "a payment that was lost", 1)


def _bill_of(who):
    return SharedCost.objects.create(property=who.home, name=f"Bill {who.home.shared_costs.count()}").pk


def _report_of(who):
    return Report.objects.get(tenancy=who.tenancy, asked="7").pk


def _cellar_of(who):
    """The tenancy of a flat with a keypad meter."""
    known = Tenancy.objects.filter(unit__property=who.home, unit__name="Cellar").first()
    number = f"0000000002{luhn('0000000002')}"
    return known or keypad_flat(who.home, "Cellar", number, tenant="Sam", begins=NOON - DAY)


STS = {"revision": "1", "base": "2014", "algorithm": "11"}
FORMS = {
    "console:units:add_top_up": lambda who: who.post(
        f"/units/{who.tenancy.unit_id}/top-up/", {"amount": "5", "credit_id": "7", "note": "R-1", "way": "cash"}
    ),
    "console:till:take": lambda who: who.post(
        f"/tenancies/{who.tenancy.pk}/take-cash/", {"amount": "5", "credit_id": "17"}
    ),
    "console:owed:debt_paid": lambda who: who.post(
        f"/debts/{_debt_of(who).pk}/pay/", {"amount": "3", "payment_id": "9", "receipt": "R-9", "way": "cash"}
    ),
    "console:books:give_back": lambda who: who.post(
        f"/tenancies/{who.tenancy.pk}/give-back/", {"do": "give", "amount": "1", "reason": "lift", "adjustment_id": "7", "sure": "give"}
    ),
    "console:tenancies:add_tenancy": lambda who: who.post(
        f"/units/{Unit.objects.get(property=who.home, name='Flat 3').pk}/move-in/",
        {"tenant": "Zoe", "begins": "2025-10-08T12:00", "deposit": "50"},
    ),
    "console:tariffs:edit": lambda who: who.post(
        f"/properties/{who.home.pk}/tariffs/new/", {**posted(fields_of(_tariff("night"))), "keep": ""}
    ),
    "console:tariffs:load_prices": lambda who: who.post(
        f"/properties/{who.home.pk}/tariffs/prices/", {"tariff": _tariff_of(who), "file": _file(PRICES)}
    ),
    "console:sharing:shared_costs": lambda who: who.post(
        f"/properties/{who.home.pk}/shared-costs/",
        {"name": "Garden", "equal": "100", "area": "0", "occupants": "0", "consumption": "0", "fixed": "0",
         "vacancy": "landlord", "schedule": "none"},
    ),
    "console:sharing:shared_cost": lambda who: who.post(
        f"/shared-costs/{_bill_of(who)}/",
        {"name": "Roof", "equal": "100", "area": "0", "occupants": "0", "consumption": "0", "fixed": "0",
         "vacancy": "landlord", "schedule": "none"},
    ),
    "console:sharing:run_shared_cost": lambda who: who.post(
        f"/shared-costs/{SharedCost.objects.get(property=who.home, name='Garden').pk}/run/",
        {"first": "2025-10-05", "last": "2025-10-05", "amount": "3", "memo": "bill 7", "book": ""},
    ),
    "console:meters:exchange_meter": lambda who: who.post(
        f"/meters/{who.meter.pk}/exchange/", {"serial": "S-1", "first": "0", "end": "unknown", "do": "exchange"}
    ),
    "console:merchants:new_merchant": lambda who: who.post("/merchants/new/stripe/", {"name": "second", **who.secrets}),
    "console:bank:bank": lambda who: who.post("/bank-lines/", {"statement": _file(STATEMENT)}),
    "console:bank:book": lambda who: who.post(
        "/bank-lines/book/", {f"line-{line.pk}": f"tenancy:{who.tenancy.pk}" for line in _annas_lines(who)}
    ),
    "console:bank_columns:columns": lambda who: [
        who.post("/bank-lines/", {"statement": _file(STRANGE)}),
        who.post("/bank-lines/columns/", {"column-0": "day", "column-1": "amount", "named": "0", "do": "read"}),
    ],
    "console:bank:same": lambda who: who.post(f"/bank-lines/{_like_of(who)}/decide/", {"same": "line"}),
    "console:keypads:keypads": lambda who: [
        who.post("/keypad-meters/", {"do": "group", "code": "123456", "key": "ab" * 20, **STS}),
        who.post("/keypad-meters/", {"do": "meter", "number": "00000000018", "name": "Kiosk", "group": _group_of(who).pk}),
    ],
    "console:keypads:keypad_meter": lambda who: who.post(
        f"/keypad-meters/{TokenMeter.objects.get(organisation=who.owner, name='Kiosk').pk}/",
        {"do": "place", "unit": who.tenancy.unit_id},
    ),
    "tenant:pay:pay": lambda who: who.post(
        "/me/pay/", {"way": f"{who.merchant.pk}:{METHODS['stripe']}", "amount": "5", "asked": "7"}, who.tenant
    ),
    "console:supply:grant": lambda who: who.post(
        f"/properties/{who.home.pk}/grants/", {"holder": "Kim", "key": PHONE, "actions": ["hold"], "hours": "2"}
    ),
    "console:notes:notes": lambda who: who.post(
        "/notes/", {"asked": "7", "title": "Water", "text": "Off on Friday.", "unit": who.tenancy.unit_id}
    ),
    "tenant:reports:my_reports": lambda who: who.post(
        "/me/reports/", {"asked": "7", "category": "meter", "text": "It hums."}, who.tenant
    ),
    "tenant:reports:report": lambda who: who.post(f"/reports/{_report_of(who)}/", {"asked": "8", "text": "Somebody comes."}),
    "console:orders:order": lambda who: who.post(f"/units/{who.tenancy.unit_id}/order/", {"do": "hold", "reason": "7", "sure": "hold"}),
    "console:estate:add_units": lambda who: who.post(f"/properties/{who.home.pk}/units/add/", {"typed": "Roof 1-3"}),
    "console:estate:change_unit": lambda who: who.post(
        f"/units/{who.tenancy.unit_id}/change/", {"name": "Flat 1", "area": "52", "occupants": "2", "fuse": "9000", "parts": "Stairs A"}
    ),
    "console:estate:add_meter": lambda who: who.post(
        f"/properties/{who.home.pk}/common-meters/add/",
        {
            "name": f"common-{who.meter.name}", "role": "common", "gateway": who.meter.gateway_id, "power_highest": "9000",
            "part": "Stairs A",
        },
    ),
    "console:estate:building": lambda who: who.post(f"/properties/{who.home.pk}/", {"name": "Linden 7"}),
    "console:estate:add_property": lambda who: who.post(
        "/properties/add/", {"name": "Elm 1", "zone": "Europe/Berlin", "currency": "EUR"}
    ),
}  # fmt: skip
"""Each form that takes an id, a name or a file."""
NO_NAMES = {
    "web:language",
    "console:on_site:files", "console:on_site:on_site", "console:on_site:worker", "console:supply:on_site_rules",
    "console:supply:revoke_grant",
    "console:alarms:alarm", "console:alarms:alarms", "console:audit:changes", "console:bank:so_far", "console:bills:bills",
    "console:bills:terms", "console:books:books", "console:books:decide_adjustment", "console:books:export",
    "console:books:undo_top_up", "console:contacts:contact", "console:contacts:contact_list",
    "console:contacts:not_reached", "console:emergency_codes:emergency_codes", "console:keypads:photo",
    "console:emergency_codes:emergency_rules", "console:emergency_codes:emergency_sheet",
    "console:emergency_codes:make_emergency_codes", "console:emergency_codes:revoke_emergency_codes",
    "console:begin:begin", "console:begin:first_payment", "console:begin:link", "console:estate:archive_gateway",
    "console:estate:archive_meter", "console:estate:archive_property", "console:estate:archive_tariff",
    "console:estate:archive_unit", "console:estate:change_meter", "console:estate:gateway_code", "console:estate:gateway_state",
    "console:estate:door_sheet", "console:estate:gateways", "console:estate:one_price", "console:estate:organisation",
    "console:merchants:merchant", "console:meter_rules:meter_rules", "console:meters:wrong", "console:orders:pin",
    "console:personal_data:erase_tenant",
    "console:personal_data:retention", "tenant:personal_data:personal_data", "tenant:personal_data:download",
    "console:overview:plan", "console:overview:properties", "console:owed:debt_set_off", "console:owed:debt_write_off",
    "console:owed:refund_paid", "console:owed:refund_to", "console:owed:undo_paid", "console:owed:write_off_decided",
    "console:notes:note", "console:people:change", "console:people:invite", "console:people:people", "console:people:remove",
    "console:people:revoke_invitations",
    "console:payments:decide", "console:payments:payments", "console:payments:refund_by_provider",
    "console:payments:settle_unexpected", "console:put_right:put_move_right", "console:readings:read_now",
    "console:readings:readings", "console:reconciliation:fetch_file", "console:reconciliation:reconciliation",
    "console:reports:reports", "console:sending:account", "console:sending:templates",
    "console:sharing:building_balance", "console:sharing:end_shared_cost", "console:sharing:remove_shared_cost",
    "console:sharing:reverse_run", "console:silences:silence", "console:silences:silence_rules",
    "console:silences:spread_silence", "console:silences:stop_spread", "console:supply:supply",
    "console:taken_back:back_rules", "console:taken_back:settlement_line", "console:taken_back:taken_back",
    "console:tariffs:correct_tariff", "console:tariffs:schedule_tariff", "console:tariffs:set_resale",
    "console:tariffs:tariffs", "console:tariffs:what_if", "console:tenancies:end_tenancy",
    "console:tenancies:settle_tenancy", "console:units:unit", "console:till:till", "web:look:look",
    "console:payments:tenancies", "console:wrong_flat:tenancies",
    "console:papers:statements", "console:papers:draw", "console:papers:send",
    "console:till:day", "console:till:give_out", "console:till:send_receipt", "tenant:papers:receipt",
    "console:units:use", "tenant:home:use", "console:units:money", "console:units:switch", "console:units:people",
    "console:units:papers", "console:units:journal", "console:orders:supply", "console:wrong_flat:move", "tenant:bill:bill",
    "tenant:automatic:agree", "tenant:automatic:automatic", "tenant:automatic:back", "tenant:automatic:end",
    "tenant:automatic:resume", "tenant:home:power", "tenant:notices:stop", "tenant:notices:tap",
    "tenant:emergency:emergency", "tenant:home:tenancy", "tenant:notices:change_channel", "tenant:notices:new_channel",
    "tenant:notices:notices", "tenant:notices:wechat", "tenant:papers:code", "tenant:papers:share",
    "tenant:papers:payments", "tenant:papers:shares", "tenant:residents:leave", "tenant:residents:name", "tenant:residents:remove",
    "tenant:papers:tenancy_statement", "tenant:pay:payer", "tenant:pay:payment", "tenant:reports:photo", "web:home",
    "console:keys:keys", "console:keys:revoke_all", "console:keys:revoke_key",
    "account_login", "account_logout", "web:tasks:file", "web:tasks:progress", "web:tasks:task",
    "account_change_password", "account_change_phone", "account_confirm_email", "account_confirm_login_code",
    "account_confirm_reauthentication_code", "account_email", "account_email_verification_sent", "account_inactive",
    "account_reauthenticate", "account_request_login_code", "account_request_reauthentication_code",
    "account_reset_password", "account_reset_password_done", "account_reset_password_from_key",
    "account_reset_password_from_key_done", "account_set_password", "account_verify_phone", "mfa_activate_totp",
    "mfa_add_webauthn", "mfa_authenticate", "mfa_deactivate_totp", "mfa_download_recovery_codes",
    "mfa_generate_recovery_codes", "mfa_index", "mfa_list_webauthn", "mfa_login_webauthn", "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn", "mfa_remove_webauthn", "mfa_view_recovery_codes", "sign_in:account",
    "sign_in:end_others", "sign_in:end_session", "sign_in:forget_phone", "sign_in:new_password",
    "console:batch:batch", "console:batch:chosen_anywhere", "console:batch:preview_batch", "console:batch:run_batch",
    "console:residents:again",
    "console:residents:invite", "console:residents:invite_all", "console:residents:remove", "console:residents:residents",
    "console:residents:revoke_invitations", "sign_in:join:code", "sign_in:join:door", "sign_in:join:link", "tenant:residents:invite",
    "tenant:residents:residents", "tenant:residents:revoke_invitations",
    "tenant:app:manifest", "tenant:app:worker", "tenant:app:offline", "tenant:app:kept",
    # What a giver calls a payment is one of the link that they have: tests/server/payments/test_gifts.py.
    "tenant:gifts:gift_links", "tenant:gifts:make", "tenant:gifts:gift_link", "tenant:gifts:end",
    "tenant:giving:give", "tenant:giving:pay", "tenant:giving:payer", "tenant:giving:payment",
}  # fmt: skip
"""The others: nothing that they take has to be once."""

CALLS = {
    "/tenancies/{pk}/debt-payments": lambda who: who.call(
        f"tenancies/{_debt_of(who).tenancy_id}/debt-payments", {"amount": "3", "payment_id": "10", "receipt": "R-10"}
    ),
    "/tenancies/{pk}/top-ups": lambda who: who.call(
        f"tenancies/{who.tenancy.pk}/top-ups", {"amount": "5", "credit_id": "refund 1", "receipt": "R-2"}
    ),
    "/tenancies/{pk}/payments": lambda who: who.call(
        f"tenancies/{who.tenancy.pk}/payments",
        {"merchant": who.merchant.pk, "method": METHODS["stripe"], "amount": "5", "asked": "8"},
    ),
    "/tenancies/{pk}/adjustments": lambda who: who.call(
        f"tenancies/{who.tenancy.pk}/adjustments", {"amount": "1", "adjustment_id": "8", "reason": "x"}
    ),
    "/properties/{pk}/tariffs": lambda who: who.call(
        f"properties/{who.home.pk}/tariffs", {"tariff": _tariff("day"), "effective": "2025-11-01T00:00:00+01:00"}
    ),
    "/properties/{pk}/prices": lambda who: who.call(
        f"properties/{who.home.pk}/prices",
        {"prices": [["2025-12-01T00:00:00Z", "0.1"], ["2025-12-01T01:00:00Z", "0.2"], ["2025-12-01T02:00:00Z", "0.2"]],
         "base": "flat"},
    ),
    "/shared-costs/{pk}/change": lambda who: who.call(f"shared-costs/{_bill_of(who)}/change", {"name": "Cellar"}),
    "/shared-costs/{pk}/runs": lambda who: who.call(
        f"shared-costs/{SharedCost.objects.get(property=who.home, name='Garden').pk}/runs",
        {"first": "2025-10-04", "last": "2025-10-04", "bill": "3", "memo": "8", "book": True},
    ),
    "/meters/{name}/orders": lambda who: who.call(f"meters/{who.meter.name}/orders", {"do": "release", "reason": "8"}),
    "/meters/{name}/exchange": lambda who: who.call(
        f"meters/{Meter.objects.get(unit__property=who.home, unit__name='Flat 2').name}/exchange",
        {"serial": "S-2", "first": "0", "last": "unknown"},
    ),
    "/tenancies/{pk}/goodwill": lambda who: who.call(
        f"tenancies/{who.tenancy.pk}/goodwill", {"amount": "1", "adjustment_id": "11", "reason": "lift"}
    ),
    "/properties/{pk}/emergency-codes": lambda who: who.call(
        f"properties/{who.home.pk}/emergency-codes", {"amount": "1", "days": 2, "units": ["Flat 1"]}
    ),
    "/organisations/{pk}/notes": lambda who: who.call(
        f"organisations/{who.owner.pk}/notes", {"asked": "9", "title": "Lift", "text": "It stands.", "everybody": True}
    ),
    "/tenancies/{pk}/reports": lambda who: who.call(
        f"tenancies/{who.tenancy.pk}/reports", {"asked": "9", "category": "wiring", "text": "No light."}
    ),
    "/reports/{pk}/entries": lambda who: who.call(f"reports/{_report_of(who)}/entries", {"asked": "9", "state": "done"}),
    "/reports/{pk}/photos/{asked}": lambda who: who.client.post(
        f"/api/v1/reports/{_report_of(who)}/photos/p", {"photo": picture()}
    ).status_code,
    "/keypad-meters/{pk}/codes": lambda who: who.call(
        f"keypad-meters/{TokenMeter.objects.get(organisation=who.owner, name='Kiosk').pk}/codes",
        {"kwh": "1", "note": "7"},
    ),
    "/keypad-meters/{pk}/readings": lambda who: who.call(
        f"keypad-meters/{TokenMeter.objects.get(unit=_cellar_of(who).unit).pk}/readings",
        {"at": exact_instant(NOON), "kwh": "100", "left_kwh": "1"},
    ),
    "/tenancies/{pk}/keypad/codes": lambda who: [
        who.call(f"tenancies/{_cellar_of(who).pk}/goodwill", {"amount": "1", "adjustment_id": "12", "reason": "lift"}),
        who.call(f"tenancies/{_cellar_of(who).pk}/keypad/codes", {}),
    ],
    "/tenancies/{pk}/keypad/codes/{number}/give-back": lambda who: who.call(
        f"tenancies/{_cellar_of(who).pk}/keypad/codes/1/give-back", {"reason": "lost"}
    ),
    "/properties/{pk}/tenancies": lambda who: who.call(
        f"properties/{who.home.pk}/tenancies",
        {"unit": Unit.objects.get_or_create(property=who.home, name="Loft")[0].name, "tenant": "Lou", "phone": "015112345678"},
    )[:1],
}  # fmt: skip
NO_NAMES_CALLED = {
    "/properties/{pk}/tariffs/check", "/properties/{pk}/corrections", "/properties/{pk}/compare", "/runs/{pk}/reverse",
    "/meters/{name}/lead-back", "/alarms/{pk}/answer", "/alarms/{pk}/settle", "/refunds/{pk}/send-to", "/refunds/{pk}/pay-outs",
    "/tenancies/{pk}/move-out", "/tenancies/{pk}/put-move-right", "/tenancies/{pk}/moved-payments", "/debts/{pk}/set-off/{refund_pk}",
    "/debts/{pk}/write-offs", "/write-offs/{pk}/decide", "/debt-payments/{pk}/undo", "/shared-costs/{pk}/end",
    "/shared-costs/{pk}/remove", "/properties/{pk}/emergency-codes/revoke", "/emergency-codes/{pk}/revoke",
    "/tenancies/{pk}/contact", "/tenancies/{pk}/terms", "/me/grants", "/me/grants/revoke",
    # -- a tenant's own: tests/server/api walks them with the keys of tenants
    "/wechat/log-in", "/wechat/join", "/me/notices/subscriptions", "/me/tenancies/{pk}/emergency",
    "/me/tenancies/{pk}/payments", "/me/tenancies/{pk}/reports", "/me/tenancies/{pk}/residents/invitations",
    "/me/tenancies/{pk}/automatic", "/me/tenancies/{pk}/automatic/resume", "/me/tenancies/{pk}/gift-links",
}  # fmt: skip


def names_of_pages():
    """The names of all pages of prewatt's own, in whatever folder their addresses stand."""
    return {page.name for page in pages()}


def test_every_form_and_call_is_one_that_takes_names_or_one_that_takes_none():
    """Who adds one says which."""
    assert names_of_pages() == set(FORMS) | NO_NAMES
    paths = {path for path, each in api.get_openapi_schema()["paths"].items() if "post" in each}
    assert {path.removeprefix("/api/v1") for path in paths} == set(CALLS) | NO_NAMES_CALLED


def bare(answer):
    """An answer without what differs by chance: numbers, codes, names of logins and meters, passwords."""
    text = re.sub(r"Login: .*? \(shown", "(shown", str(answer))
    text = re.sub(r"'by': '(manager|other)'", "by #", text)
    text = re.sub(r"[0-9a-f]{24,}|\b[mn][12]\b", "#", text)
    return re.sub(r"\d+", "#", text)


def test_two_landlords_who_type_the_same_do_not_meet(both):
    walk = {**FORMS, **CALLS}
    for name, act in walk.items():
        mine, theirs = (act(who) for who in both)
        assert bare(mine) == bare(theirs), name
        assert "error" not in str(mine) and "'errors'" not in str(mine), (name, mine)
    # And once more: what each is told is of its own.
    for name, act in walk.items():
        mine, theirs = (act(who) for who in both)
        assert bare(mine) == bare(theirs), name
        assert "500" not in str(mine)[:5] and "409" not in str(mine)[:5], (name, mine)
    for who in both:
        assert sum(trial_balance(who.owner).values()) == 0
        assert who.tenancy.top_ups.count() == 5
        assert sum(who.tenancy.top_ups.values_list("amount", flat=True)) == (5 + 5 + 5 + 7 + 8) * NANO


def test_a_shared_cost_of_a_name_that_is_taken_is_refused_beside_the_field(both):
    mine, _theirs = both
    assert [FORMS["console:sharing:shared_costs"](each)[1] for each in both] == [["success: Garden is saved."]] * 2
    _status, said, wrong = FORMS["console:sharing:shared_costs"](mine)
    assert said == [] and "A shared cost with this name exists already." in " ".join(wrong)
    assert SharedCost.objects.count() == 2


def test_what_only_the_database_refuses_is_said_in_words(both, admin_user):
    """A keypad meter has the number that the next meter of our own would be given."""
    mine, _theirs = both
    FORMS["console:keypads:keypads"](mine)
    number = f"{OWN}{Meter.objects.order_by('pk').last().pk + 1:08}"
    given = {"do": "meter", "number": f"{number}{luhn(number)}", "name": "Kiosk", "group": _group_of(mine).pk}
    assert "registered" in str(mine.post("/keypad-meters/", given))
    unit, operator = Unit.objects.create(property=mine.home, name="Attic"), Client()
    operator.force_login(admin_user)
    form = operator.get("/admin/metering/meter/add/").context["adminform"].form
    given = {name: form[name].value() or "" for name in form.fields}
    given |= {"unit": unit.pk, "gateway": Gateway.objects.get(name="g1").pk, "name": "m9"}
    answer = operator.post(
        "/admin/metering/meter/add/", {name: value for name, value in given.items() if value is not False}
    )
    assert answer.status_code == 409
    assert "This exists already" in answer.content.decode()
    assert not Meter.objects.filter(name="m9").exists()
    told = json.loads(collided(None, IntegrityError("UNIQUE constraint failed: ledger_transfer.of")).content)
    assert "constraint" not in told["errors"][0]["message"].lower()
