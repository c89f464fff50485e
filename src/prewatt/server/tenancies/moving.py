"""Move-in and move-out: the register is read at the instant, the old account is closed and paid out, the new one begins
at zero.

A move is recorded whenever the manager knows of it, also if the building is offline. The meter is ordered to read
itself at that instant. When its journal has arrived up to then, the old tenancy is settled: its balance leaves the
tenant's account, and a command takes it off the meter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from ...kernel.calendar import zone
from ...kernel.entries import ChangeTenancy
from ...kernel.limits import most_paid
from ...kernel.sentences import sentence
from ..billing.owed import owe_back
from ..billing.remainders import close_remainder
from ..billing.spreading import settle_spreads
from ..core import local_forms
from ..core.time import now
from ..estate.models import Tenancy, Unit
from ..estate.tenancies import check_near
from ..ledger.books import Kind, account, balance, book, deposit_held, holder_account, tenant_account
from ..ledger.charges import by_day
from ..ledger.models import Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.apart import apart, meter_or_gateway_of
from ..metering.locking import for_update, lock_meters, lock_organisation, lock_property
from ..metering.models import JournalEntry, Meter
from ..notices.contact import NO_CONTACT, Contact
from ..notices.contacts import keep_contact
from ..sales.keypad_left import close as close_keypad
from ..sales.keypad_left import reading_at_the_end
from ..sales.keypad_sales import sell
from ..statements.terms import tell_meter
from ..vending.account_settings import pin_sent_by, send_settings_to
from ..vending.adjustments import adjust, level
from ..vending.credit_log import issue
from ..vending.keypads import keypad_of, lock_keypads
from ..vending.models import Refund
from ..vending.vacancy import end_limit


def check_in_use(unit: Unit, ends: Iterable[int | None] = (None,)) -> None:
    """Raise ValidationError if the unit or its property is archived, and one of these `ends` (None: no end) is still to
    come: a tenancy there would stand in no list.
    """
    if all(end is not None and end <= now() for end in ends):
        return
    row = Unit.objects.select_related("property").get(pk=unit.pk)
    if row.property.archived_at is not None:
        raise ValidationError(_("The whole building is archived. Bring the building back first."))
    if row.archived_at is not None:
        raise ValidationError(_("This unit is archived. Bring it back first."))


def check_deposit(deposit: int, currency: str) -> None:
    """Raise ValidationError, for the field `deposit`, if no deposit can be of this amount (nano) in a currency."""
    if not 0 <= deposit <= most_paid(currency):
        most = local_forms.money(most_paid(currency), currency)
        raise ValidationError({"deposit": _("A deposit is between 0 and %(most)s.") % {"most": most}})


def check_move_in(tenancy: Tenancy, unknown: Collection[str] = ()) -> None:
    """Raise ValidationError, which names all that is wrong, if a new tenancy can't begin. `unknown`: its fields that could not be
    read.
    """
    errors: dict[str, Any] = {}
    try:
        check_deposit(tenancy.deposit, tenancy.unit.property.currency)
    except ValidationError as error:
        errors.update(error.error_dict)
    try:
        tenancy.full_clean(exclude=unknown)
    except ValidationError as error:
        errors.update(error.error_dict)
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def move_in(
    unit: Unit,
    tenant: str,
    begins: int,
    *,
    user: Any = None,
    occupants: int = 1,
    deposit: int = 0,
    contact: Contact = NO_CONTACT,
) -> Tenancy:
    """Record that somebody moves in at the instant `begins`. `deposit` (nano) is what was received; `contact` is how
    they are reached; `user` is a login that they have already. A ValidationError names what is wrong.
    """
    # Nobody archives the unit, or changes another move of it, meanwhile.
    lock_property(unit.property_id)
    check_in_use(unit)
    tenancy = Tenancy(unit=unit, tenant=tenant, begins=begins, occupants=occupants, deposit=deposit)
    check_move_in(tenancy)
    tenancy.save()
    if user is not None:
        tenancy.people.add(user)
    if deposit:
        organisation = unit.property.organisation
        received, held = account(organisation, Kind.CASH), account(organisation, Kind.DEPOSITS)
        of = Reference(Of.DEPOSIT, tenancy.pk)
        book(Transfer.Kind.DEPOSIT, received, held, deposit, now(), of, str(tenancy), deposit_of=tenancy)
    _tell_meter(unit, begins)
    _end_limit(unit, begins)
    _reattribute(unit, None, tenancy, begins)
    # Also without a contact: the usual language here is that of whoever records the move.
    keep_contact(tenancy, contact)
    return tenancy


def check_move_out(tenancy: Tenancy, ends: int) -> None:
    """Raise ValidationError, which names what is wrong, if a tenant can't move out at the instant `ends`."""
    check_near(ends, "ends")
    if tenancy.ends is not None and tenancy.ends <= now():
        raise ValidationError({"ends": _("This tenancy has ended already.")})
    if ends <= tenancy.begins:
        raise ValidationError({"ends": _("A tenancy can't end before it begins.")})


