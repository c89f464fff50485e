"""Who in an office is told of what: a person's own channel gets what the person's role allows at present."""

from __future__ import annotations

from collections.abc import Iterable

from ..accounts.memberships import reach_of
from .events import HEARD_WITH, Event
from .models import Channel, Recipient


def allowed_to(recipient: Recipient, event: Event | str, channels: Iterable[Channel]) -> list[Channel]:
    """Return those of some channels of a recipient that may be told of an event. All channels of a tenant may, and so may
    those that belong to the whole office and to no single person.
    """
    if recipient.tenancy_id is not None:
        return list(channels)
    return [each for each in channels if each.user_id is None or _may_hear(each, recipient, event)]


def _may_hear(channel: Channel, recipient: Recipient, event: Event | str) -> bool:
    rights = reach_of(channel.user).of(recipient.organisation)
    right = HEARD_WITH.get(Event(event)) if event in Event.values else None
    return right in rights if right is not None else bool(rights)
