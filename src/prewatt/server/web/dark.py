"""Why it is dark in a flat, as pages and the API say it: what the rule (`kernel.why_dark`) says of the facts
(`metering.power_facts`), in the language of who reads it, with links.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...kernel.dark_facts import Cause, Do, Facts
from ...kernel.why_dark import Step, Why
from ..core.sentences import say

AS_USUAL = frozenset({Cause.ON, Cause.LOW, Cause.LENT, Cause.FRIENDLY, Cause.BUILDING_OFFLINE, Cause.NOT_REPORTED})
"""The causes with which the power may well be on: a page says what to do only if somebody asks."""


@dataclass(frozen=True)
class ExplainedStep:
    """Something to do. `text` is the whole of it. A page shows the digits of a `code` large, after the text `before`. `link`: the
    address where it is done, empty if it is done by hand.
    """

    do: Do
    text: str
    before: str
    code: str
    link: str


@dataclass(frozen=True)
class Explained:
    """Why it is dark, in the language of the page. `is_dark`: it is dark as far as is known, so the page says what to
    do without being asked. `tells_payment`: the text says how what was paid reaches the meter.
    """

    cause: Cause
    title: str
    text: str
    steps: list[ExplainedStep]
    is_dark: bool
    tells_payment: bool

    @property
    def says_more(self) -> bool:
        """Return whether the text says more than the title."""
        return self.text.rstrip(".。") != self.title


def explained(why: Why, facts: Facts, home: str = "") -> Explained:
    """Return what the rule says, in the language of the page. `home`: the address of the tenant's home, where they pay."""
    steps = [_step(each, facts, home) for each in why.steps]
    is_lacking = facts.closed is False and not facts.is_supplied
    tells_payment = why.cause == Cause.PAID or (is_lacking and bool(facts.paid))
    return Explained(why.cause, say(why.title), say(why.text), steps, why.cause not in AS_USUAL, tells_payment)


def _step(step: Step, facts: Facts, home: str) -> ExplainedStep:
    text = say(step.text)
    code = facts.code if step.do == Do.TYPE_CODE and facts.code in text else ""
    before = text.removesuffix(code).rstrip()
    return ExplainedStep(step.do, text, before, code, _link(step.do, facts, home))


def _link(do: Do, facts: Facts, home: str) -> str:
    if do in (Do.TYPE_CODE, Do.LOOK_AT_PAGE):
        return facts.site
    if do == Do.PAY:
        return f"{home}#pay"
    return home if do == Do.TAKE_EMERGENCY else ""
