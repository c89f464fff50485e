"""What people type: amounts in their own way of writing, instants by the clock on their wall, and an amount that can't be meant."""

import re
import socket
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest
from django import forms
from django.core.exceptions import ValidationError
from typer.testing import CliRunner

from prewatt.cli import app
from prewatt.kernel.currencies import NO_CURRENCY
from prewatt.kernel.units import NANO, instant
from prewatt.server.console.tariffs.forms import SINGLE, document_of
from prewatt.server.core import written_as
from prewatt.server.core.amounts import typed_kwh, typed_money, typed_whole
from prewatt.server.core.number_field import NumberField
from prewatt.server.core.plain_numbers import plain
from prewatt.server.estate.models import Property, Tenancy, Unit
from prewatt.server.estate.typed_days import typed_day
from prewatt.server.estate.wall_clock import Twice, wall_clock
from prewatt.server.estate.wall_clock_form import WallClockForm
from prewatt.server.payments.providers.interface import refused
from prewatt.server.vending.models import Adjustment, TopUp
from prewatt.server.web.kept import KEY

pytestmark = pytest.mark.django_db
GERMAN, ENGLISH = "de-DE,de;q=0.9,en;q=0.8", "en-GB,en;q=0.9"


@pytest.fixture
def browser():
    """Says in which language the browser of a request is."""
    tokens = []

    def says(language):
        tokens.append(written_as._browser.set(language))

    yield says
    for token in reversed(tokens):
        written_as._browser.reset(token)


def money(text, currency="EUR"):
    return Decimal(typed_money(text, "amount", currency)) / NANO


