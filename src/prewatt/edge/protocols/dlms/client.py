"""The client's side of an association (Green Book, "COSEM-OPEN", "GET", "SET", "ACTION", "COSEM-RELEASE"), as conversations.

The law of a client:
- An association that broke off is left by closing the link, always: a meter that still holds one refuses the next.
- A password or a key that was refused is not tried again: meters count such tries, and lock themselves.
- An answer counts if it repeats the number of its question, and, where there is ciphering, if it was made with the keys and
  never came before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ..conversation import Conversation
from ..errors import PasswordRefused, ProtocolError, Refused, WrongAnswer
from .acse import (
    AARE,
    DIAGNOSTICS,
    REASON_NORMAL,
    REFUSED_PASSWORD,
    RLRQ,
    USER_INFORMATION,
    Acse,
    Initiate,
    Mechanism,
    Result,
    aarq,
    decode_acse,
    decode_initiate,
    initiate_request,
)
from .axdr import Data, Type, decode_data, with_length
from .link import APDU_LONGEST, Busy, Link, LinkLost
from .names import REPLY_TO_HLS, Attribute, result_text
from .security import CHALLENGE_LENGTH, TITLE_LENGTH, Keys, Session, check_proof, is_ciphered, proof
from .xdlms import (
    CONFIRMED,
    NO_ACCESS,
    ActionRequest,
    ActionResponse,
    Apdu,
    ExceptionResponse,
    GetBlock,
    GetNext,
    GetRequest,
    GetResponse,
    ServiceError,
    SetRequest,
    SetResponse,
    UnknownApdu,
    decode_apdu,
)

NOT_ALLOWED_NOW = 1
"""The state error of a meter that holds no association with us."""


@dataclass(frozen=True)
class Credentials:
    """How a client shows who it is. `password`: for LLS. `keys` and `title`, our system title of 8 bytes: for HLS_GMAC.
    `is_general`: ciphered questions have the form for all kinds; in answers both forms are taken.
    """

    mechanism: Mechanism = Mechanism.NONE
    password: bytes = field(default=b"", repr=False)
    keys: Keys | None = None
    title: bytes = b""
    is_general: bool = False

    def __post_init__(self) -> None:
        if self.mechanism is Mechanism.LLS and not self.password:
            raise ValueError("low level security wants a password")
        if self.mechanism is Mechanism.HLS_GMAC and (self.keys is None or len(self.title) != TITLE_LENGTH):
            raise ValueError("high level security by GMAC wants two keys, and a system title of 8 bytes")


class Client:
    """One client at one meter. `challenge`: returns as many bytes as it is told, which nobody can foresee. `is_open`:
    whether an association is held.
    """

    def __init__(self, link: Link, credentials: Credentials, challenge: Callable[[int], bytes]) -> None:
        self._link, self._credentials, self._challenge = link, credentials, challenge
        self._session: Session | None = None
        self._invoke = 0
        self.is_open = False
        self.counter = 0
        """The invocation counter to begin with; afterwards the first one that was never used."""

    def open(self) -> Conversation[None]:
        """Open the link and an association. Raises PasswordRefused, Busy."""
        self.is_open, self._session = False, None
        yield from self._link.connect()
        try:
            yield from self._associate()
        except ProtocolError:
            yield from self.close()
            raise
        self.is_open = True

    def close(self) -> Conversation[bool]:
        """Release the association and close the link, whatever the meter says to it. Returns whether it says anything."""
        self.is_open = False
        elements: list[tuple[int, bytes]] = [(REASON_NORMAL[0], REASON_NORMAL[2:])]
        if self._session is not None:
            ciphered = self._session.cipher(initiate_request(Initiate()))
            self._keep_counter()
            elements.append((USER_INFORMATION, b"\x04" + with_length(ciphered)))
        try:
            yield from self._link.disconnect(Acse(RLRQ, tuple(elements)).encode())
        except ProtocolError:
            return False
        return True

    def get(self, attribute: Attribute) -> Conversation[Data]:
        """Return the value of an attribute, in blocks if it is long. Raises Refused with the data access result."""
        invoke = self._next_invoke()
        request = GetRequest(invoke, ((attribute, NO_ACCESS),))
        answer = yield from self._ask(request.encode(), invoke, (GetResponse, GetBlock))
        if isinstance(answer, GetBlock):
            content = yield from self._blocks(attribute, invoke, answer)
            return decode_data(content)
        if not isinstance(answer, GetResponse) or answer.is_list:
            raise WrongAnswer("a list, where one value belongs")
        return _value(attribute, answer.results[0])

    def set(self, attribute: Attribute, value: Data) -> Conversation[None]:
        """Set an attribute. Raises Refused with the data access result."""
        invoke = self._next_invoke()
        answer = yield from self._ask(SetRequest(invoke, attribute, value).encode(), invoke, (SetResponse,))
        if isinstance(answer, SetResponse) and answer.result:
            raise Refused(f"it does not set {attribute}: {result_text(answer.result)}", answer.result)

    def act(self, method: Attribute, parameter: Data | None = None) -> Conversation[Data | None]:
        """Call a method, and return what it returns; None if nothing. Raises Refused with the action result."""
        invoke = self._next_invoke()
        answer = yield from self._ask(ActionRequest(invoke, method, parameter).encode(), invoke, (ActionResponse,))
        if not isinstance(answer, ActionResponse) or answer.result:
            code = answer.result if isinstance(answer, ActionResponse) else 0
            raise Refused(f"it does not do {method}: {result_text(code)}", code)
        return answer.value

    def _associate(self) -> Conversation[None]:
        credentials, ours = self._credentials, b""
        information = initiate_request(Initiate())
        if credentials.mechanism is Mechanism.HLS_GMAC and credentials.keys is not None:
            self._session = Session(credentials.keys, credentials.title, self.counter)
            information = self._session.cipher(information)
            self._keep_counter()
            ours = self._challenge(CHALLENGE_LENGTH)
        question = aarq(information, credentials.mechanism, ours or credentials.password, credentials.title)
        answer = yield from self._link.ask(question.encode(), _take_aare)
        _check_accepted(answer)
        if self._session is None:
            if answer.diagnostic:
                raise WrongAnswer(f"it accepts an association, yet: {_diagnostic(answer)}")
            if answer.user_information is not None:
                decode_initiate(answer.user_information)
            return
        yield from self._prove(self._session, answer, ours)

    def _prove(self, session: Session, answer: Acse, ours: bytes) -> Conversation[None]:
        """Do passes 3 and 4 of high level security: show that we know the keys, and see that the meter does."""
        theirs = answer.authentication_value
        session.theirs = answer.title or b""
        if len(session.theirs) != TITLE_LENGTH or not theirs or answer.mechanism != Mechanism.HLS_GMAC:
            raise WrongAnswer("it does not begin high level security by GMAC")
        if session.theirs == session.ours or theirs == ours:
            raise WrongAnswer("it hands our own title or challenge back")
        if answer.user_information is not None:
            plain = session.decipher(answer.user_information)
            decode_initiate(plain or b"")
        # Only now: the InitiateRequest in an AARQ always has the form of its kind.
        session.is_general = self._credentials.is_general
        mine = proof(session.keys, session.ours, session.next_counter(), theirs)
        self._keep_counter()
        try:
            returned = yield from self.act(REPLY_TO_HLS, Data(Type.OCTET_STRING, mine))
        except Refused as error:
            raise PasswordRefused(f"it refuses our keys ({error})", error.code) from None
        check_proof(session.keys, session.theirs, b"" if returned is None else returned.octets, ours)

    def _keep_counter(self) -> None:
        if self._session is not None:
            self.counter = self._session.counter

    def _next_invoke(self) -> int:
        self._invoke = (self._invoke + 1) % 16
        return CONFIRMED | self._invoke

    def _ask(self, apdu: bytes, invoke: int, kinds: tuple[type[Apdu], ...]) -> Conversation[Apdu]:
        """Ask a question. Returns its answer, which is one of `kinds`. Raises LinkLost, Refused."""
        session = self._session

        def take(received: bytes) -> Apdu | None:
            plain: bytes | None = received
            if session is not None and received[:1] not in (b"\xd8", b"\x0e"):
                plain = session.decipher(received) if is_ciphered(received) else None
            return None if plain is None else _answer(plain, invoke, kinds)

        if session is not None:
            apdu = session.cipher(apdu)
            self._keep_counter()
        conversation: Conversation[Apdu] = self._link.ask(apdu, take)
        return (yield from conversation)

    def _blocks(self, attribute: Attribute, invoke: int, block: GetBlock) -> Conversation[bytes]:
        """Return a long value, whose first block has come."""
        content, number = b"", 1
        while True:
            if isinstance(block.block, int):
                raise Refused(f"it breaks {attribute} off: {result_text(block.block)}", block.block)
            if block.number != number:
                raise WrongAnswer(f"block {block.number}, where block {number} belongs")
            content += block.block
            if block.is_last:
                return content
            if len(content) > APDU_LONGEST or not block.block:
                raise WrongAnswer("a value without an end")
            answer = yield from self._ask(GetNext(invoke, number).encode(), invoke, (GetBlock, GetResponse))
            if isinstance(answer, GetResponse):
                _value(attribute, answer.results[0] if answer.results else 0)
            if not isinstance(answer, GetBlock):
                raise WrongAnswer("a whole value, where a block belongs")
            block, number = answer, number + 1


def _answer(plain: bytes, invoke: int, kinds: tuple[type[Apdu], ...]) -> Apdu | None:
    """Return the APDU if it answers the question `invoke`; None if it does not. Raises LinkLost, Refused, WrongAnswer."""
    try:
        apdu = decode_apdu(plain)
    except UnknownApdu:
        return None
    if isinstance(apdu, ExceptionResponse):
        if apdu.state == NOT_ALLOWED_NOW:
            raise LinkLost("it holds no association with us")
        raise Refused(f"it cannot deal with the question (exception {apdu.state}, {apdu.service})", apdu.service)
    if isinstance(apdu, ServiceError):
        raise Refused(f"it has no such service (error {apdu.service}, {apdu.kind}, {apdu.error})", apdu.error)
    if not isinstance(apdu, kinds) or getattr(apdu, "invoke", -1) & 0x0F != invoke & 0x0F:
        return None
    return apdu


def _take_aare(apdu: bytes) -> Acse | None:
    if apdu[:1] == bytes((AARE,)):
        return decode_acse(apdu)
    if apdu[:1] in (b"\xd8", b"\x0e"):
        raise Busy(f"it takes no association now ({apdu.hex().upper()})")
    return None


def _check_accepted(answer: Acse) -> None:
    """Raise PasswordRefused, Busy or Refused if an association was rejected."""
    result, diagnostic = answer.result, answer.diagnostic
    if result == Result.ACCEPTED:
        return
    if diagnostic in REFUSED_PASSWORD:
        raise PasswordRefused(f"it refuses the association: {_diagnostic(answer)}", diagnostic)
    if result == Result.REJECTED_TRANSIENT or diagnostic in (0, 1):
        raise Busy(f"it takes no association now: {_diagnostic(answer)}")
    raise Refused(f"it refuses the association: {_diagnostic(answer)}", diagnostic)


def _diagnostic(answer: Acse) -> str:
    return DIAGNOSTICS.get(answer.diagnostic, f"cause {answer.diagnostic}")


def _value(attribute: Attribute, result: Data | int) -> Data:
    if isinstance(result, int):
        raise Refused(f"it does not give {attribute}: {result_text(result)}", result)
    return result
