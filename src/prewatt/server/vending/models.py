"""The tables of vending: commands, refunds, adjustments, exchanges, keys, codes and top-ups. Amounts are in nano,
energy in Wh, instants in µs since 1970.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ...kernel.details import detail_sentence
from ...tokens import grouped
from ..core.reasons import WithTypedReason
from ..core.sentences import say
from ..estate.models import Organisation, Tenancy
from ..ledger.references import Of, is_own
from ..metering.models import Meter
from .key_models import SupplyGroup as SupplyGroup
from .key_models import TokenMeter as TokenMeter
from .keypad_models import KeypadEntry as KeypadEntry
from .keypad_models import KeypadReading as KeypadReading


class Command(models.Model):
    """A command in a meter's credit log, signed when it is made.

    `applied_seq` and `applied_at`: the journal entry that shows the command taken up; `coded_seq` and `coded_at`: the
    entry that shows its code `tid`, if it was typed before. `earlier_number`: the number before it got a new one.
    `is_from_journal`: it was not ordered here, but found in a journal.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        SENT = "sent", _("sent")
        APPLIED = "applied", _("applied")
        REJECTED = "rejected", _("refused")

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="credit_log")
    number = models.BigIntegerField()
    kind = models.CharField(max_length=16)
    body = models.BinaryField()
    signature = models.BinaryField()
    issued_at = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    applied_seq = models.BigIntegerField(null=True)
    applied_at = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    tid = models.IntegerField(null=True)
    coded_seq = models.BigIntegerField(null=True)
    coded_at = models.BigIntegerField(null=True)
    earlier_number = models.BigIntegerField(null=True)
    is_from_journal = models.BooleanField(default=False)

    class Meta:
        ordering = ("meter", "number")
        constraints = (
            models.UniqueConstraint(fields=("meter", "number"), name="command_number_once"),
            models.UniqueConstraint(
                fields=("meter", "tid"),
                condition=models.Q(tid__isnull=False, state__in=("queued", "sent")),
                name="command_tid_once",
            ),
        )
        indexes = (
            models.Index(
                fields=("meter", "number"), condition=models.Q(state__in=("queued", "sent")), name="command_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.meter} {self.number}: {self.kind}"

    @property
    def reached_at(self) -> int | None:
        """Return the instant at which its effect is known to have reached the meter, by the network or the code; None
        if it has not.
        """
        return self.coded_at if self.coded_at is not None else self.applied_at

    @property
    def way(self) -> str:
        """Return how it reached the meter: `code`, `command`, or empty if it has not."""
        if self.coded_seq is not None:
            return "code"
        return "command" if self.state == self.State.APPLIED else ""

    @property
    def reason_in_words(self) -> str:
        """Return why the meter refused it, in the language of the page; empty if it did not."""
        return say(detail_sentence(self.reason))


class Refund(WithTypedReason):
    """Money that the landlord owes to `who` (the tenant's name at that time) from the instant `at`: credit that is
    given back, the rest after a move-out, or what was paid too much. `amount` in nano, paid out in parts; at `paid_at`
    all of it was paid. `send_to`: an IBAN, or a note where it is to be sent. `refund_id`: the caller's name for it, so that a
    second click makes no second one; null if the cause of it names it.
    """

    class Why(models.TextChoices):
        DECIDED = "decided", _("refund")
        CREDIT = "credit", _("credit left at the move-out")
        DEPOSIT = "deposit", _("deposit")
        CLEARED = "cleared", _("credit cleared at the meter")
        OVERPAID = "overpaid", _("paid more than was owed")
        CAME_BACK = "came-back", _("taken back, and later returned to us")
        FAILED = "failed", _("a refund that did not arrive")

    tenancy = models.ForeignKey(Tenancy, on_delete=models.PROTECT, related_name="refunds")
    who = models.CharField(max_length=100)
    why = models.CharField(max_length=9, choices=Why, default=Why.DECIDED)
    amount = models.BigIntegerField()
    at = models.BigIntegerField()
    by = models.CharField(max_length=150)
    send_to = models.CharField(max_length=200, blank=True, default="")
    paid_at = models.BigIntegerField(null=True)
    paid_by = models.CharField(max_length=150, blank=True)
    refund_id = models.CharField(max_length=40, null=True)

    class Meta:
        ordering = ("-at", "-id")
        constraints = (
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="refund_positive"),
            models.UniqueConstraint(fields=("tenancy", "refund_id"), name="refund_id_once"),
        )

    def __str__(self) -> str:
        return f"{self.who}, {self.tenancy.unit}: {self.reason}"

    @property
    def left(self) -> int:
        """Return how much of it is still owed, nano."""
        return self.amount - int(self.pay_outs.aggregate(sum=models.Sum("amount"))["sum"] or 0)


class PayOut(models.Model):
    """A part (nano) by which a refund fell, at the instant `at`: one transfer of the books. `day`: the local day on
    which the money left; `number`: of the receipt or the transfer. `pay_out_id`: the caller's name for it, unique in its refund.
    """

    class Way(models.TextChoices):
        CASH = "cash", _("cash")
        TRANSFER = "transfer", _("transfer")
        PROVIDER = "provider", _("by the payment provider")
        SET_OFF = "set-off", _("set off against a debt")
        WITHDRAWN = "withdrawn", _("not owed after all")
        ROUNDING = "rounding", _("rounded off")

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="pay_outs")
    amount = models.BigIntegerField()
    way = models.CharField(max_length=9, choices=Way)
    day = models.DateField()
    number = models.CharField(max_length=100, blank=True, default="")
    pay_out_id = models.CharField(max_length=40, null=True)
    at = models.BigIntegerField()
    by = models.CharField(max_length=150)

    class Meta:
        ordering = ("at", "id")
        constraints = (
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="pay_out_positive"),
            models.UniqueConstraint(fields=("refund", "pay_out_id"), name="pay_out_id_once"),
        )

    def __str__(self) -> str:
        return f"{self.refund}: {self.get_way_display()}"


