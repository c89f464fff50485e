"""Erases the personal data of who has moved out: the tenancy's number stands for them from then on.

The books stay as they are: accounts, amounts, instants, the journal and the figures of statements. Bills keep the name for
as long as tax law asks for it (`Retention.bills_years`). Nothing is erased while money is open between tenant and landlord.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import Count, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from ..billing.models import WriteOff
from ..billing.open_debts import debts_of
from ..billing.owed import owed_to
from ..core import local_forms
from ..core.time import now
from ..correspondence.models import Note, Report
from ..estate.models import Tenancy
from ..ledger.books import balance, deposit_held, tenant_account
from ..ledger.models import Transfer
from ..metering.locking import for_update, lock_organisation
from ..notices.models import Notice
from ..payments.models import Payment, TakenBack, WaitingStatement
from ..tasks.models import Task
from ..vending.models import Adjustment, KeypadReading
from .bills import erase_from_old_bills
from .models import Erasure
from .person import Person, logins_that_go, number_of, person_of
from .texts import EMPTY, LIKE_BILLS, NUMBER, TEXTS, Texts

TYPED = (
    Transfer.Kind.TOP_UP,
    Transfer.Kind.REFUND,
    Transfer.Kind.REFUND_PAID,
    Transfer.Kind.ADJUSTMENT,
    Transfer.Kind.DEPOSIT,
    Transfer.Kind.DEBT,
    Transfer.Kind.DEBT_PAID,
    Transfer.Kind.WRITTEN_OFF,
    Transfer.Kind.UNCREDITED,
)
"""Transfers whose memo holds what people have typed."""


def objections(tenancy: Tenancy) -> list[str]:
    """Return sentences for people that say why the data of a tenancy's tenant can't be erased now; none if they can be."""
    if Erasure.objects.filter(tenancy=tenancy).exists():
        return [_("The personal data of this tenant are erased already.")]
    if tenancy.settled_at is None:
        return [_("The account is not settled yet. Personal data can be erased after the move-out.")]
    currency = tenancy.unit.property.currency
    amounts = (
        (_("%(amount)s is still owed to the tenant: pay it out first."), sum(each.left for each in owed_to(tenancy))),
        (
            _("The tenant still owes %(amount)s: it must be paid or written off."),
            sum(d.left for d in debts_of(tenancy)),
        ),
        (_("A deposit of %(amount)s is still held: pay it back first."), deposit_held(tenancy)),
        (_("The balance of the account is not zero, but %(amount)s."), balance(tenant_account(tenancy))),
    )
    said = [text % {"amount": local_forms.money(amount, currency)} for text, amount in amounts if amount]
    open_payments = Payment.objects.filter(tenancy=tenancy, state__in=(Payment.State.OPEN, Payment.State.HELD))
    waiting = (
        Adjustment.objects.filter(tenancy=tenancy, state=Adjustment.State.WAITING),
        WriteOff.objects.filter(debt__tenancy=tenancy, state=WriteOff.State.WAITING),
    )
    if open_payments.exists():
        said.append(_("A payment is still open, or waits for a person."))
    if any(rows.exists() for rows in waiting):
        said.append(_("A credit or a write-off still waits for a second person."))
    taken = TakenBack.objects.filter(Q(top_up__tenancy=tenancy) | Q(payment__tenancy=tenancy), closed_at=None)
    if taken.filter(state__in=(TakenBack.State.WAITING, TakenBack.State.ASKED, TakenBack.State.DECIDE)).exists():
        said.append(_("Money that was taken back is not dealt with yet."))
    return said


@transaction.atomic
def erase(tenancy: Tenancy, by: Any = None) -> Erasure:
    """Erase the personal data of a tenancy's tenant. `by`: the person who erases them; None: the schedule. Raises
    ValidationError with the sentences of `objections`; nothing is changed then.
    """
    lock_organisation(tenancy.unit.property.organisation_id)
    locked = for_update(Tenancy.objects).select_related("unit__property__organisation").get(pk=tenancy.pk)
    if reasons := objections(locked):
        raise ValidationError(reasons)
    person, far, logins = person_of(locked), person_of(locked, everywhere=True), logins_that_go(locked)
    _end_letters(locked)
    for label, texts in TEXTS.items():
        _erase_own(apps.get_model(label), texts, locked)
    Transfer.objects.filter(_is_of(TEXTS["ledger.Transfer"], locked), kind__in=TYPED).exclude(memo="").update(
        memo=person.number, memo_parts={}
    )
    for label, texts in TEXTS.items():
        if texts.may_name:
            _take_out(apps.get_model(label), texts, person if texts.organisation else far, locked)
    for user in logins:
        _end_login(user, locked)
    erasure = Erasure.objects.create(tenancy=locked, at=now(), by=by)
    erase_from_old_bills(locked)
    transaction.on_commit(empty_the_log)
    return erasure


def _is_of(texts: Texts, tenancy: Tenancy) -> Q:
    return reduce(or_, (Q(**{way: tenancy.pk}) for way in texts.of))


def _end_letters(tenancy: Tenancy) -> None:
    """Take away what no column of a row tells: notes to this tenant alone, photos of the display of their keypad meter,
    files of the bank that nobody has read yet, which can be uploaded again, and files that were made for people.
    """
    number, landlord = number_of(tenancy), tenancy.unit.property.organisation_id
    alone = Note.objects.annotate(to=Count("addressed")).filter(to=1, addressed__tenancy=tenancy).values_list("pk")
    Note.objects.filter(pk__in=[pk for (pk,) in alone]).update(title=number, text="", texts={})
    for report in Report.objects.filter(tenancy=tenancy):
        # What the landlord was told of it holds the tenant's own words.
        notices = Notice.objects.filter(recipient__organisation=landlord, key__startswith=f"report {report.pk} ")
        Notice.objects.filter(pk__in=list(notices.values_list("pk", flat=True))).update(title=number, text="", facts={})
    until = tenancy.ends or now()
    KeypadReading.objects.filter(
        token_meter__unit=tenancy.unit_id, at__gt=tenancy.begins, at__lte=until, photo__isnull=False
    ).update(photo=None)
    WaitingStatement.objects.filter(organisation=landlord).delete()
    Task.objects.filter(Q(tenancy=tenancy) | Q(organisation=landlord, ended_at__isnull=False)).delete()


def _erase_own(model: type[models.Model], texts: Texts, tenancy: Tenancy) -> None:
    """Empty the texts that are of the tenant, or put the number in their place."""
    changes = {
        name: number_of(tenancy) if becomes is NUMBER else _empty(model, name)
        for name, becomes in texts.tenants.items()
        if becomes is not LIKE_BILLS
    }
    if not changes:
        return
    # A query that joins can't be written to.
    keys = list(model._default_manager.filter(_is_of(texts, tenancy)).values_list("pk", flat=True))
    rows = model._default_manager.filter(pk__in=keys)
    if texts.rows_go:
        rows.delete()
    else:
        rows.update(**changes)


def _empty(model: type[models.Model], name: str) -> Any:
    field = model._meta.get_field(name)
    return field.default() if isinstance(field, models.JSONField) and callable(field.default) else EMPTY.value


def _take_out(model: type[models.Model], texts: Texts, person: Person, tenancy: Tenancy) -> None:
    """Put the number in the place of the person wherever texts of the landlord may name them."""
    names = texts.may_name.split()
    for row in _naming(model, names, texts, person, tenancy):
        changed = {name: person.out_of(getattr(row, name)) for name in names}
        changed = {name: value for name, value in changed.items() if value != getattr(row, name)}
        if not changed:
            continue
        if isinstance(row, Transfer):
            # All that the database lets a transfer's memo become.
            changed = {"memo": person.number, "memo_parts": {}}
        model._default_manager.filter(pk=row.pk).update(
            **{name: _fitting(model, name, value) for name, value in changed.items()}
        )


def _naming(
    model: type[models.Model], names: list[str], texts: Texts, person: Person, tenancy: Tenancy
) -> Iterator[models.Model]:
    """Return the rows of the landlord in which the database finds one of the names."""
    landlord = tenancy.unit.property.organisation_id
    rows: QuerySet[models.Model] = model._default_manager.all()
    if texts.organisation:
        rows = rows.filter(reduce(or_, (Q(**{way: landlord}) for way in texts.organisation)))
    within = Q()
    for name in names:
        if isinstance(model._meta.get_field(name), models.JSONField):
            rows = rows.annotate(**{f"{name}_as_text": Cast(name, TextField())})
        is_json = isinstance(model._meta.get_field(name), models.JSONField)
        for spelling in person.spellings():
            within |= Q(**{f"{name}{'_as_text' if is_json else ''}__icontains": spelling})
    return rows.filter(within).order_by("pk").iterator()


def _fitting(model: type[models.Model], name: str, value: Any) -> Any:
    longest = getattr(model._meta.get_field(name), "max_length", None)
    return value[:longest] if isinstance(value, str) and longest else value


def _end_login(user: Any, tenancy: Tenancy) -> None:
    """Close a login for ever. The row stays, because others name it as who did something; all that hangs on it goes."""
    for session in Session.objects.iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
    for relation in get_user_model()._meta.related_objects:
        if relation.on_delete is models.CASCADE and relation.field.concrete:
            relation.related_model._default_manager.filter(**{relation.field.name: user}).delete()
    user.username = _free(number_of(tenancy).replace(" ", "-"), user)
    user.first_name = user.last_name = user.email = ""
    user.is_active, user.last_login = False, None
    user.set_unusable_password()
    user.save()


def _free(name: str, user: Any) -> str:
    taken = get_user_model().objects.exclude(pk=user.pk).filter(username=name).exists()
    return f"{name}-{user.pk}" if taken else name


def empty_the_log() -> None:
    """Write what waits in SQLite's write-ahead log into the database, so that no old page with a name stays in the log.
    A connection that reads may prevent it; the daily run does it again. Does nothing with another database, or within a
    transaction.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
