"""The test of a switch: it is opened, the load in the flat is seen to stop, it is closed, the load is seen to run again.

A switch that was opened for a test is closed again by itself, whatever becomes of the person who tests: also after a new
start of the gateway.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from ..protocols.errors import ProtocolError, WaitsForButton
from ..texts import _
from . import rules
from .survey import FoundMeter, Step, SurveyError
from .workbench import Run, Workbench

log = logging.getLogger("prewatt.edge")

TEST_LASTS = 180.0
"""Seconds after which a switch that was opened for a test is closed again by itself."""
AGAIN_AFTER = 15.0
"""Seconds after which a switch that could not be closed again gets the order once more."""


class Waiting(Protocol):
    """Something that is to be done later, and may be cancelled until then."""

    def cancel(self) -> None:
        """Do not do it any more; nothing happens if it was done already."""


Later = Callable[[float, Callable[[], None]], Waiting]
"""Has something done after so many seconds, in another thread."""


def timer(after_s: float, work: Callable[[], None]) -> Waiting:
    """Have `work` done after `after_s` seconds, in a thread that ends with the process. What is returned cancels it."""
    waiting = threading.Timer(after_s, work)
    waiting.daemon = True
    waiting.start()
    return waiting


class SwitchTest:
    """The tests of switches at one gateway."""

    def __init__(self, bench: Workbench, later: Later = timer) -> None:
        self._bench, self._later = bench, later
        self._timers: dict[int, Waiting] = {}

    def switch_off(self, number: int) -> str:
        """Open a meter's switch for a test. Returns what to look at now. Raises SurveyError."""
        meter = self._bench.survey.meter(number)
        if meter.in_service:
            raise SurveyError(
                _("This meter is in service: its switch follows the credit. The manager can give an order.")
            )
        if not meter.flat:
            raise SurveyError(_("Assign the meter to a flat first."))
        if wrong := rules.problems(self._bench.survey, meter):
            raise SurveyError(wrong[0])
        with self._bench.working(_("a switch is being tested")), self._bench.reached(meter) as run:
            before = self._bench.now(meter, run)
            if not before.can_switch:
                raise SurveyError(_("According to its model, this meter has no switch."))
            if before.power is not None and abs(before.power) <= rules.FLOWS_W:
                raise SurveyError(
                    _("The meter measures %(power)d W. Switch on a load in the flat first, such as a lamp or a kettle.")
                    % {"power": before.power}
                )
            with self._bench.changing() as survey:
                # Kept before the order: whatever happens now, the switch is closed again.
                survey.change(number, test="off", power_before=before.power)
            self._close_later(number)
            try:
                run(lambda conversations: conversations.set_switch(False))
                after = self._bench.now(meter, run)
            except (ProtocolError, SurveyError) as error:
                self._close(meter, run)
                self._note(number, "failed")
                raise SurveyError(_("The switch did not open: %(why)s.") % {"why": error}) from None
            if after.power is not None and abs(after.power) > rules.FLOWS_W:
                self._close(meter, run)
                self._note(number, "failed")
                raise SurveyError(
                    _(
                        "The switch reports that it is open, but the meter still measures %(power)d W. The load is not "
                        "connected through this switch."
                    )
                    % {"power": after.power}
                )
        power = "" if after.power is None else _(" The meter measures %(power)d W now.") % {"power": after.power}
        return _("The switch is open.%(power)s Look whether the load in %(flat)s has stopped.") % {
            "power": power,
            "flat": meter.flat,
        }

    def load_stopped(self, number: int, is_so: bool) -> str:
        """Note whether the load was seen to stop, and close the switch. Returns what to look at now. Raises SurveyError."""
        meter = self._bench.survey.meter(number)
        if meter.test != "off":
            raise SurveyError(_("The switch of this meter is no longer open for a test. Begin the test again."))
        with self._bench.working(_("a switch is being tested")), self._bench.reached(meter) as run:
            words = self._close(meter, run)
            self._note(number, "stopped" if is_so else "failed")
            with suppress(ProtocolError, SurveyError):
                # The page shows how the switch stands now.
                self._bench.now(meter, run)
        if not is_so:
            raise SurveyError(
                _(
                    "Then this is not the meter of %(flat)s, or the load is connected to another meter. The switch is "
                    "closed again. Assign the meter to the right flat."
                )
                % {"flat": meter.flat}
            )
        return words or _("The switch is closed again. Look whether the load runs again.")

    def load_runs(self, number: int, is_so: bool) -> str:
        """Note whether the load runs again, which ends the test. Returns the result. Raises SurveyError if not."""
        meter = self._bench.survey.meter(number)
        if meter.test != "stopped":
            raise SurveyError(_("The first part of this switch's test is missing. Begin the test again."))
        with self._bench.working(_("a switch is being tested")), self._bench.reached(meter) as run:
            now = self._bench.now(meter, run)
            if now.closed is False:
                words = self._close(meter, run)
                raise SurveyError(
                    words or _("The meter reports that its switch is still open. The order to close is repeated.")
                )
            self._note(number, "passed" if is_so else "failed")
        if not is_so:
            raise SurveyError(_("Look for a fuse or a button at the meter, and test the switch again."))
        return _("The switch is tested.")

    def close_after_tests(self) -> None:
        """Close the switches that were open for a test when the gateway stopped."""
        for meter in [each for each in self._bench.survey.meters if each.test == "off"]:
            self._close_alone(meter.id)

    def end(self) -> None:
        """Close no switch later any more: the process ends. The next start closes those that are still open."""
        for waiting in self._timers.values():
            waiting.cancel()
        self._timers.clear()

    def _note(self, number: int, step: Step) -> None:
        waiting = self._timers.pop(number, None)
        if waiting is not None:
            waiting.cancel()
        with self._bench.changing() as survey:
            survey.change(number, test=step)

    def _close(self, meter: FoundMeter, run: Run) -> str:
        """Close a switch. Returns what a person has to do for that; empty: nothing. Raises ProtocolError."""
        try:
            run(lambda conversations: conversations.set_switch(True))
        except WaitsForButton:
            return _("Press the button at the meter of %(flat)s: its switch closes only then.") % {"flat": meter.flat}
        return ""

    def _close_later(self, number: int, after_s: float = TEST_LASTS) -> None:
        self._timers[number] = self._later(after_s, lambda: self._close_alone(number))

    def _close_alone(self, number: int) -> None:
        """Close a switch again because nobody has ended its test. It is tried again and again until the meter confirms."""
        try:
            meter = self._bench.survey.meter(number)
            if meter.test != "off":
                return
            with self._bench.working(_("a switch is being closed again")), self._bench.reached(meter) as run:
                if words := self._close(meter, run):
                    log.warning("%s", words)
        except SurveyError as error:
            log.warning("the switch that was opened for a test can't be closed yet: %s", error)
            self._close_later(number, AGAIN_AFTER)
            return
        with suppress(SurveyError):
            self._note(number, "")
