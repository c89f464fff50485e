"""Pages of notices: what somebody is told and by which channels, and whether it arrived."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from ....kernel.calendar import zone
from ....kernel.currencies import format_money
from ....kernel.units import MINUTE, exact_instant, exact_kwh
from ...accounts.throttles import failed, waits
from ...core.addresses import public
from ...core.local_forms import money_with_code, short_kwh
from ...core.plain_numbers import plain
from ...core.time import now
from ...core.wechat_login import ADDRESS, LoginError, link, openid
from ...estate.low_steps import day_steps, energy_steps, money_steps
from ...estate.models import Property
from ...notices.channels import CHANNELS
from ...notices.channels.interface import Message, SendError
from ...notices.channels.push import public_key
from ...notices.contacts import KINDS, changed_by_tenant
from ...notices.languages import language_choices
from ...notices.models import Channel, Delivery, Recipient, SendingAccount
from ...notices.pushes import asked_in
from ...notices.recipient_channels import add_channel, kinds_for
from ...notices.recipient_settings import keep_settings
from ...notices.recipients import currency_of, manager_of, recipient_of
from ...notices.sending import send
from ...notices.sending_accounts import account_values
from ...notices.telling import home_zone
from ...web.access import lives_now, owner_of
from ...web.kept import refuse, say
from ...web.round_trip import come_back, set_out, take_code

SHOWN = 30
"""The most notices that a page shows."""
BETWEEN_TESTS = MINUTE


def _mine(request: HttpRequest, whose: str, tenancy: int | None) -> Recipient:
    """Return the recipient: the tenant that this user is (`me`), or the manager of an organisation. `tenancy`: as the address
    names it.
    """
    return recipient_of(lives_now(request, tenancy)) if whose == "me" else manager_of(owner_of(request))


def _person(request: HttpRequest, whose: str) -> Any:
    """Return the person whose channel a new one is: each of a flat has their own; an office has in common what nobody has called
    theirs alone.
    """
    return request.user if whose == "me" or request.POST.get("own") else None


def _page(whose: str, recipient: Recipient, name: str = "notices") -> str:
    if whose == "me":
        return reverse(f"tenant:notices:{name}", kwargs={"whose": whose, "tenancy": recipient.tenancy_id})
    return f"{reverse(f'tenant:notices:{name}', kwargs={'whose': whose})}?organisation={recipient.organisation_id}"


@login_required
@require_http_methods(["GET", "POST"])
def notices(request: HttpRequest, whose: str, tenancy: int | None = None) -> HttpResponse:
    """Show what somebody is told and by which channels, with the last notices; store changed settings."""
    recipient = _mine(request, whose, tenancy)
    wrong: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            _keep(request, recipient)
        except ValidationError as error:
            wrong = error.message_dict
        else:
            return redirect(_page(whose, recipient))
    events = set(request.POST.getlist("tell")) if wrong else _wanted_events(recipient)
    account = account_values(recipient.organisation_id, "wechat")
    context = {
        "whose": whose,
        "recipient": recipient,
        "zone_info": zone(home_zone(recipient)),
        "values": _in_form(request, recipient, is_refused=bool(wrong)),
        "wrong": wrong,
        "languages": language_choices(),
        "events": [(each.value, each.label, each.value in events) for each in recipient.events],
        **_channels(recipient, request.user),
        "push_key": public_key(),
        "wechat": bool(account),
        "notices": recipient.notices.prefetch_related("deliveries__channel")[:SHOWN],
        "landlords": "",
        "currency": "",
    }
    if recipient.tenancy:
        property_ = recipient.tenancy.unit.property
        context |= {"landlords": _landlords_steps(property_), "currency": property_.currency}
    if whose != "me":
        context |= _of_organisation(recipient)
    return render(request, "tenant/notices/notices.html", context, status=400 if wrong else 200)


def _keep(request: HttpRequest, recipient: Recipient) -> None:
    """Store changed settings. Raises ValidationError, which names each wrong field."""
    before = recipient.language
    keep_settings(recipient, request.POST)
    if recipient.language != before:
        changed_by_tenant(recipient)
    messages.success(request, _("Saved."))


def _wanted_events(recipient: Recipient) -> set[str]:
    """Return the events that a recipient is told of."""
    return {each.value for each in recipient.events} - set(recipient.muted)


def _in_form(request: HttpRequest, recipient: Recipient, is_refused: bool) -> dict[str, Any]:
    """Return what stands in the form: the settings, or what was typed and refused."""
    values = _values(recipient)
    return {name: request.POST.get(name, text) for name, text in values.items()} if is_refused else values


def _values(recipient: Recipient) -> dict[str, str]:
    """Return the settings as they stand in the form."""
    return {
        "low_money": " ".join(format_money(step, currency_of(recipient)) for step in recipient.low_money),
        "low_energy": " ".join(plain(Decimal(exact_kwh(step))) for step in recipient.low_energy),
        "low_days": " ".join(str(step) for step in recipient.low_days),
        "quiet_from": f"{recipient.quiet_from}",
        "quiet_until": f"{recipient.quiet_until}",
        "language": recipient.language,
    }


def _own_channels(recipient: Recipient, user: Any) -> QuerySet[Channel]:
    """Return the channels that a person may change: their own, and those that are nobody's alone; all of an office."""
    if recipient.tenancy_id is None:
        return recipient.channels.select_related("recipient")
    return recipient.channels.select_related("recipient").filter(Q(user=None) | Q(user=user.pk))


