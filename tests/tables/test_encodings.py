"""Texts in the encodings of before Unicode: banks of many countries still write them."""

import unicodedata

import pytest

from prewatt.tables.decode import decode
from prewatt.tables.encodings import likeliest, lost_letters, same_bytes
from prewatt.tables.languages import LANGUAGES, languages_of
from prewatt.tables.problems import TableError

FILES = {
    "Polish": ("PLN", "cp1250", "Data operacji;Opis operacji;Kwota\n05.01.2026;PRZELEW PRZYCHODZĄCY ŁUKASZ ZIĘBA;500,00\n"),
    "Polish of ISO": ("PLN", "iso8859-2", "Data księgowania;Tytuł;Kwota\n05.01.2026;Świątek Paweł czynsz za styczeń;500,00\n"),
    "Polish of DOS": ("PLN", "cp852", "Data;Tytuł;Kwota\n05.01.2026;Łukasz Świątek czynsz za styczeń;500,00\n"),
    "Czech": ("CZK", "cp1250", "Datum splatnosti;Částka;Název protiúčtu\n05.01.2026;500,00;Jiří Dvořák\n"),
    "Slovak": ("EUR", "cp1250", "Dátum;Suma;Názov protiúčtu;Účel\n05.01.2026;500,00;Ľubomír Šťastný;nájomné\n"),
    "Hungarian": ("HUF", "cp1250", "Könyvelés dátuma;Összeg;Közlemény\n2026.01.05;500;lakbér Szőke Győző\n"),
    "Romanian": ("RON", "cp1250", "Data;Sumă;Detalii\n05.01.2026;500,00;Încasare Ştefan Brânză\n"),
    "Croatian": ("EUR", "cp1250", "Datum;Opis;Iznos\n05.01.2026;Uplata Žarko Đurić Šimić;500,00\n"),
    "Turkish": ("TRY", "cp1254", "Tarih;Açıklama;Tutar\n05/01/2026;Gelen FAST Ayşe Çağlar IŞIK;500,00\n"),
    "Lithuanian": ("EUR", "cp1257", "Data;Gavėjas;Suma\n2026-01-05;Živilė Kazlauskienė už sausį;500,00\n"),
    "Latvian": ("EUR", "cp1257", "Datums;Saņēmējs/Maksātājs;Summa\n05.01.2026;Jānis Bērziņš;500,00\n"),
    "Estonian": ("EUR", "cp1257", "Kuupäev;Selgitus;Summa\n05.01.2026;Jüri Mägi üür;500,00\n"),
    "Russian": ("RUB", "cp1251", "Дата операции;Сумма;Плательщик\n05.01.2026;500,00;Иванов Иван Иванович\n"),
    "Russian of DOS": ("RUB", "cp866", "Дата;Сумма;Плательщик\n05.01.2026;500.00;ИВАНОВ ИВАН\n"),
    "Ukrainian": ("UAH", "cp1251", "Дата;Сума;Призначення платежу\n05.01.2026;500,00;Шевченко Євген Їжак\n"),
    "Bulgarian": ("BGN", "cp1251", "Дата;Сума;Основание\n05.01.2026;500,00;наем Георги Иванов\n"),
    "Serbian": ("RSD", "cp1251", "Датум;Износ;Сврха\n05.01.2026;500,00;Уплата кирије Ђорђе Њежић\n"),
    "Greek": ("EUR", "cp1253", "Ημερομηνία;Περιγραφή;Ποσό\n05/01/2026;Παπαδόπουλος Γιώργος;500,00\n"),
    "Hebrew": ("ILS", "cp1255", "תאריך,תיאור,זכות\n05/01/2026,העברה מדני כהן שכר דירה,500.00\n"),
    "Arabic": ("QAR", "cp1256", "التاريخ,الوصف,المبلغ\n05/01/2026,تحويل من محمد عبدالله إيجار,500.00\n"),
    "Thai": ("THB", "cp874", "วันที่,รายการ,จำนวนเงิน\n05/01/2026,รับโอนจาก นาย สมชาย ใจดี,500.00\n"),
    "Chinese": ("CNY", "gb18030", "交易日期,摘要,收入金额,对方户名\n20260105,转账,500.00,王五\n"),
    "Taiwan's": ("TWD", "big5", "交易日期,摘要,存入金額,備註\n2026/01/05,轉帳,500,王大明\n"),
    "Hong Kong's": ("HKD", "big5", "日期,交易詳情,存入\n2026/01/05,轉賬 CHAN TAI MAN 陳大文,500\n"),
    "Japanese": ("JPY", "cp932", "取引日,入出金(円),摘要\n20260105,50000,ﾌﾘｺﾐ ﾀﾅｶ ﾀﾛｳ\n"),
    "Japanese of Unix": ("JPY", "euc_jp", "日付,摘要,お預入れ金額\n2026/1/5,振込 田中太郎,50000\n"),
    "Korean": ("KRW", "cp949", "거래일시,적요,입금액\n2026-01-05,타행이체 김철수,50000\n"),
    "German": ("EUR", "cp1252", "Buchungstag;Begünstigter/Zahlungspflichtiger;Betrag\n05.01.26;Jörg Größl;500,00\n"),
    "French": ("EUR", "cp1252", "Date;Libellé;Crédit\n05/01/2026;VIREMENT REÇU DE M. LEFÈVRE août, prélèvement;500,00\n"),
    "French of ISO": ("EUR", "iso8859-15", "Date;Libellé;Montant (€)\n05/01/2026;cœur;500,00\n"),
    "Portuguese": ("BRL", "cp1252", "Data;Histórico;Valor\n05/01/2026;PIX RECEBIDO João Gonçalves;500,00\n"),
    "Danish": ("DKK", "cp1252", "Bogført;Beløb;Tekst\n05-01-2026;500,00;Søren Kærgård\n"),
    "Icelandic": ("ISK", "cp1252", "Dagsetning;Upphæð\n05.01.2026;Þórður Guðmundsson\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_in_the_encoding_of_its_language(name):
    currency, encoding, text = FILES[name]
    assert decode(text.encode(encoding), currency) == text


@pytest.mark.parametrize("hint", ["", "EUR", "USD", "CNY"])
@pytest.mark.parametrize("name", FILES)
def test_without_the_right_hint_a_file_is_read_right_or_refused_but_never_in_another_script(name, hint):
    """Which accent a Latin letter has may be mistaken: no flat and no payment depends on it."""
    _currency, encoding, text = FILES[name]
    try:
        found = decode(text.encode(encoding), hint)
    except TableError:
        return
    if any(encoding in language.encodings and language.is_latin for language in LANGUAGES.values()):
        assert all("LATIN" in unicodedata.name(sign) or sign in "ªº" for sign in found if sign.isalpha())
    else:
        assert found == text


@pytest.mark.parametrize(
    ("currency", "encoding", "names"),
    [
        ("PLN", "cp1250", "Zięba Żak Wójcik Święty Łoś Kwiecień"),
        ("HUF", "cp1250", "Szőke Győr Fűtő"),
        ("CZK", "cp1250", "Dvořák Žižka Šťastný Růžička"),
        ("TRY", "cp1254", "Işık Gülşen İpek Çağ"),
        ("EUR", "cp1252", "Lefèvre août Größl Müller Ñuñez João Zoë Åse Søren Jääskeläinen città œuvre"),
        ("RUB", "cp1251", "Иванов АРЕНДА Щукин"),
        ("ILS", "cp1255", "כהן לוי"),
        ("QAR", "cp1256", "محمد إيجار"),
        ("THB", "cp874", "สมชาย ค่าเช่า"),
        ("CNY", "gb18030", "王五 王喆 龚鑫 房租"),
        ("TWD", "big5", "王大明 陳怡君"),
        ("KRW", "euc-kr", "김철수 박영희"),
        ("JPY", "cp932", "ﾀﾅｶ ﾔﾏﾀﾞﾊﾅｺ 田中 鈴木一郎"),
        ("JPY", "euc_jp", "田中 佐藤 たなか 山田花子"),
    ],
)
def test_one_name_is_enough_where_the_currency_shows_the_language(currency, encoding, names):
    for name in names.split():
        text = f"date,amount,payer\n2026-01-05,500.00,{name}\n"
        assert decode(text.encode(encoding), currency) == text


def test_japanese_of_unix_is_never_chinese():
    for name in ("田中太郎", "佐藤", "振込 山田花子"):
        assert likeliest(f"1,{name}".encode("euc_jp"), "JPY") in (f"1,{name}", None)
        assert likeliest(f"1,{name}".encode("euc_jp"), "") in (f"1,{name}", None)


def test_a_sign_or_a_capital_within_a_word_shows_that_a_reading_is_wrong():
    for encoding, name in (("cp437", "Jäger"), ("cp850", "Müller"), ("mac-roman", "Größe"), ("mac-roman", "Jäger")):
        assert likeliest(f"1;{name}".encode(encoding), "EUR") is None


@pytest.mark.parametrize("hint", ["", "EUR", "GBP", "INR"])
def test_a_sign_of_a_currency_alone_is_no_letter_of_another_script(hint):
    for text in (
        "Datum von;Preis [€/MWh]\n1.10.2025;200,00 €\n",
        "Date;Amount (€)\n1.10.2025;200\n",
        "a;£5.00\n",
        "a;5.00£\n",
        "a;5,00 €\n",
        "a;€5\n",
    ):
        assert decode(text.encode("cp1252"), hint) == text


def test_two_readings_of_the_same_bytes_are_known_as_such():
    assert same_bytes("Ayþe Iþýk", "Ayşe Işık") and same_bytes("Iâàíîâ".replace("I", "È"), "Иванов")
    assert not same_bytes("Müller", "Möller") and not same_bytes("Anna", "Anna") and not same_bytes("王五", "李四")


def test_a_text_that_has_lost_letters_may_be_another_one():
    assert lost_letters("M�ller, Anna", "Müller, Anna") and lost_letters("王五", "��")
    assert not lost_letters("M�ller", "Mueller") and not lost_letters("Müller", "Müller")


def test_every_language_has_letters_that_its_encodings_have():
    for language in LANGUAGES.values():
        assert any(language.letters.encode(each, "ignore") for each in language.encodings)
        assert len(set(language.letters)) >= 3


@pytest.mark.parametrize(
    ("hint", "languages"),
    [("CNY", ("zh",)), ("zh-Hans", ("zh",)), ("zh_Hant".replace("_", "-"), ("zh-hant",)), ("sk", ("cs",)), ("XTS", ()), ("", ())],
)  # fmt: skip
def test_a_currency_or_a_language_hints_at_languages(hint, languages):
    assert languages_of(hint)[0] == languages
