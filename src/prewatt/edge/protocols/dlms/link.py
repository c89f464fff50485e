"""An APDU over HDLC and back (IEC 62056-46, normal response mode, window 1), as exchanges of frames.

    SNRM -> UA                the link is open, numbers begin at 0
    I (poll) -> I (final)     an APDU after the LLC bytes E6 E6 00; its answer after E6 E7 00
    I (segmented) -> RR       there and back, where the APDU is longer than an information field
    DISC -> UA or DM          the link is closed

A meter sends only when it is polled. Each I frame is numbered modulo 8 both ways, so that an answer that comes late is not
taken for another one. What other meters send, pushes (UI), and frames out of turn are skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from ..conversation import Conversation
from ..errors import ProtocolError, WrongAnswer
from ..exchange import Answer, Exchange, Skipped
from .hdlc import DISC, INFORMATION_DEFAULT, LONGEST, OVERHEAD, POLL, SNRM, Frame, FrameStream, Parameters
from .hdlc import decode_parameters as parameters_of

T = TypeVar("T")

LLC_QUESTION, LLC_ANSWER = b"\xe6\xe6\x00", b"\xe6\xe7\x00"
APDU_LONGEST = 65_535
_RR = 0x01
_POLLS = 10
"""How often a meter that has not got its answer yet is asked for it."""

ECHO = "only the echo of the question"


class LinkLost(ProtocolError):
    """The meter has closed the link or the association, and has not done what it was asked."""


class Busy(ProtocolError):
    """The meter takes no new association now: it may still hold one that broke off."""


class Link(Protocol):
    """What carries APDUs to a meter and back."""

    def connect(self) -> Conversation[None]:
        """Open the link. Raises Busy if the meter opens none now."""
        ...

    def ask(self, apdu: bytes, take: Callable[[bytes], T | None]) -> Conversation[T]:
        """Send an APDU, and return what `take` makes of the APDU that answers it. `take` returns None for an APDU that
        is no answer. Raises LinkLost.
        """
        ...

    def disconnect(self, release: bytes) -> Conversation[None]:
        """Close the link. `release`: the RLRQ, where an association does not end with its link."""
        ...


class FrameExchange(Exchange[Frame]):
    """A frame to a meter, and the frame that answers it."""

    def __init__(self, question: Frame, accepts: Callable[[Frame], bool], information: int) -> None:
        self.request = question.encode()
        self.longest = min(information + OVERHEAD, LONGEST + 2)
        self._question, self._accepts = question, accepts
        self._stream, self._others = FrameStream(), ""

    def feed(self, received: bytes) -> Answer[Frame] | None:
        """Take up what arrived."""
        for frame in self._stream.feed(received):
            if frame.destination != self._question.source or frame.source != self._question.destination:
                sender = frame.source.hex().upper()
                self._others = ECHO if frame == self._question else f"a frame of {sender}"
            elif self._accepts(frame):
                return Answer(frame)
            elif frame.kind in ("DM", "FRMR"):
                raise LinkLost("it has closed the link" if frame.kind == "DM" else "it rejects a frame, and its link")
            else:
                self._others = f"a frame {frame.kind} out of turn"
        return None

    def skipped(self) -> Skipped:
        """Return what came beside the answer."""
        return Skipped(self._stream.others, self._others not in ("", ECHO))

    def seen(self) -> str:
        """Return what arrived in place of the answer."""
        return self._others or (f"{self._stream.others} bytes that are no frame" if self._stream.others else "nothing")


class HdlcLink:
    """The link of one client to one meter. `client`, `server`: their addresses as they stand in frames. `information`: the
    longest information field that we propose; both sides have 128 if neither says more.
    """

    def __init__(self, client: bytes, server: bytes, information: int = INFORMATION_DEFAULT) -> None:
        self._client, self._server, self._proposed = client, server, information
        self._agree(Parameters())

    def _agree(self, agreed: Parameters) -> None:
        """Begin a link. What the meter can receive is what we may send."""
        self._sending, self._receiving = agreed.receive, agreed.transmit
        self._sent = self._received = 0

    def connect(self) -> Conversation[None]:
        """Open the link."""
        proposed = Parameters(self._proposed, self._proposed)
        # Some meters do not like to be told what is so anyhow.
        information = b"" if proposed == Parameters() else proposed.encode()
        frame = yield self._exchange(SNRM, information, lambda answer: answer.kind in ("UA", "DM"))
        if frame.kind == "DM":
            raise Busy("it opens no link now")
        self._agree(parameters_of(frame.information))

    def disconnect(self, release: bytes) -> Conversation[None]:  # noqa: ARG002
        """Close the link, and with it the association."""
        yield self._exchange(DISC, b"", lambda answer: answer.kind in ("UA", "DM"))

    def ask(self, apdu: bytes, take: Callable[[bytes], T | None]) -> Conversation[T]:
        """Send an APDU, and return what `take` makes of the answer."""
        frame = yield from self._send(LLC_QUESTION + apdu)
        content = b""
        for polls in range(_POLLS + APDU_LONGEST // 16):
            if frame.kind == "I":
                self._received = (self._received + 1) % 8
                content += frame.information
                if not frame.segmented:
                    break
            elif polls >= _POLLS:
                raise WrongAnswer("it says again and again that its answer is not ready")
            if len(content) > APDU_LONGEST:
                break
            frame = yield self._exchange(_RR | POLL | self._received << 5, b"", self._continues)
        if frame.kind != "I" or frame.segmented:
            raise WrongAnswer("an answer without an end")
        if not content.startswith(LLC_ANSWER):
            raise WrongAnswer("an answer that does not begin with E6 E7 00")
        answer = take(content[len(LLC_ANSWER) :])
        if answer is None:
            raise WrongAnswer(f"an answer to another question: {content[3:20].hex().upper()}")
        return answer

    def _send(self, content: bytes) -> Conversation[Frame]:
        """Send the content of one or more I frames. Returns the answer to the last."""
        pieces = [content[at : at + self._sending] for at in range(0, len(content), self._sending)]
        for number, piece in enumerate(pieces, 1):
            control = self._received << 5 | POLL | self._sent << 1
            self._sent = (self._sent + 1) % 8
            is_last = number == len(pieces)
            accepts = self._continues if is_last else self._acknowledges
            frame: Frame = yield self._exchange(control, piece, accepts, segmented=not is_last)
        return frame

    def _acknowledges(self, frame: Frame) -> bool:
        return frame.kind == "RR" and frame.received == self._sent

    def _continues(self, frame: Frame) -> bool:
        if frame.kind == "I":
            return frame.received == self._sent and frame.sent == self._received
        return frame.kind in ("RR", "RNR") and frame.received == self._sent

    def _exchange(
        self, control: int, information: bytes, accepts: Callable[[Frame], bool], segmented: bool = False
    ) -> FrameExchange:
        question = Frame(self._server, self._client, control, information, segmented)
        return FrameExchange(question, accepts, self._receiving)
