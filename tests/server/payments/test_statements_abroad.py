"""Tables of banks in many countries, each in its language and encoding. The samples are made after their exports; nothing is
copied.
"""

from datetime import date
from pathlib import Path

import pytest

from prewatt.kernel.units import NANO
from prewatt.server.payments.bank import read
from prewatt.server.payments.statements.errors import BankError, Unknown, Why

SAMPLES = Path(__file__).parent / "statements" / "abroad"
BANKS = {
    "sparkasse-camt-csv": ("EUR", "cp1252", 500, "Müller, Jörg"),
    "n26-new": ("EUR", "utf-8", 500, "Anna Müller"),
    "santander-es": ("EUR", "cp1252", 500, ""),
    "santander-uk": ("GBP", "utf-8", 500, ""),
    "bbva": ("EUR", "utf-8", 500, ""),
    "mbank": ("PLN", "cp1250", 500, ""),
    "pko": ("PLN", "cp1250", 500, ""),
    "ing-pl": ("PLN", "cp1250", 500, "Łukasz Zięba"),
    "otp-hu": ("HUF", "cp1250", 500, "Szőke Győző"),
    "ceska": ("CZK", "utf-16", 500, "Jiří Dvořák"),
    "csob": ("CZK", "cp1250", 500, "Jiří Dvořák"),
    "swedbank": ("SEK", "cp1252", 500, ""),
    "swedbank-ee": ("EUR", "utf-8", 500, "Jüri Mägi"),
    "swedbank-lt": ("EUR", "utf-8", 500, "Živilė K."),
    "ing-nl-semicolon": ("EUR", "utf-8", 500, "Anna de Vries"),
    "caixabank": ("EUR", "cp1252", 500, ""),
    "caixa-geral": ("EUR", "cp1252", 500, ""),
    "itau-head": ("BRL", "utf-8", 500, ""),
    "bradesco": ("BRL", "cp1252", 500, ""),
    "nubank": ("BRL", "utf-8", 500, ""),
    "icici": ("INR", "utf-8", 500, ""),
    "icici-crdr": ("INR", "utf-8", 500, ""),
    "hdfc-txt": ("INR", "utf-8", 500, ""),
    "sbi-tsv": ("INR", "utf-8", 500, ""),
    "equity-ke": ("KES", "utf-8", 500, ""),
    "mpesa": ("KES", "utf-8", 500, ""),
    "mpesa-personal": ("KES", "utf-8", 500, ""),
    "vietcombank": ("VND", "utf-8", 500000, ""),
    "bca": ("IDR", "utf-8", 500000, ""),
    "kasikorn": ("THB", "utf-8", 500, ""),
    "mufg": ("JPY", "cp932", 500, ""),
    "smbc": ("JPY", "cp932", 500, ""),
    "kb": ("KRW", "cp949", 500000, "김철수"),
    "icbc": ("CNY", "gb18030", 500, "王五"),
    "alfa": ("RUB", "cp1251", 500, ""),
    "tinkoff": ("RUB", "utf-8", 500, ""),
    "garanti": ("TRY", "cp1254", 500, ""),
    "isbank": ("TRY", "utf-8", 500, ""),
    "hapoalim": ("ILS", "cp1255", 500, ""),
    "leumi": ("ILS", "utf-8", 500, ""),
    "qnb": ("QAR", "utf-8", 500, ""),
    "qnb-ar": ("QAR", "cp1256", 500, ""),
    "bnp": ("EUR", "cp1252", 500, ""),
    "ca-fr": ("EUR", "cp1252", 500, ""),
    "boursorama": ("EUR", "utf-8-sig", 500, ""),
    "intesa": ("EUR", "utf-8", 500, ""),
    "unicredit": ("EUR", "cp1252", 500, ""),
    "postfinance": ("CHF", "utf-8", 500, ""),
    "ubs": ("CHF", "utf-8", 500, ""),
    "nordea-fi": ("EUR", "utf-8", 500, ""),
    "op-fi": ("EUR", "cp1252", 500, "MÄKELÄ YRJÖ"),
    "danske": ("DKK", "cp1252", 500, ""),
    "dnb-no": ("NOK", "utf-8", 500, ""),
    "banca-transilvania": ("RON", "utf-8", 500, ""),
    "zaba-hr": ("EUR", "cp1250", 500, ""),
    "eurobank-gr": ("EUR", "cp1253", 500, ""),
    "bancolombia": ("COP", "utf-8", 500000, ""),
    "bbva-mx": ("MXN", "utf-8", 500, ""),
    "anz-nz": ("NZD", "utf-8", 500, ""),
    "fnb-za": ("ZAR", "utf-8", 500, ""),
    "gtbank-ng": ("NGN", "utf-8", 500, ""),
    "maybank": ("MYR", "utf-8", 500, ""),
    "dbs-sg": ("SGD", "utf-8", 500, ""),
    "hsbc-hk": ("HKD", "utf-8", 500, ""),
    "cathay-tw": ("TWD", "cp950", 500, ""),
    "bpi-ph": ("PHP", "utf-8", 500, ""),
    "cib-eg": ("EGP", "utf-8", 500, ""),
    "privatbank": ("UAH", "utf-8", 500, ""),
    "dsk-bg": ("BGN", "cp1251", 500, "Георги Иванов"),
}
"""By sample: currency, encoding, what comes in on 6 October, and who pays it if a column says it. Something goes out later."""


