"""A move that was typed wrongly is put right, before its day and after it: instants, name, person, deposit.

What was charged between the two instants goes to whom it falls. A settlement is taken back as far as it was not paid out,
and made anew: what was paid out too much becomes a debt, what too little is owed. All of it, or nothing, in one transaction;
what it comes to can be seen before.
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
from ...kernel.currencies import format_money
from ...kernel.entries import NEVER, ChangeTenancy
from ...kernel.units import NANO
from ..allocation.models import Run
from ..billing import debts
from ..billing.models import MoveChange
from ..billing.owed import owed_to, withdraw
from ..billing.spreading import reopen_spreads
from ..core.people import name_of
from ..core.time import now
from ..estate.models import FARTHEST, Tenancy, Unit
from ..ledger.books import Kind, account, balance, book, deposit_held, holder_account, tenant_account
from ..ledger.charges import by_day
from ..ledger.models import Transfer
from ..ledger.references import Of, Part, Reference
from ..metering.locking import for_update, lock_organisation
from ..metering.models import JournalEntry, Meter
from ..notices.contacts import forget
from ..statements.terms import tell_meter
from ..vending.adjustments import level
from ..vending.credit_log import issue
from ..vending.models import PayOut, Refund
from .moving import LARGEST_DEPOSIT, journal_is_here, settle

CHARGES = (Transfer.Kind.CHARGE, Transfer.Kind.ATTRIBUTION)


@dataclass(frozen=True)
class Change:
    """What of a tenancy is put right; None: it stays as it is. Instants in µs, the deposit in nano. `stays`: the tenant does
    not move out after all. `along`: who moves out or in at the very same instant does so at the new one, too. `another`: it
    is another person than was typed: the login is taken away, and what was known of how they are reached.
    """

    begins: int | None = None
    ends: int | None = None
    stays: bool = False
    along: bool = False
    tenant: str | None = None
    deposit: int | None = None
    another: bool = False


@dataclass(frozen=True)
class Figures:
    """How a tenancy stands, nano: the `bill` (what was charged to it), its `balance`, what is `owed` to its tenant, what the
    tenant `owes`, the deposit that is `held`.
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
    """What putting a move right comes to: each tenancy before and after, and what people should know."""

    rows: list[tuple[Figures, Figures]]
    says: list[str] = field(default_factory=list)


def preview(tenancy: Tenancy, change: Change, by: Any) -> Outcome:
    """What `put_right` would come to; nothing is changed."""
    with transaction.atomic():
        found = put_right(tenancy, change, by, _("preview"))
        transaction.set_rollback(True)
    return found


@transaction.atomic
def put_right(tenancy: Tenancy, change: Change, by: Any, reason: str) -> Outcome:
    """Put a move right. ValidationError names what can't be, and nothing is changed."""
    if not reason.strip():
        raise ValidationError({"reason": _("Say why.")})
    return _PuttingRight(tenancy, change, by, reason.strip()[:200]).run()