class Adjustment(WithTypedReason):
    """Credit that is given to a tenant or taken (`amount` in nano, negative), proposed at the instant `at`: freely,
    because the charge for energy was wrong, or because the meter has it so. Above the organisation's limit it waits for
    a second person.

    `adjustment_id`: the caller's name for it, unique in the organisation; null if the books name it by the reference of
    its cause. `command`: brings it to the meter.
    """

    class Kind(models.TextChoices):
        GIVEN = "given", _("given freely")
        CHARGED = "charged", _("a charge is corrected")
        METERED = "metered", _("the meter's balance is taken into the books")

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for a second person")
        DONE = "done", _("done")
        DECLINED = "declined", _("declined")

    tenancy = models.ForeignKey(Tenancy, on_delete=models.PROTECT, related_name="adjustments")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    adjustment_id = models.CharField(max_length=40, null=True)
    of = models.CharField(max_length=12, choices=Of, blank=True, default="")
    number = models.BigIntegerField(null=True)
    part = models.CharField(max_length=32, blank=True, default="")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.GIVEN)
    amount = models.BigIntegerField()
    at = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    decided_at = models.BigIntegerField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    command = models.ForeignKey(Command, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-at", "-id")
        constraints = (
            models.CheckConstraint(condition=~models.Q(amount=0), name="adjustment_of_something"),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True) | ~models.Q(state="waiting"), name="adjustment_decided"
            ),
            models.UniqueConstraint(fields=("organisation", "adjustment_id"), name="adjustment_id_once"),
            models.UniqueConstraint(
                fields=("of", "number", "part", "tenancy"),
                condition=~models.Q(of="") & ~models.Q(state="declined"),
                name="adjustment_of_it_once",
            ),
            models.CheckConstraint(
                condition=models.Q(of="", adjustment_id__isnull=False)
                | ~models.Q(of="") & models.Q(adjustment_id__isnull=True),
                name="adjustment_named",
            ),
        )

    def __str__(self) -> str:
        return f"{self.tenancy}: {self.reason}"


class MeterExchange(models.Model):
    """An ordered exchange of the meter with the serial number `old` for `serial`, whose register starts at `first`
    (Wh). `last`: the old meter's last register, if a person typed it. `end`: how its end is known.
    """

    class End(models.TextChoices):
        """How the end of the old meter is known."""

        READ = "read", _("as it was last read")
        TYPED = "typed", _("as its display shows")
        UNKNOWN = "unknown", _("not known")

    command = models.OneToOneField(Command, on_delete=models.PROTECT, related_name="exchange")
    old = models.CharField(max_length=64)
    serial = models.CharField(max_length=64)
    first = models.BigIntegerField()
    last = models.BigIntegerField(null=True)
    end = models.CharField(max_length=8, choices=End)
    by = models.CharField(max_length=150)

    def __str__(self) -> str:
        return f"{self.old} for {self.serial}"


