"""What meters send unasked: data notifications, whole or in general blocks, in HDLC frames. They are only read."""

from __future__ import annotations

from ..errors import WrongAnswer
from .hdlc import Frame, FrameStream
from .link import APDU_LONGEST, LLC_ANSWER
from .xdlms import DataNotification, EventNotification, GeneralBlock, UnknownApdu, decode_apdu

Notification = DataNotification | EventNotification


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
