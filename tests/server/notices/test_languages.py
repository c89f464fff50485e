"""A language of notices is one folder, found by where it lies."""

import shutil

import pytest

from prewatt.kernel.events import EventKind, Group
from prewatt.kernel.safety import KINDS
from prewatt.kernel.supply import LOCKS
from prewatt.kernel.units import NANO
from prewatt.server.correspondence.models import Report
from prewatt.server.notices import languages as folders
from prewatt.server.notices.contact import read_contact
from prewatt.server.notices.events import Event
from prewatt.server.notices.languages import ENGLISH, FILE, FOLDER, language_of, languages
from prewatt.server.notices.preview import preview
from prewatt.server.notices.recipients import recipient_of
from prewatt.server.notices.sending import send_what_is_due
from prewatt.server.notices.words import brief, in_words
from prewatt.server.sales.top_ups import top_up
from tests.server.notices.test_notices import anna, events, watch

__all__ = ["anna"]

ESPERANTO = """
name = "Esperanto"
locale = "eo"
called = ["esperanto"]
currencies = { EUR = "eŭroj" }
tripped = "malŝaltita: {what}"

[acts]
person = "Vokuvin la mastron"
outside = "Nenio farenda"
ask = "Demandu la mastron"
less = "Malŝaltu ion"

[samples]
currency = "EUR"
property = "Tilio 5"
unit = "Tilio 5 loĝejo 12"
room = "loĝejo 12"
tenant = "Anna"
tariff = "tage kaj nokte"
shared_cost = "Lifto"
held = "pagita dufoje"
note_title = "Sen akvo vendrede"
note_text = "De la 9a ĝis la 12a."
refusal = "Stripe rifuzis"
report = "La ingo estas varma."
answer = "Elektristo venos morgaŭ."
urges = ["Vokuvin", "Demandu"]
"""
PAID = """Pago ricevita: {{ amount }} {{ currency }}
{{ unit }}: dankon.
--
what: Pago
do: Nenio farenda
line: {{ amount }} {{ currency }}
sms: {{ room }}: {{ amount }} {{ currency }} ricevitaj.
"""


@pytest.fixture
def esperanto(tmp_path, monkeypatch):
    """A language that nothing but its folder knows, with the text of one event."""
    shutil.copytree(FOLDER, tmp_path / "languages")
    folder = tmp_path / "languages" / "eo"
    folder.mkdir()
    (folder / FILE).write_text(ESPERANTO, encoding="utf-8")
    (folder / "top-up.txt").write_text(PAID, encoding="utf-8")
    monkeypatch.setattr(folders, "FOLDER", tmp_path / "languages")


def test_a_tenant_is_told_in_a_language_that_is_nothing_but_a_folder(esperanto, anna, tenancy, log_in, internet):
    assert read_contact(tenancy.unit.property, "", "", "Esperanto").language == "eo"
    page = log_in("flat1")
    assert ">Esperanto</option>" in page.get("/me/notices/").content.decode()
    page.post("/me/notices/", {"language": "eo", "quiet_from": "0", "quiet_until": "0", "tell": ["top-up", "note"]})
    assert recipient_of(tenancy).language == "eo"
    top_up(tenancy, 20 * NANO, "c1")
    watch()
    assert send_what_is_due() == 1
    assert events(anna) == ["top-up"]
    notice = anna.notices.get()
    assert notice.title == "Pago ricevita: 20,00 eŭroj"
    assert notice.title in internet.mail.mails[-1][2].decode() or b"Pago" in internet.mail.mails[-1][2]


def test_what_a_language_lacks_is_said_in_english(esperanto):
    lines = list(preview([Event.TOP_UP, Event.RESTORED], ["eo"], ["email"]))
    assert any("Pago ricevita: 100,00 eŭroj" in line for line in lines)
    assert any("The power in Tilio 5 loĝejo 12 is on again" in line for line in lines)
    assert in_words("arc-trip", "eo") == "malŝaltita: an arc was detected"
    assert in_words("tamper", "eo") == in_words("tamper", ENGLISH)


def test_a_language_whose_folder_is_gone_is_english():
    assert language_of("eo").code == ENGLISH


def test_a_file_that_cannot_be_read_is_named(esperanto):
    file = folders.FOLDER / "eo" / FILE
    file.write_text(ESPERANTO.replace("[acts]", "[act]"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"eo.language\.toml can't be read: .*`act`"):
        languages()


@pytest.mark.parametrize("code", [code for code in languages() if code != ENGLISH])
def test_each_language_here_says_all_that_english_does(code):
    own, english = FOLDER / code, FOLDER / ENGLISH
    assert {path.name for path in own.iterdir()} == {path.name for path in english.iterdir()}
    words = language_of(code).words
    codes = {str(kind) for kind in EventKind if not kind.endswith("-trip")} | set(LOCKS)
    assert codes | set(language_of(ENGLISH).words.events) <= set(words.events)
    assert set(words.advice) == set(KINDS)


@pytest.mark.parametrize("code", list(languages()))
def test_the_words_of_a_language_fit_the_fields_and_have_no_code_of_nothing(code):
    words = language_of(code).words
    assert {event.value for event in Event} | {"digest"} <= {path.stem for path in (FOLDER / code).glob("*.txt")}
    assert set(words.reports) == set(Report.Category.values) | set(Report.State.values)
    short = [words.acts.person, words.acts.outside, words.acts.ask, words.acts.less]
    told = [kind for kind in EventKind if kind.group == Group.OVERLOAD]
    short += [brief(kind, code, in_words(kind, code)) for kind in told]
    assert {text for text in short if len(text) > 20} <= {in_words(kind, code) for kind in told}
    known = {str(kind) for kind in EventKind} | set(LOCKS)
    journal_less = {"exhausted", "foreign", "ordered", "off-hours", "credit-limit", "bill-overdue"}
    assert set(words.events) | set(words.brief) <= known | journal_less
