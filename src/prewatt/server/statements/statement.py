"""The statement of a tenancy for a span: opening balance, every movement, closing balance.

`kernel.span` decides what belongs to it, as for the books: spans that tile a year sum to the year, and days sum to the
books of these days. Amounts in nano, positive in the tenant's favour; each line is rounded once, for print.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from ...kernel.calendar import next_month, zone
from ...kernel.charges import CHARGES, OF_TIME, PER_KWH, PER_MONTH
from ...kernel.currencies import format_money, minor_unit
from ...kernel.entries import Reading, decode_entry
from ...kernel.span import Span, closing
from ...kernel.tariff import UNPRICED, Tariff, Version, version_at
from ...kernel.units import exact_percent
from ..allocation.models import Share
from ..core.rate_names import shown_rate
from ..core.spans import during, measured
from ..core.time import now
from ..estate.models import Tenancy
from ..ledger.books import tenant_account
from ..ledger.models import Transfer
from ..ledger.references import Of
from ..metering.history import Break, breaks
from ..metering.models import JournalEntry, Meter
from ..payments.models import Receipt
from ..tariffs.rate_order import rate_order
from ..vending.keypads import account_meter_of
from .keypad import charges_in, keypad_part
from .keypad_figures import EntryCharge, KeypadPart
from .settled import Settlement, settlement_of

TOP_UPS, ELECTRICITY, STANDING, TAX, SHARED, ADJUSTMENTS = (
    "top-ups",
    "electricity",
    "standing",
    "tax",
    "shared",
    "adjustments",
)
SHARED_KINDS = (Transfer.Kind.SHARED_COST, Transfer.Kind.REVERSAL)
SECTIONS = (TOP_UPS, ELECTRICITY, STANDING, TAX, SHARED, ADJUSTMENTS)
FIXED_MEMOS = frozenset(
    {
        gettext_noop("settlement"),
        gettext_noop("taken from the deposit"),
        gettext_noop("found at the meter"),
    }
)
"""Memos of rows that were booked before memos were kept as sentences. The books have them in English."""


@dataclass(frozen=True)
class Line:
    """A line of a statement. `energy` (Wh) and `price` (micro per kWh) are set if they make the amount; `at` if the
    line belongs to one instant. `included`: it is only information, and is contained in other lines. `share`: the share
    of a shared cost, with its derivation. `receipt`: the number of a payment's receipt; empty if it has none. `rate`: the name
    of the rate as it is stored, of a line of energy; otherwise empty.
    """

    section: str
    text: str
    amount: int
    at: int | None = None
    energy: int | None = None
    price: int | None = None
    tier: int | None = None
    included: bool = False
    share: Share | None = None
    receipt: str = ""
    rate: str = ""


@dataclass(frozen=True)
class RegisterReading:
    """The register (Wh) at an instant."""

    at: int
    register: int


@dataclass(frozen=True)
class Statement:
    """The movements on a tenancy's account in the span from `begins` to `ends`. `complete`: whether the meter has
    reported the whole span. `first`, `last`: the registers that bound the energy; `breaks`: the places between where a
    register went on from another value. `keypad`: the codes and readings of a flat with a keypad meter. `settlement`: what came
    of the account, if the tenancy ended in the span.
    """

    tenancy: Tenancy
    begins: int
    ends: int
    opening: int
    closing: int
    lines: list[Line]
    first: RegisterReading | None
    last: RegisterReading | None
    complete: bool
    currency: str
    breaks: list[Break]
    keypad: KeypadPart | None = None
    settlement: Settlement | None = None

    @property
    def zone_info(self) -> ZoneInfo:
        """Return the time zone of the property."""
        return zone(self.tenancy.unit.property.zone)

    @property
    def first_day(self) -> date:
        """Return the local day in which the span begins."""
        return Span(self.begins, self.ends).first_day(self.zone_info)

    @property
    def last_day(self) -> date:
        """Return the local day in which the span's last instant lies."""
        return Span(self.begins, self.ends).last_day(self.zone_info)

    @property
    def movements(self) -> int:
        """Return the exact sum of the lines, nano."""
        return sum(line.amount for line in self.lines if not line.included)

    @property
    def energy(self) -> int:
        """Return the energy (Wh) that was charged, or metered before any tariff was in force."""
        return sum(line.energy or 0 for line in self.lines if line.section == ELECTRICITY and line.tier is not None)

    def rounded(self, amount: int) -> str:
        """Return an amount (nano) as it is printed."""
        return format_money(amount, self.currency)

    @property
    def rounded_sum(self) -> int:
        """Return the sum of the printed opening balance and the printed lines, nano."""
        amounts = [self.opening, *(line.amount for line in self.lines if not line.included)]
        return sum(int(self.rounded(amount).replace(".", "")) for amount in amounts) * minor_unit(self.currency)

    @property
    def remainder(self) -> int:
        """Return the rounding difference between the printed lines and the exact closing balance, nano."""
        return self.closing - self.rounded_sum

    def section(self, name: str) -> list[Line]:
        """Return the lines of a section."""
        return [line for line in self.lines if line.section == name]


