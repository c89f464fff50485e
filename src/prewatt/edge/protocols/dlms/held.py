"""An association that is held from one conversation to the next, since opening one takes longer than a question.

- An association that broke off, or was idle for longer than the meter allows, is closed and opened again.
- A meter that takes no association may still hold one from before the gateway's start. That one is closed, and the
  meter is asked once more. If it takes none even so, it is left alone until it must have ended what it holds.
- A password or a key that was refused is not tried again: meters count such tries, and lock.
- A meter also refuses an invocation counter that it has seen. Others may use our title meanwhile, such as those who set
  the meter up, and the counter grows. So a refusal counts only where the meter's counter is not beyond ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ....kernel.units import SECOND
from ..conversation import Conversation
from ..errors import NoAnswer, PasswordRefused, ProtocolError, WrongAnswer
from .acse import Mechanism
from .axdr import number
from .client import Client, Credentials
from .link import Busy, Link, LinkLost
from .names import Attribute

T = TypeVar("T")


@dataclass(frozen=True)
class Terms:
    """How an association with a meter is made and held. `client`: our address. `credentials`: who we are. `inactivity`: µs
    after which the meter ends it by itself. `counter`: the meter's object with our invocation counter, for high level
    security; `counter_client`: the address of a client that may read it without a password.
    """

    client: int
    credentials: Credentials
    inactivity: int
    counter: Attribute | None = None
    counter_client: int = 16


class HeldAssociation:
    """One held association. `link_of`: returns the link of the client with an address. `clock`: returns the instant
    (µs). `challenge`: returns as many bytes as it is told, which nobody can foresee. `generation`: grows each time an
    association is opened: what was learnt before may have been learnt of another meter.
    """

    def __init__(
        self, terms: Terms, link_of: Callable[[int], Link], clock: Callable[[], int], challenge: Callable[[int], bytes]
    ) -> None:
        self._terms, self._link_of, self._clock, self._challenge = terms, link_of, clock, challenge
        self.client = Client(link_of(terms.client), terms.credentials, challenge)
        self.generation = 0
        self._used_at = self._busy_until = 0
        self._refusal: PasswordRefused | None = None
        self._is_counted = False
        """Whether our counter is that of the meter, as far as anybody knows."""

    def run(self, work: Callable[[], Conversation[T]]) -> Conversation[T]:
        """Do `work`, a conversation with `client`, in the association. If the meter has ended a held association
        meanwhile, the work is done once more in a new one. Raises what the work raises, PasswordRefused, Busy.
        """
        is_old = yield from self._opened()
        try:
            try:
                result = yield from work()
            except (LinkLost, NoAnswer) as error:
                # It may have ended while nobody asked: after a power cut, for instance.
                if not is_old:
                    raise
                is_there = (yield from self.client.close()) or isinstance(error, LinkLost)
                if not is_there:
                    raise
                yield from self._open()
                result = yield from work()
        except (NoAnswer, WrongAnswer, LinkLost):
            yield from self.close()
            raise
        finally:
            self._used_at = self._clock()
        return result

    def close(self) -> Conversation[None]:
        """Release the association and close its link, if it is open."""
        if self.client.is_open:
            yield from self.client.close()

    def _opened(self) -> Conversation[bool]:
        """See to it that an association is open. Returns whether it was before."""
        if self._refusal is not None:
            message = f"{self._refusal}; it is not tried again until the gateway is started"
            raise PasswordRefused(message, self._refusal.code)
        now = self._clock()
        if 0 < self._busy_until - now <= self._terms.inactivity:
            wait = (self._busy_until - now + SECOND - 1) // SECOND
            raise Busy(f"it takes no association while it holds one that broke off; it is asked again in {wait} s")
        if self.client.is_open:
            if 0 <= now - self._used_at < self._terms.inactivity:
                return True
            yield from self.client.close()
        yield from self._open()
        return False

    def _open(self) -> Conversation[None]:
        self.generation += 1
        try:
            if self._terms.credentials.mechanism is Mechanism.HLS_GMAC:
                yield from self._open_counted()
            else:
                yield from self._associate()
        except Busy:
            self._busy_until = self._clock() + self._terms.inactivity
            raise
        except PasswordRefused as error:
            self._refusal = error
            raise

    def _associate(self) -> Conversation[None]:
        """Open an association; once more if the meter may still hold one from before the gateway's start."""
        try:
            yield from self.client.open()
        except Busy:
            if self.generation > 1:
                raise
            yield from self.client.close()
            yield from self.client.open()

    def _open_counted(self) -> Conversation[None]:
        """Open an association with high level security; once more if our counter was behind the meter's."""
        was_counted = self._is_counted
        if not was_counted:
            yield from self._read_counter()
        try:
            yield from self._associate()
        except NoAnswer:
            # Some meters do not answer to a counter that they have seen.
            self._is_counted = False
            raise
        except ProtocolError:
            self._is_counted = False
            if not was_counted or not (yield from self._read_counter()):
                raise
            yield from self.client.open()

    def _read_counter(self) -> Conversation[bool]:
        """Learn from the meter, as a client without rights, how far our invocation counter has come. Returns whether ours was
        behind.
        """
        if self._terms.counter is None:
            raise ProtocolError("its model's file names no invocation counter")
        public = Client(self._link_of(self._terms.counter_client), Credentials(), self._challenge)
        yield from public.open()
        try:
            counted = number((yield from public.get(self._terms.counter)))
        except ProtocolError:
            yield from public.close()
            raise
        yield from public.close()
        if not isinstance(counted, int) or counted < 0:
            raise WrongAnswer("its invocation counter is no number")
        self._is_counted = True
        if counted < self.client.counter:
            return False
        # What was sent with our title, and the meter never got, must not be used once more either.
        self.client.counter = counted + 1 + int.from_bytes(self._challenge(2))
        return True
