"""Calls that make something each time, and that a program can name, so that one that is sent twice is done once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Status

from ..accounts.sent_forms import StillAtItError, drop, first_answer, keep, key_of
from ..core.errors import Refused
from ..ledger.references import OWN, is_typed

ASKED = "asked"


def once(request: HttpRequest, asked: str, given: str, work: Callable[[], dict[str, Any]]) -> Status:
    """Do what a call asks for, and answer with the document that `work` returns; if the same login has sent this call under
    the same name in the last minutes, only answer with what it was told then. `asked`: the name, empty if the call has none and is
    done each time; `given`: what was sent with it. Raises Refused if the name can't be one, or was that of something else.
    """
    if not asked:
        return Status(201, work())
    if not is_typed(asked):
        raise Refused(
            _("A name must have 1 to 40 printable characters, and must not begin with %(sign)s.") % {"sign": OWN}, ASKED
        )
    digest, key = hashlib.sha256(given.encode()).hexdigest(), key_of(f"call of {request.user.pk}", request.path, asked)
    try:
        answer = first_answer(key)
    except StillAtItError as error:
        raise Refused(str(error), ASKED, is_conflict=True) from None
    if answer is not None:
        known, document = json.loads(answer)
        if known != digest:
            text = _("Something else was asked for under the name %(name)s. Use a new name.") % {"name": asked}
            raise Refused(text, ASKED, is_conflict=True)
        return Status(201, document)
    try:
        document = work()
    except BaseException:
        drop(key)
        raise
    keep(key, json.dumps([digest, document]).encode())
    return Status(201, document)
