"""The calls by which gateways enrol, and ask for the flats whose meters they set up."""

from __future__ import annotations

import dataclasses

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ...wire.commissioning import LONGEST, CallError, read_asked, sealed
from ..core.config import signing_key
from . import enrolment, found


class EnrolRequest(msgspec.Struct):
    """The body of the call: `code` as it was shown to the manager, `public_key` as 64 hexadecimal digits."""

    code: str
    public_key: str


@csrf_exempt
@require_POST
def enrol(request: HttpRequest) -> JsonResponse:
    """Use up a one-time enrolment code. The answer is 200 with what the gateway needs to know, or 400 with `error`."""
    try:
        asked = msgspec.json.decode(request.body[:10_000], type=EnrolRequest)
        answer = enrolment.enrol(asked.code, bytes.fromhex(asked.public_key))
    except (msgspec.DecodeError, ValueError) as error:
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse(dataclasses.asdict(answer))


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
