"""A Bluetooth session with a person near the gateway. Logic without I/O: incoming bytes are checked here, and the
`Site` does what may be done.
"""

from __future__ import annotations

from collections.abc import Callable

from ..kernel.orders import Restore
from ..wire.on_site import (
    READ_HEAD,
    SET_CLOCK,
    Act,
    Answer,
    AskStatus,
    Challenge,
    Downward,
    Grant,
    Instruction,
    OnSiteError,
    ReadHead,
    SignedGrant,
    SignedInstruction,
    SignedRevocations,
    SiteStatus,
    TypedCode,
    decode_up,
    open_grant,
    open_instruction,
    sign_answer,
    sign_status,
)
from ..wire.signing import SigningKey, VerifyKey
from .code_entry import BLUETOOTH
from .effects import Reply
from .replies import please_wait, sentence
from .site import Site
from .texts import _, match, speaking


def is_code(message: bytes) -> bool:
    """Return whether a message is a typed code."""
    try:
        return isinstance(decode_up(message), TypedCode)
    except OnSiteError:
        return False


class Session:
    """One connection. `nonce` returns 32 bytes that nobody can guess. `was_no_guess` is called after a typed code that
    was no guess.
    """

    def __init__(
        self,
        site: Site,
        key: SigningKey,
        server: VerifyKey,
        property_id: int,
        nonce: Callable[[], bytes],
        was_no_guess: Callable[[], object] = lambda: None,
    ) -> None:
        self._site, self._key, self._server, self._property, self._new_nonce = site, key, server, property_id, nonce
        self._was_no_guess = was_no_guess
        self._grant: Grant | None = None
        self._nonce = b""
        self._count = 0
        self._language = ""

    @property
    def has_grant(self) -> bool:
        """Return whether the phone has shown a grant that holds."""
        return self._grant is not None

    def handle(self, message: bytes) -> Downward:
        """Return the answer to a message, in the language that the phone has asked for. No input raises an exception."""
        with speaking(self._language):
            try:
                return self._handle(message)
            except OnSiteError as error:
                return Answer(False, sentence(str(error)))

    def too_early(self, wait: int) -> Answer:
        """Return the answer to a code that is not read for `wait` µs yet, because too many codes were wrong."""
        with speaking(self._language):
            return Answer(False, please_wait(wait, False))

    def _handle(self, message: bytes) -> Downward:
        match decode_up(message):
            case AskStatus(nonce, language):
                self._language = match(language)
                online, at, meters = self._site.overview()
                return sign_status(self._key, SiteStatus(self._site.gateway, at, online, nonce, meters))
            case TypedCode(meter, digits):
                reply = self._site.submit_code(meter, digits, BLUETOOTH)
                if not reply.guessed:
                    self._was_no_guess()
                return _answer(reply)
            case SignedGrant() as signed:
                self._grant = None
                grant = open_grant(self._server, signed, self._property, self._site.now())
                self._check_holds(grant)
                self._grant = grant
                self._nonce, self._count = self._new_nonce(), 0
                return Challenge(self._site.gateway, self._nonce, self._site.now())
            case SignedInstruction() as signed:
                return self._instructed(signed)
            case SignedRevocations() as signed:
                self._site.take_revocations(signed)
                return Answer(True, _("The list of revoked grants has arrived."))

    def _check_holds(self, grant: Grant) -> None:
        """Refuse a grant that is revoked, or whose end has passed. Raises OnSiteError."""
        revoked, not_before = self._site.revoked(grant.grant)
        if revoked:
            raise OnSiteError("this grant is revoked: ask the manager for a new one")
        if max(self._site.now(), not_before) >= grant.ends:
            raise OnSiteError("the grant has expired: ask for a new one")

    def _instructed(self, signed: SignedInstruction) -> Answer:
        grant = self._grant
        if grant is None:
            raise OnSiteError("show a grant first")
        self._check_holds(grant)
        instruction = open_instruction(VerifyKey(grant.key), self._site.gateway, self._nonce, self._count + 1, signed)
        self._count += 1
        try:
            answer = self._obey(grant, instruction)
        except OnSiteError as error:
            answer = Answer(False, str(error))
        counted = Answer(answer.done, answer.text, self._count, answer.head)
        return sign_answer(self._key, self._nonce, counted)

    def _obey(self, grant: Grant, instruction: Instruction) -> Answer:
        if isinstance(instruction, ReadHead):
            _allow(grant, READ_HEAD)
            end = self._site.journal_head(instruction.meter)
            if end is None:
                return Answer(False, _("This gateway has no meter %(meter)s.") % {"meter": instruction.meter})
            seq, head = end
            return Answer(True, _("The journal ends with entry %(seq)d.") % {"seq": seq}, head=head)
        if isinstance(instruction, Act):
            _allow(grant, instruction.action.name if instruction.action.by_staff else "")
            self._check_bounds(grant, instruction)
            holder, reason = f"{grant.holder}"[:200], instruction.reason
            return _answer(self._site.act(instruction.meter, instruction.action, holder, grant.grant, reason))
        _allow(grant, SET_CLOCK)
        if not grant.issued <= instruction.at <= grant.ends:
            raise OnSiteError(_("The clock can be set only to a time between the grant's start and its end."))
        return _answer(self._site.set_clock(instruction.at, grant.holder))

    def _check_bounds(self, grant: Grant, instruction: Act) -> None:
        action = instruction.action
        if not isinstance(action, Restore):
            return
        if action.amount > grant.most_amount:
            raise OnSiteError(_("This amount is more than your grant allows for one restore order."))
        if not action.amount and not action.until:
            return
        if not action.amount and not grant.longest:
            raise OnSiteError(_("Your grant allows restore orders only with an amount."))
        if action.until and action.until > self._site.now() + grant.longest:
            raise OnSiteError(_("This is for more hours than your grant allows for one restore order."))
        if not action.until and not grant.most_amount:
            raise OnSiteError(_("Your grant allows restore orders only with a number of hours."))


def _allow(grant: Grant, name: str) -> None:
    if name not in grant.actions:
        raise OnSiteError(_("Your grant does not allow this order."))


def _answer(reply: Reply) -> Answer:
    return Answer(reply.done, reply.text)
