"""The change from paying before use to paying after use, and back, at an instant. Account, journal and statement stay
the same: the meter's settings say how far its balance may go below zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.calendar import local, zone
from ...kernel.entries import decode_command
from ...kernel.orders import Restore
from ...kernel.units import BALANCE_MAX, DAY, HOUR
from ..billing.debts import owe
from ..billing.spreading import owes, share_for, spread, usual_cost
from ..core import local_forms
from ..core.errors import Refused
from ..core.people import name_of
from ..core.time import now
from ..estate.models import FARTHEST, Tenancy
from ..estate.terms import LEAST_NOTICE, Terms
from ..estate.terms_in_force import terms_of, waiting_terms
from ..ledger.books import balance, tenant_account
from ..ledger.references import Of, Reference
from ..metering.apart import apart, meter_or_gateway_of
from ..metering.locking import lock_meters, lock_organisation
from ..metering.models import Meter
from ..metering.outlook import days_left
from ..vending.account_settings import account_settings, send_settings_to
from ..vending.adjustments import adjust
from ..vending.controls import control
from ..vending.keypads import keypad_of
from ..vending.models import Command
from .bills import bill_up_to_now, standings

RECENT = HOUR
"""The oldest last reading (µs) with which a change that could stop the supply may be made."""
LEAST_DAYS = 1
"""The least days for which the supply stays on after a debt was taken off the meter."""


class TermsError(Refused):
    """The terms are not possible; the message, for people, says why. Nothing was changed."""


@dataclass(frozen=True)
class TermsRequest:
    """Requested terms, with the fields of `estate.terms.Terms`. `begins`: an instant; None for now."""

    is_postpaid: bool
    limit: int = 0
    limit_cuts: bool = True
    due_days: int = 14
    overdue: str = Terms.Overdue.REMIND
    overdue_days: int = 14
    owed: str = Terms.Owed.DEBT
    begins: int | None = None


def check(tenancy: Tenancy, request: TermsRequest) -> int:
    """Return the instant from which the terms hold. Raises TermsError, which names the field."""
    at = now()
    begins = max(at, tenancy.begins) if request.begins is None else request.begins
    for name, choices in (("overdue", Terms.Overdue), ("owed", Terms.Owed)):
        if getattr(request, name) not in choices.values:
            raise TermsError(_("There is no such choice."), name)
    if not at <= begins <= at + FARTHEST:
        raise TermsError(_("Terms must begin now, or within a year from now."), "begins")
    if tenancy.has_ended(max(begins, at)):
        raise TermsError(_("The tenancy has ended by then: choose an earlier day."), "begins")
    if begins < tenancy.begins:
        raise TermsError(_("The tenancy has not begun by then: choose a later day."), "begins")
    if request.is_postpaid:
        _check_postpaid(tenancy, request)
    return begins


def _check_postpaid(tenancy: Tenancy, request: TermsRequest) -> None:
    """Raise TermsError, which names the field, if the limit or the days of terms with bills are not possible, or the
    flat's meter supplies only what was paid before.
    """
    if keypad_of(tenancy.unit_id) is not None:
        raise TermsError(_("A keypad meter supplies only what was paid: this flat can't pay after use."))
    if not 0 <= request.limit <= BALANCE_MAX:
        raise TermsError(_("The limit must be 0 or more, and not more than a meter can hold."), "limit")
    if request.limit_cuts and not request.limit:
        raise TermsError(_("Give the limit at which the supply ends: more than 0."), "limit")
    if request.limit_cuts and request.begins is None and owes(tenancy) >= request.limit:
        raise TermsError(
            _("%(owed)s is owed now: with this limit the supply would end at once. Give a higher limit.")
            % {"owed": local_forms.money(owes(tenancy), tenancy.unit.property.currency)},
            "limit",
        )
    if not 1 <= request.due_days <= 90:
        raise TermsError(_("A bill must be due after 1 to 90 days."), "due_days")
    if not LEAST_NOTICE <= request.overdue_days <= 180:
        raise TermsError(
            _("Choose after how many days this step follows: %(least)d to 180.") % {"least": LEAST_NOTICE},
            "overdue_days",
        )


def lock_account(tenancy: Tenancy) -> Meter | None:
    """Lock the organisation and the meter of a tenancy's account. Returns the meter; None if there is none."""
    lock_organisation(tenancy.unit.property.organisation_id)
    rows = Meter.objects.filter(unit=tenancy.unit_id).select_related("gateway__property__organisation", "unit")
    return next(iter(lock_meters(rows)), None)