@pytest.mark.parametrize("language", ["", GERMAN, ENGLISH, "xx", "zh-CN"])
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,50", "1234.5"), ("1,234.50", "1234.5"), ("５", "5"), ("٥", "5"), ("۵.۵", "5.5"), ("5,50", "5.5"), ("0.12", "0.12"),
        ("1 234,50", "1234.5"), ("1'234.50", "1234.5"), ("1.234.567", "1234567"), ("20 EUR", "20"), ("€20", "20"), (" 7 ", "7"),
        ("-5", "-5"), ("1234", "1234"),
    ],
)  # fmt: skip
def test_natural_forms_are_read_in_any_language(browser, language, text, value):
    browser(language)
    assert money(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "1e2", "1E2", "NaN", "inf", "abc", "5²", "①", "½", "1.2.3", "20 USD", "$20", "20 kWh", "0x10", "\x00", "9" * 6000,
        "9" * 39, "0.0000000001", "<b>5</b>", "五", "😀",
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused_in_words(browser, text):
    browser(ENGLISH)
    with pytest.raises(ValidationError) as caught:
        money(text)
    ((said,),) = caught.value.message_dict.values()
    assert len(said) < 150
    assert "\x00" not in said and "Decimal" not in said


def test_what_can_be_read_in_two_ways_is_taken_only_as_page_and_user_write_alike(browser):
    browser(ENGLISH)
    assert (money("1,234", "KWD"), money("1.234", "KWD")) == (1234, Decimal("1.234"))
    browser(GERMAN)
    for text in ("1,234", "1.234"):
        with pytest.raises(ValidationError, match=r"can mean 1234 or 1\.234: type 1234 or 1\.2340") as caught:
            money(text, "KWD")
        assert list(caught.value.message_dict) == ["amount"]
    # Both ways out are.
    assert (money("1234", "KWD"), money("1.2340", "KWD")) == (1234, Decimal("1.234"))
    # Where nobody says how they write, the page's own decimals are meant, and a thousand is asked about.
    browser("")
    assert typed_kwh("1.234", "kwh") == 1234
    with pytest.raises(ValidationError, match="can mean"):
        money("1,234")


@pytest.mark.parametrize(
    ("currency", "fine", "too_fine", "least"),
    [
        ("JPY", "100", "100.5", "1"),
        ("EUR", "0.12", "0.125", "0.01"),
        ("KWD", "0.125", "0.1255", "0.001"),
        ("CLF", "0.1255", "0.12555", "0.0001"),
    ],
)
def test_an_amount_finer_than_its_currency_is_refused_in_words(currency, fine, too_fine, least):
    assert money(fine, currency) == Decimal(fine)
    assert money(f"{fine} {currency}", currency) == Decimal(fine)
    with pytest.raises(ValidationError) as caught:
        money(too_fine, currency)
    assert caught.value.message_dict == {
        "amount": [f"{too_fine} has too many decimals for {currency}. The smallest amount is {least}."]
    }


@pytest.mark.parametrize("language", ["", GERMAN, ENGLISH, "zh-CN"])
def test_where_there_are_no_decimals_a_thousand_is_one_in_any_language(browser, language):
    browser(language)
    assert money("1,234", "JPY") == money("1.234", "JPY") == money("1234", "JPY") == 1234
    with pytest.raises(ValidationError, match="too many decimals for JPY"):
        money("0.125", "JPY")


def test_without_a_currency_an_amount_has_up_to_nine_decimals():
    assert money("0.000000001", NO_CURRENCY) == Decimal("0.000000001")
    with pytest.raises(ValidationError, match="at most 9 decimals"):
        money("0.0000000001", NO_CURRENCY)


def test_rules_of_a_property_are_in_its_currency():
    where = Property(
        name="Souq 4", zone="Asia/Kuwait", currency="KWD", emergency_credit="1.125", low_credit="2.5, 0.250"
    )
    where.clean_fields(exclude={"organisation"})
    assert where.low_credit == "2.5, 0.25"
    for field, typed in (
        ("emergency_credit", Decimal("1.1255")),
        ("low_credit", "0.1255"),
        ("spread_over", Decimal("0.0001")),
    ):
        with pytest.raises(ValidationError, match="too many decimals for KWD") as caught:
            Property(name="Souq 4", zone="Asia/Kuwait", currency="KWD", **{field: typed}).clean_fields(
                exclude={"organisation"}
            )
        assert list(caught.value.message_dict) == [field]
    with pytest.raises(ValidationError, match="ABC is not a currency code of ISO 4217"):
        Property(name="Souq 4", zone="Asia/Kuwait", currency="ABC").clean_fields(exclude={"organisation"})


def test_a_command_reads_as_the_terminal_is_set(monkeypatch):
    for name in ("LC_ALL", "LC_NUMERIC", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    with pytest.raises(ValidationError, match="can mean"):
        money("1.234")
    monkeypatch.setenv("LC_NUMERIC", "en_US.UTF-8")
    assert money("1,234") == 1234


@pytest.mark.parametrize("number", ["0", "5", "1.5", "1.234", "-12.345", "1234.567", "100", "0.125", "20.00"])
@pytest.mark.parametrize("language", ["", GERMAN, ENGLISH])
def test_what_a_form_shows_it_reads_again(browser, number, language):
    browser(language)
    field = NumberField(max_digits=9, decimal_places=3)
    assert field.clean(field.prepare_value(Decimal(number))) == Decimal(number)
    assert typed_kwh(plain(Decimal(number)), "kwh") == int(Decimal(number) * 1000)


def test_a_form_refuses_a_number_in_words():
    for text in ("1e2", "NaN", "1.2345", "99999999999", "abc"):
        with pytest.raises(forms.ValidationError):
            NumberField(max_digits=9, decimal_places=3).clean(text)


@pytest.mark.parametrize("text", ["", "x", "1.5", "-1", "1e1", "11", "9" * 6000])
def test_a_whole_number_is_within_its_bounds(text):
    with pytest.raises(ValidationError, match="not a whole number from 0 to 10"):
        typed_whole(text, "hours", 0, 10)
    assert typed_whole("１０", "hours", 0, 10) == 10


# -- instants --------------------------------------------------------------------------------------------------------------


def berlin(text):
    return wall_clock(text, Property(zone="Europe/Berlin"), "begins")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2025-10-31T23:00", (2025, 10, 31, 22)), ("2025-10-31 23:00", (2025, 10, 31, 22)), ("2025-10-31T23:00Z", (2025, 10, 31, 23)),
        ("2025-10-31T23:00:00+02:00", (2025, 10, 31, 21)), ("２０２５-１０-３１T２３:００", (2025, 10, 31, 22)),
        ("2025-10-26T02:30+02:00", (2025, 10, 26, 0, 30)), ("2025-10-26T02:30+01:00", (2025, 10, 26, 1, 30)),
    ],
)  # fmt: skip
def test_an_offset_that_is_typed_counts_else_the_wall_clock(text, utc):
    assert berlin(text) == instant(datetime(*utc, tzinfo=UTC))


