"""What the gateway's page says to do when a flat is dark."""

from __future__ import annotations

from ..kernel.dark_facts import Cause
from .html import Html, element
from .sentences import say
from .site import View


def is_dark(view: View) -> bool:
    """Return whether a flat is dark, as far as is known."""
    return not (view.why.is_on or view.why.cause == Cause.NOT_REPORTED)


def what_to_do(view: View) -> Html:
    """Return what to do, the most useful first."""
    return element("ol", *(element("li", say(each.text)) for each in view.why.steps), class_="todo")
