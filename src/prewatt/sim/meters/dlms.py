"""A played meter that speaks DLMS/COSEM: the server's side, over HDLC (`HdlcResponder`) and the wrapper
(`WrapperResponder`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ...edge.meters.dlms_model import DlmsModel
from ...edge.meters.model import find_model_file, read_model
from ...edge.protocols.dlms.acse import (
    AARQ,
    RLRE,
    RLRQ,
    Acse,
    Initiate,
    Mechanism,
    Result,
    aare,
    decode_acse,
    decode_initiate,
    initiate_response,
)
from ...edge.protocols.dlms.axdr import Data, Type, encode_data
from ...edge.protocols.dlms.client import Credentials
from ...edge.protocols.dlms.hdlc import (
    DM,
    POLL,
    UA,
    Frame,
    FrameStream,
    Parameters,
    client_address,
    decode_parameters,
    server_address,
)
from ...edge.protocols.dlms.link import LLC_ANSWER, LLC_QUESTION
from ...edge.protocols.dlms.names import REPLY_TO_HLS
from ...edge.protocols.dlms.security import CIPHERED, GENERAL, TITLE_LENGTH, Session, check_proof, proof
from ...edge.protocols.dlms.wrapper import Wrapped, WrappedStream
from ...edge.protocols.dlms.xdlms import (
    ActionRequest,
    ActionResponse,
    Apdu,
    ExceptionResponse,
    GetBlock,
    GetNext,
    GetRequest,
    GetResponse,
    SetRequest,
    SetResponse,
    decode_apdu,
)
from ...edge.protocols.errors import ProtocolError, WrongAnswer
from .dlms_objects import DENIED, SUCCESS, CosemObjects, Habits
from .dlms_push import PushingResponder
from .plan import HousePlan, HungMeter, LinePlan
from .played import PlayedMeter
from .protocol import PlayedProtocol

PASSWORD = "12345678"
TITLE = b"PLY00001"
NO_ASSOCIATION, CANNOT, WRONG_COUNTER = ExceptionResponse(1, 1), ExceptionResponse(2, 2), 6
CONFORMANCE = 0x00101D
FAILED = 13
"""The diagnostic "authentication failed"."""
BLOCK_OVERHEAD = 32
LONGEST = 2048


@dataclass
class Association:
    """An association that a client has. `waits_for_proof`: the challenge that its proof must answer."""

    may_act: bool
    pdu_size: int
    session: Session | None = None
    ours: bytes = b""
    theirs: bytes = b""
    waits_for_proof: bool = False
    rest: bytes = b""
    """What is left of a long value."""
    block: int = 0


class DlmsServer:
    """A meter's application layer. `credentials`: what a client must show before it may switch. `tries`: how often
    somebody showed wrong credentials.
    """

    def __init__(
        self,
        meter: PlayedMeter,
        model: DlmsModel,
        credentials: Credentials,
        habits: Habits,
        challenge: Callable[[int], bytes],
    ) -> None:
        self.meter, self.model, self.credentials, self.habits = meter, model, credentials, habits
        self.objects = CosemObjects(meter, model, habits)
        self.associations: dict[int, Association] = {}
        self.tries = 0
        self._challenge = challenge
        self._counter = 1
        """Our own invocation counter, which outlives associations."""

    def answer(self, client: int, question: bytes) -> bytes:
        """Return the APDU that answers a client's."""
        if self.meter.faults.refuses:
            return CANNOT.encode()
        tag = question[0] if question else 0
        if tag == AARQ:
            return self._associate(client, question).encode()
        if tag == RLRQ:
            self.associations.pop(client, None)
            return Acse(RLRE, ((0x80, b"\0"),)).encode()
        association = self.associations.get(client)
        if association is None:
            return NO_ASSOCIATION.encode()
        session = association.session
        if session is None:
            return self._serve(association, question).encode()
        try:
            plain = session.decipher(question)
        except WrongAnswer:
            return CANNOT.encode()
        if plain is None:
            return ExceptionResponse(2, WRONG_COUNTER, (session.seen + 1).to_bytes(4)).encode()
        self.objects.counter = session.seen
        session.is_general = question[0] == GENERAL
        answer = self._serve(association, plain).encode()
        return session.cipher(answer) if answer[0] in CIPHERED else answer

    def _associate(self, client: int, question: bytes) -> Acse:
        self.associations.pop(client, None)
        try:
            asked = decode_acse(question)
            is_public = client == self.model.counter_client and client != self.model.client
            wanted = Mechanism.NONE if is_public else self.credentials.mechanism
            if asked.mechanism != wanted:
                return aare(Result.REJECTED_PERMANENT, 11, None)
            if wanted is Mechanism.HLS_GMAC:
                return self._begin_hls(client, asked)
            if wanted is Mechanism.LLS and asked.authentication_value != self.credentials.password:
                raise WrongAnswer("wrong password")
            initiate = decode_initiate(asked.user_information or b"")
        except ProtocolError:
            self.tries += 1
            return aare(Result.REJECTED_PERMANENT, FAILED, None)
        self.associations[client] = Association(not is_public, initiate.pdu_size)
        return aare(Result.ACCEPTED, 0, initiate_response(Initiate(CONFORMANCE, self.habits.pdu_size)))

    def _begin_hls(self, client: int, asked: Acse) -> Acse:
        title, theirs = asked.title or b"", asked.authentication_value or b""
        if self.credentials.keys is None or len(title) != TITLE_LENGTH or not theirs:
            raise WrongAnswer("no title or no challenge")
        session = Session(self.credentials.keys, TITLE, self._counter, title, self.objects.counter)
        initiate = decode_initiate(session.decipher(asked.user_information or b"") or b"")
        self.objects.counter = session.seen
        ours = self._challenge(16)
        self.associations[client] = Association(True, initiate.pdu_size, session, ours, theirs, waits_for_proof=True)
        information = session.cipher(initiate_response(Initiate(CONFORMANCE, self.habits.pdu_size)))
        self._counter = session.counter + LONGEST
        return aare(Result.ACCEPTED, 14, information, Mechanism.HLS_GMAC, ours, TITLE)

    def _serve(self, association: Association, question: bytes) -> Apdu:
        try:
            asked = decode_apdu(question)
        except WrongAnswer:
            return CANNOT
        if association.waits_for_proof and not (isinstance(asked, ActionRequest) and asked.method == REPLY_TO_HLS):
            return NO_ASSOCIATION
        match asked:
            case GetRequest(invoke, ((attribute, _),), False):
                return self._get(association, invoke, self.objects.get(attribute))
            case GetNext(invoke, number):
                return self._next(association, invoke, number)
            case SetRequest(invoke, attribute, value):
                return SetResponse(invoke, self.objects.set(attribute, value) if association.may_act else DENIED)
            case ActionRequest(invoke, method, parameter):
                if method == REPLY_TO_HLS:
                    return self._end_hls(association, invoke, parameter)
                return ActionResponse(invoke, self.objects.act(method) if association.may_act else DENIED)
        return CANNOT

    def _get(self, association: Association, invoke: int, value: Data | int) -> Apdu:
        whole = GetResponse(invoke, (value,))
        if isinstance(value, int) or len(whole.encode()) + BLOCK_OVERHEAD <= self._longest(association):
            return whole
        association.rest, association.block = encode_data(value), 0
        return self._next(association, invoke, 0)

    def _next(self, association: Association, invoke: int, number: int) -> Apdu:
        if number != association.block or not association.rest:
            return GetBlock(invoke, is_last=True, number=number + 1, block=19)
        size = self._longest(association) - BLOCK_OVERHEAD
        block, association.rest = association.rest[:size], association.rest[size:]
        association.block += 1
        return GetBlock(invoke, not association.rest, association.block, block)

    def _longest(self, association: Association) -> int:
        return min(self.habits.pdu_size, association.pdu_size or self.habits.pdu_size)

    def _end_hls(self, association: Association, invoke: int, parameter: Data | None) -> ActionResponse:
        session = association.session
        try:
            if session is None or parameter is None:
                raise WrongAnswer("no high level security goes on")
            check_proof(session.keys, session.theirs, parameter.octets, association.ours)
        except WrongAnswer:
            self.tries += 1
            return ActionResponse(invoke, DENIED)
        association.waits_for_proof = False
        ours = proof(session.keys, session.ours, session.next_counter(), association.theirs)
        return ActionResponse(invoke, SUCCESS, b"\1\0" + encode_data(Data(Type.OCTET_STRING, ours)))