def test_an_hour_that_there_is_not_is_refused_with_what_to_type():
    with pytest.raises(ValidationError, match="Type 2025-03-30T01:30 or 2025-03-30T03:30") as caught:
        berlin("2025-03-30T02:30")
    assert not isinstance(caught.value, Twice)
    # Where a whole day was left out, too.
    with pytest.raises(ValidationError, match="Type 2011-12-29T10:00 or 2011-12-31T10:00"):
        wall_clock("2011-12-30T10:00", Property(zone="Pacific/Apia"), "begins")


def test_an_hour_that_comes_twice_is_asked():
    with pytest.raises(Twice) as caught:
        berlin("2025-10-26T02:30")
    first, second = caught.value.choices
    assert berlin(second.text) - berlin(first.text) == 3600 * 10**6
    assert ("the first time" in first.words, "the second time" in second.words) == (True, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "9999-12-31T23:00",
        "0001-01-01T00:00",
        "9999-12-31T23:00-14:00",
        "2200-01-02",
        "1969-12-31",
        "x" * 6000,
    ],
)
def test_an_instant_that_can_not_be_is_refused(text):
    with pytest.raises(ValidationError) as caught:
        berlin(text)
    assert list(caught.value.message_dict) == ["begins"]


def test_a_day_is_read_and_bounded():
    assert typed_day(" ２０２５-11-01", "day") == date(2025, 11, 1)
    for text in ("", "x", "9999-12-31", "0001-01-01", "2200-01-01", "2025-02-30", "9" * 6000):
        with pytest.raises(ValidationError) as caught:
            typed_day(text, "day")
        assert list(caught.value.message_dict) == ["day"]


class MoveForm(WallClockForm):
    instants = ("begins",)

    class Meta:
        model = Tenancy
        fields = ("unit", "tenant", "begins", "occupants")

    def property_of(self, values):
        return values["unit"].property if values.get("unit") else None


@pytest.mark.parametrize(
    ("day", "time", "says"),
    [("2026-03-29", "02:30", "Type"), ("2025-10-26", "02:30", "twice"), ("9999-12-31", "02:30", "2200")],
)
def test_the_set_up_pages_refuse_such_an_hour(building, day, time, says):
    unit = Unit.objects.get(name="Flat 3")
    form = MoveForm({"unit": unit.pk, "tenant": "Eve", "occupants": "1", "begins_0": day, "begins_1": time})
    assert not form.is_valid() and says in str(form.errors["begins"])


def test_the_page_offers_both_hours_and_keeps_what_was_typed(log_in, clock):
    unit = Unit.objects.get(name="Flat 3")
    manager = log_in("manager")
    typed = {"tenant": "Zoë", "begins": "2025-10-26T02:30", "occupants": "3", "deposit": "12,50"}
    page = manager.post(f"/units/{unit.pk}/move-in/", typed, follow=True).content.decode()
    for kept in ('value="Zoë"', 'value="3"', 'value="12,50"', "the first time", "the second time"):
        assert kept in page
    assert '<select name="begins" required' in " ".join(page.split())
    assert not Tenancy.objects.filter(tenant="Zoë").exists()
    # It is shown once: another visit begins anew.
    assert "Zoë" not in manager.get(f"/units/{unit.pk}/people/").content.decode()
    manager.post(f"/units/{unit.pk}/move-in/", {**typed, "begins": "2025-10-26T02:30:00+01:00"})
    made = Tenancy.objects.get(tenant="Zoë")
    assert (made.begins, made.deposit) == (instant(datetime(2025, 10, 26, 1, 30, tzinfo=UTC)), 12_500_000_000)


