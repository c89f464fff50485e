"""The words of notices, as each way carries them: within its limits, and with what happened, where and how much."""

import re

import pytest
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.cli.command import CommandError
from prewatt.cli.notice import preview_notices
from prewatt.server.core.local_forms import short_number
from prewatt.server.notices.channels.interface import Message, Template
from prewatt.server.notices.channels.senders import SENDERS
from prewatt.server.notices.channels.senders.interface import TemplateSender, sms_text
from prewatt.server.notices.channels.wechat import WeChat
from prewatt.server.notices.channels.wechat_fields import SHOWS, check_field, value
from prewatt.server.notices.channels.wecom import LONGEST, content
from prewatt.server.notices.events import ALWAYS_TOLD, FOR_MANAGERS, FOR_TENANTS, Event
from prewatt.server.notices.facts import EVERYWHERE, FACTS
from prewatt.server.notices.fitting import alphabet, cut, fit, keep_end, places, segments, whole
from prewatt.server.notices.languages import languages
from prewatt.server.notices.mapping import TemplateError
from prewatt.server.notices.preview import as_wechat, preview
from prewatt.server.notices.samples import contexts, message, messages, usable
from tests.server.notices.players.wechat import KINDS

LANGUAGES = tuple(languages())
EVERY = [(event, language) for event in Event for language in LANGUAGES]
URGENT = (Event.LOW, Event.EXHAUSTED, Event.CUT_OFF, Event.RESTORED, Event.TOP_UP)


def written(amount, language):
    """A figure as people who speak a language write it."""
    with override(language):
        return short_number(amount)


def flat(text):
    """Without what differs between ways: signs of money and blanks."""
    return re.sub(r"[\s¥€]", "", text)


@pytest.mark.parametrize(("event", "language"), EVERY)
def test_every_way_says_where_and_how_much_within_its_limits(event, language):
    for told in messages(event, language):
        where, amount = told.facts["room"], told.facts.get("amount")
        sms = sms_text(told)
        assert told.title and len(told.title) <= 200 and told.text and not re.search(r"[{}]", told.title + told.text)
        assert len(content(told).encode()) <= LONGEST
        for text in (f"{told.title}\n{told.text}", sms):
            assert where in text, text
            assert not amount or written(amount, language) in text, text
            assert "|" not in text and "¦" not in text
        assert segments(sms) == 1, (places(sms), sms)
        fields = dict(as_wechat(event, told))
        assert fields["thing1"] and fields["thing6"] and fields["phrase2"]
        for name, shown in fields.items():
            assert re.fullmatch(KINDS[re.sub(r"\d+$", "", name)], shown), (name, shown)
        assert flat(where[-10:]) in flat(fields["thing1"])
        # WeChat takes no amount below 0: it stands in the line, or has been paid.
        paid = told.facts.get("line", "")
        assert (
            not amount
            or flat(written(amount, language)) in flat(" ".join(fields.values()))
            or flat(amount) in flat(fields.get("amount3", ""))
            or (amount.startswith("-") and "100" in paid)
        )


ODD = (
    "🏠🏠 Penthouse",
    "A" * 60,
    "栋" * 60,
    "Haus 1|2",
    "|?x",
    "",
    " \n ",
    "👨‍👩‍👧‍👦" * 10,
    "<b>&amp;",
    "3-2-1204",
    "{{room}}",
)


@pytest.mark.parametrize("room", ODD)
@pytest.mark.parametrize("amount", ["0.00", "-5.00", "1234567.89", "123456789012.34"])
def test_odd_names_and_amounts_are_taken_by_wechat_and_stay_what_they_are(room, amount):
    for language in LANGUAGES:
        context = {**contexts(Event.LOW, language)[0], "room": room, "balance": amount, "unit": f"Linden 5 {room}"}
        told = message(Event.LOW, language, context)
        fields = dict(as_wechat(Event.LOW, told))
        for name, shown in fields.items():
            assert re.fullmatch(KINDS[re.sub(r"\d+$", "", name)], shown), (name, shown)
        if 0 < len(room.strip()) <= 20:
            assert fields["thing1"] == room and room in sms_text(told)
        said = written(amount, language)
        assert said in sms_text(told) and said in told.title
    for name in ("name", "why", "receipt", "room"):
        shown = value("thing1", name, Message("test", "k", "title", "text", "en", "", facts={name: "1|2"}))
        assert shown == "1|2", "not 12"


@pytest.mark.parametrize(("event", "language"), [(event, language) for event in URGENT for language in LANGUAGES])
def test_what_is_urgent_says_what_to_do(event, language):
    urges = languages()[language].words.samples.urges
    for told in messages(event, language):
        assert any(word in sms_text(told) for word in urges), sms_text(told)
        if "code" in told.facts:
            assert told.facts["code"] in sms_text(told)


def test_long_names_cost_neither_room_nor_amount():
    for language in LANGUAGES:
        for event in Event:
            for context in contexts(event, language):
                long = {
                    **context,
                    "unit": "Residenz am Alten Schlossgarten, Haus 3, Wohnung 1204",
                    "name": "Fahrstuhl | Treppenhaus " * 5,
                }
                told = message(event, language, long)
                long_room = {**told.facts, "room": "Residenz am Alten Schlossgarten, Haus 3, Wohnung 1204"}
                told = type(told)(**{**told.__dict__, "facts": long_room})
                fields = dict(as_wechat(event, told))
                assert fields["thing1"].endswith("1204") and len(fields["thing1"]) <= 20
                for name, shown in fields.items():
                    assert re.fullmatch(KINDS[re.sub(r"\d+$", "", name)], shown), (name, shown)
                amount = told.facts.get("amount", "")
                assert written(amount, language) in sms_text(told)


