"""What a code that was typed on site means to a meter."""

from __future__ import annotations

from msgspec import Struct

from ..kernel.orders import Action
from ..wire.order_codes import NewPin
from .key_state import KeyState


class Credit(Struct, frozen=True):
    """Credit `amount` (nano)."""

    tid: int
    amount: int


class Do(Struct, frozen=True):
    """Do what the token's vendor ordered."""

    tid: int
    action: Action


class Show(Struct, frozen=True):
    """Show the state of the meter."""


class ChangeKey(Struct, frozen=True):
    """Change the meter's key to `state`; `complete` once all sections are there. `rollover`: the used tokens are
    forgotten.
    """

    state: KeyState
    complete: bool
    rollover: bool = False


Meaning = Credit | Do | NewPin | Show | ChangeKey
