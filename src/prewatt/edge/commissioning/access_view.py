"""The form for what a meter needs beside its address, such as its password."""

from __future__ import annotations

from typing import Any

import msgspec

from ..conversations import find_protocol
from ..html import Html, element
from ..page_parts import form
from ..texts import _
from .access_labels import access_label
from .pieces import field
from .survey import FoundMeter


def access_form(meter: FoundMeter, mark: Html) -> Html | None:
    """Return the form for passwords, keys and other settings of the meter's protocol. None for a meter in service, or
    where several meters answer at its address.
    """
    if meter.in_service or meter.is_doubled:
        return None
    access = find_protocol(meter.protocol).access
    fields = [each for each in msgspec.structs.fields(access) if each.name not in ("address", "ratios", "alone")]
    return element(
        "section",
        element(
            "details",
            element("summary", _("Password, keys, a relay beside the meter")),
            form(
                "/setup/more",
                mark,
                *(_access_field(each, meter.more.get(each.name, "")) for each in fields),
                element("button", _("Save, and ask the meter again"), class_="plain"),
            ),
            open=meter.look is None,
        ),
    )


def _access_field(info: Any, value: object) -> Html:
    secret = "password" in info.name or info.name.endswith("_key")
    kind = "password" if secret else "text"
    shown = "" if info.default is msgspec.NODEFAULT or secret else str(info.default or "")
    return field(
        access_label(info.name),
        name=f"more.{info.name}",
        type=kind,
        value=str(value),
        placeholder=shown,
        autocomplete="off",
    )
