"""Which rows of the database are audited, and which of their values are shown.

Each model is audited, also one that is added tomorrow. Left out are models that only machines write, and models that
are a log themselves (`NOT_AUDITED`). Secrets and what tells of persons (`privacy.texts` lists them) are never written
down, because the log can't be changed and outlasts the right to be forgotten. It says only that they were changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, cast

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import BinaryField, Field, ForeignKey, Model

from ..estate.models import Organisation

Change = list[Any] | None
"""The values of a field before and after; None: it was changed, and its values are not written down."""
NOT_AUDITED = {
    "accounts.AuditEntry": "is the log",
    "accounts.SentForm": "is forgotten after some minutes",
    "accounts.Throttle": "counts tries",
    "admin.LogEntry": "is a log itself",
    "contenttypes": "is Django's own",
    "automatic.AutomaticPayment": "is written by the worker; the rule and the payment are audited",
    "account.EmailConfirmation": "is the secret of a link",
    "billing.StatementPaper": "is a list of the numbers that were given out",
    "ledger": "is a log that can't be changed; the row that a booking is of is audited",
    "metering.DayUse": "is worked out",
    "metering.JournalEntry": "is the meter's log",
    "metering.LiveReading": "is written by the head-end",
    "metering.Look": "says that somebody looks",
    "metering.Refusal": "counts what machines were refused",
    "metering.RevocationList": "is worked out of the grants, which are audited",
    "metering.SilentMeter": "is measured",
    "metering.SimilarUse": "is worked out",
    "metering.Worker": "is a machine's sign of life",
    "mfa": "holds secrets; what changes of it stands in sign_in.CredentialChange and the security log",
    "overview": "is worked out",
    "notices.Crossing": "is worked out",
    "notices.Delivery": "is sent by the worker",
    "notices.Notice": "is written by the server",
    "notices.Permission": "counts messages",
    "notices.Seen": "is worked out",
    "tasks": "is worked out, and goes after a day",
    "sessions": "ends by itself; log-ins stand in the security log",
    "sign_in.CredentialChange": "is a log itself",
    "usersessions": "ends by itself; log-ins stand in the security log",
}
"""Models, or all models of an app, that are not audited, with the reason."""
MACHINES_OWN = {
    "accounts.ApiKey": {"last_used_at"},
    "auth.User": {"last_login", "date_joined"},
    "automatic.AutomaticTopUp": {"looks", "next_look_at"},
    "metering.Gateway": {
        "epoch",
        "number",
        "is_online",
        "since",
        "heard_at",
        "sessions",
        "adopted_at",
        "lines",
        "shard",
        "kept_off_until",
        "told_revocations",
    },
    "metering.Meter": {
        *("seq", "head", "account", "digest", "offset", "at", "balance", "register", "read_at", "closed", "is_low"),
        *("commands", "taken", "told_at", "told_seq", "told_balance", "told_closed", "told_command", "told_switch"),
        *("late", "duplicates", "told_quantities"),
    },
    "mfa.Authenticator": {"last_used_at"},
    "notices.Recipient": {"seen", "closed", "day", "looked_at", "changed_at", "since"},
    "payments.Merchant": {"refused", "refusal", "refused_at"},
    "payments.Payment": {"looks", "next_look_at"},
    "vending.Command": {"body", "signature", "applied_seq", "applied_at"},
    "vending.TokenMeter": {"last_tid"},
}
"""Columns that machines write, also while a person's form is dealt with."""
SECRET = re.compile(r"(^|_)(password|secret|sealed|hash|digits|key|keys|token|pin|digest|signature|recovery|seed)($|_)")
"""Names of columns that hold a secret, or what a secret was made of."""
PERSONAL = frozenset({
    "account", "address", "by", "data", "detail", "document", "email", "error", "facts", "failing", "first_name",
    "holder", "last_name", "link", "memo", "memo_parts", "note", "paid_by", "params", "parts", "payer", "payer_address",
    "payment_name", "phone", "reason", "reason_parts", "receipt", "resolved_by", "revoked_by", "send_to", "shown",
    "tenant", "text", "texts", "title", "username", "was", "who", "why", "withdrawn_by",
})  # fmt: skip
"""Names of columns that tell of persons, or hold what somebody wrote."""
PERSONAL_THERE = frozenset({
    "vending.PayOut.number", "accounts.ApiKey.name", "accounts.SpokenLanguage.code", "sign_in.CredentialChange.device",
    "automatic.AutomaticTopUp.label",
    "payments.GiftLink.flat_name", "payments.GiftLink.shown_name", "payments.Gift.giver",
})  # fmt: skip
"""Columns that tell of persons in one model, though their name tells of nobody in others."""
EMPTY: tuple[Any, ...] = (None, "", b"", [], {})
"""Empty values, which are left out where a row is new or deleted."""
LONGEST = 5_000
"""The most characters of a value that are written down. A longer one, such as a tariff, stands whole in its own row."""