LONGEST_YEARS = 10
LONGEST = timedelta(days=370 * LONGEST_YEARS)
"""The longest statement: these years and a little more."""


def days(tenancy: Tenancy, first: date, last: date) -> Span:
    """Return the span of the local days from `first` to `last`. Raises ValueError if they are in the wrong order, too
    many, or out of range.
    """
    if not 1971 <= first.year <= last.year <= 2199 or last < first:
        raise ValueError(_("The last day must not be before the first day, and both must be between 1971 and 2199."))
    if last - first > LONGEST:
        text = ngettext(
            "A statement can be for at most %(years)d year.",
            "A statement can be for at most %(years)d years.",
            LONGEST_YEARS,
        )
        raise ValueError(text % {"years": LONGEST_YEARS})
    return Span.of_days(first, last, zone(tenancy.unit.property.zone))


def month(text: str) -> tuple[date, date]:
    """Return the first and the last day of a month such as 2025-10. Raises ValueError if the text is no month."""
    try:
        first = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007
        if not 1971 <= first.year <= 2199:
            raise ValueError
    except ValueError:
        raise ValueError(_("%(text)s is not a month such as 2025-10.") % {"text": repr(text)}) from None
    return first, next_month(first) - timedelta(days=1)


def statement(tenancy: Tenancy, begins: int, ends: int) -> Statement:
    """Return the statement for the span from `begins` to `ends`."""
    span = Span(begins, ends)
    meter = Meter.objects.filter(unit=tenancy.unit_id).first()
    keypad = keypad_part(tenancy, span)
    energy = _energy(tenancy, span, meter, keypad is not None)
    transfers = _transfers(tenancy, during(span))
    lines = [*_top_ups(tenancy, transfers), *energy.lines(), *_shared(tenancy, transfers), *_adjustments(transfers)]
    opening = _balance_at(tenancy, meter, begins)
    known_until = now() if meter is None else meter.read_at or 0
    complete = (meter is None and keypad is None) or known_until >= min(ends, tenancy.ends or ends)
    movements = sum(line.amount for line in lines if not line.included)
    between = breaks(meter, _measured_for(tenancy, span))[::-1] if meter is not None else []
    return Statement(
        tenancy,
        begins,
        ends,
        opening,
        opening + movements,
        lines,
        energy.first,
        energy.last,
        complete,
        tenancy.unit.property.currency,
        between,
        keypad,
        settlement_of(tenancy, ends, energy.last.at if energy.last is not None else None, now()),
    )


def energy_lines(tenancy: Tenancy, begins: int, ends: int, meter: Meter | None) -> list[Line]:
    """Return the section *Electricity* of the statement for a span; the other sections are not computed. `meter`: of the unit."""
    energy = _energy(tenancy, Span(begins, ends), meter, account_meter_of(tenancy) is not None)
    return [line for line in energy.lines() if line.section == ELECTRICITY]


def _energy(tenancy: Tenancy, span: Span, meter: Meter | None, has_entries: bool) -> _Energy:
    energy = _Energy(tenancy, span)
    if meter is not None:
        energy.collect(meter)
    if has_entries:
        energy.collect_entries()
    return energy


def _measured_for(tenancy: Tenancy, span: Span) -> Q:
    """Return the condition for the readings of a span that belong to the tenant."""
    return measured(span.within(tenancy.begins, tenancy.ends))