@transaction.atomic
def agree(tenancy: Tenancy, request: TermsRequest, by: Any) -> Terms:
    """Store terms that hold from an instant. They replace earlier terms that have not begun yet; the same terms, from the same
    instant, are those. Terms that begin now take effect at once, if possible. Returns the terms. Raises TermsError, which names
    the field.
    """
    lock_account(tenancy)
    row = Tenancy.objects.select_related("unit__property__organisation").get(pk=tenancy.pk)
    begins, before, waits = check(row, request), terms_of(row.pk), waiting_terms(row.pk)
    fields = {name: getattr(request, name) for name in TermsRequest.__dataclass_fields__ if name != "begins"}
    if waits is not None and all(getattr(waits, name) == value for name, value in {**fields, "begins": begins}.items()):
        return waits
    if not request.is_postpaid and (before is None or not before.is_postpaid):
        if waits is None:
            raise TermsError(_("This tenancy pays before use already, so nothing changes."))
        # The only effect is that the waiting terms do not begin.
        Terms.objects.filter(pk=waits.pk).update(ended_at=now())
        return before or waits
    Terms.objects.filter(tenancy=row.pk, applied_at__isnull=True, ended_at__isnull=True).update(ended_at=now())
    terms = Terms.objects.create(tenancy=row, begins=begins, made_at=now(), by=name_of(by)[:150], **fields)
    if begins <= now():
        take_effect(terms)
        terms.refresh_from_db()
    return terms


def waits_for_building(tenancy: Tenancy) -> bool:
    """Return whether a tenancy's debt is not known well enough: its building is silent, or its meter was not read
    lately.
    """
    meter = Meter.objects.select_related("gateway").filter(unit=tenancy.unit_id).first()
    return meter is not None and (not meter.gateway.is_online or now() - (meter.read_at or 0) > RECENT)


@transaction.atomic
def take_effect(terms: Terms) -> bool:
    """Put due terms into force, once. Returns whether they are in force. The return to paying before use waits while
    the building is silent, since nobody knows what is owed there. Raises TermsError if the supply would end by the
    change.
    """
    tenancy = Tenancy.objects.select_related("unit__property__organisation").get(pk=terms.tenancy_id)
    meter = lock_account(tenancy)
    row, at = Terms.objects.get(pk=terms.pk), now()
    if row.applied_at is not None or row.ended_at is not None:
        return row.applied_at is not None
    if tenancy.has_ended(at):
        Terms.objects.filter(pk=row.pk).update(ended_at=at)
        return False
    before = terms_of(tenancy.pk)
    _check_supply(tenancy, row)
    if not row.is_postpaid:
        if waits_for_building(tenancy):
            return False
        if before is not None:
            bill_up_to_now(tenancy, before)
        _clear(tenancy, row, meter, at)
    if before is not None:
        before.lowerings.filter(ended_at__isnull=True).update(ended_at=at)
    Terms.objects.filter(pk=row.pk).update(applied_at=at)
    if meter is not None:
        send_settings_to(meter)
    return True


def _check_supply(tenancy: Tenancy, terms: Terms) -> None:
    """Raise TermsError if the supply would end by these terms."""
    if terms.cuts_at is not None and terms.cuts_at <= owes(tenancy):
        currency = tenancy.unit.property.currency
        raise TermsError(
            _("%(owed)s is owed: with a limit of %(limit)s the change would end the supply. So the change waits.")
            % {"owed": local_forms.money(owes(tenancy), currency), "limit": local_forms.money(terms.limit, currency)}
        )


def _clear(tenancy: Tenancy, terms: Terms, meter: Meter | None, at: int) -> None:
    """Take the debt off the meter before the tenant pays before use again; the supply stays on for some days in any
    case.
    """
    amount, days = owes(tenancy), int(tenancy.unit.property.spread_days)
    if meter is None:
        return
    if Tenancy.objects.filter(unit=tenancy.unit_id, begins__lt=tenancy.begins, settled_at__isnull=True).exists():
        raise TermsError(
            _(
                "The previous tenancy is not settled yet, so the meter's balance may not be this tenant's: settle "
                "that tenancy first."
            )
        )
    if amount and terms.owed == Terms.Owed.SPREAD:
        spread(tenancy, terms.by)
    elif amount:
        of, memo = Reference(Of.TERMS, terms.pk), _("owed when paying after use ended")
        owe(tenancy, amount, of, memo, at)
        adjust(tenancy, amount, of, memo, at)
    if balance(tenant_account(tenancy)) <= 0 and not (amount and days and terms.owed == Terms.Owed.SPREAD):
        _light(tenancy, terms, meter)


def _light(tenancy: Tenancy, terms: Terms, meter: Meter) -> None:
    days = days_to_pay(tenancy)
    control(meter, Restore(until=now() + days * DAY), terms.by, _("to have time to pay in"), coded=False)


def days_to_pay(tenancy: Tenancy) -> int:
    """Return for how many days the supply stays on after the change to paying before use, without credit."""
    return max(int(tenancy.unit.property.spread_days), LEAST_DAYS)


def take_what_is_due() -> list[Terms]:
    """Put all due terms into force. A failure for one is logged and tried again. Returns those that are in force."""
    rows = Terms.objects.filter(applied_at__isnull=True, ended_at__isnull=True, begins__lte=now())
    in_force = apart(
        "terms",
        rows.select_related("tenancy__unit__property__organisation"),
        lambda row: row if take_effect(row) else None,
        lambda row: meter_or_gateway_of(row.tenancy),
    )
    return [each for each in in_force if each is not None]


