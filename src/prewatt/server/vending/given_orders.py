"""The orders that people gave to a meter, each with its real state."""

from __future__ import annotations

from dataclasses import dataclass

from ...kernel.entries import Control, decode_command
from ..metering.models import Meter
from .models import OPEN, Command
from .order_codes import in_words, why_no_code


@dataclass(frozen=True)
class Ordered:
    """An order and its real state. `what`: the order in words; `by` and `reason`: who gave it, and why; `until`: the
    instant at which a restoration or a limit ends, 0 for none.
    """

    command: Command
    name: str
    what: str
    by: str
    reason: str
    until: int = 0

    @property
    def code(self) -> str:
        """Return the code, in groups of digits, until the journal shows that the meter has done the order; empty if it
        has none.
        """
        waits = self.command.state in OPEN and self.command.coded_seq is None
        return str(self.command.code) if waits and hasattr(self.command, "code") else ""

    @property
    def no_code(self) -> str:
        """Return why a waiting order has no code; empty if it has one, or does not wait any more."""
        return why_no_code(self.command) if self.command.state in OPEN else ""

    @property
    def step(self) -> str:
        """Return the state: `asked` (it waits for the network), `sent`, `done` (by the network or the code) or
        `refused`.
        """
        if self.command.coded_seq is not None:
            return "done"
        return {
            Command.State.QUEUED: "asked",
            Command.State.SENT: "sent",
            Command.State.APPLIED: "done",
            Command.State.REJECTED: "refused",
        }[Command.State(self.command.state)]


def ordered(meter: Meter, most: int = 8) -> list[Ordered]:
    """Return the last orders to a meter, the latest first, at most `most`."""
    rows = Command.objects.filter(meter=meter, kind="control").select_related("code").order_by("-number")
    return [each for each in map(as_ordered, rows[:most]) if each is not None]


def as_ordered(command: Command) -> Ordered | None:
    """Return a command of the credit log as an order of a person; None if it is no such order."""
    order = getattr(decode_command(bytes(command.body)), "order", None)
    if not isinstance(order, Control):
        return None
    action = order.action
    until = getattr(action, "until", 0)
    return Ordered(command, action.name, in_words(order), order.by, order.reason, until)