class WrapperResponder:
    """A meter behind a TCP connection. `address`: its service access point."""

    def __init__(self, server: DlmsServer, address: int) -> None:
        self.server, self._address = server, address
        clients = {server.model.client, server.model.counter_client}
        self._streams = {client: WrappedStream(client, address, LONGEST) for client in clients}

    def feed(self, received: bytes) -> list[bytes]:
        """Take up bytes, and return the answers."""
        if self.server.meter.faults.silent:
            return []
        answers = []
        for client, stream in self._streams.items():
            for apdu in stream.feed(received):
                answer = self.server.answer(client, apdu)
                answers.append(Wrapped(self._address, client, answer).encode())
        return answers


@dataclass
class _Link:
    """The link of a client. `sent`, `received`: as they are numbered. `waiting`: segments of the answer that go on."""

    transmit: int
    used_at: int
    sent: int = 0
    received: int = 0
    question: bytes = b""
    waiting: list[bytes] = field(default_factory=list)
    last: Frame | None = None


class HdlcResponder:
    """A meter on a line. `physical`: its address there."""

    def __init__(self, server: DlmsServer, physical: int) -> None:
        self.server = server
        model = server.model
        upper, lower = (physical, 0) if model.address_bytes == 1 else (model.logical, physical)
        self._address = server_address(upper, lower, model.address_bytes)
        self._clients = {client_address(client): client for client in (model.client, model.counter_client)}
        self._stream = FrameStream()
        self._links: dict[int, _Link] = {}

    def feed(self, received: bytes) -> list[bytes]:
        """Take up bytes, and return the frames that answer."""
        if self.server.meter.faults.silent:
            return []
        answers = []
        for frame in self._stream.feed(received):
            client = self._clients.get(frame.source)
            if frame.destination != self._address or client is None:
                continue
            answer = self._answer(client, frame)
            if answer is not None:
                answers.append(answer.encode())
        return answers

    def _frame(self, to: Frame, control: int, information: bytes = b"", segmented: bool = False) -> Frame:
        return Frame(to.source, self._address, control, information, segmented)

    def _answer(self, client: int, frame: Frame) -> Frame | None:
        now = self.server.meter.clock()
        link = self._links.get(client)
        if link is not None and now - link.used_at > self.server.habits.inactivity:
            self._drop(client)
            link = None
        match frame.kind:
            case "SNRM":
                return self._connect(client, frame, now)
            case "DISC":
                self._drop(client)
                return self._frame(frame, UA if link else DM)
        if link is None:
            return self._frame(frame, DM)
        link.used_at = now
        return self._answer_on(link, client, frame)

    def _answer_on(self, link: _Link, client: int, frame: Frame) -> Frame | None:
        """Answer a frame on an open link; None for one that is out of turn."""
        if frame.kind == "I" and frame.sent == (link.received - 1) % 8 and link.last is not None:
            return link.last
        if frame.kind == "I" and frame.sent == link.received:
            link.last = self._take(client, link, frame)
            return link.last
        if frame.kind == "RR" and link.waiting and frame.received == link.sent:
            link.last = self._continue(link, frame)
            return link.last
        return None

    def _connect(self, client: int, frame: Frame, now: int) -> Frame:
        if self.server.habits.holds_broken and client in self._links:
            return self._frame(frame, DM)
        self._drop(client)
        asked, own = decode_parameters(frame.information), self.server.habits.information
        self._links[client] = _Link(min(asked.receive, own) if frame.information else own, now)
        return self._frame(frame, UA, Parameters(own, own).encode())

    def _drop(self, client: int) -> None:
        self._links.pop(client, None)
        self.server.associations.pop(client, None)

    def _take(self, client: int, link: _Link, frame: Frame) -> Frame:
        link.received = (link.received + 1) % 8
        link.question += frame.information
        if frame.segmented:
            return self._frame(frame, 0x01 | POLL | link.received << 5)
        question, link.question = link.question.removeprefix(LLC_QUESTION), b""
        answer = LLC_ANSWER + self.server.answer(client, question)
        link.waiting = [answer[at : at + link.transmit] for at in range(0, len(answer), link.transmit)]
        return self._continue(link, frame)

    def _continue(self, link: _Link, frame: Frame) -> Frame:
        """Return the next segment of an answer."""
        segment, *link.waiting = link.waiting
        control = link.received << 5 | POLL | link.sent << 1
        link.sent = (link.sent + 1) % 8
        return self._frame(frame, control, segment, segmented=bool(link.waiting))


def _meter(
    meter: PlayedMeter,
    hung: HungMeter,
    line: LinePlan,  # noqa: ARG001
    plan: HousePlan,  # noqa: ARG001
) -> HdlcResponder | PushingResponder:
    model = read_model(find_model_file(hung.model), DlmsModel)
    if model.push is not None:
        return PushingResponder(meter, model, model.push)
    server = DlmsServer(meter, model, Credentials(Mechanism.LLS, PASSWORD.encode()), Habits(), os.urandom)
    return HdlcResponder(server, int(hung.address))


def _wire(serials: Sequence[str], recordings: Mapping[str, str]) -> LinePlan:
    meters = tuple(HungMeter(recordings[each], each, "dlms-lls", str(16 + n)) for n, each in enumerate(serials))
    return LinePlan("attic", "pty", meters)


PLAYED = PlayedProtocol(_meter, _wire, settings=lambda _: {"password": PASSWORD})
