"""The HTTP API, `/api/v1/`: the very services that the pages and commands use, and the same messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import NinjaAPI, Schema, Status
from ninja.errors import HttpError
from ninja.parser import Parser
from ninja.security import HttpBearer, django_auth
from pydantic import StrictBool, StrictInt

from ...kernel.tariff_document import tariff_to_document
from ...kernel.units import exact_instant, exact_kwh, exact_money, parse_instant, parse_kwh, parse_money
from ...tables.problems import TableError
from ...tables.rows import Row
from ..addresses import asker
from ..allocation.models import Run, SharedCost
from ..allocation.runs import Preview, in_words, preview, reverse, run
from ..billing.formats import to_csv, to_document
from ..billing.models import DebtPayment
from ..billing.pdf import PdfError, to_pdf
from ..billing.statement import days, statement
from ..collisions import in_words as in_words_of
from ..errors import by_field
from ..estate.models import Organisation, Property, Tenancy
from ..json_text import JsonError, read_json
from ..metering.alarms import open_alarms, settle
from ..metering.balance import BalanceError, balance
from ..metering.models import Alarm
from ..payments.models import Payment
from ..payments.payment_request import PaymentRequest, start
from ..payments.providers.interface import ProviderError
from ..payments.staff import record
from ..payments.ways import merchants_for, ways_for
from ..sealing import SealError
from ..tariffs.compare import to_document as comparison_to_document
from ..tariffs.corrections import correct
from ..tariffs.homes import what_if
from ..tariffs.models import Tariff
from ..tariffs.prices import prices_of
from ..tariffs.reading import read_document
from ..tariffs.versions import keep, price_notes, schedule, schedule_prices
from ..time import now
from ..vending.codes import vend_money, vend_units
from ..vending.exchanges import exchange, look
from ..vending.giving_back import put_right
from ..vending.leading_back import lead_back
from ..vending.models import MeterExchange, TokenMeter, TopUp
from ..vending.questions import reply
from . import bills, codes, correspondence, costs, emergency, moves, owed, tenants
from .models import Token


class _Bearer(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> Any | None:
        user = Token.user_of(token)
        if user is not None:
            request.user = user
        return user


class _Body(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        return read_json(request.body)


api = NinjaAPI(title="prewatt", version="1", urls_namespace="api", auth=[_Bearer(), django_auth], parser=_Body())
api.add_router("", owed.router)
api.add_router("", moves.router)
api.add_router("", costs.router)
api.add_router("", codes.router)
api.add_router("", emergency.router)
api.add_router("", tenants.router)
api.add_router("", correspondence.router)
api.add_router("", bills.router)
MOST_PRICES = 200_000


@api.exception_handler(ValidationError)
@api.exception_handler(ValueError)
def refused(request: HttpRequest, error: Exception) -> HttpResponse:
    """400 with each field's message."""
    errors = [{"field": name, "message": text} for name, text in by_field(error)]
    return api.create_response(request, {"errors": errors}, status=400)


@api.exception_handler(IntegrityError)
def collided(request: HttpRequest, error: Exception) -> HttpResponse:
    """409: something is there already, or is made just now."""
    assert isinstance(error, IntegrityError)
    return api.create_response(request, {"errors": [{"field": "", "message": in_words_of(error)}]}, status=409)


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """A body that is no JSON is told as what it is."""
    if isinstance(error.__cause__, JsonError):
        return refused(request, error.__cause__)
    return api.create_response(request, {"detail": str(error)}, status=error.status_code)


def _organisations(request: HttpRequest) -> Any:
    user: Any = request.user
    return Organisation.objects.all() if user.is_superuser else user.organisations.all()


def _property(request: HttpRequest, pk: int) -> Property:
    found: Property = get_object_or_404(
        Property.objects.select_related("organisation"), pk=pk, organisation__in=_organisations(request)
    )
    return found


