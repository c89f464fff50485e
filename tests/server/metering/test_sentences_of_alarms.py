"""What an alarm says is read in the language of whoever reads it: on pages, in the API, in notices."""

import ast
import json
from datetime import datetime
from pathlib import Path
from typing import get_type_hints
from zoneinfo import ZoneInfo

import pytest
from django.utils.translation import override

import prewatt
from prewatt.headend.alarms import Raised, clock_ahead, raised_by
from prewatt.headend.reconcile import Difference
from prewatt.kernel.entries import Event
from prewatt.kernel.events import EventKind
from prewatt.kernel.sentences import Sentence, stored
from prewatt.kernel.units import DAY
from prewatt.server.core.sentences import in_words
from prewatt.server.estate.models import Property
from prewatt.server.metering.models import Alarm, Meter
from prewatt.server.notices import watching
from prewatt.server.notices.models import Notice, Recipient
from prewatt.server.notices.recipient_channels import add_channel
from prewatt.server.notices.recipients import manager_of
from prewatt.server.sales import found

pytestmark = pytest.mark.database
SOURCE = Path(prewatt.__file__).parent


@pytest.fixture
def unbooked(building, clock):
    """A code that was typed at a meter, of which the server that was put back from a copy knows nothing."""
    Property.objects.update(currency="EUR", zone="Europe/Vienna")
    meter = Meter.objects.get(name="m3")
    at = int(datetime(2026, 11, 3, 14, 5, tzinfo=ZoneInfo("Europe/Vienna")).timestamp()) * 1_000_000
    with override("de"):
        # Whatever the language of who raised it.
        found.keep(meter, seq=7, at=at, number=None, order=None, amount=1234_500_000_000, tid=77)
    return Alarm.objects.get(kind="unbooked")


def said(alarm, language):
    with override(language):
        return alarm.sentence


def test_an_alarm_is_said_in_the_language_of_the_page_with_its_amounts_and_times(unbooked):
    assert unbooked.text.startswith("1234.50 EUR were credited on 2026-11-03 14:05 (")
    assert "; code 77). The meter has counted this payment" in unbooked.text
    assert said(unbooked, "en").startswith("1,234.50 EUR were credited on 3 Nov 2026, 14:05 (")
    german = said(unbooked, "de")
    assert german.startswith("1.234,50\N{NO-BREAK SPACE}€ wurden am 3. Nov. 2026, 14:05 gutgeschrieben (")
    assert "; Code 77). Der Zähler hat diese Zahlung gezählt" in german
    chinese = said(unbooked, "zh-hans")
    assert chinese.startswith("2026年11月3日 14:05 充入了 1,234.50\N{NO-BREAK SPACE}€（") and "充值码 77）" in chinese


def test_an_alarm_from_before_says_what_it_said(building):
    meter = Meter.objects.get(name="m1")
    alarm = Alarm.objects.create(meter=meter, at=0, text="100 % of it is wrong.")
    assert said(alarm, "de") == "100 % of it is wrong."
    # As does one whose text has been put in other words since.
    alarm.parts = {"type": "sentence", "text": "%(n)d are gone.", "values": {"n": 1000}}
    assert said(alarm, "de") == "100 % of it is wrong."
    alarm.parts = {"type": "something newer"}
    assert said(alarm, "zh-hans") == "100 % of it is wrong."


def test_the_api_the_page_and_the_notice_say_it_in_the_readers_language(unbooked, log_in):
    property_ = unbooked.property
    manager = log_in("manager")
    accepts = {"headers": {"Accept-Language": "de"}}
    (alarm,) = manager.get(f"/api/v1/properties/{property_.pk}/alarms", **accepts).json()
    assert alarm["text"] == said(unbooked, "de")
    assert "Der Zähler hat diese Zahlung gezählt" in manager.get(f"/alarms/{unbooked.pk}/", **accepts).content.decode()
    recipient = manager_of(property_.organisation)
    add_channel(recipient, "webhook", "https://example.com/")
    Recipient.objects.filter(pk=recipient.pk).update(language="zh", since=0, looked_at=0)
    watching.watch()
    (notice,) = Notice.objects.filter(recipient=recipient, key=f"alarm {unbooked.pk}")
    assert said(unbooked, "zh-hans") in notice.text and "。。" not in notice.text


def test_an_event_of_a_journal_raises_an_alarm_that_is_read_in_any_language():
    told = raised_by(Event(7, 0, 0, EventKind.SWITCH_DIFFERS, "it stands open"), "m1", "g1")
    kept = json.loads(json.dumps(stored(told.text)))
    with override("de"):
        text = in_words(kept, str(told.text))
        assert (
            text.startswith("Der Lastschalter von Zähler m1 ist nicht in der befohlenen Stellung")
            and "(er steht offen)" in text
        )
    ahead = clock_ahead("m1", 7, 3 * DAY, 0)
    with override("zh-hans"):
        assert "1970年1月4日 00:00（UTC），比现在超前 3 天" in in_words(stored(ahead.text), ahead.text)


def test_whoever_raises_an_alarm_gives_a_sentence():
    """What is put together otherwise is read in English alone."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCE.rglob("*.py")}
    nodes = [node for tree in trees.values() for node in ast.walk(tree)]
    makers = {each.name for each in nodes if isinstance(each, ast.FunctionDef) and _is_sentence(each.returns)}
    assert {"sentence", "several", "mend"} <= makers
    calls = 0
    for path, tree in trees.items():
        for function in (each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)):
            names = _sentences_of(function, makers)
            for call in _calls(function, "raise_alarm"):
                calls += 1
                text = call.args[1]
                # The store's alarms are those of the rules, whose type says so.
                is_of_a_rule = ast.unparse(text) == "alarm.text" and path.parts[-2:] == ("headend", "store.py")
                good = is_of_a_rule or ast.unparse(text) in names or _makes(text, makers)
                assert good, f"{path.relative_to(SOURCE)}, line {call.lineno}: {ast.unparse(text)}"
    assert calls > 20
    hints = (get_type_hints(each)["text"] for each in (Raised, Difference))
    assert all(hint is Sentence for hint in hints)


def _is_sentence(returns):
    return returns is not None and ast.unparse(returns) == "Sentence"


def _makes(value, makers):
    return isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in makers


def _calls(function, name):
    return [each for each in ast.walk(function) if isinstance(each, ast.Call) and ast.unparse(each.func) == name]


def _sentences_of(function, makers):
    """The names that a function gives to nothing but sentences."""
    given = {}
    for each in ast.walk(function):
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            given.setdefault(each.targets[0].id, []).append(each.value)
    return {name for name, values in given.items() if all(_makes(value, makers) for value in values)}
