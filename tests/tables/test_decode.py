"""Bytes to text: what spreadsheets, banks and loggers write is read as it was meant, or refused with the way out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prewatt.tables.decode import decode
from prewatt.tables.problems import TableError

CHINESE = "房号,电表,租客\n101室,m1,王五\n102室,m2,欧阳娜娜\n一单元,m3,李一\n"
GERMAN = "Wohnung;Zähler;Mieter\nErdgeschoß links;m1;Jörg Müller-Lüdenscheidt\nDach;m2;Łukasz\n"
WESTERN = "unit;meter;tenant\n1;m1;Zoë O’Brien – Hôtel Æther, 20 €\n2;m2;Søren Größl\n"


@pytest.mark.parametrize("text", [CHINESE, GERMAN, WESTERN])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030 with a mark"]
)
def test_unicode_is_read_with_and_without_its_mark(text, encoding):
    content = b"\x84\x31\x95\x33" + text.encode("gb18030") if " " in encoding else text.encode(encoding)
    for hint in ("", "EUR", "CNY"):
        assert decode(content, hint) == text


@pytest.mark.parametrize("hint", ["", "CNY", "zh-Hans", "EUR"])
def test_chinese_is_known_by_what_it_says_whatever_is_hinted(hint):
    assert decode(CHINESE.encode("gb18030"), hint) == CHINESE
    assert decode(CHINESE.encode("gbk"), hint) == CHINESE


@pytest.mark.parametrize("hint", ["", "CNY", "EUR", "GBP"])
@pytest.mark.parametrize(
    "name", ["Müller", "Zoë", "Größl", "François", "Ñuñez", "Åse Ødegård", "Ünsal Çağ", "José,María"]
)
def test_windows_1252_is_known_by_what_it_says_whatever_is_hinted(name, hint):
    name = name.replace("ğ", "g")
    assert decode(f"unit,meter,tenant\n1,m1,{name}\n".encode("cp1252"), hint).endswith(f"{name}\n")
    assert decode(f"unit,meter,tenant\n1,m1,{name}\n".encode("latin-1"), hint).endswith(f"{name}\n")


def test_a_hint_decides_where_there_is_little_to_see():
    """C4 D6 is 闹 in GB 18030 and ÄÖ in Windows-1252; one name of two frequent characters."""
    assert decode("unit,meter,tenant\n1,m1,ÄÖ AG\n".encode("cp1252"), "EUR").endswith("ÄÖ AG\n")
    assert decode("unit,meter,tenant\n1,m1,王\n".encode("gb18030"), "CNY").endswith("王\n")
    assert decode("unit,meter,tenant\n1,m1,王喆\n".encode("gb18030"), "CNY").endswith("王喆\n")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("unit;meter;tenant\n1;m1;Jäger\n".encode("cp850"), "DOS"),
        ("unit;meter;tenant\n1;m1;Müller\n".encode("cp437"), "DOS"),
        ("unit;meter;tenant\n1;m1;Jäger\n".encode("mac-roman"), "an old Mac"),
        ("unit,meter,tenant\n1,m1,ﾌﾘｺﾐ\n".encode("shift-jis"), "Japanese of one byte, or of two"),
        ("unit,meter,tenant\n1,m1,박영희\n".encode("euc-kr"), "a name alone, Korean or Chinese"),
        ("unit,meter,tenant\n1,m1,田中太郎\n".encode("euc-jp"), "a name alone, Japanese or Chinese"),
        (b"unit,meter,tenant\n1,m\x00\x001,Anna\n", "zeros"),
        (b"\xef\xbb\xbfunit,meter\n1,\xff\n", "a mark, and then not what it says"),
        (b"\xff\xfeu\x00n\x00i", "half a sign"),
        (bytes(range(256)), "no text"),
    ],
)
def test_what_is_no_text_or_cannot_be_known_is_refused_with_the_way_out(content, why):
    with pytest.raises(TableError) as caught:
        decode(content)
    assert "UTF-8" in str(caught.value)
    assert "codec" not in str(caught.value)


def test_a_line_that_is_damaged_is_named():
    with pytest.raises(TableError, match="line 3 "):
        decode(b"unit,meter\n1,m1\n2,m\x002\n")


def test_the_end_mark_of_old_files_is_no_part_of_them():
    assert decode(b"unit,meter\n1,m1\n\x1a") == "unit,meter\n1,m1\n"


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_any_text_in_unicode_comes_back(text, encoding):
    text = "unit,meter\n" + text.replace("\ufeff", "").replace("\ufffe", "").replace("\uffff", "")
    assert decode(text.encode(encoding)) == text


def test_utf_8_that_was_cut_within_a_letter_keeps_all_else():
    told = "户号,电表,租客\n101,m1,王五\n".encode()
    assert decode(told[:-3] + b"\n", "CNY") == "户号,电表,租客\n101,m1,王\ufffd\n"


def test_utf_8_with_hardly_a_letter_to_tell_it_is_not_taken_for_another_encoding():
    with pytest.raises(TableError, match="encoding can't be recognised"):
        decode("unit,meter,tenant\n1,m1,Müller".encode() + b"\xff\n")