def _read(field: str, text: str | None, read: Callable[[str], int]) -> int:
    """A value of a document: strictly as `kernel.units` reads it. ValidationError names the field."""
    try:
        return read(text or "")
    except ValueError as error:
        raise ValidationError({field: str(error)}) from None


def _instant(field: str, text: str) -> int:
    return _read(field, text, parse_instant)


def _money(field: str, text: str | None) -> int:
    return _read(field, text, parse_money)


def _tenths(field: str, text: str) -> int:
    energy = _read(field, text, parse_kwh)
    if energy % 100:
        raise ValidationError({field: "A code is for tenths of a kWh."})
    return energy // 100


@api.get("/properties")
def properties(request: HttpRequest) -> Any:
    """The properties that this login manages."""
    found = Property.objects.filter(organisation__in=_organisations(request))
    return [{"id": each.pk, "name": each.name, "zone": each.zone, "currency": each.currency} for each in found]


@api.post("/properties/{pk}/tariffs/check")
def check_tariff(request: HttpRequest, pk: int, document: dict[str, Any]) -> Any:
    """Read a tariff and keep nothing: 200 with it as it is understood, 400 with what is wrong."""
    where = _property(request, pk)
    return tariff_to_document(read_document(document, zone=where.zone, currency=where.currency))


class NewVersion(Schema):
    """`tariff`: its document. `effective`: an instant such as 2025-11-01T00:00:00+01:00; left out: from now."""

    tariff: dict[str, Any]
    effective: str | None = None


@api.get("/properties/{pk}/tariffs")
def tariff_versions(request: HttpRequest, pk: int) -> Any:
    """What holds now, and what is to come."""
    return [
        {"effective": exact_instant(each.effective), "tariff": tariff_to_document(each.tariff.kernel())}
        for each in _property(request, pk).tariff_versions.in_force(now())
    ]


@api.post("/properties/{pk}/tariffs", response={201: dict[str, Any]})
def schedule_tariff(request: HttpRequest, pk: int, given: NewVersion) -> Any:
    """Let a tariff hold from an instant on."""
    where = _property(request, pk)
    effective = now() if given.effective is None else _instant("effective", given.effective)
    tariff = read_document(given.tariff, zone=where.zone, currency=where.currency)
    with transaction.atomic():
        made = schedule(where, keep(where.organisation, tariff), effective)
    return Status(201, {"version": made.pk, "tariff": made.tariff.name, "effective": exact_instant(effective)})


class NewPrices(Schema):
    """`prices`: [instant, price per kWh], each until the next one. `base`: name of the tariff under them; left out: the
    one that holds now.
    """

    prices: list[tuple[str, str]]
    base: str | None = None


@api.post("/properties/{pk}/prices", response={201: dict[str, Any]})
def load_prices(request: HttpRequest, pk: int, given: NewPrices) -> Any:
    """Let dated prices hold, such as half-hourly ones."""
    where = _property(request, pk)
    if len(given.prices) > MOST_PRICES:
        raise ValidationError({"prices": f"More than {MOST_PRICES} at once."})
    if given.base is not None:
        base = get_object_or_404(Tariff, organisation=where.organisation, name=given.base)
    else:
        base = where.tariff_versions.present().tariff
    try:
        series = prices_of([Row(number, list(each)) for number, each in enumerate([("from", "price"), *given.prices])])
    except TableError as error:
        raise ValidationError({"prices": error.lines()}) from None
    versions = schedule_prices(where, base, series)
    return Status(201, {"versions": [each.pk for each in versions], "notes": price_notes(where, series)})


class NewCorrection(Schema):
    """`tariff`: what should have held from `begins` to `ends`. `reason` is shown to the tenants."""

    tariff: dict[str, Any]
    begins: str
    ends: str
    reason: str