class Code(models.Model):
    """A code, made at the instant `at`, and what it carries: money in nano, units in tenths of a kWh, other values as
    they are.
    """

    class Kind(models.TextChoices):
        MONEY = "money", _("credit in money")
        UNITS = "units", _("credit in 0.1 kWh")
        MANAGEMENT = "management", _("management")
        KEY = "key", _("key change")
        ORDER = "order", _("order")
        EMERGENCY = "emergency", _("made in advance, for an emergency")

    token_meter = models.ForeignKey(TokenMeter, on_delete=models.PROTECT, related_name="codes")
    tid = models.IntegerField(null=True)
    kind = models.CharField(max_length=10, choices=Kind)
    digits = models.CharField(max_length=20)
    amount = models.BigIntegerField(default=0)
    detail = models.CharField(max_length=200, blank=True)
    at = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    command = models.OneToOneField(Command, on_delete=models.PROTECT, null=True, related_name="code")

    class Meta:
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return grouped(self.digits)


class EmergencyCode(models.Model):
    """A code that was made in advance for one meter, to lend `amount` nano there without a network, until the instant
    `ends`. `used_seq`, `used_at`: the journal entry that shows it used. `revoked_at`: when a person revoked it;
    `ended`: the command that tells the meter that the code is over, also after its use.
    """

    code = models.OneToOneField(Code, on_delete=models.PROTECT, related_name="emergency")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="emergency_codes")
    amount = models.BigIntegerField()
    made_at = models.BigIntegerField()
    ends = models.BigIntegerField()
    by = models.CharField(max_length=150)
    used_seq = models.BigIntegerField(null=True)
    used_at = models.BigIntegerField(null=True)
    revoked_at = models.BigIntegerField(null=True)
    revoked_by = models.CharField(max_length=150, blank=True, default="")
    ended = models.OneToOneField(Command, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("-made_at", "-id")

    def __str__(self) -> str:
        return str(self.code)


OPEN = (Command.State.QUEUED, Command.State.SENT)
"""The states of a command that no journal entry shows yet."""


class TopUp(models.Model):
    """Money for a tenancy's meter: one credit id, one transfer in the ledger, one command; for a keypad meter,
    which gets no commands, an entry with a code instead (`entry`). `amount` in nano.

    `credit_id`: typed by a person, or the name of a payment at its provider, or one of the books' own
    (`ledger.references`); the meter knows the credit by it. `receipt`: the receipt number of staff. Both are unique in
    an organisation. `moved_from`: the top-up in the wrong flat that the money was credited to first.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    credit_id = models.CharField(max_length=40)
    tenancy = models.ForeignKey(Tenancy, on_delete=models.PROTECT, related_name="top_ups")
    command = models.OneToOneField(Command, on_delete=models.PROTECT, null=True, related_name="top_up")
    amount = models.BigIntegerField()
    paid_at = models.BigIntegerField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=100, blank=True)
    receipt = models.CharField(max_length=100, blank=True, default="")
    moved_from = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="moved_to")

    class Meta:
        ordering = ("-paid_at", "-id")
        constraints = (
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="top_up_positive"),
            models.UniqueConstraint(fields=("organisation", "credit_id"), name="top_up_credit_id_once"),
            models.UniqueConstraint(
                fields=("organisation", "receipt"), condition=~models.Q(receipt=""), name="top_up_receipt_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.pk}" if is_own(self.credit_id) else self.credit_id

    @property
    def code(self) -> Code | None:
        """Return the code that was made with it; None if none was."""
        carrier = self.command if self.command is not None else getattr(self, "entry", None)
        return getattr(carrier, "code", None)

    @property
    def shared(self) -> int:
        """Return how much of it paid spread debts, and so did not stay at the meter, nano."""
        return sum(each.amount for each in self.debt_parts.all() if each.undone_at is None)

    @property
    def memo(self) -> str:
        """Return what the books say of it in addition to its number: the note, and the typed id."""
        return " ".join(filter(None, (self.note, "" if is_own(self.credit_id) else self.credit_id)))