def _balance_at(tenancy: Tenancy, meter: Meter | None, at: int) -> int:
    """Return the tenancy's balance (nano) after everything before an instant."""
    before = Span(0, at)
    moved = sum(amount for _transfer, amount in _transfers(tenancy, during(before)))
    if meter is None:
        return moved
    readings = JournalEntry.objects.filter(_measured_for(tenancy, before), meter=meter)
    return moved - int(readings.aggregate(sum=Sum("charge"))["sum"] or 0)


def _transfers(tenancy: Tenancy, which: Q) -> list[tuple[Transfer, int]]:
    """Return the bookings on a tenancy's account with signed amounts, without its charges, which come
    from the journal.
    """
    own = tenant_account(tenancy)
    rows = (
        Transfer.objects.filter(Q(debit_account=own) | Q(credit_account=own), which)
        .exclude(kind__in=(Transfer.Kind.CHARGE, Transfer.Kind.ATTRIBUTION))
        .order_by("at", "id")
    )
    return [(row, row.amount if row.credit_account_id == own.pk else -row.amount) for row in rows]


def _top_ups(tenancy: Tenancy, transfers: list[tuple[Transfer, int]]) -> Iterator[Line]:
    names = {each.pk: str(each)[:8] for each in tenancy.top_ups.all()}
    receipts = {
        top_up: f"{number:06d}"
        for top_up, number in Receipt.objects.filter(top_up__tenancy=tenancy).values_list("top_up", "number")
    }
    for row, amount in transfers:
        if row.kind == Transfer.Kind.TOP_UP:
            yield Line(
                TOP_UPS,
                _("Top-up %(number)s") % {"number": names.get(row.number or 0, f"{row.number}")},
                amount,
                row.at,
                receipt=receipts.get(row.number or 0, ""),
            )


def _shared(tenancy: Tenancy, transfers: list[tuple[Transfer, int]]) -> Iterator[Line]:
    shares = {share.pk: share for share in tenancy.shares.select_related("run__shared_cost")}
    for row, amount in transfers:
        share = shares.get(row.number or 0) if row.of == Of.SHARE else None
        if share is not None and row.kind in SHARED_KINDS:
            yield Line(SHARED, row.memo_in_words, amount, row.at, share=share)


def _adjustments(transfers: list[tuple[Transfer, int]]) -> Iterator[Line]:
    names = {
        Transfer.Kind.REVERSAL: _("Reversed: %(memo)s"),
        Transfer.Kind.RERATING: _("Charged anew: %(memo)s"),
        # The memo is the reason alone, which a person typed.
        Transfer.Kind.REFUND: _("Refund: %(memo)s"),
    }
    for row, amount in transfers:
        in_lines = row.of == Of.KEYPAD or (row.of == Of.SHARE and row.kind in SHARED_KINDS)
        if row.kind == Transfer.Kind.TOP_UP or in_lines:
            continue
        kind = Transfer.Kind(row.kind)
        memo = _(row.memo) if row.memo in FIXED_MEMOS else row.memo_in_words
        text = names[kind] % {"memo": memo} if kind in names else (memo or str(kind.label))
        yield Line(ADJUSTMENTS, text[:1].upper() + text[1:], amount, row.at)