@api.post("/properties/{pk}/corrections", response={201: dict[str, Any]})
def correct_tariff(request: HttpRequest, pk: int, given: NewCorrection) -> Any:
    """Reverse what a wrong tariff charged, and charge it anew."""
    where = _property(request, pk)
    begins, ends = _instant("begins", given.begins), _instant("ends", given.ends)
    tariff = read_document(given.tariff, zone=where.zone, currency=where.currency)
    with transaction.atomic():
        made = correct(where, keep(where.organisation, tariff), begins, ends, given.reason, request.user)
    accounts = {
        "correction": made.pk,
        "accounts": [
            {"meter": each.meter.name, "charged": exact_money(each.charged), "rerated": exact_money(each.rerated)}
            for each in made.charges.select_related("meter")
        ],
    }
    return Status(201, accounts)


class Question(Schema):
    """`tariffs`: up to five documents."""

    tariffs: list[dict[str, Any]]
    begins: str | None = None
    ends: str | None = None


@api.post("/properties/{pk}/compare")
def compare_tariffs(request: HttpRequest, pk: int, asked: Question) -> Any:
    """Rate the property's last year (or another time) under other tariffs, beside the one that holds now."""
    where = _property(request, pk)
    ends = None if asked.ends is None else _instant("ends", asked.ends)
    begins = None if asked.begins is None else _instant("begins", asked.begins)
    others = [read_document(each, zone=where.zone, currency=where.currency) for each in asked.tariffs]
    return comparison_to_document(what_if(where, others, begins, ends))


class NewRun(Schema):
    """Local days, inclusive. `bill`: an amount as text, instead of what the meters used. `book`: otherwise it is only
    worked out.
    """

    first: date
    last: date
    bill: str | None = None
    memo: str = ""
    book: StrictBool = False


@api.get("/properties/{pk}/shared-costs")
def shared_costs(request: HttpRequest, pk: int) -> Any:
    """What is shared at a property, by which rule, until when; what was booked can only be ended."""
    return [costs.document(each) for each in _property(request, pk).shared_costs.select_related("property")]


@api.post("/shared-costs/{pk}/runs")
def run_shared_cost(request: HttpRequest, pk: int, given: NewRun) -> Any:
    """Preview a run, or book it and send its debits."""
    cost = get_object_or_404(SharedCost, pk=pk, property__organisation__in=_organisations(request))
    bill = None if given.bill is None else _money("bill", given.bill)
    found = preview(cost, given.first, given.last, bill)
    made = run(cost, given.first, given.last, bill, given.memo, request.user) if given.book else None
    return {"run": made.pk if made else None, **_preview(found)}


def _preview(found: Preview) -> dict[str, Any]:
    return {
        "begins": exact_instant(found.begins),
        "ends": exact_instant(found.ends),
        "kwh": None if found.energy is None else exact_kwh(found.energy),
        "cost": exact_money(found.cost),
        "shares": [
            {
                "unit": part.unit.name,
                "tenant": part.tenancy.tenant if part.tenancy else None,
                "days": part.days,
                "weights": {basis: in_words(basis, part.weights[basis]) for basis in found.shared_cost.rule()},
                "amount": exact_money(part.amount),
            }
            for part in found.parts
        ],
    }


@api.post("/runs/{pk}/reverse")
def reverse_run(request: HttpRequest, pk: int) -> Any:
    """Give a whole run back."""
    made = get_object_or_404(Run, pk=pk, shared_cost__property__organisation__in=_organisations(request))
    reverse(made, request.user)
    return {"run": pk, "reversed": True}


@api.get("/tenancies/{pk}/statement")
def tenancy_statement(request: HttpRequest, pk: int, first: date, last: date, form: str = "json") -> Any:
    """A statement of local days, inclusive. `form`: json, csv or pdf."""
    user: Any = request.user
    found = get_object_or_404(Tenancy.objects.select_related("unit__property__organisation"), pk=pk)
    if found.user_id != user.pk and not _organisations(request).filter(pk=found.unit.property.organisation_id).exists():
        return api.create_response(request, {"detail": "Not Found"}, status=404)
    made = statement(found, *days(found, first, last))
    if form == "csv":
        return HttpResponse(to_csv(made), content_type="text/csv; charset=utf-8")
    if form == "pdf":
        try:
            return HttpResponse(to_pdf(made), content_type="application/pdf")
        except PdfError as error:
            raise ValidationError({"form": str(error)}) from None
    if form != "json":
        raise ValidationError({"form": f"{form!r} is none of json, csv, pdf"})
    return to_document(made)