@transaction.atomic
def move_out(tenancy: Tenancy, ends: int) -> Tenancy:
    """Record that the tenant moves out at the instant `ends`. It can be recorded again, with another instant, before
    that has come; the same instant again changes nothing. A ValidationError names what is wrong.
    """
    # Nobody moves in meanwhile.
    lock_property(tenancy.unit.property_id)
    lock_meters(Meter.objects.filter(unit=tenancy.unit_id))
    locked = for_update(Tenancy.objects).select_related("unit__property__organisation").get(pk=tenancy.pk)
    if locked.ends == ends:
        return tenancy
    check_move_out(locked, ends)
    before = locked.ends
    locked.ends = ends
    locked.full_clean()
    locked.save(update_fields=["ends"])
    _tell_meter(locked.unit, ends, _nobody_elses(locked, before))
    _reattribute(locked.unit, locked, None, ends)
    tenancy.begins, tenancy.ends = locked.begins, ends
    return tenancy


def _nobody_elses(tenancy: Tenancy, ends: int | None) -> int:
    """Return the instant if nobody moves in at it either, otherwise 0."""
    if ends is None or Tenancy.objects.filter(unit=tenancy.unit_id, begins=ends).exists():
        return 0
    return ends


def _tell_meter(unit: Unit, at: int, instead: int = 0) -> None:
    meter = Meter.objects.filter(unit=unit).first()
    if meter is not None:
        issue(meter, ChangeTenancy(at, instead))


def _end_limit(unit: Unit, begins: int) -> None:
    """End the limit of a vacant flat when a tenant moves in."""
    meter = Meter.objects.filter(unit=unit).first()
    if meter is not None and not unit.tenancies.living(now()).filter(begins__lt=begins).exists():
        end_limit(meter, begins)


def _reattribute(unit: Unit, old: Tenancy | None, new: Tenancy | None, since: int) -> None:
    """Book charges after a move that was recorded late to the right holder, on the days of the charges."""
    charged = JournalEntry.objects.filter(meter__unit=unit, at__gt=since, charge__gt=0).values_list("at", "charge")
    of = Reference(Of.MOVE, (new or old or unit).pk).and_(Part.MOVED_IN if new else Part.MOVED_OUT).since(since)
    organisation = unit.property.organisation
    for each in by_day(((at, charge or 0) for at, charge in charged), zone(unit.property.zone)):
        book(
            Transfer.Kind.ATTRIBUTION,
            holder_account(organisation, new),
            holder_account(organisation, old),
            each.amount,
            each.at,
            of.on(each.day),
            sentence("used after the move"),
        )


def journal_is_here(tenancy: Tenancy) -> bool:
    """Return whether all that was used up to the move-out is known."""
    meter = Meter.objects.filter(unit=tenancy.unit_id).first()
    if meter is None and (token_meter := keypad_of(tenancy.unit_id)) is not None:
        return reading_at_the_end(tenancy, token_meter) is not None
    return meter is None or (meter.read_at is not None and tenancy.ends is not None and meter.read_at >= tenancy.ends)


def _check_has_ended(tenancy: Tenancy) -> None:
    if tenancy.settled_at is not None:
        raise ValidationError(_("This tenancy is settled already."))
    if tenancy.ends is None or tenancy.ends > now():
        raise ValidationError(_("This tenancy has not ended yet."))
    if journal_is_here(tenancy):
        return
    if keypad_of(tenancy.unit_id) is not None:
        raise ValidationError(
            _("Read the keypad meter first: type its reading of the day of the move-out, with what is left on it.")
        )
    raise ValidationError(_("The meter has not reported up to the move-out yet."))


def _check_can_take(tenancy: Tenancy, before: Tenancy) -> None:
    """Raise ValidationError if the balance of the tenancy `before` can't be carried to this one."""
    tenancy.refresh_from_db(fields=["settled_at"])
    is_other = tenancy.unit.property.organisation_id != before.unit.property.organisation_id
    if is_other or tenancy.settled_at is not None:
        raise ValidationError(_("The balance can only be carried to an open tenancy of the same landlord."))


