"""Statements in the formats of banks: CAMT, MT940, OFX. The samples are made after the published forms."""

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prewatt.kernel.units import NANO
from prewatt.server.payments import bank
from prewatt.server.payments.statements.errors import BankError, Why
from prewatt.server.payments.statements.reading import read_file
from prewatt.server.payments.statements.shape import Line
from tests.comparing import assert_row

SAMPLES = Path(__file__).parent / "statements"
OCTOBER = date(2025, 10, 6)
FORMATS = sorted(each.name for each in SAMPLES.iterdir() if each.suffix in (".xml", ".sta", ".940", ".qfx", ".ofx"))


def read(name):
    return read_file((SAMPLES / name).read_bytes(), "EUR")


def units(found):
    return [each.amount / NANO for each in found.lines]


def test_camt_053_as_german_banks_write_it():
    found = read("camt053-de-v8.xml")
    assert found.lines[0] == Line(
        OCTOBER,
        20_500_000_000,
        "EUR",
        "Anna Müller",
        "PW1-8 Strom Oktober",
        date(2025, 10, 7),
        "DE89370400440532013000",
        "2025100601234567000",
        False,
    )
    assert units(found) == [20.5, -450, 25, 20, -20]
    assert [each.payer for each in found.lines] == ["Anna Müller", "Stadtwerke", "Ben", "Cem", "Anna Müller"]
    assert [each.bank_id[-4:] for each in found.lines] == ["7000", "8000", "9001", "9002", "0000"]
    assert [each.returned for each in found.lines] == [False, False, False, False, True]
    assert "returned FOCR" in found.lines[4].text and "RF18539007547034" in found.lines[3].text
    assert found.counted() == {Why.PENDING: 1} and "noch nicht gebucht" in found.left_out[0].text


def test_of_what_comes_back_to_us_the_other_side_is_who_was_paid():
    text = (
        (SAMPLES / "camt053-de-v8.xml")
        .read_text()
        .replace("450.00</Amt><CdtDbtInd>DBIT", "450.00</Amt><CdtDbtInd>CRDT")
    )
    text = text.replace("<RmtInf><Ustrd>Abschlag</Ustrd></RmtInf>", "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>")
    back = read_file(text.encode(), "EUR").lines[1]
    assert_row(back, amount=450 * NANO, payer="Stadtwerke", returned=True)


def test_camt_054_names_the_payments_of_a_collective_booking():
    found = read("camt054-ch-v4.xml")
    assert units(found) == [100, 200, -5.05]
    assert found.lines[0].payer == "Zoé Frei" and "PW1-8" in found.lines[0].text
    assert found.lines[1].currency == "CHF" and found.lines[2].text == "Gebühren"


def test_of_a_report_within_the_day_only_what_is_booked_is_taken():
    found = read("camt052-v2.xml")
    assert units(found) == [7] and found.counted() == {Why.PENDING: 1}


def test_a_collective_booking_whose_parts_do_not_sum_up_is_one_line_with_all_texts():
    text = (
        (SAMPLES / "camt053-de-v8.xml").read_text().replace('<Amt Ccy="EUR">25.00</Amt>', '<Amt Ccy="EUR">24.00</Amt>')
    )
    found = read_file(text.encode(), "EUR")
    assert units(found) == [20.5, -450, 45, -20]
    assert "Strom B" in found.lines[2].text and "RF18539007547034" in found.lines[2].text


def test_mt940_as_german_banks_write_it():
    found = read("mt940-sparkasse.sta")
    first = found.lines[0]
    assert (first.day, first.value_day) == (OCTOBER, date(2025, 10, 7))
    assert first.text == "PW1-8 Strom Oktober GUTSCHR. UEBERWEISUNG"
    assert_row(first, payer="ANNA MUELLER", account="DE89370400440532013000", bank_id="2025100601234567")
    assert units(found) == [20.5, -450, -20, 25]
    assert [each.returned for each in found.lines] == [False, False, True, False]
    assert found.lines[3].day == date(2024, 12, 31) and found.lines[3].payer == "BENJAMIN"
    assert "mitten im Wort umbricht" in found.lines[3].text


def test_mt940_as_dutch_banks_write_it_in_swifts_envelope():
    found = read("mt940-nl.940")
    assert units(found) == [20.5, -90]
    assert found.lines[0].payer == "J. JANSSEN" and "PW1-8 stroom oktober" in found.lines[0].text
    assert found.lines[0].bank_id == "0000000000001234"
    assert found.lines[1].account == "NL20INGB0001234567" and found.lines[1].payer == "NETBEHEERBV"


def test_ofx_in_sgml():
    found = read("ofx-102.qfx")
    assert units(found) == [20.5, -90, -20]
    assert found.lines[0] == Line(OCTOBER, 20_500_000_000, "USD", "ANNA & CO", "Zelle PW1-8", bank_id="202510061")
    assert [each.returned for each in found.lines] == [False, False, True]


def test_ofx_in_xml():
    found = read("ofx-211.ofx")
    assert units(found) == [20.5, -90]
    assert (found.lines[0].payer, found.lines[0].text) == ("ANNA <M>", "PW1-8 – power")
    assert (found.lines[0].currency, found.lines[0].account, found.lines[0].bank_id) == ("GBP", "11111111", "A1")
    assert found.counted() == {Why.PENDING: 1}


def ofx_of(*amounts, currency="USD", balance="1"):
    lines = "".join(
        f"<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20251006<TRNAMT>{amount}<FITID>{number}<NAME>ANNA</STMTTRN>"
        for number, amount in enumerate(amounts)
    )
    text = f"OFXHEADER:100\n\n<OFX><CURDEF>{currency}{lines}<LEDGERBAL><BALAMT>{balance}</LEDGERBAL></OFX>"
    return text.encode()


