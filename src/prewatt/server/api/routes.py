"""The HTTP API, `/api/v1/`. It uses the same services as pages and commands, and says the same in errors."""

from __future__ import annotations

from math import ceil
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, Throttled
from ninja.errors import ValidationError as MalformedError
from ninja.openapi.docs import ABS_TPL_PATH, Swagger
from ninja.parser import Parser
from ninja.security import HttpBearer, django_auth

from ..accounts.keys import ApiKey, KeyRefused, user_of
from ..accounts.languages import speak
from ..accounts.rates import waits_for_rate
from ..accounts.throttles import failed, waits
from ..core.addresses import asker_counted
from ..core.errors import Refused, by_field
from ..core.json_text import JsonError, read_json
from ..web.collisions import in_words as in_words_of
from ..web.gate import check_login
from ..web.needs import API, READING
from ..web.trouble import forbidden
from . import (
    adjustments,
    alarms,
    bills,
    codes,
    correspondence,
    costs,
    emergency,
    keypad_accounts,
    keypad_meters,
    meters,
    moves,
    on_site,
    owed,
    payments,
    properties,
    statements,
    tariffs,
    tenants,
    top_ups,
    usage,
    wechat,
)
from .me import automatic, gift_links, home, notices, papers, person, reports, residents
from .me import payments as my_payments
from .reading import wrong_type

OWN = f"/{API}me"
READ_BY_PEOPLE = (OWN, f"/{API}wechat/")
"""The beginnings of the addresses whose answers people read: those of their own flats, and the log-in by WeChat."""


class _Bearer(HttpBearer):
    """Lets a program in by the key in the header `Authorization`."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Return the person for whom the program acts. Raises HttpError, with words, if the key opens nothing, or does
        not open this call; Throttled after many wrong keys from one address, or too many calls with a right one.
        """
        try:
            user = user_of(token)
        except KeyRefused as error:
            address = asker_counted(request)
            if wait := waits("API key", address):
                raise Throttled(ceil(wait)) from None
            failed("API key", address)
            raise HttpError(401, str(error)) from None
        if wait := waits_for_rate(token):
            raise Throttled(ceil(wait))
        if user.api_key.scope == ApiKey.Scope.READ and request.method not in READING:
            raise HttpError(403, _("This key may only read."))
        request.user = user
        check_login(request)
        if request.path.startswith(OWN):
            speak(user)
        return user


class _Body(Parser):
    """Reads bodies with the API's own errors."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the value of the request's JSON body. Raises JsonError, and HttpError 415 for another content type."""
        if request.content_type != "application/json":
            raise HttpError(415, _("Send JSON, with the header Content-Type: application/json."))
        return read_json(request.body)


class _Documentation(Swagger):
    """The page with all calls, whose files come from this server though the library is no app (`settings.NINJA`)."""

    template_cdn = str(ABS_TPL_PATH / "swagger.html")


class _Api(NinjaAPI):
    """Answers that a browser that is led here keeps as a file, and shows to nobody as a page."""

    def create_response(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the answer to a call, as JSON."""
        response = super().create_response(*args, **kwargs)
        response.headers.setdefault("Content-Disposition", 'attachment; filename="api.json"')
        return response


api = _Api(
    title="prewatt",
    version="1",
    urls_namespace="api",
    auth=[_Bearer(), django_auth],
    parser=_Body(),
    docs=_Documentation(),
    docs_decorator=login_required,
)

ROOMS = (
    properties,
    tariffs,
    costs,
    tenants,
    moves,
    statements,
    usage,
    bills,
    top_ups,
    payments,
    owed,
    adjustments,
    codes,
    emergency,
    keypad_accounts,
    keypad_meters,
    meters,
    on_site,
    alarms,
    correspondence,
    wechat,
    person,
    home,
    my_payments,
    papers,
    notices,
    residents,
    automatic,
    gift_links,
    reports,
)
for room in ROOMS:
    api.add_router("", room.router)


@api.exception_handler(ValidationError)
@api.exception_handler(ValueError)
def refused(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer 400 with the message of each field; 409 if what is asked for contradicts what is there by now."""
    errors = [{"field": name, "message": text} for name, text in by_field(error)]
    is_conflict = isinstance(error, Refused) and error.is_conflict
    return api.create_response(request, {"errors": errors}, status=409 if is_conflict else 400)


@api.exception_handler(PermissionDenied)
def not_allowed(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer 403, and say who can give the right that is missing."""
    return forbidden(request, error)


@api.exception_handler(IntegrityError)
def collided(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer 409: this exists already, or somebody else has made it at the same moment."""
    assert isinstance(error, IntegrityError)
    return api.create_response(request, {"errors": [{"field": "", "message": in_words_of(error)}]}, status=409)


@api.exception_handler(MalformedError)
def malformed(request: HttpRequest, error: MalformedError) -> HttpResponse:
    """Answer 422, in the library's words, if a value is of a wrong type; where people read it, 400, in our words."""
    if not request.path.startswith(READ_BY_PEOPLE):
        return api.create_response(request, {"detail": error.errors}, status=422)
    errors = [{"field": f"{each['loc'][-1]}", "message": wrong_type(each["type"])} for each in error.errors]
    return api.create_response(request, {"errors": errors}, status=400)


@api.exception_handler(HttpError)
def unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer 400, in words, if the body is not JSON; 429 if there were too many calls; otherwise as the error says."""
    if isinstance(error.__cause__, HttpError):
        error = error.__cause__
    if isinstance(error.__cause__, JsonError):
        return refused(request, error.__cause__)
    if isinstance(error, Throttled):
        text = _("There were too many calls. Try again in %(n)d s.") % {"n": error.wait}
        response = api.create_response(request, {"detail": text}, status=429)
        response["Retry-After"] = str(error.wait)
        return response
    return api.create_response(request, {"detail": str(error)}, status=error.status_code)
