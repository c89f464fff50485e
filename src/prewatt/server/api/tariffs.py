"""Tariffs, prices and corrections over the API."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status

from ...kernel.tariff_document import tariff_to_document
from ...kernel.units import exact_instant, exact_money
from ...tables.problems import TableError
from ...tables.rows import Row
from ..core.time import now
from ..sales.corrections import correct
from ..tariffs.compare import to_document as comparison_to_document
from ..tariffs.homes import what_if
from ..tariffs.models import Tariff
from ..tariffs.prices import prices_of
from ..tariffs.reading import read_document
from ..tariffs.versions import apply_now, keep, price_notes, schedule, schedule_prices
from ..web.access import property_of_manager
from .reading import read_instant

router = Router()

MOST_PRICES = 200_000


@router.post("/properties/{pk}/tariffs/check")
def check_tariff(request: HttpRequest, pk: int, document: dict[str, Any]) -> Any:
    """Read a tariff without storing it. The answer is 200 with the tariff as it is understood, or 400 with what is
    wrong.
    """
    property_ = property_of_manager(request, pk)
    return tariff_to_document(read_document(document, zone=property_.zone, currency=property_.currency))


class NewVersion(Schema):
    """`tariff`: its document. `effective`: an instant such as 2025-11-01T00:00:00+01:00; left out, it is now."""

    tariff: dict[str, Any]
    effective: str | None = None


@router.get("/properties/{pk}/tariffs")
def tariff_versions(request: HttpRequest, pk: int) -> Any:
    """List the tariff that applies now, and those to come."""
    return [
        {"effective": exact_instant(each.effective_at), "tariff": tariff_to_document(each.tariff.kernel())}
        for each in property_of_manager(request, pk).tariff_versions.in_force(now())
    ]


@router.post("/properties/{pk}/tariffs", response={201: dict[str, Any]})
def schedule_tariff(request: HttpRequest, pk: int, given: NewVersion) -> Any:
    """Let a tariff apply from an instant on. Sent again, it is the same version, as long as no other takes its place."""
    property_ = property_of_manager(request, pk)
    effective = None if given.effective is None else read_instant("effective", given.effective)
    tariff = read_document(given.tariff, zone=property_.zone, currency=property_.currency)
    with transaction.atomic():
        kept = keep(property_.organisation, tariff)
        version = apply_now(property_, kept) if effective is None else schedule(property_, kept, effective)
    document = {"version": version.pk, "tariff": kept.name, "effective": exact_instant(version.effective_at)}
    return Status(201, document)


class NewPrices(Schema):
    """`prices`: pairs of an instant and the price per kWh, each valid until the next one. `base`: the name of the
    tariff under them; left out, it is the one that applies now. `currency`: that of the prices; left out, it is the property's, and
    another one is refused.
    """

    prices: list[tuple[str, str]]
    base: str | None = None
    currency: str | None = None


@router.post("/properties/{pk}/prices", response={201: dict[str, Any]})
def load_prices(request: HttpRequest, pk: int, given: NewPrices) -> Any:
    """Let dated prices apply, such as half-hourly ones."""
    property_ = property_of_manager(request, pk)
    if len(given.prices) > MOST_PRICES:
        raise ValidationError({"prices": _("At most %(most)d prices can be sent at once.") % {"most": MOST_PRICES}})
    if given.currency not in (None, property_.currency):
        text = _("the prices are in %(found)s, but the currency here is %(currency)s. Load prices in %(currency)s")
        raise ValidationError({"currency": text % {"found": given.currency, "currency": property_.currency}})
    if given.base is not None:
        base = get_object_or_404(Tariff, organisation=property_.organisation, name=given.base)
    else:
        base = property_.tariff_versions.present().tariff
    try:
        rows = [Row(number, list(each)) for number, each in enumerate([("from", "price"), *given.prices])]
        series = prices_of(rows, currency=property_.currency)
    except TableError as error:
        raise ValidationError({"prices": error.lines()}) from None
    versions = schedule_prices(property_, base, series)
    return Status(201, {"versions": [each.pk for each in versions], "notes": price_notes(property_, series)})


class NewCorrection(Schema):
    """`tariff`: the tariff that should have applied from `begins` to `ends`. `reason` is shown to the tenants."""

    tariff: dict[str, Any]
    begins: str
    ends: str
    reason: str


@router.post("/properties/{pk}/corrections", response={201: dict[str, Any]})
def correct_tariff(request: HttpRequest, pk: int, given: NewCorrection) -> Any:
    """Reverse what a wrong tariff charged, and charge it by the right one."""
    property_ = property_of_manager(request, pk)
    begins, ends = read_instant("begins", given.begins), read_instant("ends", given.ends)
    tariff = read_document(given.tariff, zone=property_.zone, currency=property_.currency)
    with transaction.atomic():
        correction = correct(property_, keep(property_.organisation, tariff), begins, ends, given.reason, request.user)
    accounts = {
        "correction": correction.pk,
        "accounts": [
            {"meter": each.meter.name, "charged": exact_money(each.charged), "rerated": exact_money(each.rerated)}
            for each in correction.charges.select_related("meter")
        ],
    }
    return Status(201, accounts)


class Question(Schema):
    """`tariffs`: up to five documents. `begins`, `ends`: the time to compare; left out, it is the last year."""

    tariffs: list[dict[str, Any]]
    begins: str | None = None
    ends: str | None = None


@router.post("/properties/{pk}/compare")
def compare_tariffs(request: HttpRequest, pk: int, asked: Question) -> Any:
    """Rate the property's use in the last year, or another time, by other tariffs, next to the one in force now."""
    property_ = property_of_manager(request, pk)
    ends = None if asked.ends is None else read_instant("ends", asked.ends)
    begins = None if asked.begins is None else read_instant("begins", asked.begins)
    others = [read_document(each, zone=property_.zone, currency=property_.currency) for each in asked.tariffs]
    return comparison_to_document(what_if(property_, others, begins, ends))
