"""The calls by which gateways enrol, and ask for the flats whose meters they set up."""

from __future__ import annotations

import logging
from math import ceil

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ...wire.commissioning import LONGEST
from ...wire.commissioning_call import CallError, answered, read_asked
from ...wire.enrolling import EnrolCall
from ..accounts.throttles import failed, waits
from ..core.addresses import asker_counted
from ..core.home_secrets import signing_key
from ..core.uploads import LARGEST_UPLOAD, takes
from . import found
from .enrolment import enrol as enrol_gateway

log = logging.getLogger("prewatt.server")


@csrf_exempt
@require_POST
def enrol(request: HttpRequest) -> HttpResponse:
    """Use up a one-time enrolment code. The answer is 200 with what the gateway needs to know, sealed to it
    (`wire.enrolling`), or 400 with `error`; 429 after many wrong codes from one address. A right code is taken even then.
    """
    try:
        call = msgspec.json.decode(request.body[:10_000], type=EnrolCall)
        enrolment, secret = enrol_gateway(call)
        answer = call.answered(secret, msgspec.json.encode(enrolment))
    except (msgspec.DecodeError, ValueError) as error:
        return _refused(request, str(error))
    return HttpResponse(answer, content_type="application/octet-stream")


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
    """Answer a gateway's signed call (`wire.commissioning`): 200 with the list of its property's units and meters, signed and sealed, or
    400 with what is wrong, as text.
    """
    try:
        asked, envelope = read_asked(request.body[:LONGEST])
        answer = answered(signing_key(settings.CONFIG), asked, found.answer(asked, envelope))
    except CallError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain; charset=utf-8")
    return HttpResponse(answer, content_type="application/octet-stream")
