"""What the link of a message opens. If the message is for the user who is logged in, it is the page that settles the matter. For others
it is a page without a log-in. It says only the kind and the channel of the message, and can stop or change such messages.

To open a link changes nothing, because programs that look at messages open links, too. A change needs a button, or the one request
by which a mail program stops messages (RFC 8058), which comes without any cookie.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from ....kernel.calendar import zone
from ...accounts.memberships import reach_of
from ...accounts.tenants import is_tenant_of
from ...accounts.throttles import failed, waits
from ...core.addresses import asker_counted
from ...notices.channels import CHANNELS
from ...notices.events import Event
from ...notices.languages import language_of
from ...notices.models import Delivery, Pace, Recipient
from ...notices.paces import (
    DAILY,
    NEVER,
    USUAL_HOUR,
    WEEKLY,
    at_once,
    can_change,
    can_stop,
    must_be_told,
    set_pace,
)
from ...notices.tap_tokens import delivery_of
from ...notices.taps import page_of
from ...notices.telling import home_zone

ONE_CLICK = "List-Unsubscribe"
"""The field of the request by which a mail program stops messages (RFC 8058)."""


@never_cache
@require_http_methods(["GET", "POST"])
def tap(request: HttpRequest, token: str) -> HttpResponse:
    """Open the short link of a message. If the message is for whoever is logged in, go to the page that it is about; else show
    a page that leads there by a log-in. A form that is sent here changes whether and how often such messages come.
    """
    delivery = _named(request, token)
    if isinstance(delivery, HttpResponse):
        return delivery
    with override(language_of(delivery.notice.recipient.language).words.locale):
        if request.method == "POST":
            return _change(request, delivery, token)
        if not _is_told(request, delivery.notice.recipient):
            return _page(request, delivery, token)
    _offer(request, delivery, token)
    return redirect(_path_of(delivery))


@never_cache
@require_http_methods(["GET", "POST"])
@csrf_exempt
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Show what can be chosen for such messages; stop them at once for a mail program."""
    delivery = _named(request, token)
    if isinstance(delivery, HttpResponse):
        return delivery
    with override(language_of(delivery.notice.recipient.language).words.locale):
        if request.method != "POST":
            return _page(request, delivery, token)
        if request.POST.get(ONE_CLICK) != "One-Click":
            return HttpResponse(status=400)
        done = _set(delivery, NEVER, 0)
        return HttpResponse(
            _("Stopped.") if done else _("Such messages can't be stopped."), status=200 if done else 403
        )


def _named(request: HttpRequest, token: str) -> Delivery | HttpResponse:
    """Return the delivery that a link names, or a page that says that it is over. Wrong ones are counted; a right one never waits."""
    delivery = delivery_of(token)
    if delivery is not None:
        return delivery
    address = asker_counted(request)
    status = 429 if waits("notice link", address) else 404
    if status == 404:
        failed("notice link", address)
    return render(request, "tenant/notices/link_over.html", status=status)


def _is_told(request: HttpRequest, recipient: Recipient) -> bool:
    """Return whether the message is for whoever is logged in."""
    if not request.user.is_authenticated:
        return False
    if recipient.tenancy is not None:
        return is_tenant_of(request.user, recipient.tenancy)
    return reach_of(request.user).organisations().filter(pk=recipient.organisation_id).exists()


def _path_of(delivery: Delivery) -> str:
    """Return the page that settles a message, on this server, whatever its public address was when it was told."""
    address = urlsplit(page_of(delivery))
    return address._replace(scheme="", netloc="").geturl()


def _offer(request: HttpRequest, delivery: Delivery, token: str) -> None:
    """Say on the page that settles a message where such messages are stopped."""
    if can_change(delivery.notice.event):
        words = _("Stop or change messages like the one that led you here")
        messages.info(request, format_html('<a href="{}">{}</a>', _address("stop", token), words))


def _change(request: HttpRequest, delivery: Delivery, token: str) -> HttpResponse:
    """Do what a button of the page says."""
    channel, event = delivery.channel, delivery.notice.event
    do, days, hour = (request.POST.get(name, "") for name in ("do", "days", "hour"))
    if do == "stop":
        _set(delivery, NEVER, 0)
    elif do == "again" or (do == "pace" and days == "0"):
        at_once(channel, event)
    elif do == "pace" and days in (str(DAILY), str(WEEKLY)) and hour in map(str, range(24)):
        _set(delivery, int(days), int(hour))
    else:
        messages.error(request, _("There is no such choice."))
    return redirect(_address("stop", token))


def _set(delivery: Delivery, days: int, hour: int) -> bool:
    return set_pace(delivery.channel, delivery.notice.event, days, hour, zone(home_zone(delivery.notice.recipient)))


def _page(request: HttpRequest, delivery: Delivery, token: str) -> HttpResponse:
    channel, event = delivery.channel, delivery.notice.event
    pace, to = Pace.objects.filter(channel=channel, event=event).first(), _address("tap", token)
    context = {
        "event": Event(event).label,
        "kind": CHANNELS[channel.kind].title if channel.kind in CHANNELS else channel.kind,
        "pace": pace,
        "stopped": pace is not None and pace.days == NEVER,
        "paces": [(0, _("each at once")), (DAILY, _("together, once a day")), (WEEKLY, _("together, once a week"))],
        "days": pace.days if pace else 0,
        "hours": range(24),
        "hour": pace.hour if pace and pace.days else USUAL_HOUR,
        "can_change": can_change(event),
        "can_stop": can_stop(channel, event),
        "must": must_be_told(delivery.notice.recipient, event),
        "to": to,
        # Where it leads would tell of which flat it is, and how much is to be paid: that comes after the log-in.
        "opens": to if _is_told(request, delivery.notice.recipient) else f"{reverse('account_login')}?next={to}",
    }
    return render(request, "tenant/notices/tap.html", context)


def _address(name: str, token: str) -> str:
    return reverse(f"tenant:notices:{name}", args=[token])