def content_of(bank):
    # With its own ends of lines: a text may have several.
    return (SAMPLES / f"{bank}.csv").read_bytes().decode().encode(BANKS[bank][1])


@pytest.mark.parametrize("bank", BANKS)
def test_a_bank_abroad_is_read_without_a_question(bank):
    currency, _encoding, amount, payer = BANKS[bank]
    statement = read(content_of(bank), currency)
    money_in, money_out = statement.lines
    assert (money_in.day, money_in.amount, money_in.currency) == (date(2025, 10, 6), amount * NANO, currency)
    assert "PW1-8" in money_in.text and payer in (money_in.payer, "")
    assert money_out.amount < 0 and money_out.day > money_in.day and money_out.currency == currency


@pytest.mark.parametrize(
    ("bank", "left_out"),
    [
        ("sparkasse-camt-csv", {Why.PENDING: 1}),
        ("danske", {Why.PENDING: 1}),
        ("intesa", {Why.PENDING: 1}),
        ("tinkoff", {Why.FAILED: 1}),
        ("swedbank-ee", {Why.BALANCE: 2}),
        ("icbc", {Why.BALANCE: 1}),
        ("bradesco", {Why.BALANCE: 1}),
    ],
)
def test_what_is_no_payment_at_a_bank_abroad_is_left_out_by_why(bank, left_out):
    assert read(content_of(bank), BANKS[bank][0]).counted() == left_out


@pytest.mark.parametrize(
    "text",
    [
        "Algsaldo", "lõppsaldo:", "Alkusaldo", "Záró egyenleg", "Sold final", "Входящий остаток", "Исходящий остаток 06.10.2025",
        "Вхідний залишок", "Начално салдо", "יתרת פתיחה", "الرصيد الختامي", "ยอดยกมา", "前月繰越", "전월이월", "Số dư đầu kỳ", "Saldo Awal",
        "期初餘額", "Υπόλοιπο εκ μεταφοράς", "Açılış bakiyesi", "Итого", "合計", "합계", "Összesen",
    ],
)  # fmt: skip
def test_a_balance_is_no_payment_in_any_language(text):
    statement = read(f"date;text;amount\n2025-10-06;Anna;5,00\n2025-10-07;{text};7,00\n".encode(), "EUR")
    assert len(statement.lines) == 1 and statement.counted() == {Why.BALANCE: 1}


@pytest.mark.parametrize(
    "text",
    [
        "Остаток долга за квартиру 5",
        "יתרה של שכר דירה דני",
        "残高不足分 田中",
        "Итого за свет Иванов",
        "Egyenleg rendezése Szőke",
    ],
)
def test_a_payers_words_are_no_balance_in_any_language(text):
    statement = read(f"date;text;amount\n2025-10-06;{text};7,00\n".encode(), "EUR")
    assert [line.text for line in statement.lines] == [text]


@pytest.mark.parametrize(
    "text", ["06/10/2025;PIX TRANSF PW1-8;500,00\n", '06/10/2025,"+500.00","ANNA PW1-8","+1500.00"\n']
)
def test_a_table_without_names_is_asked_about(text):
    with pytest.raises(Unknown) as refused:
        read(text.encode(), "BRL")
    assert refused.value.asks == "columns"


def test_a_name_is_known_without_its_accents():
    for head in ("Datum zaúčtování;Částka;Zpráva pro příjemce", "datum zauctovani;castka;zprava pro prijemce"):
        (line,) = read(f"{head}\n06.10.2025;500,00;PW1-8\n".encode(), "CZK").lines
        assert (line.amount, line.text) == (500 * NANO, "PW1-8")


def test_columns_without_a_name_behind_the_text_are_a_part_of_it():
    text = "Data operacji,Kwota,Opis transakcji,,\n2025-10-06,+500.00,Rachunek: 12,Nadawca: Anna,Tytuł: PW1-8\n"
    assert read(text.encode(), "PLN").lines[0].text == "Rachunek: 12 Nadawca: Anna Tytuł: PW1-8"


