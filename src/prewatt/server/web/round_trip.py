"""A trip to another site, which says who somebody is there, and back: WeChat's login.

A link from anywhere could bring somebody back with another person's code. So the trip begins here, with a random state
that only this session and the other site know; who comes back with it may press a button; and only the button, a POST,
uses the code.
"""

from __future__ import annotations

import secrets

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from ...kernel.units import MINUTE
from ..core.time import now

LONGEST = 10 * MINUTE
"""The longest time of a trip, and then of the wait for the button, µs."""
LONGEST_CODE = 500
_KEY = "trip for %s"


def set_out(request: HttpRequest, purpose: str, **wanted: str) -> str:
    """Begin a trip, in place of an earlier one for the same purpose. Returns its state, which the other site sends back.
    `wanted` is what the person was about to do.
    """
    state = secrets.token_urlsafe(32)
    request.session[_KEY % purpose] = {"state": state, "at": now(), "wanted": wanted}
    return state


def come_back(request: HttpRequest, purpose: str) -> dict[str, str] | None:
    """Return, once, the `wanted` of a person who comes back with the state of their trip. The code that they bring is kept
    for the button. None if they bring no code, this session has no such trip, or it took too long.
    """
    trip, code = request.session.get(_KEY % purpose, {}), request.GET.get("code", "")
    state = trip.get("state", "")
    if not state or not code or len(code) > LONGEST_CODE or now() - trip["at"] > LONGEST:
        return None
    if not constant_time_compare(state, request.GET.get("state", "")):
        return None
    request.session[_KEY % purpose] = {"code": code, "at": now()}
    wanted: dict[str, str] = trip["wanted"]
    return wanted


def take_code(request: HttpRequest, purpose: str) -> str:
    """Return, once, the code that waits for the button; empty if there is none, or it has waited too long."""
    trip = request.session.get(_KEY % purpose, {})
    if "code" not in trip:
        return ""
    del request.session[_KEY % purpose]
    return str(trip["code"]) if now() - trip["at"] <= LONGEST else ""
