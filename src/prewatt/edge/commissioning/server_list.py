"""The flats and their meters as the server knows them, asked by the gateway with its key; and the meters that were found
where the server knows of none, told to it.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from ...wire.commissioning import LONGEST, Answered, Asked, FoundAt
from ...wire.commissioning_call import CallError, open_answered, signed
from ...wire.sealing import Receiver
from ...wire.signing import SigningKey, VerifyKey
from ..settings import EdgeSettings, TokenSettings
from ..texts import _
from .rules import problems
from .survey import Flat, FoundMeter, Survey, SurveyError

PATH = "/api/gateways/set-up"
WITHIN_S = 30.0


class _Row(Struct):
    """A meter of the server's list. `unit`: its flat; `token`: the key by which it reads codes."""

    name: str
    unit: str = ""
    serial: str = ""
    token: TokenSettings | None = None


def to_tell(survey: Survey) -> list[FoundMeter]:
    """Return the meters that were put to a flat where the server knows of none, and compared."""
    without = {flat.key for flat in survey.flats if not flat.name}
    return [
        meter
        for meter in survey.meters
        if meter.flat in without and meter.compared and meter.number and not problems(survey, meter)
    ]


def ask_server(settings: EdgeSettings, meters: list[FoundMeter], clock: Callable[[], int]) -> list[Flat]:
    """Tell the server of meters that were found, and return the flats as it lists them then. Raises SurveyError."""
    if not settings.server:
        raise SurveyError(_('The server\'s address is missing: add server = "https://..." to edge.toml.'))
    at_flats = tuple(
        FoundAt(meter.flat, meter.serial, seen.model, seen.register or 0) for meter in meters if (seen := meter.look)
    )
    receiver = Receiver()
    asked = Asked(settings.gateway, clock(), receiver.public.hex(), at_flats)
    try:
        answer = _call(settings, asked, receiver)
        rows = msgspec.convert(answer.meters, list[_Row])
    except (CallError, msgspec.MsgspecError, ValueError) as error:
        raise SurveyError(f"{settings.server}: {error}") from None
    flats = [Flat(row.unit, row.name, row.serial or row.name, row.token) for row in rows]
    return [*flats, *(Flat(unit) for unit in answer.units)]


def _call(settings: EdgeSettings, asked: Asked, receiver: Receiver) -> Answered:
    key = SigningKey.load(Path(settings.key))
    request = urllib.request.Request(  # noqa: S310
        settings.server + PATH, signed(key, asked), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=WITHIN_S) as response:  # noqa: S310
            data = response.read(LONGEST)
    except urllib.error.HTTPError as error:
        raise CallError(error.read(1000).decode(errors="replace")) from None
    except OSError as error:
        raise CallError(str(error)) from None
    return open_answered(VerifyKey(bytes.fromhex(settings.server_key)), data, asked, receiver)
