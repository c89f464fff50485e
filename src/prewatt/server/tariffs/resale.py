"""The resale guard: if the law limits what a landlord may charge for electricity, a higher tariff is refused."""

from __future__ import annotations

from collections.abc import Sequence

from ...kernel.calendar import local, zone
from ...kernel.charges import PER_KWH
from ...kernel.rating import gross
from ...kernel.tariff import RateCalendar, Stretch, Tariff, TariffError
from ...kernel.units import DAY, exact_percent, short_price

SPAN = 366 * DAY
"""The time for which a tariff is checked, µs: a year from its first instant. Dated prices are checked to their end."""


def check_resale(tariff: Tariff, effective: int, cap: int | None, purchase: Tariff | None) -> None:
    """Raise TariffError, with the sum shown, if a kWh can cost more than `cap` (micro, all included), or more than
    under the `purchase` tariff at the same instant.

    Tiers with the same bounds are compared one by one; otherwise the highest price must not be over the lowest purchase
    price.
    """
    if cap is None and purchase is None:
        return
    calendar = RateCalendar(tariff)
    purchase_calendar = RateCalendar(purchase) if purchase else None
    at, end = effective, max(effective + SPAN, tariff.dated.end if tariff.dated else 0)
    while at < end:
        stretch = calendar.stretch(at)
        until = stretch.end
        limits = [] if cap is None else [cap] * len(stretch.prices)
        if purchase_calendar is not None:
            bought = purchase_calendar.stretch(at)
            until = min(until, bought.end)
            passed_on = _passed_on(tariff, stretch, purchase_calendar.tariff, bought)
            limits = [min(pair) for pair in zip(limits or passed_on, passed_on, strict=True)]
        _check_stretch(tariff, stretch, at, limits, cap)
        at = until


def _check_stretch(tariff: Tariff, stretch: Stretch, at: int, limits: Sequence[int], cap: int | None) -> None:
    for tier, (price, limit) in enumerate(zip(stretch.prices, limits, strict=True)):
        if gross(price, tariff) > limit:
            raise TariffError(_sum(tariff, stretch.rate, tier, price, limit, at, limit != cap))


def _passed_on(tariff: Tariff, stretch: Stretch, purchase: Tariff, bought: Stretch) -> list[int]:
    """Return the purchase price of each tier of a stretch, micro, all included."""
    paid = [gross(price, purchase) for price in bought.prices]
    alike = bought.upto == stretch.upto and _counted_alike(tariff, purchase)
    return paid if alike else [min(paid)] * len(stretch.prices)


def _counted_alike(one: Tariff, other: Tariff) -> bool:
    if one.tiers is None or other.tiers is None:
        return one.tiers is other.tiers
    return (one.tiers.per, one.tiers.by_rate) == (other.tiers.per, other.tiers.by_rate)


def _sum(tariff: Tariff, rate: str, tier: int, price: int, limit: int, at: int, passed_on: bool) -> str:
    parts = [f"{short_price(price)} for {rate!r}" + (f", tier {tier + 1}" if tariff.tiers else "")]
    per_kwh = {form: form.of(tariff) for form in PER_KWH}
    parts += [f"{short_price(each)} {form.line.lower()}" for form, each in per_kwh.items() if each]
    if tariff.tax and not tariff.tax.included:
        added = gross(price, tariff) - price - sum(per_kwh.values())
        parts.append(f"{short_price(added)} {tariff.tax.name} ({exact_percent(tariff.tax.ppm)} %)")
    of = "the purchase price" if passed_on else "the property's cap"
    total = f" = {short_price(gross(price, tariff))}" if len(parts) > 1 else ""
    when = f"{local(at, zone(tariff.zone)):%Y-%m-%d %H:%M}"
    return f"rates.{rate}: {' + '.join(parts)}{total} {tariff.currency} per kWh at {when} is over {of} of {short_price(limit)}"