@pytest.mark.parametrize(
    ("head", "words", "rows"),
    [
        ("取引日,入払区分,取引金額,摘要", "入金 出金", "2025/10/6,{},500,x\n2025/10/7,{},90,y\n"),
        ("거래일시,구분,거래금액,적요", "입금 출금", "2025-10-06,{},500,x\n2025-10-07,{},90,y\n"),
        ("Дата,Операция,Сумма,Описание", "Зачисление Списание", "06.10.2025,{},500.00,x\n07.10.2025,{},90.00,y\n"),
        ("Дата,Дебет/Кредит,Сумма,Описание", "Кредит Дебет", "06.10.2025,{},500.00,x\n07.10.2025,{},90.00,y\n"),
        ("תאריך,סוג,סכום,תיאור", "זכות חובה", "06/10/2025,{},500.00,x\n13/10/2025,{},90.00,y\n"),
        ("التاريخ,النوع,المبلغ,الوصف", "دائن مدين", "06/10/2025,{},500.00,x\n13/10/2025,{},90.00,y\n"),
        ("Tarih,Borç/Alacak,Tutar,Açıklama", "Alacak Borç", "06/10/2025,{},500.00,x\n13/10/2025,{},90.00,y\n"),
        (
            "Könyvelés dátuma,Terhelés/jóváírás,Összeg,Közlemény",
            "jóváírás terhelés",
            "2025.10.06,{},500,x\n2025.10.07,{},90,y\n",
        ),
        ("Datum zaúčtování,Směr,Částka,Popis", "Příchozí Odchozí", "06.10.2025,{},500.00,x\n07.10.2025,{},90.00,y\n"),
        ("วันที่,ประเภท,จำนวนเงิน,รายละเอียด", "ฝาก ถอน", "06/10/2025,{},500.00,x\n13/10/2025,{},90.00,y\n"),
        ("Kirjauspäivä,Laji,Määrä,Viesti", "Pano Otto", "2025-10-06,{},500.00,x\n2025-10-07,{},90.00,y\n"),
        ("交易日期,收支,金額,說明", "存入 提出", "2025/10/06,{},500,x\n2025/10/07,{},90,y\n"),
        ("交易日期,借貸別,金額,說明", "貸 借", "2025/10/06,{},500,x\n2025/10/07,{},90,y\n"),
    ],
)
def test_words_of_direction_are_known_in_many_languages(head, words, rows):
    lines = read(f"{head}\n{rows.format(*words.split())}".encode(), "EUR").lines
    assert [line.amount // NANO for line in lines] == [500, -90]


@pytest.mark.parametrize("words", [("Zurbo", "Garbo"), ("A", "B"), ("XQ", "ZQ")])
@pytest.mark.parametrize("name", ["Murbo", "T/J", "Χ/Π"])
def test_a_few_words_again_and_again_are_asked_about_if_no_sign_shows_the_direction(name, words):
    rows = "".join(f"2025-10-{day:02};{words[day % 2]};{day},00;text {day}\n" for day in range(1, 7))
    with pytest.raises(Unknown) as refused:
        read(f"date;{name};amount;text\n{rows}".encode(), "EUR")
    assert refused.value.asks == "direction"
    signed = f"date;Murbo;amount;text\n{rows}2025-10-07;{words[0]};-1,00;text\n"
    assert len(read(signed.encode(), "EUR").lines) == 7


def test_payers_words_again_and_again_are_no_directions():
    rows = "".join(f"2025-10-{day:02};{('Rent', 'Power')[day % 2]};{day},00\n" for day in range(1, 7))
    assert len(read(f"date;text;amount\n{rows}".encode(), "EUR").lines) == 6


@pytest.mark.parametrize(
    "text",
    [
        "口座振替 電気",
        "공과금 출금",
        "Списание комиссии",
        "Prowizja za przelew",
        "Terhelés: díj",
        "Prelievo bancomat",
        "ค่าธรรมเนียม",
    ],
)
def test_a_text_of_money_out_is_asked_about_in_many_languages(text):
    with pytest.raises(Unknown) as refused:
        read(f"date;text;amount\n2025-10-06;Anna;5,00\n2025-10-07;{text};7,00\n".encode(), "EUR")
    assert refused.value.asks == "direction"


def test_arabic_digits_and_their_signs_are_numbers():
    text = "التاريخ;الوصف;مدين;دائن\n٠٦/١٠/٢٠٢٥;محمد;;١٬٥٠٠٫٠٠\n١٣/١٠/٢٠٢٥;كهرباء;٩٠٫٠٠;\n"
    assert [line.amount // NANO for line in read(text.encode(), "EGP").lines] == [1500, -90]


def test_a_year_of_another_calendar_is_named_before_the_order_of_days_is_asked_for():
    with pytest.raises(BankError, match="06/10/2568 has a year in which no bank books"):
        read(b"date;amount\n06/10/2568;5,00\n07/10/2568;-5,00\n", "THB")
