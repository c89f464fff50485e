"""The rows of notices: recipients, their channels, what they are told, and how it is sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..estate.models import Organisation, Tenancy
from ..metering.models import Meter
from .events import FOR_MANAGERS, FOR_TENANTS, Event
from .languages import ENGLISH, language_choices
from .permission_models import Permission as Permission


class SendingAccount(models.Model):
    """An organisation's own account with a service that carries its notices: a mail server, an SMS service, a WeChat
    official account. `settings` may be shown; `sealed` holds the secrets.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="sending_accounts")
    kind = models.CharField(max_length=12)
    settings = models.JSONField(default=dict)
    sealed = models.BinaryField()
    made_at = models.BigIntegerField()

    class Meta:
        ordering = ("organisation", "kind")
        constraints = (models.UniqueConstraint(fields=("organisation", "kind"), name="sending_account_once"),)

    def __str__(self) -> str:
        return f"{self.organisation}: {self.kind}"


class SendingTemplate(models.Model):
    """A template that a service has approved for an organisation. `fields` are pairs of a field and the fact that it
    shows, in their order. If `event` is empty, the template carries all events that have none of their own; if
    `language` is empty, all languages. `carrier`: see `Kind.carrier`.
    """

    account = models.ForeignKey(SendingAccount, on_delete=models.CASCADE, related_name="templates")
    carrier = models.CharField(max_length=20, blank=True)
    event = models.CharField(max_length=12, blank=True)
    language = models.CharField(max_length=12, blank=True)
    template = models.CharField(max_length=100)
    fields = models.JSONField(default=list)

    class Meta:
        ordering = ("account", "event", "language")
        constraints = (
            models.UniqueConstraint(fields=("account", "carrier", "event", "language"), name="sending_template_once"),
        )

    def __str__(self) -> str:
        return f"{self.account}: {self.event or '*'} {self.template}"


class Recipient(models.Model):
    """Somebody who is told: the tenant of a tenancy, or (`tenancy` is null) an organisation's manager.

    Between the hours `quiet_from` and `quiet_until` of the local day nothing is sent; if they are equal, there are no
    quiet hours. `low_money` (nano), `low_energy` (Wh) and `low_days` are the tenant's own steps of the reminder, beside
    the landlord's. `muted`: the events that are not told. Nothing that happened before `since` is told.

    `meter`, `seen`: the journal of this meter has been looked at up to this entry; `closed`: how its switch stood when
    that was last told. `day`: the last local day whose use was looked at. `looked_at`: the instant of the last complete
    look. `changed_at`: when the tenant last changed how they are reached (phone, e-mail, language).
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="recipients")
    tenancy = models.OneToOneField(Tenancy, on_delete=models.PROTECT, null=True, related_name="recipient")
    language = models.CharField(max_length=12, choices=language_choices, default=ENGLISH)
    quiet_from = models.PositiveSmallIntegerField(default=22)
    quiet_until = models.PositiveSmallIntegerField(default=7)
    low_money = models.JSONField(default=list)
    low_energy = models.JSONField(default=list)
    low_days = models.JSONField(default=list)
    muted = models.JSONField(default=list)
    since = models.BigIntegerField()
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, null=True, related_name="+")
    seen = models.BigIntegerField(default=0)
    closed = models.BooleanField(null=True)
    day = models.DateField(null=True)
    looked_at = models.BigIntegerField(default=0)
    changed_at = models.BigIntegerField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organisation",), condition=models.Q(tenancy__isnull=True), name="one_manager_to_tell"
            ),
        )

    def __str__(self) -> str:
        return str(self.tenancy or self.organisation)

    @property
    def events(self) -> tuple[Event, ...]:
        """The events that can be told to this recipient."""
        return FOR_TENANTS if self.tenancy_id else FOR_MANAGERS


class Channel(models.Model):
    """A way to reach a recipient. `sealed` is the address; `shown` is as much of it as may be seen. `failing`: why the
    last try failed; empty if it did not. `tested_at`: when the last test was sent. `is_from_office`: the manager typed the
    address for the tenant. `user`: the person of the flat or of the office whose channel it is; null if it belongs to no
    single person. `log_in`: for a push, the log-in in which the browser asked for it (`pushes.py`); otherwise empty.
    """

    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="channels")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=12)
    sealed = models.BinaryField()
    shown = models.CharField(max_length=100)
    is_enabled = models.BooleanField(default=True)
    made_at = models.BigIntegerField()
    failing = models.CharField(max_length=200, blank=True)
    tested_at = models.BigIntegerField(null=True)
    is_from_office = models.BooleanField(default=False)
    log_in = models.CharField(max_length=16, blank=True)

    class Meta:
        ordering = ("recipient", "pk")

    def __str__(self) -> str:
        return f"{self.kind} {self.shown}"


class Pace(models.Model):
    """How often an event is told by a channel, if not each time at once: never (`days` is 0), or together once in so many `days`,
    at an `hour` of the local day.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="paces")
    event = models.CharField(max_length=12)
    days = models.PositiveSmallIntegerField()
    hour = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("channel", "event"), name="pace_once"),)

    def __str__(self) -> str:
        return f"{self.channel}: {self.event} {self.days} d"

    @property
    def words(self) -> str:
        """What is told, and how often, for people."""
        event = Event(self.event).label if self.event in Event.values else self.event
        if not self.days:
            return gettext("Not sent this way: %(event)s") % {"event": event}
        if self.days == 1:
            return gettext("Once a day, at %(hour)d:00: %(event)s") % {"event": event, "hour": self.hour}
        return gettext("Once a week, at %(hour)d:00: %(event)s") % {"event": event, "hour": self.hour}


