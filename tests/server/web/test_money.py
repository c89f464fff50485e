"""Money is printed with the decimals of its currency, on every face: of none, of two, of three and of four."""

import inspect
import io
import json
import re
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.template import TemplateSyntaxError, engines
from django.template.loader import get_template, render_to_string
from django.test import Client
from rich.console import Console
from typer.testing import CliRunner

import prewatt
from prewatt.backups.report import journals
from prewatt.cli import app
from prewatt.kernel import currencies
from prewatt.kernel.tariff import flat_tariff
from prewatt.kernel.units import DAY, HOUR, NANO
from prewatt.server.accounts.keys import make_key
from prewatt.server.billing.models import Bill
from prewatt.server.estate.models import Organisation, Property, Tenancy
from prewatt.server.notices.models import Notice
from prewatt.server.notices.recipients import recipient_of
from prewatt.server.notices.sending_accounts import keep_account
from prewatt.server.sales.top_ups import top_up
from prewatt.server.statements.formats import to_csv
from prewatt.server.statements.pdf import to_pdf
from prewatt.server.statements.statement import statement
from prewatt.server.statements.terms import agree
from prewatt.server.tariffs.homes import what_if
from prewatt.server.tariffs.tables import comparison_tables
from prewatt.server.tariffs.versions import keep
from prewatt.server.web.sums import total
from tests.building import PASSWORD, ZONE, set_up
from tests.gateway import at
from tests.reading import unbroken
from tests.server.notices.test_notices import mail_account, told_by_mail, watch
from tests.server.statements.test_postpaid import AFTER, Site

SOURCE = Path(prewatt.__file__).parent
PRINTED = {
    "JPY": ("0", "1", "20", "19", "200"),
    "EUR": ("0.00", "1.12", "20.00", "18.88", "200.00"),
    "KWD": ("0.000", "1.125", "20.000", "18.875", "200.000"),
    "CLF": ("0.0000", "1.1250", "20.0000", "18.8750", "200.0000"),
}
"""By currency: nothing, what was used (1.125), what Ben paid, what is left of it (18.875), and what Anna may owe."""
FINER = {"JPY": "0.5", "EUR": "0.125", "KWD": "0.1255", "CLF": "0.12555"}


def log_in(name):
    made = Client()
    assert made.login(username=name, password=PASSWORD)
    return made


def shown(answer):
    return unbroken(answer.content.decode())


def on_terminal(*tables):
    console = Console(width=200, file=io.StringIO())
    console.print(*tables)
    return console.file.getvalue()


@pytest.fixture(params=PRINTED)
def currency(request, db, clock, store, internet):
    """A building of a currency at 0.125 a kWh. Anna used 9 kWh and has her bill; Ben paid 20, and has used as much."""
    code = set_up(clock, currency=request.param, tariff=flat_tariff("flat", request.param, ZONE, 125_000)).code
    site = Site(code, clock, store)
    owner = Organisation.objects.get()
    keep_account(owner, "email", mail_account(internet))
    anna, ben = (Tenancy.objects.get(tenant=name) for name in ("Anna", "Ben"))
    for tenancy in (anna, ben):
        told_by_mail(recipient_of(tenancy))
    watch()
    top_up(ben, 20 * NANO, "first")
    agree(anna, AFTER, "manager")
    site.settle()
    clock.at += DAY
    site.use("m2", 9000)
    site.go(at(2025, 11, 1), kwh=9)
    site.jobs()
    Notice.objects.all().update(due_at=0)
    clock.at += HOUR
    watch()
    return request.param