def tell_meter(unit_pk: int) -> None:
    """Send a unit's meter its settings if they have changed, because its balance now belongs to another tenant."""
    meter = Meter.objects.select_related("unit", "gateway__property").filter(unit=unit_pk).first()
    if meter is None or not Terms.objects.filter(tenancy__unit=unit_pk, applied_at__isnull=False).exists():
        return
    last = Command.objects.filter(meter=meter, kind="settings").order_by("-number").first()
    last_order = decode_command(bytes(last.body)) if last else None
    if getattr(last_order, "order", None) != account_settings(meter):
        send_settings_to(meter)


# -- in words ---------------------------------------------------------------------------------------------------------------


def in_words(terms: Terms | TermsRequest | None, currency: str) -> list[str]:
    """Return what terms say, in sentences for people."""
    if terms is None or not terms.is_postpaid:
        return [_("Paid before use: the supply ends when the credit is used up.")]
    limit = local_forms.money_with_code(terms.limit, currency)
    sentences = [_("Paid after use, by a bill a month that is due after %(days)d days.") % {"days": terms.due_days}]
    if not terms.limit:
        sentences.append(_("There is no limit to what may be owed."))
    elif terms.limit_cuts:
        sentences.append(_("The supply ends when %(limit)s is owed.") % {"limit": limit})
    else:
        sentences.append(_("At most %(limit)s should be owed; the supply does not end there.") % {"limit": limit})
    after = {"days": terms.overdue_days}
    sentences.append(
        {
            "remind": _("When a bill is overdue, a reminder is sent, and nothing more follows."),
            "ask": _("When a bill is overdue for %(days)d days, a person decides what follows.") % after,
            "cut": _("When a bill is overdue for %(days)d days, the supply ends by itself, until something is paid.")
            % after,
        }[str(terms.overdue)]
    )
    return sentences


def preview(tenancy: Tenancy, request: TermsRequest) -> list[str]:
    """Return the immediate effects of terms, in sentences for people. Raises TermsError as `agree` does."""
    begins, currency = check(tenancy, request), tenancy.unit.property.currency
    place = zone(tenancy.unit.property.zone)
    credit, at = balance(tenant_account(tenancy)), now()
    meter = Meter.objects.select_related("gateway__property", "unit").filter(unit=tenancy.unit_id).first()
    sentences = [
        _("The balance is %(held)s %(currency)s now.")
        % {"held": local_forms.money(credit, currency), "currency": local_forms.sign(currency)}
    ]
    if begins > at:
        sentences.append(_("From %(at)s:") % {"at": f"{local(begins, place):%Y-%m-%d %H:%M}"})
    sentences += in_words(replace(request), currency)
    if not request.is_postpaid:
        sentences += _back_in_words(tenancy, request, meter, credit, currency)
        return sentences
    room = request.limit + credit
    days = days_left(meter, tenancy, room, at) if meter is not None and request.limit and request.limit_cuts else None
    if request.limit and request.limit_cuts:
        sentences.append(
            _("%(room)s %(currency)s can be used until then.")
            % {"room": local_forms.money(room, currency), "currency": local_forms.sign(currency)}
        )
    if days is not None:
        sentences.append(_("That is about %(days)d days of usual use.") % {"days": days})
    if credit > 0:
        sentences.append(_("The credit stays, and is used first."))
    return sentences


def _back_in_words(
    tenancy: Tenancy, request: TermsRequest, meter: Meter | None, credit: int, currency: str
) -> list[str]:
    if credit > 0:
        return [_("The credit stays.")]
    amount, sentences = -credit, []
    if amount and request.owed == Terms.Owed.SPREAD and meter is not None:
        share = share_for(tenancy.unit.property, amount, usual_cost(meter, None))
        sentences.append(
            _("%(amount)s %(currency)s that is owed leaves the meter, and %(share)d %% of each payment pay it.")
            % {"amount": local_forms.money(amount, currency), "currency": local_forms.sign(currency), "share": share}
        )
    elif amount:
        sentences.append(
            _("%(amount)s %(currency)s that is owed leaves the meter, and stays owed under Books.")
            % {"amount": local_forms.money(amount, currency), "currency": local_forms.sign(currency)}
        )
    sentences.append(
        _("The power stays on for %(days)d days in any case, to have time to pay in.") % {"days": days_to_pay(tenancy)}
    )
    if waits_for_building(tenancy):
        sentences.append(
            _("The building is silent, or its meter was not read lately: the change waits until it reports.")
        )
    return sentences


def to_pay(tenancy: Tenancy) -> tuple[int, int]:
    """Return (open part of the bills, overdue part of it), nano."""
    bills = standings(tenancy)
    return sum(each.left for each in bills), sum(each.left for each in bills if each.state == "overdue")
