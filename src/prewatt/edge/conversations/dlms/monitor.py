"""The second line of a meter of DLMS/COSEM: a register monitor (class 21) executes a script when the energy register passes
its threshold, and that script is the remote disconnection (class 9, "disconnect control script table").

It acts once, at the moment when the threshold is passed. So the threshold has to be raised before the switch is closed
again. By the standard a remote disconnection can't be undone by the meter's button.
"""

from __future__ import annotations

from collections.abc import Callable

from ...meters.dlms_model import Monitor
from ...protocols.conversation import Conversation
from ...protocols.dlms.axdr import Data, Type, number, obis
from ...protocols.dlms.client import Client
from ...protocols.dlms.names import NEVER, REGISTER, REGISTER_MONITOR, Attribute
from ...protocols.errors import ProtocolError, Refused, Unsupported, WrongAnswer

THRESHOLDS, MONITORED_VALUE, ACTIONS = 2, 3, 4
"""Attributes of a register monitor."""
VALUE = 2
NOWHERE = Data(Type.STRUCTURE, (Data(Type.OCTET_STRING, bytes(6)), Data(Type.LONG_UNSIGNED, 0)))
"""The script that does nothing."""
OUT_OF_REACH = {
    Type.DOUBLE_LONG: 2**31 - 1,
    Type.DOUBLE_LONG_UNSIGNED: 2**32 - 1,
    Type.LONG64: 2**63 - 1,
    Type.LONG64_UNSIGNED: 2**64 - 1,
}
"""A threshold that no register of a type passes."""


class RegisterMonitor:
    """The monitor of one meter. `energy`: the register that is billed. `client`: returns the client whose association is open.
    Amounts are in counts of that register.
    """

    def __init__(self, monitor: Monitor, energy: str, client: Callable[[], Client]) -> None:
        self._name, self._client = obis(monitor.obis), client
        self._energy = Attribute(REGISTER, obis(energy), VALUE)
        self._monitored = Data(
            Type.STRUCTURE,
            (Data(Type.LONG_UNSIGNED, REGISTER), Data(Type.OCTET_STRING, obis(energy)), Data(Type.INTEGER, VALUE)),
        )
        script = (Data(Type.OCTET_STRING, obis(monitor.script_table)), Data(Type.LONG_UNSIGNED, monitor.script))
        self._disconnect = Data(Type.STRUCTURE, script)
        self._is_ours: bool | None = None

    def forget(self) -> None:
        """Forget what is known of the meter: another one may hang there now."""
        self._is_ours = None

    def left(self) -> Conversation[int | None]:
        """Return the counts after which the meter opens its switch; None: never. Raises Unsupported if it has no such
        monitor, or does not give it to us.
        """
        if not (yield from self._is_set_up()):
            return None
        thresholds = (yield from self._get(THRESHOLDS)).elements
        threshold = number(thresholds[0]) if thresholds else None
        if threshold is None or threshold == OUT_OF_REACH.get(thresholds[0].type):
            return None
        _, counted = yield from self._counted()
        return max(int(threshold) - counted, 0)

    def let(self, counts: int | None) -> Conversation[None]:
        """Let the meter supply so many counts more; None: without a bound. Raises ProtocolError if it does not keep that."""
        is_set_up = yield from self._is_set_up()
        if counts is None and not is_set_up:
            return
        kind, counted = yield from self._counted()
        threshold = OUT_OF_REACH[kind] if counts is None else min(counted + counts, OUT_OF_REACH[kind])
        thresholds = Data(Type.ARRAY, (Data(kind, threshold),))
        # The threshold first: an old one must not open the switch of who has paid.
        yield from self._set(THRESHOLDS, thresholds)
        if not is_set_up:
            yield from self._set(MONITORED_VALUE, self._monitored)
            actions = Data(Type.STRUCTURE, (self._disconnect, NOWHERE))
            yield from self._set(ACTIONS, Data(Type.ARRAY, (actions,)))
            self._is_ours = None
        if not (yield from self._is_set_up()) or (yield from self._get(THRESHOLDS)) != thresholds:
            raise ProtocolError("confirmed, but its register monitor still stands otherwise")

    def _is_set_up(self) -> Conversation[bool]:
        """Return whether the monitor watches the energy, and opens the switch."""
        if self._is_ours is None:
            try:
                monitored, actions = (yield from self._get(MONITORED_VALUE)), (yield from self._get(ACTIONS))
            except Refused as error:
                if error.code in NEVER:
                    raise Unsupported(f"it gives us no register monitor ({error})") from None
                raise
            up = actions.elements[0].elements[0] if actions.elements and actions.elements[0].elements else None
            self._is_ours = monitored == self._monitored and up == self._disconnect
        return self._is_ours

    def _counted(self) -> Conversation[tuple[Type, int]]:
        """Return the type and the number of the energy register."""
        data = yield from self._client().get(self._energy)
        counted = number(data)
        if data.type not in OUT_OF_REACH:
            raise Unsupported(f"its energy register is a {data.type.name.lower()}, for which no threshold is set")
        if counted is None:
            raise WrongAnswer("it has no value for its energy")
        return data.type, int(counted)

    def _get(self, attribute: int) -> Conversation[Data]:
        return self._client().get(Attribute(REGISTER_MONITOR, self._name, attribute))

    def _set(self, attribute: int, value: Data) -> Conversation[None]:
        return self._client().set(Attribute(REGISTER_MONITOR, self._name, attribute), value)