@pytest.mark.parametrize(
    "query", ["month=9999-12", "month=0001-01", "first=9999-12-31&last=9999-12-31", "first=x&last=y", "format=doc"]
)
def test_a_statement_of_days_that_can_not_be_is_no_crash(log_in, tenancy, query):
    answer = log_in("manager").get(f"/tenancies/{tenancy.pk}/statement/?{query}", follow=True)
    assert answer.status_code == 200 and 'class="toast error"' in answer.content.decode()


def in_one_line(answer):
    """A page without the line breaks of its templates: an attribute stands behind another wherever they were broken."""
    return " ".join(answer.content.decode().split())


# -- what was typed stays; what is wrong stands beside it --------------------------------------------------------------------


def test_after_an_error_the_form_is_as_it_was_and_says_what_is_wrong_beside_the_field(log_in, tenancy):
    manager = log_in("manager")
    typed = {"amount": "abc", "note": "R-77", "way": "transfer", "credit_id": "c"}
    page = in_one_line(manager.post(f"/units/{tenancy.unit_id}/top-up/", typed, follow=True))
    assert 'name="amount" value="abc" aria-invalid="true"' in page
    assert 'name="note" value="R-77"' in page
    assert '<option value="transfer" selected>' in page
    assert '<em class="bad">“abc” is not a number such as 12.50.</em>' in page
    assert "Amount: “abc” is not a number" in page and "amount:" not in page
    typed = {"do": "give", "amount": "lots", "reason": "flood", "adjustment_id": "a"}
    page = in_one_line(manager.post(f"/tenancies/{tenancy.pk}/give-back/", typed, follow=True))
    assert 'name="reason" value="flood"' in page and '<option value="give" selected>' in page


def test_secrets_and_huge_texts_are_not_kept(log_in):
    manager = log_in("manager")
    manager.post("/keypad-meters/", {"do": "group", "code": "12", "key": "zz" * 8, "revision": "x" * 6000})
    kept = manager.session[KEY]["values"]
    assert "key" not in kept and len(kept["revision"][0]) == 2000


# -- an amount far over what is usual ------------------------------------------------------------------------------------------


def top_up(manager, tenancy, amount, **more):
    fields = {"amount": amount, "credit_id": "c1", "note": "R-1", "way": "cash", **more}
    return manager.post(f"/units/{tenancy.unit_id}/top-up/", fields, follow=True).content.decode()


def test_an_amount_over_ten_times_what_the_flat_pays_is_asked_once_and_books_once(log_in, tenancy):
    manager = log_in("manager")
    for number, amount in enumerate(("20", "20", "30")):
        assert "on its way" in top_up(manager, tenancy, amount, credit_id=f"{number}", note="")
    assert "on its way" in top_up(manager, tenancy, "200", credit_id="just", note="")
    page = top_up(manager, tenancy, "200,01")
    assert "Is this the amount?" in page and "200.01" in page
    assert "This flat usually pays about 20.00 EUR: this is more than 10 times as much." in page
    assert TopUp.objects.count() == 4
    for name, value in (("amount", "200,01"), ("credit_id", "c1"), ("note", "R-1"), ("sure", str(200_010_000_000))):
        assert f'name="{name}" value="{value}"' in page
    # Whoever changes it finds it as it was typed; whoever is sure of another amount is asked anew.
    assert 'name="amount" value="200,01"' in in_one_line(manager.get(f"/units/{tenancy.unit_id}/money/"))
    assert "Is this the amount?" in top_up(manager, tenancy, "20001", sure=str(200_010_000_000))
    assert TopUp.objects.count() == 4
    for _ in range(2):
        assert "on its way" in top_up(manager, tenancy, "200,01", sure=str(200_010_000_000))
    assert [each.amount for each in TopUp.objects.filter(credit_id="c1")] == [200_010_000_000]


def test_where_nobody_has_paid_yet_a_months_energy_says_what_is_much(log_in, tenancy):
    manager = log_in("manager")
    page = top_up(manager, tenancy, "99999")
    assert "Is this the amount?" in page and "A month with much use costs about 200.00 EUR here" in page
    assert not TopUp.objects.exists()
    assert "on its way" in top_up(manager, tenancy, "500")