class _PuttingRight:
    """One tenancy's move, within a transaction."""

    def __init__(self, tenancy: Tenancy, change: Change, by: Any, reason: str) -> None:
        self.change, self.by, self.reason = change, by, reason
        self.unit = Unit.objects.select_related("property__organisation").get(pk=tenancy.unit_id)
        self.organisation = lock_organisation(self.unit.property.organisation_id)
        self.meter = for_update(Meter.objects).filter(unit=self.unit).first()
        rows = for_update(Tenancy.objects).filter(unit=self.unit).order_by("begins")
        self.tenancies = {each.pk: each for each in rows.select_related("unit__property__organisation")}
        self.tenancy = self.tenancies[tenancy.pk]
        self.old = {pk: (each.begins, each.ends) for pk, each in self.tenancies.items()}
        self.new = self._spans()
        self.says: list[str] = []

    def run(self) -> Outcome:
        """Put the move right. Returns each tenancy before and after. Raises ValidationError if nothing changes, or it
        cannot be done.
        """
        moved = [pk for pk in self.old if self.old[pk] != self.new[pk]]
        tenant = self.tenancy.tenant if self.change.tenant is None else self.change.tenant.strip()
        deposit = self.tenancy.deposit if self.change.deposit is None else self.change.deposit
        if not moved and not self.change.another and (tenant, deposit) == (self.tenancy.tenant, self.tenancy.deposit):
            raise ValidationError(_("Nothing is changed by this."))
        shifted = self._shifted(moved)
        touched = {*moved, self.tenancy.pk, *(pk for pair in shifted for pk in pair if pk is not None)}
        before = {pk: self._figures(pk) for pk in sorted(touched, key=lambda pk: self.new[pk][0])}
        self.made = MoveChange.objects.create(
            tenancy=self.tenancy, at=now(), by=name_of(self.by), reason=self.reason,
            was={str(pk): [*self.old[pk], self.tenancies[pk].tenant, self.tenancies[pk].deposit] for pk in touched},
        )  # fmt: skip
        self.of = Reference(Of.MOVE_RIGHT, self.made.pk)
        money = {*moved, *(pk for pair in shifted for pk in pair if pk is not None)}
        if deposit != self.tenancy.deposit:
            money.add(self.tenancy.pk)
        reopened = [pk for pk in money if self.tenancies[pk].settled_at is not None]
        for pk in reopened:
            self._reopen(self.tenancies[pk])
        self._change_deposit(deposit)
        for pk in moved:
            each = self.tenancies[pk]
            each.begins, each.ends = self.new[pk]
        self.tenancy.tenant = tenant
        if self.change.another:
            self.tenancy.user = None
            if forget(self.tenancy):
                self.says.append(
                    _("How %(who)s is reached is to be typed anew: what was known is another person's.")
                    % {"who": tenant}
                )
        self.tenancy.clean_fields(exclude=("unit", "user"))
        for pk in touched:
            self.tenancies[pk].save(update_fields=["begins", "ends", "tenant", "user"])
        self._attribute(shifted)
        self._tell_meter()
        for pk in reopened:
            self._settle_anew(self.tenancies[pk])
        if self.meter is not None and (reopened or shifted):
            level(self.meter, self.of, _("a move was put right"), now())
        tell_meter(self.unit.pk)
        self._say_of_shared_costs(moved)
        after = [self._figures(pk) for pk in before]
        return Outcome(list(zip(before.values(), after, strict=True)), self.says)

    # -- what is wanted ------------------------------------------------------------------------------------------------

    def _spans(self) -> dict[int, tuple[int, int | None]]:
        change, mine = self.change, self.tenancy
        for name, at in (("begins", change.begins), ("ends", change.ends)):
            if at is not None and abs(at - now()) > FARTHEST:
                raise ValidationError({name: _("This is more than a year from now.")})
        begins = mine.begins if change.begins is None else change.begins
        ends = None if change.stays else mine.ends if change.ends is None else change.ends
        if ends is not None and ends <= begins:
            raise ValidationError({"ends": _("A tenancy can't end before it begins.")})
        found = {**self.old, mine.pk: (begins, ends)}
        if change.along:
            for pk, (first, last) in self.old.items():
                if pk != mine.pk and last == mine.begins:
                    found[pk] = (first, begins)
                if pk != mine.pk and mine.ends is not None and first == mine.ends and ends is not None:
                    found[pk] = (ends, last)
        for pk, (first, last) in found.items():
            who = self.tenancies[pk].tenant
            if last is not None and last <= first:
                raise ValidationError(_("%(who)s would move out before moving in.") % {"who": who})
            if pk != mine.pk and first < (ends or first + 1) and begins < (last or begins + 1):
                raise ValidationError(
                    _("%(who)s lives there then (%(first)s – %(last)s): put that right first, or both together.")
                    % {"who": who, "first": self._wall(first), "last": "" if last is None else self._wall(last)}
                )
        return found

    def _wall(self, at: int) -> str:
        return f"{local(at, zone(self.unit.property.zone)):%Y-%m-%d %H:%M}"

    def _shifted(self, moved: Iterable[int]) -> dict[tuple[int | None, int | None], list[tuple[int, int]]]:
        """What was charged to one (None: to nobody) and falls to another, by both: (instant of the reading, nano)."""
        edges = [
            (old, new)
            for pk in moved
            for old, new in zip(self.old[pk], self.new[pk], strict=True)
            if old != new
        ]  # fmt: skip
        if not edges:
            return {}
        rows = JournalEntry.objects.filter(meter__unit=self.unit, charge__gt=0)
        rows = rows.filter(at__gt=min(at for edge in edges for at in edge if at is not None))
        if all(at is not None for edge in edges for at in edge):
            rows = rows.filter(at__lte=max(at for edge in edges for at in edge if at is not None))
        found: dict[tuple[int | None, int | None], list[tuple[int, int]]] = defaultdict(list)
        for at, charge in rows.values_list("at", "charge").iterator():
            whose, whom = _holder(self.old, at), _holder(self.new, at)
            if whose != whom:
                found[whose, whom].append((at, charge or 0))
        return dict(found)

    # -- the books --------------------------------------------------------------------------------------------------------

    def _attribute(self, shifted: dict[tuple[int | None, int | None], list[tuple[int, int]]]) -> None:
        """Book what was charged to whom it falls, on the days of the charges."""
        where = zone(self.unit.property.zone)
        for number, ((whose, whom), charged) in enumerate(sorted(shifted.items(), key=lambda item: str(item[0]))):
            for each in by_day(charged, where):
                book(
                    Transfer.Kind.ATTRIBUTION, self._account(whom), self._account(whose), each.amount, each.at,
                    self.of.numbered(number).on(each.day), _("used after the move, put right"), self.meter,
                )  # fmt: skip

    def _account(self, pk: int | None) -> Any:
        return holder_account(self.organisation, self.tenancies[pk] if pk is not None else None)

    def _reopen(self, tenancy: Tenancy) -> None:
        """Take a settlement back, as far as nothing was paid for it."""
        memo, who = _("settlement put right"), name_of(self.by)
        own, held = tenant_account(tenancy), account(self.organisation, Kind.DEPOSITS)
        for each in owed_to(tenancy).filter(why__in=(Refund.Why.CREDIT, Refund.Why.DEPOSIT)):
            if each.parts.filter(sent_at__isnull=True, error="").exists():
                raise ValidationError(_("The provider is still sending this refund. Wait for its result first."))
            withdraw(each, held if each.why == Refund.Why.DEPOSIT else own, memo, who)
        for debt in debts.debts_of(tenancy):
            if debt.of in (Of.SETTLEMENT, Of.CORRECTION, Of.ADJUSTMENT):
                debts.withdraw(debt, self.by)
        reopen_spreads(tenancy, memo)
        rows = Transfer.objects.filter(tenancy=tenancy)
        covered = rows.filter(debit_account=held, credit_account=own).aggregate(sum=Sum("amount"))["sum"] or 0
        uncovered = rows.filter(debit_account=own, credit_account=held).aggregate(sum=Sum("amount"))["sum"] or 0
        if covered > uncovered:
            of = self.of.and_(Part.DEPOSIT).numbered(tenancy.pk)
            book(Transfer.Kind.SETTLEMENT, own, held, covered - uncovered, now(), of, memo, deposit_of=tenancy)
        out = PayOut.objects.filter(refund__tenancy=tenancy, refund__why=Refund.Why.CREDIT)
        gone = out.exclude(way=PayOut.Way.WITHDRAWN).aggregate(sum=Sum("amount"))["sum"] or 0
        if gone:
            self.says.append(
                _("%(amount)s was paid out to %(who)s already, and is counted.")
                % {"amount": format_money(gone, tenancy.unit.property.currency), "who": tenancy.tenant}
            )
        tenancy.settled_at = None
        tenancy.save(update_fields=["settled_at"])

    def _settle_anew(self, tenancy: Tenancy) -> None:
        if tenancy.ends is None or tenancy.ends > now():
            self.says.append(_("The account of %(who)s is open again.") % {"who": tenancy.tenant})
        elif journal_is_here(tenancy):
            settle(tenancy)
            tenancy.refresh_from_db(fields=["settled_at", "settlements"])
        else:
            self.says.append(
                _("%(who)s is settled as soon as the meter has reported until then.") % {"who": tenancy.tenant}
            )

    def _change_deposit(self, deposit: int) -> None:
        tenancy = self.tenancy
        more = deposit - tenancy.deposit
        if not more:
            return
        if not 0 <= deposit <= LARGEST_DEPOSIT:
            raise ValidationError(
                {"deposit": _("A deposit is between 0 and %(most)s.") % {"most": LARGEST_DEPOSIT // NANO}}
            )
        if deposit_held(tenancy) + more < 0:
            raise ValidationError({"deposit": _("So much of the deposit was paid back already.")})
        received, held = account(self.organisation, Kind.CASH), account(self.organisation, Kind.DEPOSITS)
        debit, credit = (received, held) if more > 0 else (held, received)
        of, memo = self.of.and_(Part.DEPOSIT), _("deposit put right")
        book(Transfer.Kind.DEPOSIT, debit, credit, abs(more), now(), of, memo, deposit_of=tenancy)
        tenancy.deposit = deposit
        tenancy.save(update_fields=["deposit"])

    def _figures(self, pk: int) -> Figures:
        tenancy = self.tenancies[pk]
        own = tenant_account(tenancy)
        rows = Transfer.objects.filter(kind__in=CHARGES)
        charged = rows.filter(debit_account=own).aggregate(sum=Sum("amount"))["sum"] or 0
        back = rows.filter(credit_account=own).aggregate(sum=Sum("amount"))["sum"] or 0
        return Figures(
            tenancy.tenant, tenancy.begins, tenancy.ends, int(charged - back), balance(own),
            sum(each.left for each in owed_to(tenancy)), sum(each.left for each in debts.debts_of(tenancy)),
            deposit_held(tenancy),
        )  # fmt: skip

    # -- the meter ----------------------------------------------------------------------------------------------------------

    def _tell_meter(self) -> None:
        """What is to come is ordered anew; what is past was counted as it was typed."""
        old = {at for span in self.old.values() for at in span if at is not None}
        new = {at for span in self.new.values() for at in span if at is not None}
        if self.meter is None or old == new:
            return
        read_at = self.meter.read_at or 0
        gone = sorted(at for at in old - new if at > read_at)
        for at in sorted(each for each in new - old if each > read_at):
            issue(self.meter, ChangeTenancy(at, gone.pop(0) if gone else 0))
        for at in gone:
            issue(self.meter, ChangeTenancy(NEVER, at))
        if any(at <= read_at for at in old ^ new) and self._counts():
            self.says.append(
                _(
                    "The meter has counted tiers, the month's minimum and days as the move was typed: that is past, and is not "
                    "charged anew. Put right by hand what it makes."
                )
            )

    def _counts(self) -> bool:
        """Whether any tariff here counts over time, so that it matters when a tenancy begins."""
        tariffs = (version.calendar.tariff for version in self.unit.property.tariff_versions.series())
        return any(each.tiers is not None or each.minimum for each in tariffs)

    def _say_of_shared_costs(self, moved: Iterable[int]) -> None:
        edges = [
            sorted((old, new))
            for pk in moved
            for was, is_now in (((self.old[pk][0], self.new[pk][0])), (self.old[pk][1], self.new[pk][1]))
            if was != is_now
            for old, new in [(now() if was is None else was, now() if is_now is None else is_now)]
        ]
        if not edges:
            return
        within = Q()
        for first, last in edges:
            within |= Q(begins__lt=last, ends__gt=first)
        runs = Run.objects.filter(within, shared_cost__property=self.unit.property, reversed_at__isnull=True)
        names = sorted({str(each.shared_cost) for each in runs.select_related("shared_cost")})
        if names:
            self.says.append(
                _(
                    "Shared costs of these days were divided as the move was typed: give them back and run them again (%(names)s)."
                )
                % {"names": ", ".join(names)}
            )


def _holder(spans: dict[int, tuple[int, int | None]], at: int) -> int | None:
    """Whose what ends at an instant is: as `Tenancy.holds`."""
    return next((pk for pk, (begins, ends) in spans.items() if begins < at and (ends is None or at <= ends)), None)