@dataclass
class _Energy:
    """The readings of a span in the journal, summed by line. `charges`: by the form's name and what the tariff says of it,
    Wh and nano.
    """

    tenancy: Tenancy
    span: Span
    first: RegisterReading | None = None
    last: RegisterReading | None = None
    used: dict[tuple[str, int, int | None], list[int]] = field(default_factory=dict)
    charges: dict[str, dict[int, list[int]]] = field(default_factory=dict)
    taxes: dict[tuple[str, int, bool], int] = field(default_factory=dict)
    elsewhere: int = 0
    versions: Sequence[Version] = ()

    def collect(self, meter: Meter) -> None:
        """Read the journal."""
        self.versions = self.tenancy.unit.property.tariff_versions.series()
        inside = _measured_for(self.tenancy, self.span)
        rows = JournalEntry.objects.filter(meter=meter, register__isnull=False)
        start = rows.filter(at__lte=max(self.span.begins, self.tenancy.begins)).order_by("-seq").first()
        if start is not None:
            self.first = RegisterReading(start.at, start.register or 0)
        for body, charge in rows.filter(inside).order_by("seq").values_list("body", "charge").iterator():
            entry = decode_entry(bytes(body))
            assert isinstance(entry, Reading)
            self.first = self.first or RegisterReading(entry.at, entry.register)
            self.last = RegisterReading(entry.at, entry.register)
            self._take(entry, version_at(self.versions, closing(entry.at)))
            # Where the server's own figure differs from the meter's, the books follow the server's.
            self.elsewhere += (charge or 0) - entry.charge
        self.last = self.last or self.first

    def collect_entries(self) -> None:
        """Take the entries of a keypad meter's account."""
        self.versions = self.tenancy.unit.property.tariff_versions.series()
        for charge, version in charges_in(self.tenancy, self.span, self.versions):
            self._take(charge, version)

    def _take(self, entry: Reading | EntryCharge, version: Version | None) -> None:
        tariff = version.calendar.tariff if version else None
        dated = tariff.dated.name if tariff and tariff.dated else None
        for each in entry.used:
            price = None if each.rate == dated else each.price
            sums = self.used.setdefault((each.rate, each.tier, price), [0, 0])
            sums[0] += each.energy
            sums[1] += each.energy * each.price
        for form in CHARGES:
            if amount := form.of(entry):
                # What months cost is one line, whatever the tariffs were.
                price = form.of(tariff) if tariff and form not in PER_MONTH else 0
                sums = self.charges.setdefault(form.name, {}).setdefault(price, [0, 0])
                sums[0] += entry.energy
                sums[1] += amount
        self._take_tax(entry, tariff)

    def _take_tax(self, entry: Reading | EntryCharge, tariff: Tariff | None) -> None:
        name, ppm = (tariff.tax.name, tariff.tax.ppm) if tariff and tariff.tax else (_("Tax"), 0)
        for amount, included in ((entry.tax, False), (entry.tax_included, True)):
            if amount:
                self.taxes[name, ppm, included] = self.taxes.get((name, ppm, included), 0) + amount

    def lines(self) -> Iterator[Line]:
        """Yield the lines, in the order of a bill."""
        yield from self._electricity()
        for form in OF_TIME:
            for each_day, (_energy, amount) in self.charges.get(form.name, {}).items():
                yield Line(STANDING, _(form.line) % {"days": amount // each_day if each_day else 0}, -amount)
        for (name, ppm, included), amount in sorted(self.taxes.items()):
            text = f"{name} {exact_percent(ppm)} %" if ppm else name
            if included:
                text = _("%(tax)s, contained in the above") % {"tax": text}
            yield Line(TAX, text, -amount, included=included)
        if self.elsewhere:
            yield Line(ADJUSTMENTS, _("The server's figure differs from the meter's: see the alarm"), -self.elsewhere)

    def _electricity(self) -> Iterator[Line]:
        tiered = any(tier for _rate, tier, _price in self.used)
        end = closing(self.span.ends)
        # Of the versions up to then: a later one leaves a statement that is made again as it was.
        order = [UNPRICED, *rate_order([each for each in self.versions if each.effective <= end], end)]
        for rate, tier, price in sorted(self.used, key=lambda each: _place(order, *each)):
            energy, amount = self.used[rate, tier, price]
            text = _("before any tariff") if rate == UNPRICED else shown_rate(rate)
            if tiered:
                text = _("%(rate)s, tier %(tier)d") % {"rate": text, "tier": tier + 1}
            yield Line(ELECTRICITY, text, -amount, energy=energy, price=price, tier=tier, rate=rate)
        for form in PER_KWH:
            for fee, (energy, amount) in sorted(self.charges.get(form.name, {}).items()):
                exact = fee if fee * energy == amount else None
                yield Line(ELECTRICITY, _(form.line), -amount, energy=energy, price=exact)


def _place(order: Sequence[str], rate: str, tier: int, price: int | None) -> tuple[int, str, int, int]:
    """Return where a line of energy stands among the others."""
    return order.index(rate) if rate in order else len(order), rate, tier, price or 0
