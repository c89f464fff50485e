"""The call by which gateways enrol."""

from __future__ import annotations

import dataclasses

import msgspec
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from . import enrolment


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