@transaction.atomic
def settle(tenancy: Tenancy, carry_to: Tenancy | None = None) -> None:
    """Close the account of a tenancy that has ended. What is left becomes a refund to be paid, or goes to another
    tenancy of the same person (`carry_to`); what is owed is taken from the deposit first.

    Raises ValidationError if the tenancy has not ended, is settled already, or the meter's journal has not arrived up
    to its end.
    """
    # Nothing is booked for the tenancy while its balance is closed.
    lock_organisation(tenancy.unit.property.organisation_id)
    units = {tenancy.unit_id} if carry_to is None else {tenancy.unit_id, carry_to.unit_id}
    lock_meters(Meter.objects.filter(unit__in=units))
    lock_keypads(units)
    locked = for_update(Tenancy.objects).select_related("unit__property__organisation").get(pk=tenancy.pk)
    _check_has_ended(locked)
    if carry_to is not None:
        _check_can_take(carry_to, locked)
    close_keypad(locked)
    settle_spreads(locked)
    locked.settlements += 1
    # Settled again, after a move was put right, it has names of its own.
    of = Reference(Of.SETTLEMENT, locked.pk)
    if locked.settlements > 1:
        of = of.numbered(locked.settlements)
    if carry_to is not None:
        _carry(locked, carry_to, of)
    locked.settled_at = tenancy.settled_at = now()
    locked.save(update_fields=["settled_at", "settlements"])
    close_remainder(locked, of, sentence("settlement"))
    _release_deposit(locked, of)
    meter = Meter.objects.filter(unit=locked.unit_id).first()
    if meter is not None:
        level(meter, of, _("settlement of the tenancy before"), locked.settled_at)
    if _may_know_pin(locked, meter):
        # Whoever lives here next is given a PIN of their own.
        locked.unit.pin_hash = ""
        locked.unit.save(update_fields=["pin_hash"])
        if meter is not None:
            send_settings_to(meter)
    # The balance at the meter is another's now, or nobody's, who may pay otherwise.
    tell_meter(locked.unit_id)


def _may_know_pin(tenancy: Tenancy, meter: Meter | None) -> bool:
    """Return whether the flat has a PIN that whoever has moved out may know. A PIN that was made after the move-out, in
    a flat in which somebody else lives by now, is theirs.
    """
    pin = tenancy.unit.pin_hash
    if not pin or tenancy.ends is None:
        return False
    if not Tenancy.objects.filter(unit=tenancy.unit_id, begins__gte=tenancy.ends, begins__lte=now()).exists():
        return True
    # Of a meter that was installed since then it is not known: rather one PIN too many is made than one too few.
    return meter is None or pin_sent_by(meter, tenancy.ends) in (None, pin)


def _carry(tenancy: Tenancy, to: Tenancy, settlement: Reference) -> None:
    left = balance(tenant_account(tenancy))
    if not left:
        return
    payer, taker = (tenancy, to) if left > 0 else (to, tenancy)
    of, memo = settlement.and_(Part.CARRIED), sentence("carried from %(unit)s", unit=tenancy.unit.name)
    book(Transfer.Kind.SETTLEMENT, tenant_account(payer), tenant_account(taker), abs(left), now(), of, memo)
    adjust(to, left, of, memo, now())
    token_meter = keypad_of(to.unit_id)
    if token_meter is not None and to.begins <= now() and not to.has_ended(now()):
        sell(to, token_meter)


def _release_deposit(tenancy: Tenancy, settlement: Reference) -> None:
    left = deposit_held(tenancy)
    if left:
        held = account(tenancy.unit.property.organisation, Kind.DEPOSITS)
        of = Reference(Of.DEPOSIT, tenancy.pk).and_(Part.BACK).with_part_of(settlement)
        memo = sentence("deposit to be paid back")
        owe_back(tenancy, left, Refund.Why.DEPOSIT, held, of, memo, Transfer.Kind.DEPOSIT)


def settle_what_is_due() -> list[Tenancy]:
    """Settle each tenancy that has ended and whose meter has reported up to its end. Returns them."""
    due = Tenancy.objects.filter(ends__lte=now(), settled_at__isnull=True).order_by("ends")

    def settled(tenancy: Tenancy) -> Tenancy | None:
        if not journal_is_here(tenancy):
            return None
        settle(tenancy)
        return tenancy

    done = apart("settlement", due, settled, meter_or_gateway_of)
    return [tenancy for tenancy in done if tenancy is not None]
