"""Which fact a field of somebody else's template shows: said by people as `thing1 = room`, or guessed from the words that
stand beside the field where the template was pasted as WeChat or the SMS service shows it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

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
    ("code", r"代码|token|code"),
    ("why", r"原因|reason|why"),
    ("time", r"时间|日期|time|date"),
    ("amount", r"金额|费用|欠费|收费|充值|缴费|扣费|amount|charge|fee|^元"),
    ("do", r"提醒|提示|备注|说明|建议|操作|remark|tip|note"),
    ("name", r"费用名|项目|name|item"),
    ("what", r"类型|状态|事项|名称|通知|内容|type|status|event"),
)
"""What the words beside a field say of it, the first that fits."""
LIKE = {"balance": "amount", "name": "what", "why": "line", "code": "do", "until": "time"}
"""What is shown where an event has not what was guessed."""
SAID = re.compile(r'^(?P<words>.*?)(?:=|＝)\s*(?P<fact>[a-z]+|"[^"]*"|“[^”]*”)\s*$')
PLACE = re.compile(r"\$?\{+\s*(?P<name>\w+)\s*\}+")
MOST_FIELDS = 20


class TemplateError(ValueError):
    """A template can't be used so; the message, for people, says what is wrong and how to mend it."""


def said(line: str) -> tuple[str, str]:
    """(what stands before it, the fact or the words that a line names); no fact if it names none."""
    found = SAID.match(line)
    if not found:
        return line, ""
    fact = found["fact"]
    return found["words"], fact if fact.isalpha() and fact.isascii() else '"' + fact.strip('"“”')


def chosen(field: str, fact: str, usable: Collection[str]) -> str:
    """A fact that people named for a field. TemplateError if there is none such, or the event has it not."""
    if fact.startswith('"') or fact in usable:
        return fact
    known = ", ".join(name for name in FACTS if name in usable)
    raise TemplateError(
        _("%(field)s: there is no “%(fact)s” in this notice. There are: %(known)s; or fixed words in quotes.")
        % {"field": field, "fact": fact, "known": known}
    )


def guess(words: Iterable[str], usable: Collection[str]) -> str:
    """The fact that the first words which say anything speak of; empty if none do."""
    for each in words:
        for fact, pattern in GUESSES:
            if re.search(pattern, each.casefold().strip()):
                found = fact if fact in usable else LIKE.get(fact, "")
                if found in usable:
                    return found
    return ""


def unknown(field: str, beside: str, usable: Collection[str]) -> TemplateError:
    """What is said where no fact was named for a field, and none could be guessed."""
    known = ", ".join(name for name in FACTS if name in usable)
    text = _("Say what %(field)s (%(beside)s) is to show, such as “%(field)s = room”. There are: %(known)s.")
    return TemplateError(text % {"field": field, "beside": beside.strip() or "–", "known": known})


def read_text(text: str, usable: Collection[str], ordered: bool) -> tuple[tuple[str, str], ...]:
    """The fields of an SMS template: its text as it was pasted, `电费剩${balance}元` or `{1}`, or lines `balance = balance`, or
    both. Where only their order counts they are called 1, 2, and so on. TemplateError.
    """
    fields: dict[str, str] = {}
    named: dict[str, str] = {}
    beside: dict[str, str] = {}
    for line in text.splitlines():
        words, fact = said(line)
        if fact and not PLACE.search(words):
            named[words.strip()] = fact
            continue
        places = list(PLACE.finditer(line))
        for number, place in enumerate(places):
            name = str(len(fields) + 1) if ordered else place["name"]
            before = line[places[number - 1].end() if number else 0 : place.start()]
            after = line[place.end() : places[number + 1].start() if number + 1 < len(places) else len(line)]
            beside[name] = f"{before[-10:]}…{after[:4]}"
            own = "" if ordered else place["name"].casefold()
            # What stands before it says more than a unit behind it.
            label = re.split(r"[，。,;；！!、（(]", before.rstrip("：: "))[-1]
            fields[name] = own if own in usable else guess((own, label[-6:], after[:1], after[:3]), usable)
    if named.keys() - fields.keys() and fields:
        raise TemplateError(
            _("There is no field %(field)s in the text.") % {"field": min(named.keys() - fields.keys())}
        )
    fields |= {name: chosen(name, fact, usable) for name, fact in named.items()}
    if ordered and list(fields) != [str(number + 1) for number in range(len(fields))]:
        raise TemplateError(_("Its parameters are called 1, 2, 3 and so on, a line each, in their order."))
    for name, fact in fields.items():
        if not fact:
            raise unknown(name, beside[name], usable)
    if len(fields) > MOST_FIELDS:
        raise TemplateError(_("At most %(most)d fields.") % {"most": MOST_FIELDS})
    return tuple(fields.items())