@pytest.mark.parametrize(
    ("content", "amounts"),
    [
        (ofx_of("1,234", "20.50"), [1234, 20.5]),
        (ofx_of("1.234", "20,50"), [1234, 20.5]),
        (ofx_of("1,234", balance="930.50"), [1234]),
        (ofx_of("1,234.50", "1,234"), [1234.5, 1234]),
        (ofx_of("1.234,50"), [1234.5]),
        (ofx_of("1,234", currency="JPY"), [1234]),
        (ofx_of("1.234", currency="VND"), [1234]),
        (ofx_of("1.500", currency="KWD"), [1.5]),
    ],
)
def test_thousands_of_ofx_are_told_by_its_other_amounts_and_by_the_currency(content, amounts):
    assert units(read_file(content, "EUR")) == amounts


@pytest.mark.parametrize(
    "content", [ofx_of("5", "1,234"), ofx_of("5", "1.234"), ofx_of("5", "1,500", currency="KWD"), ofx_of("5.50", "1,234", "5,50")]
)  # fmt: skip
def test_an_amount_of_ofx_that_stays_open_is_refused_by_its_transaction(content):
    with pytest.raises(BankError, match=r"Transaction 2: 1[.,]\d{3} can be read in two ways"):
        read_file(content, "EUR")


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_is_cut_anywhere_is_refused_in_words_or_read_whole(name):
    content = (SAMPLES / name).read_bytes()
    whole = read_file(content, "EUR")
    for end in range(len(content) // 5, len(content), 97):
        try:
            part = read_file(content[:end], "EUR")
        except BankError as error:
            assert re.search(r"incomplete|damaged|no CAMT|no MT940", str(error))
        else:
            assert part == whole


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
def test_bytes_that_are_spoilt_give_words(name, data):
    content = bytearray((SAMPLES / name).read_bytes())
    for _each in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_file(bytes(content), "EUR")
    except BankError as error:
        assert str(error)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<Document><BkToCstmrStmt>&b;</BkToCstmrStmt></Document>"""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (BOMB, "DTD"),
        (b'<?xml version="1.0"?><!DOCTYPE d SYSTEM "file:///etc/passwd"><Document/>', "DTD"),
        (b"<a>" * 10_000, "nested too deep"),
        (b"<a>" + b"<b/>" * 600_000 + b"</a>", "too large"),
        (b"<OFX>" + b"<![CDATA[" * 400_000, "incomplete"),
        (b"<OFX>" + b"<STMTTRN>" * 30_000 + b"</OFX>", "not a day"),
        (b"<Document><other/></Document>", "no CAMT"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"%PDF-1.7", "PDF"),
        (b'<?xml version="1.0" encoding="klingon"?><Document/>', "klingon"),
        (b"<OFX><STMTTRN>", "incomplete"),
        (b'<!DOCTYPE OFX [<!ENTITY a "x">]><OFX></OFX>', "DTD"),
        (b":20:X\n:60F:C251006EUR1,00\n:61:2510061006C1,00NTRF\n", "closing balance"),
        (b":20:X\n", "no MT940 statement"),
        (b"x" * 5_000_001, "5 MB"),
    ],
)
def test_hostile_and_foreign_files_give_words(content, says):
    with pytest.raises(BankError, match=says):
        read_file(content, "EUR")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("<CdtDbtInd>CRDT</CdtDbtInd><Sts>", "<Sts>"), "Entry 1 does not say whether"),
        (("20.50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>", "20,50</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>"), "20,50 is not an amount"),
        (("<BookgDt><Dt>2025-10-06", "<BookgDt><Dt>2025-13-06"), "2025-13-06 is not a day"),
    ],
)  # fmt: skip
def test_what_can_not_be_known_of_an_entry_is_refused_by_name(change, says):
    with pytest.raises(BankError, match=says):
        read_file((SAMPLES / "camt053-de-v8.xml").read_text().replace(*change, 1).encode(), "EUR")


def test_a_line_of_mt940_that_can_not_be_read_is_listed():
    text = (SAMPLES / "mt940-sparkasse.sta").read_text().replace(":61:2510061006DR450,", ":61:2599061006DR450,")
    found = read_file(text.encode(), "EUR")
    assert units(found) == [20.5, -20, 25] and found.counted() == {Why.UNREADABLE: 1}


@pytest.mark.parametrize("name", FORMATS)
def test_ends_of_lines_and_a_mark_at_the_beginning_change_nothing(name):
    content = (SAMPLES / name).read_bytes()
    assert read_file(content.replace(b"\n", b"\r\n"), "EUR") == read_file(content, "EUR") == read_file(content, "EUR")
    if name.endswith((".sta", ".940", ".qfx")):
        assert read_file(b"\xef\xbb\xbf" + content, "EUR") == read_file(content, "EUR")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_in_utf_16_says_what_it_says_in_utf_8(name, encoding):
    content = (SAMPLES / name).read_bytes()
    text = content.decode("latin-1" if b'"ISO-8859-1"' in content else "utf-8")
    assert read_file(text.encode(encoding), "EUR") == read_file(content, "EUR")


def test_a_file_in_utf_16_that_is_cut_within_a_sign_is_refused_in_words():
    content = (SAMPLES / "ofx-102.qfx").read_text().encode("utf-16")
    with pytest.raises(BankError, match="UTF-16-LE, but is damaged"):
        bank.read(content[:-1], "EUR")


@pytest.mark.parametrize("end", ["\r", "\r\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\n\n"])
def test_other_ends_of_lines_change_nothing_in_mt940(end):
    text = (SAMPLES / "mt940-sparkasse.sta").read_text()
    assert read_file(text.replace("\n", end).encode(), "EUR") == read_file(text.encode(), "EUR")
