"""Statements in the encodings of before Unicode: no letter that is read in two ways makes a payment new or another's."""

from pathlib import Path

import pytest

from prewatt.server.payments.bank import read, upload
from prewatt.server.payments.statements.errors import BankError

SAMPLES = Path(__file__).parent / "statements"
HEAD = "date;amount;payer;text\n"
AYSE = "2025-10-06;20,00;Ayşe;kira\n"


@pytest.fixture
def owner(tenancy):
    return tenancy.unit.property.organisation


@pytest.mark.database
def test_a_line_that_is_read_in_another_encoding_the_next_time_is_no_new_payment(owner, admin_user):
    (first,) = upload(owner, (HEAD + AYSE).encode("cp1254"), "EUR", admin_user).new
    assert first.payer != "Ayşe"
    # More lines show the language.
    rows = "2025-10-07;21,00;Şükrü Işık;Açıklama: Ağustos kirası\n2025-10-08;22,00;İsmail Yağız;Gönderilen ödeme\n"
    made = upload(owner, (HEAD + AYSE + rows).encode("cp1254"), "EUR", admin_user)
    assert [line.payer for line in made.new] == ["Şükrü Işık", "İsmail Yağız"] and made.known == 1
    assert upload(owner, (HEAD + AYSE).encode(), "EUR", admin_user).known == 1


@pytest.mark.database
def test_of_two_payers_that_differ_in_a_letter_each_is_new(owner, admin_user):
    made = upload(owner, f"{HEAD}2025-10-06;20,00;Müller;x\n".encode("cp1252"), "EUR", admin_user)
    made = upload(owner, f"{HEAD}2025-10-06;20,00;Möller;x\n".encode("cp1252"), "EUR", admin_user)
    assert len(made.new) == 1 and made.known == 0 and made.new[0].like is None


@pytest.mark.database
def test_a_line_whose_letters_were_lost_is_asked_for_and_not_counted_twice(owner, admin_user):
    upload(owner, f"{HEAD}2025-10-06;20,00;Jäger;Miete\n".encode(), "EUR", admin_user)
    text = HEAD.replace("date", "datum") + "2025-10-06;20,00;J\ufffdger;\n" + "2025-10-07;1,00;üäöß;Größe\n"
    (line, _other) = upload(owner, text.encode(), "EUR", admin_user).new
    assert line.like is not None and line.like.payer == "Jäger"


def mt940(text):
    return (
        ":20:STARTUMS\n:25:10020030/1234567\n:28C:0\n:60F:C251005EUR0,00\n:61:2510061006CR20,50N051NONREF\n"
        f":86:166?00GUTSCHRIFT?20{text}?32{text}\n:62F:C251006EUR20,50\n-\n"
    )


@pytest.mark.parametrize(
    ("text", "encoding", "currency"),
    [
        ("Łukasz Zięba", "cp1250", "PLN"),
        ("Świątek Łukasz", "cp852", "PLN"),
        ("Jörg Größl", "latin-1", "EUR"),
        ("Иванов Иван", "cp1251", "RUB"),
        ("Ayşe Işık", "cp1254", "TRY"),
    ],
)
def test_mt940_is_read_in_the_encoding_of_its_currency(text, encoding, currency):
    (line,) = read(mt940(text).encode(encoding), currency).lines
    assert (line.payer, line.text) == (text, f"{text} GUTSCHRIFT")


def test_mt940_in_letters_of_no_language_keeps_its_references_and_invents_no_name():
    (line,) = read(mt940("PW1-8 Jäger").encode("mac-roman"), "EUR").lines
    assert (line.payer, line.text) == ("PW1-8 J\ufffdger", "PW1-8 J\ufffdger GUTSCHRIFT")


@pytest.mark.parametrize(
    ("declared", "encoding"), [("CHARSET:1252", "cp1252"), ("CHARSET:1250", "cp1250"), ("CHARSET:NONE", "cp1252")]
)
def test_ofx_is_read_in_the_encoding_that_it_declares_or_in_the_likeliest(declared, encoding):
    text = (SAMPLES / "ofx-102.qfx").read_text()
    name = read(text.encode(), "EUR").lines[0].payer
    assert name == "ANNA & CO" and "CHARSET:1252" in text
    text = text.replace("CHARSET:1252", declared).replace("ANNA &amp; CO", "Jörg Größl")
    assert read(text.encode(encoding), "EUR").lines[0].payer == "Jörg Größl"


def test_a_table_in_letters_of_no_language_is_refused():
    with pytest.raises(BankError, match="its letters make no sense, or may be of two languages"):
        read(f"{HEAD}2025-10-06;20,00;Jäger;x\n".encode("mac-roman"), "EUR")
