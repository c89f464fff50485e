"""The events that people are told. The words are in `languages/`, a file for each event and language."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _

from ...kernel.events import Group
from ..accounts.rights import Right


class Event(models.TextChoices):
    """An event. Its text is `languages/<language>/<value>.txt`."""

    LOW = "low", _("credit is running low")
    EXHAUSTED = "exhausted", _("credit is used up")
    CUT_OFF = "cut-off", _("power was cut off")
    RESTORED = "restored", _("power is back")
    TOP_UP = "top-up", _("a payment was received")
    TAKEN_BACK = "taken-back", _("a payment was taken back")
    SHARED_COST = "shared-cost", _("a shared cost was booked")
    TARIFF = "tariff", _("the tariff will change")
    STATEMENT = "statement", _("the month's statement is ready")
    UNUSUAL = "unusual", _("unusual use: something may have been left on")
    OVERLOAD = "overload", _("overload")
    OFFLINE = "offline", _("a gateway or a meter is silent")
    BACK = "back", _("a gateway or a meter is back")
    TROUBLE = "trouble", _("something a person must look at")
    LEAK = "leak", _("unusual use of the common supply")
    HELD = "held", _("money waits for a person")
    OWED = "owed", _("money is owed to somebody for long")
    NOTE = "note", _("a note from the manager")
    REPORT = "report", _("a fault report, or an answer to one")
    BILL = "bill", _("a bill is ready")
    BILL_DUE = "bill-due", _("a bill is due soon")
    OVERDUE = "overdue", _("a bill is overdue")
    PRESS_BUTTON = "press-button", _("the power waits for a press of the meter's button")
    AUTOMATIC = "automatic", _("an automatic top-up failed")
    LOGIN = "login", _("something about a login changed")
    LOGIN_CODE = "login-code", _("a code to log in with")


FOR_TENANTS = (
    Event.LOW, Event.EXHAUSTED, Event.CUT_OFF, Event.RESTORED, Event.TOP_UP, Event.SHARED_COST, Event.TARIFF,
    Event.STATEMENT, Event.UNUSUAL, Event.OVERLOAD, Event.TAKEN_BACK, Event.BILL, Event.BILL_DUE, Event.OVERDUE,
    Event.NOTE, Event.REPORT, Event.PRESS_BUTTON, Event.AUTOMATIC,
)  # fmt: skip
FOR_MANAGERS = (
    Event.OVERLOAD, Event.OFFLINE, Event.BACK, Event.TROUBLE, Event.LEAK, Event.HELD, Event.OWED, Event.TAKEN_BACK,
    Event.OVERDUE, Event.REPORT, Event.PRESS_BUTTON,
)  # fmt: skip
ALWAYS_TOLD = (Event.LOGIN, Event.LOGIN_CODE)
"""What nobody can switch off, least of all somebody who has broken into another person's login."""
MUST_BE_TOLD = (Event.CUT_OFF, Event.TOP_UP, Event.OVERLOAD, Event.OVERDUE, *ALWAYS_TOLD)
"""What a tenant must be told, for safety or by law: they can choose another way or hour for it, but can't stop it everywhere."""

HEARD_WITH: Mapping[Event, Right] = {
    Event.OVERLOAD: Right.SWITCH, Event.PRESS_BUTTON: Right.SWITCH, Event.TROUBLE: Right.SEE, Event.LEAK: Right.SEE,
    Event.REPORT: Right.SEE, Event.OFFLINE: Right.SEE_MONEY, Event.BACK: Right.SEE_MONEY, Event.OVERDUE: Right.SEE_MONEY,
    Event.HELD: Right.BOOKS, Event.TAKEN_BACK: Right.BOOKS, Event.OWED: Right.BOOKS,
}  # fmt: skip
"""The right with which somebody of an office hears of an event: that of the page that settles it. The office's own channels, such as
its mailbox, hear of all.
"""

TOLD_BY_GROUP = {Group.OVERLOAD: Event.OVERLOAD, Group.TROUBLE: Event.TROUBLE, Group.BUTTON: Event.PRESS_BUTTON}
"""The event that people are told when a journal has an event of a group (`kernel.events`)."""
