"""The values of a notification by their logical names.

A body names its values in one of three ways, by the makers' choice:

    array of definitions (class, OBIS, attribute, index), then a value for each     Landis+Gyr, Iskraemeco
    OBIS, value, OBIS, value, ...                                                   Kamstrup
    array of structures, each OBIS, value, scaler and unit                          Aidon
"""

from __future__ import annotations

from itertools import pairwise

from .axdr import Data, Type
from .push import Notification
from .xdlms import EventNotification

_NAME = 6
"""Bytes of a logical name."""


def named_values(notification: Notification) -> dict[bytes, Data]:
    """Return the values of a notification by their logical names; empty where it does not name them. Of several attributes
    of one object, the value (attribute 2) counts.
    """
    if isinstance(notification, EventNotification):
        return {notification.attribute.name: notification.value} if notification.attribute.number == 2 else {}
    body = notification.value
    elements = body.elements if isinstance(body.value, tuple) else ()
    if elements and elements[0].type is Type.ARRAY and len(elements[0].elements) == len(elements):
        return _by_definitions(elements[0].elements, elements)
    if all(each.type is Type.STRUCTURE for each in elements):
        return _by_rows(elements)
    return {name.octets: value for name, value in pairwise(elements) if _is_name(name) and not _is_name(value)}


def _by_rows(rows: tuple[Data, ...]) -> dict[bytes, Data]:
    """Return the values of structures that each begin with a name and a value."""
    pairs = [row.elements[:2] for row in rows if len(row.elements) >= 2]
    return {name.octets: value for name, value in pairs if _is_name(name)}


def _by_definitions(definitions: tuple[Data, ...], values: tuple[Data, ...]) -> dict[bytes, Data]:
    named = {}
    for definition, value in zip(definitions, values, strict=True):
        if len(definition.elements) >= 3 and definition.elements[2].value == 2 and value.type is not Type.ARRAY:
            named[definition.elements[1].octets] = value
    return named


def _is_name(data: Data) -> bool:
    return data.type is Type.OCTET_STRING and isinstance(data.value, bytes) and len(data.value) == _NAME
