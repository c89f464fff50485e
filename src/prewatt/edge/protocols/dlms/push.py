"""What meters send unasked: data notifications, whole or in general blocks, in HDLC frames. They are only read.

A body names its values in one of three ways, by the makers' choice:

    array of definitions (class, OBIS, attribute, index), then a value for each     Landis+Gyr, Iskraemeco
    OBIS, value, OBIS, value, ...                                                   Kamstrup
    array of structures, each OBIS, value, scaler and unit                          Aidon
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise

from ..exchange import Answer, Exchange, WrongAnswer
from .axdr import Data, Type, obis_text
from .hdlc import LONGEST, Frame, FrameStream
from .link import APDU_LONGEST, LLC_ANSWER
from .xdlms import DataNotification, EventNotification, GeneralBlock, UnknownApdu, decode_apdu

Notification = DataNotification | EventNotification
_NAME = 6
"""Bytes of a logical name."""


class PushStream:
    """Notifications out of a stream of bytes. `refused`: how many were not understood."""

    def __init__(self) -> None:
        self._frames = FrameStream()
        self._segments: dict[bytes, bytes] = {}
        self._blocks: dict[bytes, tuple[int, bytes]] = {}
        self.refused = 0

    def feed(self, received: bytes) -> list[Notification]:
        """Take up the next bytes. Returns the notifications that are whole now."""
        notifications = []
        for frame in self._frames.feed(received):
            try:
                notification = self._of_frame(frame)
            except WrongAnswer:
                self.refused += 1
            else:
                if notification is not None:
                    notifications.append(notification)
        return notifications

    def _of_frame(self, frame: Frame) -> Notification | None:
        if frame.kind not in ("I", "UI"):
            return None
        content = self._segments.pop(frame.source, b"") + frame.information
        if frame.segmented:
            if len(content) <= APDU_LONGEST:
                self._segments[frame.source] = content
            return None
        # Some meters send blocks without the LLC bytes from the second on.
        return self._of_apdu(frame.source, content.removeprefix(LLC_ANSWER))

    def _of_apdu(self, source: bytes, content: bytes) -> Notification | None:
        try:
            apdu = decode_apdu(content)
        except UnknownApdu:
            return None
        if isinstance(apdu, DataNotification | EventNotification):
            return apdu
        if not isinstance(apdu, GeneralBlock):
            return None
        number, before = self._blocks.pop(source, (0, b""))
        if apdu.number == 1:
            number, before = 0, b""
        if apdu.number != number + 1 or len(before) > APDU_LONGEST:
            raise WrongAnswer(f"block {apdu.number}, where block {number + 1} belongs")
        if not apdu.is_last:
            self._blocks[source] = (apdu.number, before + apdu.block)
            return None
        whole = decode_apdu(before + apdu.block)
        return whole if isinstance(whole, DataNotification | EventNotification) else None


class Pushed(Exchange[Mapping[bytes, Data]]):
    """What a meter sends by itself, by logical names, once all that is `wanted` was in it. `waits_s`: how long one listens."""

    request, longest, mirrors = b"", LONGEST, True

    def __init__(self, wanted: Collection[bytes], waits_s: float) -> None:
        self.waits_s = waits_s
        self._wanted, self._stream = frozenset(wanted), PushStream()
        self._values: dict[bytes, Data] = {}

    def feed(self, received: bytes) -> Answer[Mapping[bytes, Data]] | None:
        """Take up what arrived."""
        for notification in self._stream.feed(received):
            self._values |= named_values(notification)
        return Answer(self._values) if self._values and self._wanted <= self._values.keys() else None

    def seen(self) -> str:
        """Return what arrived in place of the values."""
        missing = ", ".join(sorted(obis_text(name) for name in self._wanted - self._values.keys()))
        return f"it pushes values without {missing}" if self._values else "no values were pushed"


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