def test_of_a_flat_that_has_never_paid_it_is_said_what_others_pay(log_in, tenancy):
    manager = log_in("manager")
    assert "on its way" in top_up(manager, tenancy, "20", note="")
    other = Tenancy.objects.get(tenant="Ben")
    assert "Flats here usually pay about 20.00 EUR" in top_up(manager, other, "999", credit_id="c2")


def test_credit_given_freely_and_a_deposit_are_asked_about_too(log_in, tenancy):
    manager = log_in("manager")
    given = {"do": "give", "amount": "5000", "reason": "flood", "adjustment_id": "a"}
    page = manager.post(f"/tenancies/{tenancy.pk}/give-back/", given, follow=True).content.decode()
    assert "Is this the amount?" in page and not Adjustment.objects.exists()
    manager.post(f"/tenancies/{tenancy.pk}/give-back/", {**given, "sure": str(5000 * NANO)})
    assert Adjustment.objects.get().amount == 5000 * NANO
    unit = Unit.objects.get(name="Flat 3")
    moving = {"tenant": "Zoë", "begins": "2025-10-07T12:00", "deposit": "5000"}
    page = manager.post(f"/units/{unit.pk}/move-in/", moving, follow=True).content.decode()
    assert "Is this the amount?" in page and not Tenancy.objects.filter(tenant="Zoë").exists()
    manager.post(f"/units/{unit.pk}/move-in/", {**moving, "sure": str(5000 * NANO)})
    assert Tenancy.objects.get(tenant="Zoë").deposit == 5000 * NANO


# -- a choice that there is not ----------------------------------------------------------------------------------------------


def test_an_unknown_choice_gives_nothing(log_in, tenancy):
    manager = log_in("manager")
    before = TopUp.objects.count()
    for path, fields in (
        (f"/tenancies/{tenancy.pk}/give-back/", {"do": "xyz", "amount": "5", "reason": "x", "adjustment_id": "a"}),
        (f"/units/{tenancy.unit_id}/top-up/", {"amount": "5", "credit_id": "c", "way": "gift"}),
        (f"/units/{tenancy.unit_id}/order/", {"do": "close", "override": "maybe", "reason": "x"}),
    ):
        page = manager.post(path, fields, follow=True).content.decode()
        assert 'class="toast error"' in page
    given = {"do": "give", "amount": "60", "reason": "x", "adjustment_id": "b", "sure": "give"}
    manager.post(f"/tenancies/{tenancy.pk}/give-back/", given)
    waiting = Adjustment.objects.get()
    page = manager.post(f"/adjustments/{waiting.pk}/decide/", {"do": "perhaps"}, follow=True).content.decode()
    waiting.refresh_from_db()
    assert "There is no such choice" in page and waiting.state == Adjustment.State.WAITING
    assert TopUp.objects.count() == before
    assert manager.get("/books/?organisation=999").status_code == 404


def test_a_command_reads_amounts_as_people_type_them_and_names_its_option(building):
    runner = CliRunner()
    ordered = ["meter", "order", "Flat 1", "restore", "--reason", "cold"]
    # The gateway was never heard of: the order waits for it.
    assert "waits for the network" in runner.invoke(app, [*ordered, "--amount", "5,50"]).output
    for option, text in (("--amount", "1e2"), ("--amount", "lots")):
        done = runner.invoke(app, [*ordered, option, text])
        assert done.exit_code == 2 and f"{option}: “{text}” is not a number" in done.output


# -- the tariff editor and the set-up pages --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "prices"),
    [
        ("0,32", ["0.32"]), ("0.32", ["0.32"]), ("0.32, 0.28", ["0.32", "0.28"]), ("0,32; 0,28", ["0.32", "0.28"]),
        ("0.32,0.28", ["0.32", "0.28"]), ("０.３２", ["0.32"]), ("abc", ["abc"]), ("1e2", ["1e2"]),
    ],
)  # fmt: skip
def test_a_decimal_comma_in_the_tariff_editor_is_no_second_price(typed, prices):
    fields = dict.fromkeys(SINGLE, "") | {"rates": [{"name": "day", "price": typed}], "profiles": []}
    found = document_of(fields)["rates"]["day"]
    assert (found if isinstance(found, list) else [found]) == prices