@api.get("/properties/{pk}/balance")
def building_balance(request: HttpRequest, pk: int, first: date, last: date) -> Any:
    """The main meter beside the sum of all others, by quarter of an hour of local days (31 at most)."""
    from ...kernel.calendar import day_bounds, zone

    where = _property(request, pk)
    if not 0 <= (last - first).days < 31 or not 1971 <= first.year < 2199:
        raise ValidationError({"last": "From 1 to 31 days can be asked for."})
    place = zone(where.zone)
    try:
        spans = balance(where, day_bounds(first, place)[0], day_bounds(last, place)[1])
    except BalanceError as error:
        raise ValidationError(str(error)) from None
    return [
        {
            "begins": exact_instant(each.begins),
            "ends": exact_instant(each.ends),
            "main_kwh": exact_kwh(each.main),
            "units_kwh": exact_kwh(each.units),
            "common_kwh": exact_kwh(each.common),
            "unaccounted_kwh": exact_kwh(each.unaccounted),
            "unaccounted_percent": None if each.percent is None else str(each.percent),
        }
        for each in spans
    ]


class NewTopUp(Schema):
    """`amount` as text; `credit_id`: your own, so that asking twice is one payment (1 to 40 characters, the first one no ~);
    `receipt`: a number. Both are taken once in an organisation. `way`: cash or transfer.
    """

    amount: str
    credit_id: str
    receipt: str = ""
    way: str = "cash"


@api.post("/tenancies/{pk}/top-ups", response={201: dict[str, Any]})
def add_top_up(request: HttpRequest, pk: int, given: NewTopUp) -> Any:
    """Record a payment that was received: it is on its way, and has a code that can be typed on site. Of who has moved out,
    and owes, it pays what is owed.
    """
    found = get_object_or_404(
        Tenancy.objects.select_related("unit__property__organisation"),
        pk=pk,
        unit__property__organisation__in=_organisations(request),
    )
    made = record(found, _money("amount", given.amount), given.credit_id, request.user, given.receipt, given.way)
    return Status(201, owed.debt_payment(made) if isinstance(made, DebtPayment) else _top_up(made))


@api.get("/tenancies/{pk}/top-ups")
def top_ups(request: HttpRequest, pk: int) -> Any:
    """The payments of a tenancy, the latest first, and by which way each reached the meter."""
    found = get_object_or_404(Tenancy, pk=pk, unit__property__organisation__in=_organisations(request))
    return [_top_up(each) for each in found.top_ups.select_related("command__code")[:1000]]


def _top_up(made: TopUp) -> dict[str, Any]:
    command = made.command
    code = getattr(command, "code", None)
    return {
        "credit_id": made.credit_id,
        "amount": exact_money(made.amount),
        "spread": exact_money(made.shared),
        "paid": exact_instant(made.paid),
        "code": None if code is None else code.digits,
        "state": command.state,
        "way": command.way or None,
        "reached": None if command.reached_at is None else exact_instant(command.reached_at),
    }


class NewPayment(Schema):
    """`merchant` and `method` as `ways` lists them; `amount` as text; `asked`: your own name for it, so that asking twice is
    one payment; `payer`: who pays, as the provider names people (an openid), for a way that `needs_payer`.
    """

    merchant: StrictInt
    method: str
    amount: str
    asked: str
    currency: str = ""
    payer: str = ""


def _payable(request: HttpRequest, pk: int) -> Tenancy:
    """A tenancy, for its tenant and its manager."""
    user: Any = request.user
    found: Tenancy = get_object_or_404(
        Tenancy.objects.select_related("unit__property__organisation").filter(
            Q(user=user) | Q(unit__property__organisation__in=_organisations(request))
        ),
        pk=pk,
    )
    return found