class Notice(models.Model):
    """Something that a recipient is told, once under its `key`. `facts`: by name, for channels that carry fields (see
    `facts.py`). `link`: the page that settles it. It is not sent before `due_at`, because of quiet hours or of others that
    go with it. `is_overtaken`: it is no longer true; deliveries that have not gone out are cancelled.
    """

    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="notices")
    event = models.CharField(max_length=12, choices=Event)
    key = models.CharField(max_length=120)
    title = models.CharField(max_length=200)
    text = models.TextField()
    facts = models.JSONField(default=dict)
    link = models.CharField(max_length=300, blank=True)
    made_at = models.BigIntegerField()
    due_at = models.BigIntegerField()
    is_overtaken = models.BooleanField(default=False)

    class Meta:
        ordering = ("-made_at", "-id")
        constraints = (models.UniqueConstraint(fields=("recipient", "key"), name="notice_once"),)

    def __str__(self) -> str:
        return self.title


class Delivery(models.Model):
    """A notice on one channel. `next_try_at` is null if there is no further try: it is sent, failed or no longer
    needed.
    """

    class State(models.TextChoices):
        """How far a delivery is."""

        WAITING = "waiting", _("waits")
        SENT = "sent", _("sent")
        FAILED = "failed", _("not delivered")
        OVERTAKEN = "overtaken", _("no longer needed")

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.BigIntegerField(null=True)
    sent_at = models.BigIntegerField(null=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("notice", "channel"), name="delivery_once"),)
        indexes = (models.Index(fields=("next_try_at",), condition=models.Q(state="waiting"), name="delivery_to_try"),)

    def __str__(self) -> str:
        return f"{self.notice} {self.channel}"


class Crossing(models.Model):
    """A threshold that was crossed and told, until it is crossed back with some distance (hysteresis). `count`: how
    often it was crossed, so that each crossing has a name. `is_reckoned`: it was told by an estimate, for a meter without
    new readings.
    """

    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="crossings")
    step = models.CharField(max_length=60)
    is_raised = models.BooleanField(default=False)
    count = models.PositiveIntegerField(default=0)
    is_reckoned = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("recipient", "step"), name="crossing_once"),)

    def __str__(self) -> str:
        return f"{self.recipient}: {self.step}"


class Seen(models.Model):
    """How far a meter's journal has been looked at for a manager: up to the entry `seq`."""

    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="seen_meters")
    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="+")
    seq = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("recipient", "meter"), name="seen_once"),)

    def __str__(self) -> str:
        return f"{self.meter}: {self.seq}"
