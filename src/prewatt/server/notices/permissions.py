"""Permissions that people gave for single messages in WeChat: each message of a template uses one up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from ..accounts.wechat_users import WeChatUser, wechat_user_of
from ..estate.models import Resident
from .channels.interface import Kind, Message, SendError, needed
from .permission_models import Permission

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from .models import Channel

MOST = 1000
"""More permissions of one kind are not counted."""


def permit(person: WeChatUser, templates: Iterable[str]) -> None:
    """Count one more message of each template that a person takes."""
    for template in set(templates):
        with transaction.atomic():
            Permission.objects.get_or_create(wechat_user=person, template=template)
            _of(person, template).filter(left__lt=MOST).update(left=F("left") + 1)


def is_permitted(kind: type[Kind], account: Mapping[str, str], channel: Channel, address: str, template: str) -> bool:
    """Return whether a permission is left to send a message of a template to the address of a channel."""
    person = _person(kind, account, channel, address)
    return person is not None and _of(person, template).filter(left__gt=0).exists()


def send_permitted(
    kind: type[Kind], account: Mapping[str, str], channel: Channel, address: str, message: Message
) -> None:
    """Send a message by a channel whose messages are counted, and use up one permission. Raises SendError if none is left, or the
    message can't be sent. Such a message uses up no permission; but if trying again will not help, the count is set to 0.
    """
    template = needed(message.template, message.event).id
    person = _person(kind, account, channel, address)
    # Two who send at once use two permissions up.
    if person is None or not _of(person, template).filter(left__gt=0).update(left=F("left") - 1):
        text = _("The person's permission for such messages in WeChat is used up. They can give it again there.")
        raise SendError(text, lasting=True)
    try:
        kind.send(account, address, message)
    except SendError as error:
        # What WeChat says for good is that it knows of no permission: then there are fewer than were counted.
        _of(person, template).update(left=0 if error.lasting else F("left") + 1)
        raise


def _person(kind: type[Kind], account: Mapping[str, str], channel: Channel, address: str) -> WeChatUser | None:
    """Return who is at the address of a channel; None if they belong no more to the flat of which it tells: their WeChat was
    parted from its login, and has joined one of another flat, where they permit messages again.
    """
    person = wechat_user_of(kind.carrier(account), address)
    if person is None:
        return None
    lives = Resident.objects.filter(tenancy=channel.recipient.tenancy_id, user=person.user_id)
    return person if lives.exists() else None


def _of(person: WeChatUser, template: str) -> QuerySet[Permission]:
    return Permission.objects.filter(wechat_user=person, template=template)