@api.get("/tenancies/{pk}/ways")
def ways_to_pay(request: HttpRequest, pk: int) -> Any:
    """The ways to pay for a tenancy by phone. `fits`: the browsers in which a way works; `shows`: what the payer is shown: the
    link as a QR code (`qr`) or to go to (`link`), or what a script does with the parameters (`script`).
    """
    return [
        {
            "merchant": way.merchant.pk,
            "name": way.merchant.name,
            "provider": way.merchant.provider,
            "method": way.name,
            "title": str(way.method.title),
            "fits": sorted(way.method.fits),
            "shows": way.method.shows,
            "needs_payer": way.method.needs_payer,
        }
        for way in ways_for(_payable(request, pk))
    ]


@api.post("/tenancies/{pk}/payments", response={201: dict[str, Any]})
def ask_for_payment(request: HttpRequest, pk: int, given: NewPayment) -> Any:
    """Ask a provider for a payment: `link` is where the payer goes or what a QR code holds, `params` what a page in WeChat or
    a mini program hands to `requestPayment`.
    """
    tenancy = _payable(request, pk)
    merchant = next((each for each in merchants_for(tenancy) if each.pk == given.merchant), None)
    if merchant is None:
        raise ValidationError({"merchant": "It is none of this tenancy's ways to pay."})
    try:
        made = start(
            PaymentRequest(
                tenancy,
                merchant,
                given.method,
                _money("amount", given.amount),
                given.asked,
                by=request.user,
                payer=given.payer,
                payer_address=asker(request),
                currency=given.currency,
            )
        )
    except (ProviderError, SealError) as error:
        raise ValidationError({"merchant": str(error)}) from None
    return Status(201, _payment(made))


@api.get("/payments/{payment_id}")
def payment(request: HttpRequest, payment_id: str) -> Any:
    """How far a payment has come."""
    found = get_object_or_404(Payment.objects.select_related("top_up__command__code"), payment_id=payment_id)
    _payable(request, found.tenancy_id)
    return _payment(found)


def _payment(made: Payment) -> dict[str, Any]:
    return {
        "payment_id": made.payment_id,
        "asked": made.asked,
        "amount": exact_money(made.amount),
        "currency": made.currency,
        "state": made.state,
        "reason": made.reason,
        "expires": exact_instant(made.expires),
        "link": made.link,
        "params": made.params,
        "top_up": _top_up(made.top_up) if made.top_up else None,
    }


class NewExchange(Schema):
    """`serial` and `first` register (kWh, as text) of the new meter. `last`: the old one's, as text; left out: as it was
    read last; or unknown. `preview`: only say what it comes to.
    """

    serial: str
    first: str
    last: str = ""
    preview: StrictBool = False


@api.post("/meters/{name}/exchange", response={200: dict[str, Any], 201: dict[str, Any]})
def exchange_meter(request: HttpRequest, name: str, given: NewExchange) -> Any:
    """Record that another meter hangs here: the journal, credit, tariff and history go on."""
    meter = codes.meter_of_manager(request, name)
    found = look(meter, given.serial, given.first, given.last)
    told = {
        "old": found.old,
        "serial": found.serial,
        "last_read_kwh": None if found.register is None else exact_kwh(found.register),
        "last_read": None if found.read_at is None else exact_instant(found.read_at),
        "rest_kwh": exact_kwh(found.rest),
        "rest_cost": exact_money(found.cost),
        "unknown": found.end == MeterExchange.End.UNKNOWN,
        "says": found.in_words(),
    }
    if given.preview:
        return Status(200, {**told, "number": None})
    user: Any = request.user
    made = exchange(meter, given.serial, given.first, given.last, user.get_username())
    return Status(201, {**told, "number": made.command.number})


@api.post("/meters/{name}/lead-back", response={201: dict[str, Any]})
def lead_meter_back(request: HttpRequest, name: str) -> Any:
    """Let a journal that is dated in the future go on from now."""
    user: Any = request.user
    made = lead_back(codes.meter_of_manager(request, name), user.get_username())
    return Status(201, {"number": None if made is None else made.number})