def test_each_fact_of_each_event_fits_each_kind_of_field_that_can_show_it():
    for event in Event:
        for fact in usable(event):
            for kind, shows in SHOWS.items():
                if fact not in shows:
                    with pytest.raises(TemplateError):
                        check_field(f"{kind}1", fact)
                    continue
                check_field(f"{kind}1", fact)
                for language in LANGUAGES:
                    for context in contexts(event, language):
                        told = message(event, language, context, Template("t", ((f"{kind}1", fact),)))
                        ((_name, shown),) = WeChat.filled({}, told)
                        rule = KINDS["thing" if kind == "name" else kind]
                        assert re.fullmatch(rule, shown), (event, fact, kind, shown)


def test_each_fact_fits_each_clouds_parameters():
    clouds = [each for each in SENDERS.values() if issubclass(each, TemplateSender)]
    assert len(clouds) == 3
    for cloud in clouds:
        for account in ({}, {"longest": "12"}):
            for event in Event:
                fields = tuple((fact, fact) for fact in usable(event))
                for language in LANGUAGES:
                    for context in contexts(event, language):
                        told = message(event, language, context, Template("t", fields))
                        for fact, shown in cloud.filled(account, told):
                            assert 1 <= len(shown) <= max(cloud.longest(account), 20 if fact == "code" else 0), (
                                fact,
                                shown,
                            )
                            assert not re.search(r"https?:|[【】\[\]¦|\n]", shown), shown
                            if cloud.name == "huawei" and fact not in ("amount", "balance", "energy"):
                                assert not re.search(r"[.。'<>{}]", shown), (fact, shown)


def test_what_an_event_has_is_known():
    assert {"balance", "amount", "room", "do"} <= set(usable(Event.LOW)) and "days" not in usable(Event.LOW)
    assert "code" in usable(Event.CUT_OFF) and "code" not in usable(Event.RESTORED)
    assert "energy" in usable(Event.STATEMENT) and "balance" not in usable(Event.SHARED_COST)
    assert set(usable(None)) == set(EVERYWHERE) <= set(FACTS)
    assert set(FOR_TENANTS) | set(FOR_MANAGERS) | set(ALWAYS_TOLD) == set(Event)


def test_the_texts_can_be_read_beforehand():
    lines = preview_notices(["low"], ["zh"], ["sms", "wechat"])
    assert "== low · zh · 1" in lines
    assert any(
        re.search(r"1204室电费剩4\.60元，约14\.4度，可用3天。充值：https://\S+ +\[1 SMS, 69 UCS-2\]", line)
        for line in lines
    )
    assert any(re.search(r"phrase2: 余额不足 +\[4/5\]", line) for line in lines)
    every = "\n".join(preview(list(Event), list(LANGUAGES), ["email", "push", "sms", "wechat", "wecom"]))
    assert all(f"== {event.value} · {language} · 1" in every for event, language in EVERY)
    with pytest.raises(CommandError, match="--way: 'pigeon' is not known"):
        preview_notices([], [], ["pigeon"])


# -- fitting ----------------------------------------------------------------------------------------------------------------


def test_what_may_go_goes_from_the_end_and_the_rest_is_cut_at_words():
    text = "101: 4.60 left|?, 14.4 kWh|?, 3 days|. Top up"
    assert fit(text, 99) == "101: 4.60 left, 14.4 kWh, 3 days. Top up" == whole(text)
    assert fit(text, 35) == "101: 4.60 left, 14.4 kWh. Top up"
    assert fit(text, 25) == "101: 4.60 left. Top up"
    assert fit(text, 18) == "101: 4.60 left…"
    with_link = "101: 4.60 left|?, 14.4 kWh|? https://x.example/n/1|. Top up"
    assert fit(with_link, 50) == "101: 4.60 left https://x.example/n/1. Top up", "a link before other pieces"
    assert fit(with_link, 35) == "101: 4.60 left, 14.4 kWh. Top up", "other pieces if there is no room for a link"
    assert cut("剩余金额12345.67元", 10) == "剩余金额…" and cut("剩余金额12.67元", 10) == "剩余金额12.67元"
    assert cut("电表无应答，请立即查看", 8) == "电表无应答…"
    assert keep_end("Linden 5 Flat 1204", 10) == "…Flat 1204"
    assert keep_end("锦绣花园三栋一二〇四室", 6) == "…一二〇四室"
    assert keep_end("Flat 1", 20) == "Flat 1"


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60), st.integers(3, 40))
def test_a_cut_is_a_beginning_and_no_longer_than_it_may_be(text, most):
    short = cut(text, most)
    assert len(short) <= most
    assert short == text or text.startswith(short.removesuffix("…"))
    assert len(keep_end(text, most)) <= most and text.endswith(keep_end(text, most).removeprefix("…"))


@pytest.mark.parametrize(
    ("text", "how", "taken", "parts"),
    [
        ("a" * 160, "GSM-7", 160, 1), ("a" * 161, "GSM-7", 161, 2), ("€" * 80, "GSM-7", 160, 1), ("€" * 81, "GSM-7", 162, 2),
        ("a" * 306, "GSM-7", 306, 2), ("a" * 307, "GSM-7", 307, 3), ("电" * 70, "UCS-2", 70, 1), ("电" * 71, "UCS-2", 71, 2),
        ("电" * 134, "UCS-2", 134, 2), ("电" * 135, "UCS-2", 135, 3), ("a" * 69 + "–", "UCS-2", 70, 1), ("😀" * 35, "UCS-2", 70, 1),
    ],
)  # fmt: skip
def test_sms_are_counted_as_they_are_paid(text, how, taken, parts):
    assert (alphabet(text), places(text), segments(text)) == (how, taken, parts)
