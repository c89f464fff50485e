"""The journal's codes in people's words, in the languages of notices. The words of a language are in its folder (`languages`);
what it has no word for is said in English, in the words of the rules (`kernel`).
"""

from __future__ import annotations

from django.utils import translation

from ...kernel.dark_facts import Facts
from ...kernel.entries import Event
from ...kernel.events import EventKind
from ...kernel.safety import KINDS, TRIPS
from ...kernel.supply import LOCKS
from ...kernel.why_dark import why_dark
from ..core.sentences import say
from .languages import ENGLISH, language_of

LIMIT, OVERDUE = "credit-limit", "bill-overdue"
"""The reasons why the supply ends where it is paid after use. The journal has no codes for them."""
BY_RULES = {**LOCKS, **{str(kind): kind.words for kind in EventKind}}
"""The English words of the rules, by code."""
NEEDS_PERSON = (EventKind.OVERLOAD_LOCKED, EventKind.FORBIDDEN_LOAD, EventKind.LIMIT_LOCKED)
"""After these events a person must come and switch on."""


def in_words(code: str, language: str) -> str:
    """Return what a code of the journal says, in a language; the code itself if it is unknown."""
    words, english = language_of(language).words, language_of(ENGLISH).words
    if code in words.events:
        return words.events[code]
    if code in TRIPS:
        return words.tripped.format(what=in_words(TRIPS[code], language))
    return english.events.get(code) or BY_RULES.get(code, code)


def dark_in_words(facts: Facts, language: str) -> dict[str, str]:
    """Return why it is dark (`dark`), and what to do, a line each (`todo`), in the words of the pages (`kernel.why_dark`)."""
    why = why_dark(facts)
    with translation.override(language_of(language).words.locale):
        return {"dark": say(why.text), "todo": "\n".join(say(each.text) for each in why.steps)}


def event_context(event: Event, language: str) -> dict[str, str]:
    """Return what a notice says of an event of the journal: `what` happened, the same in at most 20 characters (`brief`), the
    `detail` of the entry, and the `advice` and `act` of `advice_on`.
    """
    kind = TRIPS.get(event.code, event.code)
    if event.code == EventKind.LIMIT_LOCKED:
        # Its detail is the code of the limit that has opened the switch so often.
        detail, kind = in_words(event.detail, language), event.detail
    else:
        detail = detail_in_words(event.detail, language)
    what = in_words(event.code, language)
    return {
        "what": what,
        "detail": detail,
        "brief": brief(event.code, language, what),
        **advice_on(event.code, kind, language),
    }


def advice_on(code: str, kind: str, language: str) -> dict[str, str]:
    """Return the `advice` on a kind of safety limit that was passed, and the same in at most 20 characters (`act`). Both are
    empty if there is nothing to advise. `code` is the code of the event.
    """
    limit = KINDS.get(kind)
    advice = "" if limit is None else language_of(language).words.advice.get(kind, limit.advice)
    return {"advice": advice, "act": _act(code, kind, language)}


def brief(code: str, language: str, what: str) -> str:
    """Return what happened in at most 20 characters, for a field in which a sentence would lose its end; `what`, the whole
    sentence, if the language has nothing shorter.
    """
    words = language_of(language).words
    if code in words.brief:
        return words.brief[code]
    short = words.brief.get(TRIPS.get(code, ""))
    return words.tripped_brief.format(what=short) if short else what


def detail_in_words(detail: str, language: str) -> str:
    """Return what the entry of an event adds, in a language: `5000 W, the limit is 3000 W`."""
    words = language_of(language).words
    detail = words.details.get(detail, detail)
    for english, translated in words.detail_parts.items():
        detail = detail.replace(english, translated)
    return detail


def _act(code: str, kind: str, language: str) -> str:
    limit, acts = KINDS.get(kind), language_of(language).words.acts
    if code in NEEDS_PERSON or (limit is not None and limit.person):
        return acts.person
    if limit is not None and limit.outside:
        return acts.outside
    if kind == "low-power-factor":
        return acts.ask
    return acts.less if limit is not None or kind == EventKind.OVERLOAD else ""