def _channels(recipient: Recipient, user: Any) -> dict[str, Any]:
    """Return the channels that somebody has, and the kinds of those that can be added."""
    usable, theirs = kinds_for(recipient), (None, user.pk)
    return {
        "channels": [
            (
                each,
                CHANNELS[each.kind].title,
                CHANNELS[each.kind] in usable,
                recipient.tenancy_id is None or each.user_id in theirs,
            )
            for each in recipient.channels.select_related("user").prefetch_related("paces")
            if each.kind in CHANNELS
        ],
        "kinds": [
            {"name": kind.name, "title": kind.title, "address": kind.address, "is_rare": kind.is_rare}
            for kind in usable
            if not kind.counted
        ],
    }


def _landlords_steps(property_: Property) -> str:
    """Return the steps at which every tenant is reminded, in words: 10 kWh, 20.00 EUR, 3 days, 1 day."""
    energy = [f"{short_kwh(each)} kWh" for each in energy_steps(property_)]
    money = [money_with_code(each, property_.currency) for each in money_steps(property_)]
    days = [ngettext("%(days)d day", "%(days)d days", each) % {"days": each} for each in day_steps(property_)]
    return ", ".join([*energy, *money, *days])


def _of_organisation(recipient: Recipient) -> dict[str, Any]:
    """Return what only a manager sees: the accounts that send, and the notices that did not arrive."""
    owner = recipient.organisation
    have = set(SendingAccount.objects.filter(organisation=owner).values_list("kind", flat=True))
    late = Delivery.objects.filter(notice__recipient__organisation=owner).exclude(error="")
    return {
        "owner": owner,
        "accounts": [(kind.name, kind.title, kind.name in have) for kind in CHANNELS.values() if kind.fields],
        "without_account": [kind.title for kind in CHANNELS.values() if not kind.fields],
        "late": late.filter(state__in=("waiting", "failed")).select_related(
            "notice__recipient__tenancy__unit__property", "notice__recipient__organisation", "channel"
        )[:SHOWN],
    }


@login_required
@require_POST
def new_channel(request: HttpRequest, whose: str, tenancy: int | None = None) -> HttpResponse:
    """Add a channel."""
    recipient = _mine(request, whose, tenancy)
    try:
        kind, address = request.POST.get("kind", ""), request.POST.get("address", "")
        channel = add_channel(recipient, kind, address, _person(request, whose))
        asked_in(channel, request.session)
        _theirs(channel)
        messages.success(request, _("Added. Try it out with a test."))
    except ValidationError as error:
        refuse(request, error, request.POST.get("kind", ""))
    return redirect(_page(whose, recipient))


