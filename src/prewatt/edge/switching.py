"""The last order to a meter's switch: how far it is, when it is looked at, and when it is repeated. Logic without I/O.

An order is done when a reading shows it. The switch is looked at a moment after the meter has confirmed it, and again for
as long as a slow relay may take. After that the order is repeated at each reading, and people are told once. A switch that
waits for its button is no failure: people are told once, and the order is repeated now and then, because a meter that was
without power may have forgotten it.
"""

from __future__ import annotations

from ..kernel.switching import SwitchProgress
from ..kernel.units import MINUTE, SECOND

FIRST_LOOK = SECOND // 5
"""A switch is looked at this long (µs) after it has confirmed an order."""
SETTLES = 30 * SECOND
"""For this long (µs) after its confirmation a switch may still show its old position."""
BUTTON_AGAIN = 10 * MINUTE
"""A switch that waits for its button gets the order again after this time (µs)."""


class Switching:
    """The order to one switch.

    `progress`: how far it is; None while nobody has ordered or seen anything since the gateway started. `unseen`: whether
    readings should come soon, because they have not shown the switch where it belongs. `is_told`: whether people were told
    that it does not obey, or that it waits for its button.
    """

    def __init__(self) -> None:
        self.progress: SwitchProgress | None = None
        self.unseen = False
        self.is_told = False
        # Whether the last reading showed how the switch stands.
        self._tells = False
        # When it was told last, and when it has confirmed that; None if it has not.
        self._told_at = 0
        self._confirmed_at: int | None = None

    @property
    def is_open(self) -> bool:
        """Return whether it is still to be seen what becomes of the order."""
        return self.unseen and self.progress in (SwitchProgress.ASKED, SwitchProgress.CONFIRMED)

    @property
    def is_stuck(self) -> bool:
        """Return whether the switch does not move by the order alone."""
        return self.progress in (SwitchProgress.WAITS_FOR_BUTTON, SwitchProgress.FAILED)

    def shown_by(self, closed: bool | None, wanted: bool | None) -> SwitchProgress | None:
        """Return how far the order is. `closed`: how the switch is seen now, None if unknown; `wanted`: where it
        belongs.
        """
        return SwitchProgress.VERIFIED if closed is not None and closed == wanted else self.progress

    def clock_set(self, by: int) -> None:
        """Shift the instants by `by` µs, because the gateway's time was set."""
        self._told_at += by
        self._confirmed_at = None if self._confirmed_at is None else self._confirmed_at + by

    def forget(self, unseen: bool = False) -> None:
        """Forget the order: the switch may be another one. `unseen`: look at it soon."""
        self._begin(None, unseen)

    def order(self, now: int) -> None:
        """Remember a new order to the switch."""
        self._begin(SwitchProgress.ASKED, unseen=True)
        self._told_at = now

    def _begin(self, progress: SwitchProgress | None, unseen: bool) -> None:
        self.progress, self.unseen, self.is_told, self._confirmed_at = progress, unseen, False, None

    def repeat(self, now: int) -> None:
        """Note that the same order is given again."""
        self.progress = self.progress or SwitchProgress.ASKED
        self.unseen, self._told_at, self._confirmed_at = True, now, None

    def confirm(self, now: int) -> None:
        """Note that the meter has confirmed the order. After a failure that counts only where no reading can show it."""
        self._confirmed_at = now
        if self.progress != SwitchProgress.FAILED or not self._tells:
            self.progress = SwitchProgress.CONFIRMED

    def fail(self) -> bool:
        """Note that the meter did not carry out the order. Returns whether people must be told."""
        self.progress, self._confirmed_at = SwitchProgress.FAILED, None
        return self._is_news()

    def wait_for_button(self, now: int) -> bool:
        """Note that the switch waits for its button. Returns whether people must be told."""
        if self.progress != SwitchProgress.WAITS_FOR_BUTTON:
            # Who was told that it does not obey has to hear that a press of its button helps.
            self.is_told = False
        self.progress, self._told_at, self._confirmed_at = SwitchProgress.WAITS_FOR_BUTTON, now, None
        return self._is_news()

    def see(self, now: int, closed: bool | None, wanted: bool) -> bool:
        """Take up how the switch stands (`closed`; None: the meter cannot tell), and where it belongs (`wanted`).
        Returns whether the order must be given again.
        """
        self._tells = closed is not None
        if closed == wanted:
            self._begin(SwitchProgress.VERIFIED, unseen=False)
            return False
        if self.progress == SwitchProgress.WAITS_FOR_BUTTON:
            return now - self._told_at >= BUTTON_AGAIN
        if closed is None:
            again = self.progress in (None, SwitchProgress.FAILED)
            self.unseen = again
            return again
        if self.progress == SwitchProgress.VERIFIED:
            self.progress = SwitchProgress.ASKED
        self.unseen = True
        return not self._settles(now)

    def differ(self) -> bool:
        """Note that the switch does not stand where it was told to. Returns whether people must be told. They are not if
        this gateway has not told it anything since its start.
        """
        if self.progress in (None, SwitchProgress.WAITS_FOR_BUTTON):
            return False
        return self.fail()

    def _is_news(self) -> bool:
        was_told, self.is_told = self.is_told, True
        return not was_told

    def _settles(self, now: int) -> bool:
        return self._confirmed_at is not None and now - self._confirmed_at < SETTLES

    def look_after(self, now: int, usual: int) -> int:
        """Return after how long (µs) to look at a switch that is unseen. `usual`: the shortest interval of readings."""
        if self._confirmed_at is None or not self._settles(now):
            return usual
        since = now - self._confirmed_at
        if since <= 0:
            return FIRST_LOOK
        return usual if self.is_told else min(max(since, SECOND), usual)