def test_numbers_of_a_list_that_could_be_one_are_asked_about():
    fields = dict.fromkeys(SINGLE, "") | {
        "rates": [],
        "profiles": [],
        "tiers_per": "month",
        "tiers_upto": "3120,4800",
    }
    with pytest.raises(ValidationError, match=r"Write 3120\.4800 for one number, or 3120; 4800 for several"):
        document_of(fields)


def test_the_set_up_pages_read_amounts_as_the_others_do(building, admin_client):
    unit = Unit.objects.get(name="Flat 1")
    page = f"/admin/estate/unit/{unit.pk}/change/"
    fields = {"property": unit.property_id, "name": "Flat 1", "area": "54,5", "occupants": "2", "parts": []}
    assert admin_client.post(page, fields).status_code == 302
    unit.refresh_from_db()
    assert unit.area == Decimal("54.5")
    assert "is not a number such as" in admin_client.post(page, {**fields, "area": "1e2"}).content.decode()


def test_no_constraint_speaks_by_its_name(log_in, tenancy):
    moving = {"tenant": "Zoë", "begins": "2025-10-07T12:00"}
    page = log_in("manager").post(f"/units/{tenancy.unit_id}/move-in/", moving, follow=True).content.decode()
    assert "overlaps this one" in page and "one_open_tenancy" not in page


# -- what a provider says ----------------------------------------------------------------------------------------------------------


def away(monkeypatch, settings):
    """The providers' port, with nobody behind it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    known = dict.fromkeys(settings.CONFIG.providers, nobody)
    monkeypatch.setattr(settings, "CONFIG", msgspec.structs.replace(settings.CONFIG, providers=known))


@pytest.mark.parametrize("way", ["stripe:checkout", "wechat:native"])
def test_a_provider_that_is_away_is_said_in_words_and_its_error_is_in_the_log(
    tenancy, merchants, log_in, monkeypatch, settings, caplog, way
):
    away(monkeypatch, settings)
    name, _colon, method = way.partition(":")
    given = {"amount": "20", "way": f"{merchants[name].pk}:{method}", "asked": "a1"}
    page = in_one_line(log_in("flat1").post("/me/pay/", given, follow=True))
    assert (
        "can&#x27;t be reached now. As far as we know, nothing was done. Try again in a few minutes: nothing is done twice."
        in page
    )
    assert 'name="amount" value="20"' in page
    for ours in ("ConnectionPool", "Error", "127.0.0.1"):
        assert ours not in page
    assert "127.0.0.1" in caplog.text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Your card was declined.", "refused: Your card was declined. Nothing was done"), ("余额不足", "余额不足"),
        ("parameter_invalid_integer", "the reason is a technical code"), ("NOTENOUGH", "the reason is a technical code"),
        ("", "the reason is a technical code"),
        ("HTTPSConnectionPool(host='x', port=443)", "the reason is a technical code"), ("x " * 300, "the reason is a technical code"),
    ],
)  # fmt: skip
def test_a_providers_own_words_are_told_if_they_are_for_people(said, shown, caplog):
    assert shown in str(refused("Stripe", said, f"raw {said}", is_certain=True))
    assert f"raw {said}" in caplog.text


def test_after_an_error_that_leaves_the_result_open_nobody_is_told_that_nothing_was_done():
    said = str(refused("Stripe", "Please try again."))
    assert "answered with an error: Please try again. It may have been done" in said and "Nothing was done" not in said


def test_one_large_payment_is_not_taken_for_the_usual_one(log_in, tenancy):
    manager = log_in("manager")
    assert "on its way" in top_up(manager, tenancy, "10000", sure=str(10_000 * NANO), note="")
    till = manager.get(f"/tenancies/{tenancy.pk}/take-cash/").content.decode()
    assert re.findall('data-fill="([^"]*)"', till) == ["10.00", "20.00", "50.00", "100.00"]
    for flat, number in ((tenancy, "c2"), (Tenancy.objects.get(tenant="Ben"), "c3")):
        page = top_up(manager, flat, "10000", credit_id=number)
        assert "A month with much use costs about 200.00 EUR here: this is more than 5 times as much." in page
