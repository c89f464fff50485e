"""Corrects a move that was recorded wrongly, before its day or after it: instants, name, person, deposit.

Charges between the wrong and the right instant are booked to the right holder. A settlement is taken back as far as it
was not paid out, and made again: what was paid out too much becomes a debt, what was paid out too little is owed. It is
one transaction: all of it happens, or nothing. The outcome can be seen before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from ...kernel.calendar import local, zone
from ...kernel.charges import PER_MONTH
from ...kernel.entries import NEVER, ChangeTenancy
from ...kernel.sentences import sentence
from ..accounts.invitations import revoke
from ..billing import debts
from ..billing.models import MoveChange
from ..billing.open_debts import debts_of
from ..billing.owed import owed_to, withdraw
from ..billing.spreading import reopen_spreads
from ..core import local_forms
from ..core.people import name_of
from ..core.time import now
from ..estate.models import Tenancy, Unit
from ..estate.tenancies import check_near
from ..ledger.books import Kind, account, balance, book, deposit_held, holder_account, tenant_account
from ..ledger.charges import by_day
from ..ledger.models import Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.locking import for_update, lock_organisation, lock_property
from ..metering.models import JournalEntry, Meter
from ..notices.contacts import forget
from ..sales.keypad_moves import move_put_right
from ..statements.terms import tell_meter
from ..vending.adjustments import level
from ..vending.credit_log import issue
from ..vending.models import PayOut, Refund
from .moving import check_deposit, check_in_use, journal_is_here, settle
from .seen import Seen, check_seen
from .staying import what_stays

CHARGES = (Transfer.Kind.CHARGE, Transfer.Kind.ATTRIBUTION)


@dataclass(frozen=True)
class Change:
    """What to correct about a tenancy; a value that is None stays as it is. Instants are in µs, the deposit in nano.

    `stays`: the tenant does not move out after all. `along`: a tenant who moves out or in at the same instant moves
    with the new one. `another`: it is another person than was recorded, so the login is taken away, open invitations are
    revoked, and how they are reached is forgotten. `seen`: what whoever corrects it has seen; if it is something else by now,
    nothing is corrected.
    """

    begins: int | None = None
    ends: int | None = None
    stays: bool = False
    along: bool = False
    tenant: str | None = None
    deposit: int | None = None
    another: bool = False
    seen: Seen = field(default_factory=dict)


@dataclass(frozen=True)
class Figures:
    """The state of a tenancy, nano: its `bill` (what was charged to it), its `balance`, what is `owed` to its tenant,
    what the tenant `owes`, and the deposit that is `held`.
    """

    who: str
    begins: int
    ends: int | None
    bill: int
    balance: int
    owed: int
    owes: int
    held: int


@dataclass(frozen=True)
class Outcome:
    """The result of correcting a move: each tenancy before and after, and what people should know (`says`)."""

    rows: list[tuple[Figures, Figures]]
    says: list[str] = field(default_factory=list)


def preview(tenancy: Tenancy, change: Change, by: Any) -> Outcome:
    """Return what `put_right` would do. Nothing is changed."""
    with transaction.atomic():
        outcome = put_right(tenancy, change, by, _("preview"))
        transaction.set_rollback(True)
    return outcome


@transaction.atomic
def put_right(tenancy: Tenancy, change: Change, by: Any, reason: str) -> Outcome:
    """Correct a move. Raises ValidationError, which names what is wrong, and Refused if the move is not as it was seen; then
    nothing is changed.
    """
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the move is corrected.")})
    return _PuttingRight(tenancy, change, by, reason.strip()[:200]).run()


class _PuttingRight:
    """The correction of one tenancy's move, within a transaction."""

    def __init__(self, tenancy: Tenancy, change: Change, by: Any, reason: str) -> None:
        self.change, self.by, self.reason = change, by, reason
        self.unit = Unit.objects.select_related("property__organisation").get(pk=tenancy.unit_id)
        self.organisation = lock_organisation(self.unit.property.organisation_id)
        # Nobody moves in or out meanwhile.
        lock_property(self.unit.property_id)
        self.meter = for_update(Meter.objects).filter(unit=self.unit).first()
        rows = for_update(Tenancy.objects).filter(unit=self.unit).order_by("begins")
        self.tenancies = {each.pk: each for each in rows.select_related("unit__property__organisation")}
        self.tenancy = self.tenancies[tenancy.pk]
        check_seen(change.seen, self.tenancy, self.meter)
        self.old = {pk: (each.begins, each.ends) for pk, each in self.tenancies.items()}
        self.new = self._spans()
        check_in_use(self.unit, (ends for _begins, ends in self.new.values()))
        self.says: list[str] = []

    def run(self) -> Outcome:
        """Correct the move. Returns each tenancy before and after. Raises ValidationError if nothing changes, or it
        cannot be done.
        """
        moved = [pk for pk in self.old if self.old[pk] != self.new[pk]]
        tenant, deposit = self._wanted(bool(moved))
        shifted = self._shifted(moved)
        holders = {pk for pair in shifted for pk in pair if pk is not None}
        touched = {*moved, *holders, self.tenancy.pk}
        before = {pk: self._figures(pk) for pk in sorted(touched, key=lambda pk: self.new[pk][0])}
        self._note(touched)
        with_deposit = {self.tenancy.pk} if deposit != self.tenancy.deposit else set()
        reopened = self._reopen_settled({*moved, *holders, *with_deposit})
        self._change_deposit(deposit)
        self._store(moved, touched, tenant)
        self._attribute(shifted)
        self._tell_meter()
        for pk in reopened:
            self._settle_anew(self.tenancies[pk])
        if self.meter is not None and (reopened or shifted):
            level(self.meter, self.of, _("a move was put right"), now())
        tell_meter(self.unit.pk)
        self._say_of_what_stays(moved)
        after = [self._figures(pk) for pk in before]
        return Outcome(list(zip(before.values(), after, strict=True)), self.says)

    def _wanted(self, is_moved: bool) -> tuple[str, int]:
        """Return the tenant's name and the deposit (nano) as they are to be. Raises ValidationError if nothing changes."""
        tenant = self.tenancy.tenant if self.change.tenant is None else self.change.tenant.strip()
        deposit = self.tenancy.deposit if self.change.deposit is None else self.change.deposit
        is_same = (tenant, deposit) == (self.tenancy.tenant, self.tenancy.deposit)
        if is_same and not is_moved and not self.change.another:
            raise ValidationError(_("This changes nothing. Change a date, the name or the deposit."))
        return tenant, deposit

    def _reopen_settled(self, with_money: Iterable[int]) -> list[int]:
        """Reopen the settled ones of the tenancies whose money changes. Returns their keys."""
        reopened = [pk for pk in with_money if self.tenancies[pk].settled_at is not None]
        for pk in reopened:
            self._reopen(self.tenancies[pk])
        return reopened

    def _note(self, touched: Iterable[int]) -> None:
        """Store that the move is corrected, by whom and why, and how the tenancies were before."""
        was = {str(pk): [*self.old[pk], self.tenancies[pk].tenant, self.tenancies[pk].deposit] for pk in touched}
        row = MoveChange.objects.create(
            tenancy=self.tenancy, at=now(), by=name_of(self.by), reason=self.reason, was=was
        )
        self.of = Reference(Of.MOVE_RIGHT, row.pk)

    def _store(self, moved: Iterable[int], touched: Iterable[int], tenant: str) -> None:
        """Store the new instants, and who the tenant is."""
        for pk in moved:
            each = self.tenancies[pk]
            each.begins, each.ends = self.new[pk]
        self.tenancy.tenant = tenant
        if self.change.another:
            # Invitations first: who is just using one is waited for, and is among the people then.
            revoke(self.tenancy.invitations.still_open())
            self.tenancy.people.clear()
            if forget(self.tenancy):
                said = _(
                    "Type again how %(who)s is reached: the known phone number and addresses belong to another person."
                )
                self.says.append(said % {"who": tenant})
        self.tenancy.clean_fields(exclude=("unit",))
        for pk in touched:
            self.tenancies[pk].save(update_fields=["begins", "ends", "tenant"])
        for pk in moved:
            move_put_right(self.tenancies[pk], *self.old[pk])

    # -- what is wanted ------------------------------------------------------------------------------------------------

    def _spans(self) -> dict[int, tuple[int, int | None]]:
        """Return the new instants of each tenancy of the unit. Raises ValidationError if they can't be."""
        begins, ends = self._own_span()
        spans = {**self.old, self.tenancy.pk: (begins, ends)}
        if self.change.along:
            spans |= self._neighbours(begins, ends)
        for pk, (first, last) in spans.items():
            who = self.tenancies[pk].tenant
            if last is not None and last <= first:
                raise ValidationError(_("%(who)s would move out before moving in.") % {"who": who})
            overlaps = first < (ends or first + 1) and begins < (last or begins + 1)
            if pk != self.tenancy.pk and overlaps:
                said = _("%(who)s lives there then (%(first)s – %(last)s). Correct that move first, or both together.")
                wall = {"first": self._wall(first), "last": "" if last is None else self._wall(last)}
                raise ValidationError(said % {"who": who, **wall})
        return spans

    def _own_span(self) -> tuple[int, int | None]:
        change, tenancy = self.change, self.tenancy
        for name, at in (("begins", change.begins), ("ends", change.ends)):
            if at is not None:
                check_near(at, name)
        begins = tenancy.begins if change.begins is None else change.begins
        ends = None if change.stays else tenancy.ends if change.ends is None else change.ends
        if ends is not None and ends <= begins:
            raise ValidationError({"ends": _("A tenancy can't end before it begins.")})
        return begins, ends

    def _neighbours(self, begins: int, ends: int | None) -> dict[int, tuple[int, int | None]]:
        """Return the new instants of the tenants who move out or in at the same instant as this one."""
        tenancy = self.tenancy
        spans: dict[int, tuple[int, int | None]] = {}
        for pk, (first, last) in self.old.items():
            if pk == tenancy.pk:
                continue
            if last == tenancy.begins:
                spans[pk] = (first, begins)
            if tenancy.ends is not None and first == tenancy.ends and ends is not None:
                spans[pk] = (ends, last)
        return spans

    def _wall(self, at: int) -> str:
        return f"{local(at, zone(self.unit.property.zone)):%Y-%m-%d %H:%M}"

    def _shifted(self, moved: Iterable[int]) -> dict[tuple[int | None, int | None], list[tuple[int, int]]]:
        """Return the charges that go from one tenancy to another (None: nobody), by both, as (instant of the reading, nano)."""
        edges = self._edges(moved)
        if not edges:
            return {}
        instants = [at for edge in edges for at in edge if at is not None]
        rows = JournalEntry.objects.filter(meter__unit=self.unit, charge__gt=0, at__gt=min(instants))
        if len(instants) == 2 * len(edges):
            rows = rows.filter(at__lte=max(instants))
        shifted: dict[tuple[int | None, int | None], list[tuple[int, int]]] = defaultdict(list)
        for at, charge in rows.values_list("at", "charge").iterator():
            whose, whom = _holder(self.old, at), _holder(self.new, at)
            if whose != whom:
                shifted[whose, whom].append((at, charge or 0))
        return dict(shifted)

    def _edges(self, moved: Iterable[int]) -> list[tuple[int | None, int | None]]:
        """Return (old instant, new instant) of each move that changes; None stands for no move-out."""
        pairs = [pair for pk in moved for pair in zip(self.old[pk], self.new[pk], strict=True)]
        return [(old, new) for old, new in pairs if old != new]

    # -- the books --------------------------------------------------------------------------------------------------------

    def _attribute(self, shifted: dict[tuple[int | None, int | None], list[tuple[int, int]]]) -> None:
        """Book charges to their right holder, on the days of the charges."""
        for number, ((whose, whom), charged) in enumerate(sorted(shifted.items(), key=lambda item: str(item[0]))):
            holder, wrong = self._account(whom), self._account(whose)
            for each in by_day(charged, zone(self.unit.property.zone)):
                of, memo = self.of.numbered(number).on(each.day), sentence("used after the move, put right")
                book(Transfer.Kind.ATTRIBUTION, holder, wrong, each.amount, each.at, of, memo, self.meter)

    def _account(self, pk: int | None) -> Any:
        return holder_account(self.organisation, self.tenancies[pk] if pk is not None else None)

    def _reopen(self, tenancy: Tenancy) -> None:
        """Take a settlement back, as far as nothing was paid for it."""
        memo = sentence("settlement put right")
        self._withdraw(tenancy, memo)
        reopen_spreads(tenancy, memo)
        self._give_deposit_back(tenancy, memo)
        out = PayOut.objects.filter(refund__tenancy=tenancy, refund__why=Refund.Why.CREDIT)
        paid_out = out.exclude(way=PayOut.Way.WITHDRAWN).aggregate(sum=Sum("amount"))["sum"] or 0
        if paid_out:
            self.says.append(
                _("%(amount)s was paid out to %(who)s already, and is taken into account.")
                % {"amount": local_forms.money(paid_out, tenancy.unit.property.currency), "who": tenancy.tenant}
            )
        tenancy.settled_at = None
        tenancy.save(update_fields=["settled_at"])

    def _withdraw(self, tenancy: Tenancy, memo: str) -> None:
        """Withdraw the refunds and debts that the settlement made."""
        own, held = tenant_account(tenancy), account(self.organisation, Kind.DEPOSITS)
        for refund in owed_to(tenancy).filter(why__in=(Refund.Why.CREDIT, Refund.Why.DEPOSIT)):
            if refund.parts.filter(sent_at__isnull=True, error="").exists():
                raise ValidationError(_("The provider is still sending this refund. Wait for its result first."))
            withdraw(refund, held if refund.why == Refund.Why.DEPOSIT else own, memo, name_of(self.by))
        for debt in debts_of(tenancy):
            if debt.of in (Of.SETTLEMENT, Of.CORRECTION, Of.ADJUSTMENT):
                debts.withdraw(debt, self.by)

    def _give_deposit_back(self, tenancy: Tenancy, memo: str) -> None:
        """Book back to the deposit what the settlement took from it."""
        own, held = tenant_account(tenancy), account(self.organisation, Kind.DEPOSITS)
        rows = Transfer.objects.filter(tenancy=tenancy)
        taken = rows.filter(debit_account=held, credit_account=own).aggregate(sum=Sum("amount"))["sum"] or 0
        returned = rows.filter(debit_account=own, credit_account=held).aggregate(sum=Sum("amount"))["sum"] or 0
        if taken > returned:
            of = self.of.and_(Part.DEPOSIT).numbered(tenancy.pk)
            book(Transfer.Kind.SETTLEMENT, own, held, taken - returned, now(), of, memo, deposit_of=tenancy)

    def _settle_anew(self, tenancy: Tenancy) -> None:
        if tenancy.ends is None or tenancy.ends > now():
            self.says.append(_("The account of %(who)s is open again.") % {"who": tenancy.tenant})
        elif journal_is_here(tenancy):
            settle(tenancy)
            tenancy.refresh_from_db(fields=["settled_at", "settlements"])
        else:
            self.says.append(
                _("The account of %(who)s is settled as soon as the meter has reported up to the move-out.")
                % {"who": tenancy.tenant}
            )

    def _change_deposit(self, deposit: int) -> None:
        tenancy = self.tenancy
        more = deposit - tenancy.deposit
        if not more:
            return
        check_deposit(deposit, tenancy.unit.property.currency)
        if deposit_held(tenancy) + more < 0:
            raise ValidationError({"deposit": _("More of the deposit than this was paid back already.")})
        received, held = account(self.organisation, Kind.CASH), account(self.organisation, Kind.DEPOSITS)
        debit, credit = (received, held) if more > 0 else (held, received)
        of, memo = self.of.and_(Part.DEPOSIT), sentence("deposit put right")
        book(Transfer.Kind.DEPOSIT, debit, credit, abs(more), now(), of, memo, deposit_of=tenancy)
        tenancy.deposit = deposit
        tenancy.save(update_fields=["deposit"])

    def _figures(self, pk: int) -> Figures:
        tenancy = self.tenancies[pk]
        own = tenant_account(tenancy)
        rows = Transfer.objects.filter(Q(kind__in=CHARGES) | Q(of=Of.KEYPAD))
        charged = rows.filter(debit_account=own).aggregate(sum=Sum("amount"))["sum"] or 0
        back = rows.filter(credit_account=own).aggregate(sum=Sum("amount"))["sum"] or 0
        owed, owes = (sum(each.left for each in of(tenancy)) for of in (owed_to, debts_of))
        amounts = int(charged - back), balance(own), owed, owes, deposit_held(tenancy)
        return Figures(tenancy.tenant, tenancy.begins, tenancy.ends, *amounts)

    # -- the meter ----------------------------------------------------------------------------------------------------------

    def _tell_meter(self) -> None:
        """Order moves that are still to come again. The meter has counted moves of the past as they were recorded."""
        old, new = _instants(self.old), _instants(self.new)
        if self.meter is None or old == new:
            return
        read_at = self.meter.read_at or 0
        dropped = sorted(at for at in old - new if at > read_at)
        for at in sorted(each for each in new - old if each > read_at):
            issue(self.meter, ChangeTenancy(at, dropped.pop(0) if dropped else 0))
        for at in dropped:
            issue(self.meter, ChangeTenancy(NEVER, at))
        self._say_of_counters(old ^ new, read_at)

    def _say_of_counters(self, changed: set[int], read_at: int) -> None:
        """Say it if the meter has counted from one of these instants on, where another belongs."""
        if any(at <= read_at for at in changed) and self._counts():
            self.says.append(
                _(
                    "The meter has counted tiers, the month's minimum and days from the wrong date and time on. The "
                    "past is not charged again: book the difference by hand."
                )
            )

    def _counts(self) -> bool:
        """Return whether any tariff here counts over time, so that it matters when a tenancy begins."""
        tariffs = (version.calendar.tariff for version in self.unit.property.tariff_versions.series())
        return any(each.tiers is not None or any(form.of(each) for form in PER_MONTH) for each in tariffs)

    def _say_of_what_stays(self, moved: Iterable[int]) -> None:
        """Say what was divided or corrected for the days that move, and does not move with them."""
        self.says += what_stays(self.unit, self._edges(moved))


def _instants(spans: dict[int, tuple[int, int | None]]) -> set[int]:
    return {at for span in spans.values() for at in span if at is not None}


def _holder(spans: dict[int, tuple[int, int | None]], at: int) -> int | None:
    """Return the tenancy to which a reading at an instant belongs, as `Tenancy.holds` says; None if it is nobody's."""
    return next((pk for pk, (begins, ends) in spans.items() if begins < at and (ends is None or at <= ends)), None)
