"""The keys of programs: each acts for a person, for a while, and may never do more than that person may do at the time."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ...kernel.units import DAY, HOUR
from ..core.time import now
from ..estate.models import Organisation
from .memberships import reach_of
from .rights import Right
from .tenants import tenancies_of_login
from .wechat_users import WeChatUser, locked

USUAL_DAYS = 365
LONGEST_DAYS = 731
"""The most days for which a key is valid."""
IDLE_DAYS = 90
"""A key for a tenant's own flats ends after so many days without use."""
MOST_KEYS = 50
"""The most keys of one person that are valid at a time, beside those of apps."""
MOST_DEVICES = 5
"""The most devices of one WeChat user that are logged in at a time."""
LONGEST_NAME = 60
_PREFIX = "prewatt_"
"""How each key begins, so that people, and programs that look for lost secrets, recognise one."""


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    """Queries for keys."""

    def valid(self) -> ApiKeyQuerySet:
        """Return the keys that have neither ended nor been revoked. Whether the owner still has rights is not asked."""
        return self.filter(revoked_at__isnull=True, ends__gt=now())


class ApiKey(models.Model):
    """A key with which a program acts for the person `user`. Only its hash is stored. Instants are µs since 1970.

    `organisation`: the key opens only what belongs to it; null: all that the person may see. `scope`: all that the
    person may do, only reading, the `rights` alone (values of `rights.Right`), or what a tenant may do in their own
    flats. A key of this last scope was made by a log-in in an app, of `wechat_user` if it is WeChat's. It ends after
    `IDLE_DAYS` without use. `last_used_at` is right to the hour.
    """

    class Scope(models.TextChoices):
        """What a key may do."""

        ALL = "all", gettext_lazy("all that I may do")
        READ = "read", gettext_lazy("only read")
        CHOSEN = "chosen", gettext_lazy("only what is chosen")
        TENANT = "tenant", gettext_lazy("only my own flats")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    wechat_user = models.ForeignKey(WeChatUser, on_delete=models.CASCADE, null=True, related_name="keys")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, null=True, related_name="api_keys")
    name = models.CharField(max_length=LONGEST_NAME)
    hash = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=6, choices=Scope, default=Scope.ALL)
    rights = models.JSONField(default=list)
    made_at = models.BigIntegerField()
    ends = models.BigIntegerField()
    last_used_at = models.BigIntegerField(null=True)
    revoked_at = models.BigIntegerField(null=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        ordering = ("-made_at", "-pk")

    def __str__(self) -> str:
        return f"{self.user}: {self.name}"

    @property
    def is_valid(self) -> bool:
        """Whether the key has neither ended nor been revoked."""
        return self.revoked_at is None and self.ends > now()

    @property
    def allowed(self) -> frozenset[Right]:
        """The rights that the key opens, if its owner has them. A key that only reads has all: `api.routes` refuses its
        writes.
        """
        if self.scope == self.Scope.CHOSEN:
            return frozenset(right for right in Right if right in self.rights)
        if self.scope == self.Scope.TENANT:
            return frozenset()
        return frozenset(Right)


def _can_be(scope: str, rights: Sequence[str]) -> bool:
    """Return whether a person may choose a scope: the tenants' is given by machines, and rights belong to one alone."""
    if scope not in ApiKey.Scope or scope == ApiKey.Scope.TENANT or set(rights) - set(Right):
        return False
    return (scope == ApiKey.Scope.CHOSEN) == bool(rights)


def make_key(
    user: Any,
    name: str,
    *,
    organisation: Organisation | None = None,
    scope: str = ApiKey.Scope.ALL,
    rights: Sequence[str] = (),
    days: int = USUAL_DAYS,
) -> str:
    """Make a key for a person. Returns its text, which can't be shown again. Raises ValidationError, which names what is
    wrong. Nobody has to check whether the person has the `rights`: the key never has more than they have when it is used.
    """
    errors: dict[str, str] = {}
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        errors["name"] = _("Say what the key is for, in at most %(most)d characters.") % {"most": LONGEST_NAME}
    if not _can_be(scope, rights):
        errors["scope"] = _("Choose what the key may do.")
    if not 1 <= days <= LONGEST_DAYS:
        errors["days"] = _("A key is valid for 1 to %(most)d days.") % {"most": LONGEST_DAYS}
    if errors:
        raise ValidationError({field: [text] for field, text in errors.items()})
    if user.api_keys.valid().exclude(scope=ApiKey.Scope.TENANT).count() >= MOST_KEYS:
        raise ValidationError(_("There are %(most)d keys already. Revoke one first.") % {"most": MOST_KEYS})
    return _new_key(
        days, user=user, organisation=organisation, name=name.strip(), scope=scope, rights=sorted(rights), made_at=now()
    )


@transaction.atomic
def make_app_key(wechat_user: WeChatUser) -> str:
    """Make the key with which somebody's WeChat acts for them in their own flats, and return its text. If there are
    more than `MOST_DEVICES` devices then, the one that was unused for longest is logged out. Raises
    WeChatUser.DoesNotExist if their log-ins have been ended meanwhile.
    """
    if not locked(WeChatUser.objects.filter(pk=wechat_user.pk)):
        raise WeChatUser.DoesNotExist
    valid = ApiKey.objects.valid().filter(wechat_user=wechat_user)
    older = valid.order_by(Coalesce("last_used_at", "made_at").desc(), "-pk")[MOST_DEVICES - 1 :]
    revoke(ApiKey.objects.filter(pk__in=[each.pk for each in older]))
    name = _("WeChat mini program")[:LONGEST_NAME]
    scope = ApiKey.Scope.TENANT
    return _new_key(
        IDLE_DAYS, user=wechat_user.user, wechat_user=wechat_user, name=name, scope=scope, rights=[], made_at=now()
    )


def _new_key(days: int, **fields: Any) -> str:
    text = _PREFIX + secrets.token_urlsafe(32)
    ApiKey.objects.create(hash=_hash(text), ends=fields["made_at"] + days * DAY, **fields)
    return text


def revoke(keys: models.QuerySet[ApiKey]) -> int:
    """Revoke those of the given keys that are not revoked yet. Returns how many there were."""
    return keys.filter(revoked_at__isnull=True).update(revoked_at=now())


@transaction.atomic
def end_apps(user: Any) -> int:
    """End the access that apps have to a login: revoke their keys, and let nobody in WeChat log in to it without a
    password. Returns how many people in WeChat had joined the login. Each can join it again.
    """
    people = WeChatUser.objects.filter(user=user.pk)
    locked(people)
    revoke(user.api_keys.filter(scope=ApiKey.Scope.TENANT))
    # The keys stay in the list of what was revoked.
    ApiKey.objects.filter(wechat_user__in=people).update(wechat_user=None)
    count = people.count()
    people.delete()
    return count


class KeyRefused(Exception):
    """A key opens nothing; the message, for people, says why."""


def user_of(text: str) -> Any:
    """Return the person for whom the program with a key acts, with the key as `api_key`, and note that it is used.
    Raises KeyRefused if there is no such key, it has ended or was revoked, or its owner has lost all rights that it
    opens.
    """
    key = ApiKey.objects.select_related("user", "organisation").filter(hash=_hash(text)).first()
    if key is None:
        raise KeyRefused(_("There is no such key. Check it, or make a new one on the page “Keys”."))
    if key.revoked_at is not None:
        raise KeyRefused(_("This key was revoked. Make a new one on the page “Keys”."))
    if key.ends <= now():
        raise KeyRefused(_("This key has expired. Make a new one on the page “Keys”."))
    if not key.user.is_active:
        raise KeyRefused(_("The login of this key's owner is closed."))
    user: Any = key.user
    user.api_key = key
    if not _has_rights(user):
        raise KeyRefused(_("The owner of this key has no rights here any more."))
    _note_use(key)
    return user


def login_of_app(text: str) -> str:
    """Return the number of the login whose app was given this key, also if the key is over; empty if none was."""
    key = ApiKey.objects.filter(hash=_hash(text), scope=ApiKey.Scope.TENANT).first()
    return str(key.user_id) if key is not None else ""


def _has_rights(user: Any) -> bool:
    """Return whether a person, with the key that they use, is an operator, has a role, or lives somewhere now or soon."""
    if user.api_key.scope == ApiKey.Scope.TENANT:
        # Who has moved out still reads the last statement.
        return tenancies_of_login(user).exists()
    reach = reach_of(user)
    return reach.operator or bool(reach.rights) or tenancies_of_login(user).not_over(now()).exists()


def _note_use(key: ApiKey) -> None:
    """Store that a key is used, at most once an hour: a program that asks each second writes nothing."""
    at = now()
    if key.last_used_at is None or key.last_used_at <= at - HOUR:
        ends = at + IDLE_DAYS * DAY if key.scope == ApiKey.Scope.TENANT else key.ends
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=at, ends=ends)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
