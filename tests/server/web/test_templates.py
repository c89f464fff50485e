"""The form of the pages' templates, as far as their formatter leaves it open; and the sentences that they show."""

import re
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

import prewatt
from prewatt.kernel.dark_facts import Facts
from prewatt.kernel.units import DAY, HOUR, MINUTE, NANO
from prewatt.server.console.silences.in_words import advice, duration, headline
from prewatt.server.web.figures import MeterFigures

SERVER = Path(prewatt.__file__).parent / "server"
TEMPLATES = sorted(SERVER.rglob("*.html"))
BLOCKS = (
    "article|dd|details|div|dl|dt|fieldset|footer|form|h1|h2|h3|header|label|li|main|nav|ol|p|section|select|summary|table|"
    "tbody|td|th|thead|tr|ul"
)


@pytest.fixture(params=TEMPLATES, ids=lambda path: path.relative_to(SERVER).as_posix())
def lines(request):
    return request.param.read_text().splitlines()


def test_a_template_has_short_lines_and_few(lines):
    assert [line for line in lines if len(line) > 120] == []
    assert len(lines) <= 150


def test_a_block_starts_a_line_of_its_own(lines):
    assert [line for line in lines if len(re.findall(rf"<(?:{BLOCKS})\b", line)) > 1] == []


def test_a_sentence_is_translated_whole(lines):
    """A fragment beside a value can't be put into a language that has another order of words."""
    text = " ".join(line.strip() for line in lines)
    fragment = r"\{% translate (?:\"[^\"]*\"|'[^']*') %\}"
    glued = re.findall(rf"\}}\}}[ .]*{fragment}|{fragment}[ .]*\{{\{{|{fragment} {fragment}", text)
    assert glued == []


def test_a_table_of_cards_has_nothing_to_fill_in_in_its_head(lines):
    """On a phone the head of such a table is not there, and its texts stand beside each cell."""
    heads = re.findall(r"<table[^>]*\bcards\b[^>]*>.*?</thead>", " ".join(lines))
    assert [head for head in heads if re.search("<(?:select|input|textarea)", head)] == []


@pytest.mark.parametrize("path", sorted((SERVER / "web" / "static" / "web").glob("*.css")), ids=lambda path: path.name)
def test_a_style_sheet_has_a_declaration_a_line_and_nothing_that_must_be_important(path):
    sheet = path.read_text()
    assert len(sheet.splitlines()) <= 400
    assert "!important" not in sheet
    for line in sheet.splitlines():
        assert len(line) <= 120
        assert line.count(";") <= 1 and not re.search(r"[{}].*[{}]", line), line


# -- what they say -----------------------------------------------------------------------------------------------------------


def figures(closed=True, low=False, online=True, **known):
    facts = Facts(at=0, currency="EUR", closed=closed, is_low=low, is_offline=not online, **known)
    meter = {
        "meter": None,
        "zone_info": ZoneInfo("UTC"),
        "currency": "EUR",
        "balance": 0,
        "closed": closed,
        "register": 0,
        "read_at": 0,
        "online": online,
        "since": None,
        "waiting": 0,
        "low": low,
        "alarms": 0,
    }
    return MeterFigures(**meter, facts=facts)


LANDLORD_PAYS = "The power is on. Nobody lives here: the landlord pays what is used."


@pytest.mark.parametrize(
    ("changed", "sentence", "vacant"),
    [
        ({}, "The power is on.", LANDLORD_PAYS),
        ({"low": True}, "The power is on. The credit is running low.", LANDLORD_PAYS),
        ({"pays_after": True}, "The power is on. You pay after use.", LANDLORD_PAYS),
        (
            {"low": True, "pays_after": True, "room": 3 * NANO},
            "The power is on. You can use only 3.00 EUR more until the limit. Pay soon.",
            LANDLORD_PAYS,
        ),
        (
            {"low": True, "lent": 2 * NANO},
            "The power is on, on emergency credit: 2.00 EUR left.",
            LANDLORD_PAYS,
        ),
        (
            {"closed": False},
            "The power is off: the credit is used up. It returns by itself after a top-up.",
            "The power is off: nobody lives here, so there is no credit.",
        ),
        (
            {"closed": False, "opened": True, "online": False},
            "Last known: The power is off: switched off by the manager.",
            "Last known: The power is off: switched off by the manager.",
        ),
        ({"closed": None, "online": False}, "The meter has not reported yet.", "The meter has not reported yet."),
    ],
)
def test_the_page_says_in_one_sentence_whether_the_power_is_on(changed, sentence, vacant):
    assert figures(**changed).sentence == sentence
    assert figures(**changed).vacant_sentence == vacant


def silence(back_at=None, meter=None, since=0, line="", why=""):
    gateway = SimpleNamespace(name="g1", since=since)
    return SimpleNamespace(began_at=0, back_at=back_at, meter=meter, gateway=gateway, line=line, why=why, why_parts={})


def test_a_silence_is_told_in_whole_sentences():
    flat = SimpleNamespace(unit=SimpleNamespace(name="Flat 2"))
    assert headline(silence()) == "Gateway g1 is silent"
    assert headline(silence(back_at=HOUR, meter=flat)) == "Flat 2: the meter was silent"
    assert duration(silence(), 1) == "1 minute"
    assert duration(silence(), 119 * MINUTE) == "119 minutes"
    assert duration(silence(back_at=47 * HOUR), 3 * DAY) == "47 hours"
    assert duration(silence(), 2 * DAY) == "2 days"
    assert headline(silence(line="cellar")) == "Line cellar is silent"
    assert advice(silence(line="cellar", why="The adapter is gone."), went_on=False).startswith(
        "The adapter is gone. The"
    )
    assert "does not answer gateway g1" in advice(silence(meter=flat), went_on=False)
    assert "enrol it with its code" in advice(silence(since=None), went_on=False)
    assert "only the network has failed" in advice(silence(), went_on=False)
    assert "Only the network had failed" in advice(silence(back_at=HOUR), went_on=True)
    assert advice(silence(back_at=HOUR), went_on=False) == ""
