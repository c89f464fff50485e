"""The fields of WeChat's templates: each has a kind, which is the beginning of its name, and each kind its rules.

Rules: "参数值内容限制说明" of the mini program's subscribe messages
(https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message/sendMessage.html),
of the official account's subscribe messages (https://developers.weixin.qq.com/doc/offiaccount/Subscription_Messages/api.html)
and of its template messages by category, 类目模板
(https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface.html).
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _now

from ....amounts import CURRENCY_SIGNS
from ..facts import FACTS, MOMENTS, MONEY, NUMBERS
from ..fitting import cut, fit, keep_end, whole
from ..languages import language_of
from ..mapping import TemplateError
from .interface import Message, value_of

LENGTHS = {
    "thing": 20, "keyword": 20, "name": 20, "character_string": 32, "number": 32, "letter": 32, "symbol": 5, "phrase": 5,
    "const": 20, "enum": 20, "phone_number": 17, "car_number": 8, "time": 32, "date": 32, "amount": 12,
}  # fmt: skip
"""The most characters of a field of each kind. `keyword` is the kind of the templates from before 2023."""
DIGITS = 10
"""The most digits of an `amount`."""
YUAN = "元"
SIGNED = ("CNY", "JPY", "EUR", "USD", "GBP")
"""The currencies that are shown by their sign."""
SIGNS = {code: next(sign for sign, codes in CURRENCY_SIGNS.items() if code in codes) for code in SIGNED}
SHOWS = {
    **dict.fromkeys(("thing", "keyword", "name"), tuple(FACTS)),
    "character_string": (*NUMBERS, *MOMENTS, "room", "code", "receipt"),
    "number": NUMBERS,
    "amount": MONEY,
    "time": MOMENTS,
    "date": MOMENTS,
    "phrase": ("what",),
}
"""The facts that a kind can show. Other kinds take only fixed words."""
GONE = ("first", "remark")
"""Fields of the templates from before 2023, which WeChat no longer shows."""
FIELD = re.compile(rf"({'|'.join(LENGTHS)})\d+")
PASTED = re.compile(r"\{\{\s*([A-Za-z]\w*)\.DATA\s*\}\}", re.ASCII)
WORD = re.compile(r"\b([A-Za-z]\w*)\b", re.ASCII)
NOTHING = {"thing": "—", "keyword": "—", "name": "—"}
"""The text of a field whose fact an event does not have, because WeChat takes no empty field."""


def kind_of(field: str) -> str:
    """Return the kind of a field: `thing` for `thing12`. A kind without published rules, such as those of a test
    account, is treated as a `keyword`.
    """
    parts = FIELD.fullmatch(field)
    return parts[1] if parts and parts[1] in LENGTHS else "keyword"


def field_in(words: str, last: bool) -> tuple[str, str]:
    """Return (field, words before it) of a line as WeChat shows it, `余额：{{amount2.DATA}}`, or as it is typed,
    `amount2`. If `last` is set, the last word counts as the field if there is no other. Both are empty if there is no
    field.
    """
    place = PASTED.search(words) or next((each for each in WORD.finditer(words) if FIELD.fullmatch(each[1])), None)
    if place is None and last:
        place = next(iter(list(WORD.finditer(words))[-1:]), None)
    return (place[1], words[: place.start()].strip("{} ：:")) if place else ("", "")


def check_field(field: str, fact: str) -> None:
    """Check that a field can show a fact, or fixed words. Raises TemplateError if it can't."""
    kind = kind_of(field)
    if fact.startswith('"'):
        words = fact.strip('"')
        if not words or len(words) > LENGTHS[kind]:
            said = _now("The field %(field)s takes 1 to %(most)d characters.")
            raise TemplateError(said % {"field": field, "most": LENGTHS[kind]})
        return
    if fact not in SHOWS.get(kind, ()):
        said = _now("The field %(field)s can't show “%(fact)s”. It takes: %(facts)s; or fixed words in quotes.")
        known = ", ".join(SHOWS.get(kind, ())) or "–"
        raise TemplateError(said % {"field": field, "fact": fact, "facts": known})


def value(field: str, fact: str, message: Message) -> str:
    """Return what a field shows of a message, within the rules of its kind."""
    kind, text = kind_of(field), value_of(message, fact)
    most = LENGTHS[kind]
    if fact.startswith('"'):
        return text[:most]
    if kind == "phrase":
        return (message.facts.get("phrase") or "通知")[:most]
    if kind == "amount":
        return amount(text, message)
    if kind in ("time", "date"):
        return moment(text) or moment(message.facts.get("time", "")) or moment(message.at)
    if kind == "number":
        return str(_number(text))
    if kind == "character_string":
        return _plain(text, fact, message)[:most] or "-"
    return _words(text, fact, message, most) or NOTHING[kind]


def _words(text: str, fact: str, message: Message, most: int) -> str:
    flat = " ".join(text.split())
    if fact == "room":
        return keep_end(flat.replace("¦", "|"), most)
    if fact == "code" and len(flat) > most:
        return flat.replace(" ", "")
    if fact in MONEY and flat:
        return money(flat, message)
    return fit(flat, most).replace("¦", "|")


def money(text: str, message: Message) -> str:
    """Return an amount as people read it: 4.60元, €4.60, 4.60 CHF."""
    currency = message.facts.get("currency", "")
    unit = _unit(message)
    if unit:
        return f"{text}{unit}"
    sign = SIGNS.get(currency)
    minus, figure = ("-", text[1:]) if text.startswith("-") else ("", text)
    return f"{minus}{sign}{figure}" if sign else f"{text} {currency}".strip()


def amount(text: str, message: Message) -> str:
    """Return an amount for a field of the kind `amount`: at most ten digits, after the sign of the currency or before 元.
    WeChat takes no amount below 0: a debt is shown as 0, and the fact `line` says how much is owed.
    """
    currency = message.facts.get("currency", "")
    figure = str(_number(text))
    if len(figure.replace(".", "")) > DIGITS:
        # As much as there is room for: it is read beside a line that says all of it.
        figure = min(figure.partition(".")[0], "9" * DIGITS, key=lambda each: (len(each), each))
    if _unit(message) == YUAN:
        return f"{figure}{YUAN}"
    return f"{SIGNS.get(currency, '')}{figure}"


def _unit(message: Message) -> str:
    """Return the unit that stands behind an amount in the language of a message; empty if a sign stands before it."""
    return language_of(message.language).words.currencies.get(message.facts.get("currency", ""), "")


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return Decimal(0)
    return number if number >= 0 else number - number


def moment(text: str) -> str:
    """Return a moment as WeChat takes it, if the text begins with a date; otherwise an empty text."""
    parts = re.match(r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d))?", text)
    return " ".join(part for part in parts.groups() if part) if parts else ""


def _plain(text: str, fact: str, message: Message) -> str:
    """Return a fact for a `character_string`, which takes no Chinese: 3栋101 becomes 3-101."""
    if fact in MONEY:
        currency = message.facts.get("currency", "")
        return f"{text} {currency}".strip()
    ascii_only = re.sub(r"[^\x20-\x7e]+", "-", whole(text).replace("¦", "|")).strip("- ")
    return (
        keep_end(ascii_only, LENGTHS["character_string"]).replace("…", "-")
        if fact == "room"
        else cut(ascii_only, LENGTHS["character_string"]).replace("…", "")
    )