@api.get("/properties/{pk}/alarms")
def alarms(request: HttpRequest, pk: int) -> Any:
    """What somebody must look at."""
    where = _property(request, pk)
    return [
        {
            "id": each.pk,
            "at": exact_instant(each.at),
            "kind": each.kind,
            "meter": each.meter.name if each.meter else None,
            "gateway": each.gateway.name if each.gateway else None,
            "text": each.text,
        }
        for each in open_alarms(where)
    ]


class NewAnswer(Schema):
    """`answer`: nothing, average, energy or money; `kwh` or `amount` as text with the last two."""

    answer: str
    kwh: str | None = None
    amount: str | None = None


def _alarm(request: HttpRequest, pk: int) -> Alarm:
    owners = _organisations(request)
    found: Alarm = get_object_or_404(
        Alarm.objects.filter(
            Q(meter__gateway__property__organisation__in=owners) | Q(gateway__property__organisation__in=owners)
        ),
        pk=pk,
    )
    return found


@api.post("/alarms/{pk}/answer")
def answer_alarm(request: HttpRequest, pk: int, given: NewAnswer) -> Any:
    """Say what is charged for a time that was not measured: the alarm is settled by it."""
    amount = 0
    if given.answer == "energy":
        amount = _read("kwh", given.kwh, parse_kwh)
    elif given.answer == "money":
        amount = _money("amount", given.amount)
    made = reply(_alarm(request, pk), given.answer, amount, request.user)
    return {"adjustments": [{"amount": exact_money(each.amount), "state": each.state} for each in made]}


@api.post("/alarms/{pk}/settle")
def settle_alarm(request: HttpRequest, pk: int) -> Any:
    """Somebody has looked at it."""
    user: Any = request.user
    settle(_alarm(request, pk), user.get_username())
    return {"settled": True}


class NewPuttingRight(Schema):
    """`amount` as text, in the tenant's favour if it is over 0; `adjustment_id`: your own, so that asking twice is once."""

    amount: str
    adjustment_id: str
    reason: str


@api.post("/tenancies/{pk}/put-right", response={201: dict[str, Any]})
def put_charges_right(request: HttpRequest, pk: int, given: NewPuttingRight) -> Any:
    """Put right what was charged wrongly for energy, however much it is: it waits for a second person."""
    found = get_object_or_404(
        Tenancy.objects.select_related("unit__property__organisation"),
        pk=pk,
        unit__property__organisation__in=_organisations(request),
    )
    made = put_right(found, _money("amount", given.amount), given.adjustment_id, request.user, given.reason)
    return Status(201, {"amount": exact_money(made.amount), "state": made.state})


@api.get("/keypad-meters")
def keypad_meters(request: HttpRequest) -> Any:
    """The meters of other makers that codes can be sold to."""
    found = TokenMeter.objects.filter(organisation__in=_organisations(request), meter__isnull=True)
    return [
        {"id": each.pk, "name": each.name, "pan": each.pan, "group": str(each.group)}
        for each in found.select_related("group")
    ]


class NewCode(Schema):
    """`kwh` or `amount`, as text."""

    kwh: str | None = None
    amount: str | None = None
    note: str = ""


@api.post("/keypad-meters/{pk}/codes", response={201: dict[str, Any]})
def vend(request: HttpRequest, pk: int, given: NewCode) -> Any:
    """Sell a code."""
    meter = get_object_or_404(TokenMeter, pk=pk, organisation__in=_organisations(request), meter__isnull=True)
    if (given.kwh is None) == (given.amount is None):
        raise ValidationError({"kwh": "Give either kwh or amount."})
    if given.kwh is not None:
        made = vend_units(meter, _tenths("kwh", given.kwh), request.user, given.note)
    else:
        made = vend_money(meter, _money("amount", given.amount), request.user, given.note)
    return Status(201, {"code": made.digits, "tid": made.tid})
