"""Which fact a field of a provider's template shows. People say it (`thing1 = room`), or it is guessed from the words
next to the field, if the template was pasted as WeChat or the SMS service shows it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from django.utils.translation import gettext as _

from .facts import FACTS

GUESSES = (
    ("balance", r"余额|结余|剩|balance"),
    ("room", r"房|户|单元|地址|住址|室|位置|门牌|小区|room|unit|flat|address|place"),
    ("until", r"截止|期限|最晚|until|deadline|due"),
    ("energy", r"电量|度数|用量|能耗|energy|kwh|^度"),
    ("days", r"天数|days|^天"),
    ("power", r"功率|power|watt|^瓦"),
    ("receipt", r"收据|单号|流水|receipt"),
    ("code", r"充值码|代码|token|code"),
    ("why", r"原因|reason|why"),
    ("time", r"时间|日期|time|date"),
    ("amount", r"金额|费用|欠费|收费|充值|缴费|扣费|amount|charge|fee|^元"),
    ("do", r"提醒|提示|备注|说明|建议|操作|remark|tip|note"),
    ("name", r"费用名|项目|name|item"),
    ("what", r"类型|状态|事项|名称|通知|内容|type|status|event"),
)
"""The fact that the words next to a field are about. The first pattern that fits counts."""
LIKE = {"balance": "amount", "name": "what", "why": "line", "code": "do", "until": "time"}
"""The fact that is shown if an event does not have the guessed one."""
SAID = re.compile(r'^(?P<words>.*?)(?:=|＝)\s*(?P<fact>[a-z]+|"[^"]*"|“[^”]*”)\s*$')
PLACE = re.compile(r"\$?\{+\s*(?P<name>\w+)\s*\}+")
MOST_FIELDS = 20


class TemplateError(ValueError):
    """A template can't be used. The message says, for people, what is wrong and how to mend it."""


def said(line: str) -> tuple[str, str]:
    """Return (words, fact) of a line `words = fact`. The fact begins with `"` if it is fixed words, and is empty if the
    line names none.
    """
    parts = SAID.match(line)
    if not parts:
        return line, ""
    fact = parts["fact"]
    return parts["words"], fact if fact.isalpha() and fact.isascii() else '"' + fact.strip('"“”')


def chosen(field: str, fact: str, usable: Collection[str]) -> str:
    """Return the fact that people named for a field. Raises TemplateError if there is no such fact, or the event does
    not have it.
    """
    if fact.startswith('"') or fact in usable:
        return fact
    known = ", ".join(name for name in FACTS if name in usable)
    raise TemplateError(
        _("%(field)s: this notice has no “%(fact)s”. Possible are: %(known)s; or fixed words in quotes.")
        % {"field": field, "fact": fact, "known": known}
    )


def guess(words: Iterable[str], usable: Collection[str]) -> str:
    """Return the first fact that the words are about and that the event has; empty if there is none."""
    plain = [each.casefold().strip() for each in words]
    meant = (fact for each in plain for fact, pattern in GUESSES if re.search(pattern, each))
    shown = (fact if fact in usable else LIKE.get(fact, "") for fact in meant)
    return next((fact for fact in shown if fact in usable), "")


def unknown(field: str, beside: str, usable: Collection[str]) -> TemplateError:
    """Return the error for a field for which no fact was named, and none could be guessed. `beside`: the words next to
    the field.
    """
    known = ", ".join(name for name in FACTS if name in usable)
    text = _(
        "Say what the field %(field)s (%(beside)s) shows, for example “%(field)s = room”. Possible are: %(known)s."
    )
    return TemplateError(text % {"field": field, "beside": beside.strip() or "–", "known": known})


def read_text(text: str, usable: Collection[str], ordered: bool) -> tuple[tuple[str, str], ...]:
    """Return the fields of an SMS template as (field, fact). `text` is the template as it was pasted, `电费剩${balance}元`
    or `{1}`, or lines such as `balance = balance`, or both. If only the order of the fields counts (`ordered`), they are
    called 1, 2 and so on. Raises TemplateError.
    """
    fields: dict[str, str] = {}
    named: dict[str, str] = {}
    beside: dict[str, str] = {}
    for line in text.splitlines():
        words, fact = said(line)
        if fact and not PLACE.search(words):
            named[words.strip()] = fact
            continue
        for place, before, after in _places(line):
            name = str(len(fields) + 1) if ordered else place
            beside[name] = f"{before[-10:]}…{after[:4]}"
            fields[name] = _guessed("" if ordered else place.casefold(), before, after, usable)
    if fields and (missing := named.keys() - fields.keys()):
        raise TemplateError(_("The text has no field %(field)s.") % {"field": min(missing)})
    fields |= {name: chosen(name, fact, usable) for name, fact in named.items()}
    _check(fields, ordered)
    _check_known(fields, beside, usable)
    return tuple(fields.items())


def _check_known(fields: Mapping[str, str], beside: Mapping[str, str], usable: Collection[str]) -> None:
    """Raise TemplateError if it is not known what a field shows. `beside` has the words around each."""
    for name, fact in fields.items():
        if not fact:
            raise unknown(name, beside[name], usable)


def _places(line: str) -> list[tuple[str, str, str]]:
    """Return each place of a pasted line, with the text before and after it up to the next place."""
    places = list(PLACE.finditer(line))
    begins = [0, *(place.end() for place in places)]
    ends = [*(place.start() for place in places), len(line)]
    return [
        (place["name"], line[begins[i] : ends[i]], line[begins[i + 1] : ends[i + 1]]) for i, place in enumerate(places)
    ]


def _guessed(name: str, before: str, after: str, usable: Collection[str]) -> str:
    """Return the fact of a place: its own name if that is a fact, otherwise what the words next to it are about."""
    if name in usable:
        return name
    # What stands before a place says more than a unit behind it.
    label = re.split(r"[，。,;；！!、（(]", before.rstrip("：: "))[-1]
    return guess((name, label[-6:], after[:1], after[:3]), usable)


def _check(fields: Collection[str], ordered: bool) -> None:
    """Raise TemplateError if fields that only have an order are not numbered, or there are too many."""
    if ordered and list(fields) != [str(number + 1) for number in range(len(fields))]:
        raise TemplateError(
            _(
                "This service numbers its parameters. Write them as 1, 2, 3 and so on, in their order, each on its own line."
            )
        )
    if len(fields) > MOST_FIELDS:
        raise TemplateError(_("There are too many fields: at most %(most)d are possible.") % {"most": MOST_FIELDS})
