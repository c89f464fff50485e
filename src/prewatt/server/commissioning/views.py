"""The calls by which gateways enrol, and ask for the flats whose meters they set up."""

from __future__ import annotations

import dataclasses
import logging
from ipaddress import ip_address
from math import ceil

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ...wire.commissioning import LONGEST, CallError, read_asked, sealed
from ..accounts.throttles import failed, waits
from ..core.addresses import asker, asker_counted
from ..core.config import signing_key
from ..core.uploads import LARGEST_UPLOAD, takes
from . import enrolment, found

log = logging.getLogger("prewatt.server")


class EnrolRequest(msgspec.Struct):
    """The body of the call: `code` as it was shown to the manager, `public_key` as 64 hexadecimal digits."""

    code: str
    public_key: str


@csrf_exempt
@require_POST
def enrol(request: HttpRequest) -> JsonResponse:
    """Use up a one-time enrolment code. The answer is 200 with what the gateway needs to know, or 400 with `error`;
    429 after many wrong codes from one address. A right code is taken even then.
    """
    try:
        asked = msgspec.json.decode(request.body[:10_000], type=EnrolRequest)
        answer = enrolment.enrol(asked.code, bytes.fromhex(asked.public_key))
    except (msgspec.DecodeError, ValueError) as error:
        return _refused(request, str(error))
    if not request.is_secure() and not _is_this_machine(asker(request)):
        log.warning(
            "gateway %s was enrolled from another machine without TLS: who listened has the meters' keys. Give the server an "
            "https:// address, and enrol it anew",
            answer.gateway,
        )
    return JsonResponse(dataclasses.asdict(answer))


def _is_this_machine(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _refused(request: HttpRequest, why: str) -> JsonResponse:
    """Count a wrong code, or say how long its sender has to wait."""
    address = asker_counted(request)
    wait = ceil(waits("enrolment", address))
    if not wait:
        failed("enrolment", address)
        return JsonResponse({"error": why}, status=400)
    said = _("There were too many wrong codes. Check the code, and try again in %(n)d s.") % {"n": wait}
    return JsonResponse({"error": said}, status=429, headers={"Retry-After": str(wait)})


@takes(LARGEST_UPLOAD)
@csrf_exempt
@require_POST
def set_up(request: HttpRequest) -> HttpResponse:
    """Answer a gateway's signed call (`wire.commissioning`): 200 with the signed list of its property's units and meters, or
    400 with what is wrong, as text.
    """
    try:
        asked, envelope = read_asked(request.body[:LONGEST])
        answer = found.answer(asked, envelope)
    except CallError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain; charset=utf-8")
    return HttpResponse(sealed(signing_key(settings.CONFIG), answer), content_type="application/json")