@login_required
@require_POST
def change_channel(request: HttpRequest, whose: str, pk: int, tenancy: int | None = None) -> HttpResponse:
    """Test a channel, switch it on or off, or remove it."""
    recipient = _mine(request, whose, tenancy)
    channel: Channel = get_object_or_404(_own_channels(recipient, request.user), pk=pk)
    wanted = request.POST.get("do")
    if wanted == "drop":
        _theirs(channel)
        channel.delete()
    elif wanted == "switch":
        channel.is_enabled = not channel.is_enabled
        channel.save(update_fields=["is_enabled"])
        _theirs(channel)
    elif wanted == "all-at-once":
        channel.paces.all().delete()
    elif wanted == "test":
        _test(request, channel)
    else:
        say(request, ValidationError({"do": _("There is no such choice.")}))
    return redirect(_page(whose, recipient))


def _theirs(channel: Channel) -> None:
    """Note that a tenant has changed a channel of a kind that the landlord types, too."""
    if channel.kind in KINDS.values():
        changed_by_tenant(channel.recipient)


def _test(request: HttpRequest, channel: Channel) -> None:
    # Each may cost the landlord money, and bother whoever the address is of; a channel that is dropped and added anew is no
    # way around.
    user = str(request.user.pk)
    if waits("test message", user):
        messages.error(request, _("Many tests were sent. Wait a few minutes, then try again."))
        return
    failed("test message", user)
    at = now()
    fresh = Channel.objects.filter(pk=channel.pk).filter(
        Q(tested_at__isnull=True) | Q(tested_at__lte=at - BETWEEN_TESTS)
    )
    if not fresh.update(tested_at=at):
        messages.error(request, _("A test was sent a moment ago. Wait a minute, then try again."))
        return
    title = _("prewatt: this is a test")
    text = _("Notices of prewatt will come here.")
    try:
        send(channel, Message("test", f"test-{now()}", title, text, channel.recipient.language, exact_instant(now())))
    except SendError as error:
        channel.failing = str(error)[:200]
        messages.error(request, str(error))
    else:
        channel.failing = ""
        messages.success(request, _("Sent. Check whether it has arrived."))
    channel.save(update_fields=["failing"])


# -- WeChat ------------------------------------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "POST"])
def wechat(request: HttpRequest, whose: str, tenancy: int | None = None) -> HttpResponse:
    """Add the person who opens this page in WeChat as a recipient. WeChat says who they are; when they come back from
    there, they press a button.
    """
    recipient = _mine(request, whose, tenancy)
    account = account_values(recipient.organisation_id, "wechat")
    if not account:
        raise Http404
    trip = f"notices {recipient.pk}"
    if request.method == "POST":
        _add_wechat(request, recipient, _person(request, whose), account, take_code(request, trip))
        return redirect(_page(whose, recipient))
    if "code" not in request.GET:
        return redirect(link(account["appid"], public(_page(whose, recipient, "wechat")), set_out(request, trip)))
    if come_back(request, trip) is None:
        messages.error(request, _("Nothing was added. Open the link on this page in WeChat again."))
        return redirect(_page(whose, recipient))
    context = {"whose": whose, "recipient": recipient, "page": _page(whose, recipient)}
    return render(request, "tenant/notices/wechat.html", context)


def _add_wechat(request: HttpRequest, recipient: Recipient, person: Any, account: Mapping[str, str], code: str) -> None:
    base = settings.CONFIG.providers.get("wechat-api", ADDRESS)
    try:
        who = openid(account["appid"], account["secret"], code, base)
        add_channel(recipient, "wechat", who, person)
        messages.success(request, _("Added. Try it out with a test."))
    except (LoginError, ValidationError) as error:
        say(request, error)
