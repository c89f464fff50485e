"""The audit log: every change that people make, with who, what, before, after, when and from where.

It is written in the transaction of the change itself, so neither is there without the other. The database refuses to change it
(`append_only`). What machines do is not in it: meters have their journal, money has its books.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from ..core.time import now
from .acting import Actor, Door
from .audited import Change, organisation_of_login
from .security_log import note

SECURITY = {
    "account.EmailAddress": "login changed",
    "accounts.ApiKey": "key changed",
    "accounts.Membership": "role changed",
    "accounts.WeChatUser": "login changed",
    "auth.User": "login changed",
    "mfa.Authenticator": "second factor changed",
    "sign_in.LoginPhone": "login changed",
}
"""Models whose changes stand in the security log too, and the word for them."""


class AuditEntry(models.Model):
    """A change of one row by one person, or of many rows alike.

    `at`: when, µs. `user`: the number of the login; None: the operator at the machine, or somebody who was not logged
    in yet. `organisation`: the one to which the row belongs, or None. `model`: such as `estate.Property`; `row`: its
    number, empty for many rows. `changes`: for each column [before, after], or None if the values are not written down.
    Numbers stand in place of references, so that a row that is deleted leaves its history, and no lock is taken.
    """

    class Action(TextChoices):
        MADE = "made", _("made")
        CHANGED = "changed", _("changed")
        DELETED = "deleted", _("deleted")

    at = models.BigIntegerField()
    user = models.BigIntegerField(null=True)
    door = models.CharField(max_length=10, choices=Door)
    page = models.CharField(max_length=100)
    address = models.CharField(max_length=45)
    organisation = models.BigIntegerField(null=True)
    model = models.CharField(max_length=60)
    row = models.CharField(max_length=64)
    rows = models.PositiveIntegerField(default=1)
    action = models.CharField(max_length=10, choices=Action)
    changes = models.JSONField()

    class Meta:
        indexes = (models.Index(fields=("organisation", "-id"), name="audit_of_organisation"),)

    def __str__(self) -> str:
        return f"{self.model} {self.row}: {self.action}"


def changed(
    by: Actor,
    model: type[models.Model],
    action: str,
    rows: list[tuple[Any, int | None, dict[str, Change]]],
) -> None:
    """Write down changes of rows. `rows`: each one's key, organisation and changes."""
    at, label, request = now(), model._meta.label, by.request
    # A login that is new is nobody's yet: it is told to those for whom it was made.
    own = organisation_of_login(by.user) if any(owner is None for _key, owner, _changes in rows) else None
    AuditEntry.objects.bulk_create(
        AuditEntry(
            at=at,
            user=by.user,
            door=by.door,
            page=by.page[:100],
            address=by.address,
            organisation=own if organisation is None else organisation,
            model=label,
            row=str(key),
            action=action,
            changes=changes,
        )
        for key, organisation, changes in rows
    )
    if label in SECURITY:
        for key, _organisation, changes in rows:
            note(SECURITY[label], request, row=str(key), action=action, columns=" ".join(sorted(changes)))


def many_changed(by: Actor, model: type[models.Model], action: str, organisation: int | None, rows: int) -> None:
    """Write down that so many rows of an organisation were changed at once."""
    AuditEntry.objects.create(
        at=now(),
        user=by.user,
        door=by.door,
        page=by.page[:100],
        address=by.address,
        organisation=organisation,
        model=model._meta.label,
        row="",
        rows=rows,
        action=action,
        changes={},
    )