@cache
def is_audited(model: type[Model]) -> bool:
    """Return whether changes of a model's rows by people go to the audit log."""
    meta = model._meta
    is_of_migration = meta.apps is not apps
    return not (
        is_of_migration
        or meta.app_label in NOT_AUDITED
        or meta.label in NOT_AUDITED
        or meta.auto_created
        or not meta.managed
    )


@cache
def fields_of(model: type[Model]) -> dict[str, Field[Any, Any]]:
    """Return the fields of a model that people change, by the names of their columns."""
    machines = MACHINES_OWN.get(model._meta.label, set())
    return {
        each.attname: each
        for each in model._meta.concrete_fields
        if not each.primary_key and each.attname not in machines
    }


def is_hidden(field: Field[Any, Any]) -> bool:
    """Return whether the values of a field are not written down."""
    if isinstance(field, ForeignKey):
        return False
    ours = field.model.__module__.startswith("prewatt.") or field.model is get_user_model()
    hidden = isinstance(field, BinaryField) or bool(SECRET.search(field.name)) or field.name in PERSONAL
    # What a library keeps in a text may be anything.
    hidden = hidden or str(field) in PERSONAL_THERE
    return hidden or (not ours and field.get_internal_type() not in ("BooleanField", "DateTimeField"))


def written(field: Field[Any, Any], value: Any) -> Any:
    """Return a value as the log holds it: a number, a text, true or false, nothing."""
    if value is None or isinstance(value, bool | int):
        return value
    text = str(value) if isinstance(value, dict | list) else field.value_to_string(cast(Model, _Row(field, value)))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


class _Row:
    """What `value_to_string` asks for a value: a row that has nothing else."""

    def __init__(self, field: Field[Any, Any], value: Any) -> None:
        setattr(self, field.attname, value)


def _says_nothing(field: Field[Any, Any], old: Any, new: Any, is_whole_row: bool) -> bool:
    """Return whether a column is not worth a word: it is empty in a row that is new or goes, or stays the same."""
    return old in EMPTY and new in EMPTY if is_whole_row else _same(field, old, new)


def changes(model: type[Model], before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, Change]:
    """Return each column that differs, with its values before and after, or None if they are not written down. `before`
    is None for a new row, `after` for a deleted one; then empty values are left out.
    """
    is_whole_row = before is None or after is None
    changes_by_field: dict[str, Change] = {}
    for name, field in fields_of(model).items():
        if (before or after or {}).get(name, _Row) is _Row:
            continue
        old, new = (before or {}).get(name), (after or {}).get(name)
        if _says_nothing(field, old, new, is_whole_row):
            continue
        changes_by_field[name] = None if is_hidden(field) else [written(field, old), written(field, new)]
    return changes_by_field


def _same(field: Field[Any, Any], old: Any, new: Any) -> bool:
    if isinstance(field, BinaryField):
        return bytes(old or b"") == bytes(new or b"")
    return bool(old == new)


@cache
def paths(model: type[Model]) -> tuple[str, ...]:
    """Return at most four lookups that lead from a model to the organisation of a row, the shortest first."""
    by_length = sorted(_paths(model, ()), key=lambda path: (path.count("__"), path))
    return tuple(by_length[:4])


def _paths(model: type[Model], seen: tuple[type[Model], ...]) -> Iterable[str]:
    if model is Organisation:
        yield "pk"
        return
    for field in model._meta.concrete_fields:
        other = field.related_model
        if not isinstance(field, ForeignKey) or not isinstance(other, type) or other in (*seen, model):
            continue
        if len(seen) < 7 and other is not get_user_model():
            for path in _paths(other, (*seen, model)):
                yield f"{field.name}__{path}"


def organisations_of(model: type[Model], keys: list[Any]) -> dict[Any, int]:
    """Return the number of the organisation to which each row belongs, by the rows' keys; a row that belongs to no
    organisation has none.
    """
    ways = paths(model)
    if ways:
        rows = model._base_manager.filter(pk__in=keys).values_list("pk", *ways)
        belongs = {pk: next((each for each in owners if each is not None), None) for pk, *owners in rows}
        return {pk: owner for pk, owner in belongs.items() if owner is not None}
    user = get_user_model()
    name = (
        "pk"
        if model is user
        else next((each.attname for each in model._meta.concrete_fields if each.related_model is user), "")
    )
    return _of_users(dict(model._base_manager.filter(pk__in=keys).values_list("pk", name))) if name else {}


def organisation_of_login(user: int | None) -> int | None:
    """Return the number of the organisation to which a login belongs; None for nobody and for an operator."""
    return _of_users({user: user}).get(user) if user is not None else None


def _of_users(users: dict[Any, Any]) -> dict[Any, int]:
    """Return the organisation of each row's login: the first one in which it has a role, or that of its tenancy."""
    # Found by their names: this module is loaded before the models are.
    members, residents = apps.get_model("accounts", "Membership"), apps.get_model("estate", "Resident")
    organisations: dict[Any, int] = {}
    for path, rows in (("tenancy__unit__property__organisation", residents), ("organisation", members)):
        organisations |= dict(
            rows._base_manager.filter(user__in=users.values()).order_by("-pk").values_list("user", path)
        )
    return {pk: organisations[user] for pk, user in users.items() if user in organisations}