@pytest.mark.database
def test_money_has_the_decimals_of_its_currency_on_every_face(currency, clock):
    nothing, used, paid, left, limit = PRINTED[currency]
    where, anna, ben = Property.objects.get(), Tenancy.objects.get(tenant="Anna"), Tenancy.objects.get(tenant="Ben")
    bill, manager, flat1, flat2 = Bill.objects.get(), log_in("manager"), log_in("flat1"), log_in("flat2")

    # Pages of the tenants and of the manager.
    seen = shown(flat2.get("/me/"))
    assert f'<p class="big">{left} <small>{currency}</small></p>' in seen
    assert f"<b>{paid} {currency}</b>" in shown(flat2.get(f"/tenancies/{ben.pk}/payments/"))
    assert f"Pay {used} {currency} by" in shown(flat1.get("/me/"))
    assert f'<td class="num balance-of">{left}</td>' in shown(manager.get("/properties/"))
    assert f"Still to be paid: {used}. Of this, overdue: {nothing}." in shown(manager.get("/bills/"))
    books = shown(manager.get("/books/"))
    assert f'<td class="num">{paid}</td>' in books and f'<td class="num">{left}</td>' in books
    assert f"when {limit} {currency} is owed" in shown(manager.get(f"/tenancies/{anna.pk}/terms/"))

    # The statement and the bill: on a page, on paper, as a document, and as a table.
    made = statement(ben, at(2025, 10, 1), clock.at)
    pages = (
        shown(flat2.get(f"/tenancies/{ben.pk}/statement/", {"first": "2025-10-01", "last": "2025-11-01"})),
        unbroken(render_to_string("tenant/papers/statement_paper.html", {"statement": made, "stands": None})),
    )
    for page in pages:
        assert {f">{used}<", f">-{used}<"} & {*re.findall(r">[-\d.]+<", page)} and f">{paid}<" in page
        assert f">{left}<" in page
    rows = to_csv(made).splitlines()
    assert any(f",-1.125000000,-{used}," in row for row in rows) and f",18.875000000,{left}," in rows[-1]
    assert to_pdf(made).startswith(b"%PDF")
    found = json.loads(flat2.get(f"/tenancies/{ben.pk}/statement/", {"format": "json"}).content)
    assert found["currency"] == currency and found["rounded"]["closing"] == left
    found = json.loads(flat1.get(f"/bills/{bill.pk}/", {"format": "json"}).content)
    assert (found["currency"], found["amount"], found["left"]) == (currency, used, used)

    # What is sent.
    titles = [each.title for each in Notice.objects.order_by("pk")]
    assert any(f"{paid} {currency}" in title for title in titles), titles
    assert any(f"{used} {currency}" in title for title in titles), titles

    # Commands.
    printed = CliRunner().invoke(app, ["books", "bills"], env={"COLUMNS": "140"}).output
    assert f" {used} " in printed and f"\nStill to be paid: {used}. " in printed
    assert f"{limit} {currency}" in CliRunner().invoke(app, ["terms", "show", "Flat 1"]).output
    assert f"{left} {currency}" in on_terminal(journals())

    # A comparison of tariffs.
    found = what_if(where, [flat_tariff("dearer", currency, ZONE, 250_000)])
    assert {used, f"+{used}"} <= {*on_terminal(*comparison_tables(found)).split()}
    other = keep(where.organisation, flat_tariff("dearer", currency, ZONE, 250_000))
    seen = shown(manager.get(f"/properties/{where.pk}/tariffs/compare/", {"tariff": other.pk}))
    assert f">{used}<" in seen and f">+{used}<" in seen

    # The API says all decimals, of what is printed those of the currency. Nobody pays what can't be paid.
    user = get_user_model().objects.get(username="manager")
    program = Client(headers={"Authorization": f"Bearer {make_key(user, 'program')}"})
    assert program.get(f"/api/v1/tenancies/{ben.pk}/top-ups").json()[0]["amount"] == "20.000000000"
    made = program.get(f"/api/v1/tenancies/{ben.pk}/statement", {"first": "2025-10-01", "last": "2025-11-01"}).json()
    assert (made["closing"], made["rounded"]["closing"]) == ("18.875000000", left)
    given = {"amount": FINER[currency], "credit_id": "a1"}
    refused = program.post(f"/api/v1/tenancies/{ben.pk}/top-ups", given, content_type="application/json")
    assert refused.status_code == 400 and f"Amounts in {currency} have" in refused.content.decode()
    page = manager.post(f"/units/{ben.unit_id}/top-up/", {"amount": FINER[currency], "credit_id": "a2"}, follow=True)
    assert f"{FINER[currency]} has too many decimals for {currency}" in shown(page)

    # The books of an accountant are exact.
    exported = manager.get("/books/export/", {"first": "2025-10-01", "last": "2025-11-01", "form": "beancount"})
    assert f"  Liabilities:TenantCredit:T{ben.pk}  -20.000000000 {currency}" in exported.content.decode()


def test_a_sum_over_two_currencies_is_none():
    assert total([(NANO, "EUR"), (NANO // 8, "EUR")]) == "1.12"
    assert total([(NANO, "KWD"), (NANO, "EUR"), (NANO // 8, "KWD"), (NANO, "JPY")]) == "1.00 EUR, 1 JPY, 1.125 KWD"
    assert total([]) == ""


# -- no amount without its currency ------------------------------------------------------------------------------------------


def test_no_template_prints_money_without_its_currency():
    """Each template is read as a whole: of a filter without its currency it can't be."""
    for filter_ in ("money", "amount", "signed"):
        with pytest.raises(TemplateSyntaxError, match=f"{filter_} requires 2 arguments"):
            engines["django"].from_string(f"{{% load quantities %}}{{{{ nano|{filter_} }}}}")
        page = engines["django"].from_string(f"{{% load quantities %}}{{{{ nano|{filter_}:currency }}}}")
        for without in ({}, {"currency": ""}):
            with pytest.raises(Exception, match=r"currency"):
                page.render({"nano": 1, **without})
    found = [path for path in SOURCE.rglob("*") if path.suffix in (".html", ".txt") and "locale" not in path.parts]
    assert len(found) > 100
    for path in found:
        # Pages are named by their place, texts of notices by their place in the room's folder of templates.
        name = path.relative_to(SOURCE / "server").as_posix()
        get_template(name.rpartition("/templates/")[2])


def test_money_is_rounded_for_people_in_one_place_that_asks_for_the_currency():
    for name, function in inspect.getmembers(currencies, inspect.isfunction):
        if name.startswith("format_") or name in ("minor_unit", "minor_digits", "to_minor"):
            parameters = inspect.signature(function).parameters.values()
            assert parameters and all(each.default is inspect.Parameter.empty for each in parameters), name
    for path in SOURCE.rglob("*.py"):
        if path.name not in ("currencies.py", "units.py"):
            assert "round_money" not in path.read_text(), f"{path}: format_money knows the decimals of a currency"
