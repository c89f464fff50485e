"""What a tenant is told, over the API: the last notices, what is told and when, and permissions for messages in WeChat."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema, Status
from pydantic import StrictBool, StrictInt

from ....kernel.units import exact_instant
from ...accounts.tenants import tenancies_of_login
from ...accounts.wechat_users import WeChatUser
from ...core.sealing import SealError
from ...core.time import now
from ...estate.models import Tenancy
from ...notices.channels import CHANNELS
from ...notices.channels.wechat_mini import MiniProgram, page_of
from ...notices.events import FOR_TENANTS
from ...notices.mini_programs import templates_in
from ...notices.models import Channel, Notice, Recipient
from ...notices.permissions import permit
from ...notices.recipient_channels import put_channel
from ...notices.recipients import recipient_of
from .own import own_tenancy, present_tenancy
from .payments import wechat_user

router = Router()
SHOWN = 30
"""The most notices of an answer."""
MOST_TEMPLATES = 100


def _tenancies(request: HttpRequest, pk: int | None) -> list[Tenancy]:
    """Return the flats that a call is about: the one that it names, or all where somebody lives."""
    if pk is not None:
        return [own_tenancy(request, pk)]
    return list(tenancies_of_login(request.user).living(now()))


def _quiet(recipient: Recipient | None) -> dict[str, int] | None:
    """Return the hours in which nothing is told; None if there are none."""
    if recipient is None or recipient.quiet_from == recipient.quiet_until:
        return None
    return {"begins": recipient.quiet_from, "ends": recipient.quiet_until}


@router.get("/me/notices")
def notices(request: HttpRequest, tenancy: int | None = None) -> Any:
    """Return the last notices of your flats, or of the one that is named, the channels, which events are told, and the
    quiet hours. `page`: the page of the mini program for what the notice is about. `templates`: those that the mini
    program can ask permission for.
    """
    if not tenancies_of_login(request.user).exists():
        raise Http404
    flats = _tenancies(request, tenancy)
    rows = Notice.objects.filter(recipient__tenancy__in=flats).select_related("recipient")[:SHOWN]
    recipients = list(Recipient.objects.filter(tenancy__in=flats).order_by("-pk"))
    first = recipients[0] if recipients else None
    return {
        "notices": [
            {
                "at": exact_instant(each.made_at),
                "tenancy": each.recipient.tenancy_id,
                "event": each.event,
                "title": each.title,
                "text": each.text,
                "page": page_of(each.event, each.recipient.tenancy_id),
            }
            for each in rows
        ],
        "channels": [
            {
                "kind": each.kind,
                "title": str(CHANNELS[each.kind].title),
                "address": each.shown,
                "is_on": each.is_enabled,
                "trouble": _(each.failing) if each.failing else "",
            }
            for each in Channel.objects.filter(recipient__in=recipients)
            if each.kind in CHANNELS
        ],
        "events": [
            {"event": each.value, "title": str(each.label), "is_on": first is None or each.value not in first.muted}
            for each in FOR_TENANTS
        ],
        "quiet": _quiet(first),
        "templates": _templates(wechat_user(request), flats),
    }


def _templates(person: WeChatUser | None, flats: list[Tenancy]) -> list[dict[str, str]]:
    """Return the templates of the mini program, each once for an event; those for all other events last."""
    if person is None:
        return []
    owners = {each.unit.property.organisation_id for each in flats}
    known = {(row.event, row.template) for row in templates_in(person.appid, owners)}
    return [
        {"event": event, "template_id": template}
        for event, template in sorted(known, key=lambda each: (not each[0], each))
    ]


class Quiet(Schema):
    """Hours of the local day, from 0 to 23."""

    begins: StrictInt
    ends: StrictInt


class Change(Schema):
    """What is left out stays as it is. `events`: whether each event is told. `quiet`: null for no quiet hours.
    `tenancy`: the only one to change; left out: all your flats.
    """

    events: dict[str, StrictBool] = {}
    quiet: Quiet | None = None
    tenancy: StrictInt | None = None


@router.api_operation(["PATCH", "PUT"], "/me/notices")
def change_notices(request: HttpRequest, given: Change) -> Any:
    """Choose what is told, and when not. PUT does the same: mini programs know no PATCH."""
    if set(given.events) - {each.value for each in FOR_TENANTS}:
        raise ValidationError({"events": _("There is no such choice.")})
    quiet = given.quiet
    if quiet is not None and not (0 <= quiet.begins < 24 and 0 <= quiet.ends < 24):
        raise ValidationError({"quiet": _("Type an hour from 0 to 23.")})
    flats = _tenancies(request, given.tenancy)
    for each in flats:
        recipient = recipient_of(present_tenancy(request, each.pk))
        muted = [
            event.value
            for event in FOR_TENANTS
            if not given.events.get(event.value, event.value not in recipient.muted)
        ]
        recipient.muted = muted
        if "quiet" in given.model_fields_set:
            recipient.quiet_from, recipient.quiet_until = (quiet.begins, quiet.ends) if quiet is not None else (0, 0)
        recipient.save(update_fields=["muted", "quiet_from", "quiet_until"])
    return notices(request, given.tenancy)


class Subscriptions(Schema):
    """The templates that were accepted, by their ids."""

    accepted: list[str]


@router.post("/me/notices/subscriptions", response={204: None})
def subscriptions(request: HttpRequest, given: Subscriptions) -> Any:
    """Note that the person has permitted one more message of each template in the mini program. Notices reach them
    there from now on.
    """
    person = wechat_user(request)
    if person is None:
        raise ValidationError(_("Only a WeChat mini program can permit messages in WeChat."))
    if len(given.accepted) > MOST_TEMPLATES:
        raise ValidationError({"accepted": _("Too many templates were sent at once.")})
    flats = list(tenancies_of_login(request.user).living(now()))
    rows = templates_in(person.appid, {each.unit.property.organisation_id for each in flats})
    owners = {row.account.organisation_id for row in rows if row.template in given.accepted}
    permit(person, {row.template for row in rows} & set(given.accepted))
    try:
        for flat in flats:
            if flat.unit.property.organisation_id in owners:
                put_channel(recipient_of(flat), MiniProgram, person.openid, user=request.user)
    except SealError as error:
        raise ValidationError(str(error)) from None
    return Status(204, None)
