"""Limits of electricity safety as people type them, a line each: `voltage over 253 V for 5 s: off`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ...kernel.quantities import UNITS, Quantity, decimal, told
from ...kernel.safety import KINDS, Limit
from ..core.typed_numbers import typed_number
from .supply_rules import check_windows

NONE = "none"
"""Typed for a meter that has no rule, although its property has one."""
MOST = 20
"""The most limits of a meter."""
_NAMES = {
    ("voltage", "over"): "over-voltage", ("voltage", "under"): "under-voltage", ("current", "over"): "over-current",
    ("neutral current", "over"): "neutral-current", ("residual current", "over"): "residual-current",
    ("temperature", "over"): "over-temperature", ("power factor", "under"): "low-power-factor",
    ("frequency", "over"): "over-frequency", ("frequency", "under"): "under-frequency",
}  # fmt: skip
_UNITS = {"ma": "mA", "a": "A", "v": "V", "°c": "°C", "c": "°C", "hz": "Hz"}
_SPANS = {"s": 1, "min": 60, "h": 3600}
_THEN = {"tell": (False, False), "off": (True, False), "off until a person": (True, True)}
_LINE = re.compile(
    r"(?:(?P<arc>arc)|(?P<what>[a-z]+(?: [a-z]+)?) (?P<side>over|under) (?P<value>[^ ]+?)(?: ?(?P<unit>ma|a|v|°c|c|hz))?)"
    r"(?: for (?P<span>\d{1,5}) ?(?P<of>s|min|h)(?:ec|ecs|econds?|utes?|ours?)?)? ?: ?(?P<then>[a-z ]+)"
)
EXAMPLE = "voltage over 253 V for 5 s: off"


def read_limits(text: str) -> tuple[Limit, ...]:
    """Return the limits of a text, one a line; nothing for an empty text or `none`. Raises ValidationError, which names
    the line and what is wrong with it.
    """
    if text.strip().lower() == NONE:
        return ()
    limits: dict[tuple[str, bool], Limit] = {}
    # As phones write it: a capital at the beginning, wide signs of a Chinese keyboard.
    for line in (re.sub(r"\s+", " ", each).strip() for each in re.split(r"[\n;]", unicodedata.normalize("NFKC", text))):
        if not line:
            continue
        limit = _read(line)
        if limits.setdefault((limit.code, limit.trip), limit) != limit:
            same = _(
                "%(line)s: there is a limit of this kind already. Each kind can have one that tells, and one that switches off."
            )
            raise ValidationError(same % {"line": _shown(line)})
    if len(limits) > MOST:
        raise ValidationError(_("There are too many limits: at most %(most)d are possible.") % {"most": MOST})
    return tuple(limits.values())


def _code(line: str, match: re.Match[str]) -> str:
    code = "arc" if match["arc"] else _NAMES.get((match["what"], match["side"]))
    if code is None:
        known = ", ".join(" ".join(each) for each in _NAMES) + ", arc"
        raise ValidationError(
            _("%(line)s: this is not a known kind of limit. Known kinds: %(known)s.")
            % {"line": _shown(line), "known": known}
        )
    return code


def _delay(line: str, match: re.Match[str]) -> int:
    """Return how long a limit must be passed, s."""
    delay = int(match["span"] or 0) * _SPANS[match["of"] or "s"]
    if delay > 86_400:
        raise ValidationError(_("%(line)s: the time can be one day at most.") % {"line": _shown(line)})
    return delay


def _read(line: str) -> Limit:
    match = _LINE.fullmatch(line.lower())
    if match is None:
        raise ValidationError(
            _("%(line)s is not a limit such as %(example)s.") % {"line": _shown(line), "example": EXAMPLE}
        )
    code = _code(line, match)
    if match["then"] not in _THEN:
        text = _("%(line)s: write one of these after the colon: %(known)s.")
        raise ValidationError(text % {"line": _shown(line), "known": ", ".join(_THEN)})
    delay = _delay(line, match)
    trip, waits = _THEN[match["then"]]
    return Limit(
        code, 0 if code == "arc" else _threshold(line, code, match), delay, trip, waits or (trip and KINDS[code].person)
    )


def _threshold(line: str, code: str, match: re.Match[str]) -> int:
    unit = UNITS[KINDS[code].quantities[0]]
    typed = _UNITS[match["unit"]] if match["unit"] else unit.symbol
    if typed != unit.symbol:
        text = _("%(line)s: type the value in %(unit)s.")
        raise ValidationError(text % {"line": _shown(line), "unit": unit.symbol or _("plain numbers, such as 0.9")})
    try:
        value = typed_number(match["value"]).scaleb(unit.decimals)
    except ValidationError as error:
        raise ValidationError(f"{_shown(line)}: {' '.join(error.messages)}") from None
    lowest = max(unit.lowest, 0) if code == "low-power-factor" else unit.lowest
    if value != value.to_integral_value() or not lowest < value < unit.highest:
        text = _("%(line)s: a meter can measure from %(lowest)s to %(highest)s %(unit)s, in steps of %(step)s.")
        shown = {
            "lowest": decimal(lowest, unit.decimals),
            "highest": decimal(unit.highest, unit.decimals),
            "unit": unit.symbol,
            "step": f"{Decimal(1).scaleb(-unit.decimals):f}",
        }
        raise ValidationError((text % {"line": _shown(line), **shown}).replace(" ,", ","))
    return int(value)


def _shown(line: str) -> str:
    return f"“{line[:60]}{'…' if len(line) > 60 else ''}”"


def check_limits(text: str) -> None:
    """Check limits, for Django. Raises ValidationError if one cannot be read, or no value can lie between them."""
    limits = read_limits(text)
    for over, under in (("over-voltage", "under-voltage"), ("over-frequency", "under-frequency")):
        highest = min((each.threshold for each in limits if each.code == over), default=None)
        lowest = max((each.threshold for each in limits if each.code == under), default=None)
        if highest is not None and lowest is not None and lowest >= highest:
            # Whatever is measured, one of the two is passed: every flat would be in the dark.
            raise ValidationError(_("“under” must be lower than “over”. Nothing can lie between these limits."))


def check_own_windows(text: str) -> None:
    """Check the off hours of a meter of its own, or `none`, for Django. Raises ValidationError."""
    if text.strip().lower() != NONE:
        check_windows(text)


def in_words(limit: Limit) -> str:
    """Return a limit as a line that reads back as the same limit."""
    kind = KINDS[limit.code]
    unit = UNITS[kind.quantities[0]]
    what = next((" ".join(each) for each, code in _NAMES.items() if code == limit.code), "arc")
    value = "" if limit.code == "arc" else f" {decimal(limit.threshold, unit.decimals)} {unit.symbol}".rstrip()
    delay = f" for {limit.delay} s" if limit.delay else ""
    then = "off until a person" if limit.trip and limit.waits else "off" if limit.trip else "tell"
    return f"{what}{value}{delay}: {then}"


def not_told(limits: Sequence[Limit], quantities: dict[str, int]) -> list[Limit]:
    """Return the limits that a meter cannot watch, because its last report lacks the quantity."""
    known = {Quantity(name): value for name, value in quantities.items() if name in UNITS}
    return [each for each in limits if not told(known, KINDS[each.code].quantities)]
