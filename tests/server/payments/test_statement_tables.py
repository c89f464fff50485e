"""Statements as tables, as banks and wallets write them. The samples are made after their exports; nothing is copied."""

import io
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest

from prewatt.kernel.units import NANO
from prewatt.server.core.time import today
from prewatt.server.payments.bank import read, read_statement
from prewatt.server.payments.statements.errors import BankError, Unknown, Why

OCTOBER = date(2025, 10, 6)

SAMPLES = Path(__file__).parent / "statements"
# By sample: currency and encoding. In each, Anna pays 1,020.50 on 6 October, and one line is money out.
BANKS = {
    "sparkasse": ("EUR", "cp1252"),
    "volksbank": ("EUR", "utf-8-sig"),
    "dkb-2022": ("EUR", "latin-1"),
    "dkb": ("EUR", "utf-8-sig"),
    "ing-de": ("EUR", "cp1252"),
    "n26": ("EUR", "utf-8"),
    "comdirect": ("EUR", "cp1252"),
    "deutsche-bank": ("EUR", "cp1252"),
    "commerzbank": ("EUR", "utf-8-sig"),
    "barclays": ("GBP", "utf-8"),
    "natwest": ("GBP", "utf-8"),
    "lloyds": ("GBP", "utf-8"),
    "monzo": ("GBP", "utf-8"),
    "chase": ("USD", "utf-8"),
    "bank-of-america": ("USD", "utf-8"),
    "wise": ("EUR", "utf-8"),
    "revolut": ("EUR", "utf-8"),
    "paypal": ("EUR", "utf-8-sig"),
    "ing-nl": ("EUR", "utf-8"),
    "rabobank": ("EUR", "cp1252"),
    "hdfc": ("INR", "utf-8"),
    "sbi": ("INR", "utf-8"),
    "dr-behind": ("INR", "utf-8"),
    "icbc": ("CNY", "gb18030"),
    "cmb": ("CNY", "utf-8-sig"),
    "cmb-signed": ("CNY", "utf-8"),
    "ccb": ("CNY", "gb18030"),
    "abc": ("CNY", "utf-8"),
    "boc": ("CNY", "utf-8"),
    "debit-credit-mark": ("CNY", "gb18030"),
    "wechat": ("CNY", "utf-8-sig"),
    "alipay": ("CNY", "gb18030"),
    "alipay-merchant": ("CNY", "gb18030"),
    "m-pesa": ("KES", "utf-8"),
}


def content_of(bank):
    return (SAMPLES / f"{bank}.csv").read_text(encoding="utf-8").encode(BANKS[bank][1])


@pytest.mark.parametrize("bank", BANKS)
def test_statements_as_banks_and_wallets_write_them(bank):
    content, currency = content_of(bank), BANKS[bank][0]
    money_in, out = read_statement(content, currency)
    assert [(line.day, line.amount, line.currency) for line in money_in] == [(OCTOBER, 1_020_500_000_000, currency)]
    assert out == 1
    assert "PW1-8" in money_in[0].text
    assert read(content, currency) == read(content, currency)


@pytest.mark.parametrize(
    ("bank", "payer"),
    [("dkb", "Anna Müller"), ("ing-de", "Anna Müller"), ("wise", "Anna Müller"), ("icbc", "安娜"), ("wechat", "安娜"),
     ("boc", "安娜"), ("ing-nl", "Anna Müller"), ("rabobank", "Anna Müller"), ("deutsche-bank", "Anna Müller")],
)  # fmt: skip
def test_who_paid_is_the_other_side(bank, payer):
    (line,), _out = read_statement(content_of(bank), BANKS[bank][0])
    assert line.payer == payer


def left_out(bank):
    return read(content_of(bank), BANKS[bank][0]).counted()


def test_what_is_no_payment_is_counted_by_why():
    assert left_out("revolut") == {Why.PENDING: 1, Why.FAILED: 1}
    assert left_out("alipay") == {Why.FAILED: 1, Why.NEITHER: 1}
    assert left_out("wechat") == {Why.NEITHER: 1}
    assert left_out("m-pesa") == {Why.FAILED: 2}
    assert left_out("comdirect") == {Why.PENDING: 1, Why.BALANCE: 1}
    assert left_out("icbc") == {Why.BALANCE: 1}
    assert left_out("deutsche-bank") == {Why.BALANCE: 1}
    assert left_out("bank-of-america") == {Why.BALANCE: 1}


@pytest.mark.parametrize(
    ("state", "kept"),
    [("已全额退款", False), ("对方已退还", False), ("已退款(￥5.00)", True), ("Refunded", False), ("Partially refunded", True),
     ("Returned", False), ("Voll erstattet", False), ("已收钱", True), ("Completed", True)],
)  # fmt: skip
def test_what_is_given_back_already_is_no_payment(state, kept):
    found = read(f"date,text,amount,status\n2025-10-06,Anna,20.00,{state}\n".encode(), "CNY")
    assert [line.amount for line in found.lines] == ([20 * NANO] if kept else [])
    assert [each.why for each in found.left_out] == ([] if kept else [Why.GIVEN_BACK])


def with_states(*states, name="status"):
    rows = "".join(f"2025-10-{number:02},Anna,20.00,{state}\n" for number, state in enumerate(states, 1))
    return f"date,text,amount,{name}\n{rows}".encode()


@pytest.mark.parametrize(
    ("state", "why"),
    [
        *((each, Why.FAILED) for each in ("Unsuccessful", "Void", "ERROR", "Annulé", "Échoué", "Fallido", "Geweigerd",
          "Odrzucona", "Rechazado", "Fehlgeschlagen", "不成功", "Not successful")),
        *((each, Why.PENDING) for each in ("In attesa", "Pendiente", "En attente", "In behandeling", "Oczekująca",
          "In Bearbeitung", "Incomplete", "处理中")),
        *((each, Why.GIVEN_BACK) for each in ("Remboursé", "Reembolsado", "Terugbetaald", "Zwrócona")),
    ],
)  # fmt: skip
def test_a_state_of_a_payment_that_did_not_come_is_known_in_other_languages(state, why):
    found = read(with_states(state), "EUR")
    assert not found.lines and found.counted() == {why: 1}


@pytest.mark.parametrize(
    "state",
    ["COMPLETED", "Success", "Successful", "Settled", "Posted", "Cleared", "Paid", "Umsatz gebucht", "Erfolgreich",
     "成功", "支付成功", "已入账", "已存入零钱", "Completado", "Terminé", "Exécutée", "Effettuato", "Uitgevoerd", "Zakończona",
     "Genomförd", "Concluído", "Pagado", "Bestätigt", ""],
)  # fmt: skip
def test_a_state_of_a_booked_payment_is_known_in_other_languages(state):
    assert [line.amount for line in read(with_states(state, "Booked"), "EUR").lines] == [20 * NANO] * 2


@pytest.mark.parametrize("name", ["status", "Payment status", "Estado", "Statut de l'opération", "info"])
def test_a_state_that_nobody_knows_is_asked_for(name):
    with pytest.raises(Unknown, match="Line 3: it is not clear whether “Zurbo” means") as refused:
        read(with_states("Completed", "Zurbo", name=name), "EUR")
    assert refused.value.asks == "state"


@pytest.mark.parametrize(
    ("state", "why"),
    [
        *((each, Why.FAILED) for each in ("Withdrawn", "Zurückgezogen", "Retirée", "Retirado", "Ritirato", "Ingetrokken", "Wycofana",
          "Odvoláno", "Återkallad", "Geri çekildi", "Estornado", "Contrepassé", "Visszavonva", "Elutasítva", "Отклонён",
          "已撤回", "取消", "취소", "Thất bại")),
        *((each, Why.PENDING) for each in ("Hold", "On hold", "Gesperrt", "Bloqué", "Retenido", "Bloccato", "Geblokkeerd", "Wstrzymana",
          "Blokováno", "Reserverad", "Bloke", "Függőben", "В обработке", "冻结", "처리중", "Chờ xử lý")),
        *((each, Why.GIVEN_BACK) for each in ("Reversed", "Reversal", "İade edildi", "已冲正", "환불")),
    ],
)  # fmt: skip
def test_a_column_of_states_is_known_by_its_cells_whatever_its_name_is(state, why):
    found = read(with_states("Booked", state, state, name="Zustand"), "EUR")
    assert [line.text for line in found.lines] == ["Anna"] and found.counted() == {why: 2}


@pytest.mark.parametrize(
    "booked", ["Teljesült", "Gerçekleşti", "Исполнено", "Проведён", "완료", "処理済", "Thành công", "Decontată"]
)
def test_a_state_of_a_booked_payment_is_known_in_an_unnamed_column(booked):
    assert len(read(with_states(booked, "Pending", name=""), "EUR").lines) == 1


@pytest.mark.parametrize(
    "states",
    [("Booked", "Zurbo"), ("Pending", "Pending", "Zurbo"), ("Zurbo", "Garbo", *["Zurbo"] * 4, *["Garbo"] * 4, "Murbo", *["Booked"] * 3)],
)  # fmt: skip
def test_an_unknown_word_among_states_in_a_column_with_a_strange_name_is_asked_for(states):
    with pytest.raises(Unknown, match="it is not clear whether “Zurbo” means") as refused:
        read(with_states(*states, name="Zustand"), "EUR")
    assert refused.value.asks == "state"


@pytest.mark.parametrize(
    "texts",
    [("paid", "Rent of flat 4", "thanks"), ("Rent cancelled, please send it back", "Booked"), ("Key", "Door", "Key")],
)
def test_texts_of_payers_under_a_strange_name_are_no_states(texts):
    found = read(with_states(*(f'"{each}"' for each in texts), name="Zurbo"), "EUR")
    assert len(found.lines) == len(texts)


def test_words_in_a_column_that_may_hold_any_text_are_no_states():
    found = read(with_states("Rent cancelled order", "The key is at the neighbour", name="info"), "EUR")
    assert [line.text for line in found.lines] == ["Anna Rent cancelled order", "Anna The key is at the neighbour"]


@pytest.mark.parametrize(
    "text",
    [
        "Buchungsdatum;Belastung CHF;Gutschrift CHF;Beschreibung1;Beschreibung2\n2025-10-06;;20.00;Anna;PW1-8\n",
        "Datum;Avisierungstext;Gutschrift in CHF;Lastschrift in CHF\n06.10.2025;Anna PW1-8;20.00;\n",
        "S No.,Date of posting,Remarks of the payer,Amount in total (CHF)\n1,2025-10-06,Anna PW1-8,20.00\n",
        "Date;Libellé;Débit euros;Crédit euros;\n06/10/2025;VIREMENT ANNA PW1-8;;20,00;\n13/10/2025;PRLV;90,00;;\n",
        "Datum;Betrag;Etwas;Anderes\n06.10.2025;20,00;Anna;PW1-8\n",
    ],
)
def test_names_that_are_not_known_may_tell_enough(text):
    (line,), _out = read_statement(text.encode(), "CHF")
    assert (line.day, line.amount) == (OCTOBER, 20 * NANO) and "PW1-8" in line.text and "Anna" in line.text.title()
    assert line.currency == ("EUR" if "euros" in text else "CHF")


@pytest.mark.parametrize(
    "pair",
    ["Debit;Kredit", "Debet;Kredit", "Débit;Crédit", "Belastungen;Gutschriften", "Sorties;Entrées", "Debe;Haber", "Débito;Abonos",
     "Udbetaling;Indbetaling", "Obciążenia;Uznania", "Uttag;Insättning", "Belastung EUR;Gutschrift EUR", "Debet (EUR);Kredit (EUR)"],
)  # fmt: skip
def test_two_columns_of_money_out_and_in_are_known_as_a_pair(pair):
    text = f"Datum;Text;{pair}\n2025-10-06;Grid;90,00;\n2025-10-07;Anna;;20,00\n"
    assert [line.amount for line in read(text.encode(), "EUR").lines] == [-90 * NANO, 20 * NANO]


def test_a_column_of_money_out_alone_does_not_hide_that_of_money_in():
    with pytest.raises(Unknown) as refused:
        read(b"Datum;Text;Debit;Zurbo\n2025-10-06;Grid;90,00;\n2025-10-07;Anna;;20,00\n", "EUR")
    assert refused.value.asks == "columns"


@pytest.mark.parametrize(
    ("text", "day", "value_day", "currency"),
    [
        ("Datum;Bedrag;Valuta\n2025-10-06;20,00;USD\n", OCTOBER, None, "USD"),
        ("Datum;Betrag;Valuta\n2025-10-06;20,00;2025-10-07\n", OCTOBER, date(2025, 10, 7), "EUR"),
        ("Valuta;Betrag;Text\n2025-10-06;20,00;x\n", OCTOBER, None, "EUR"),
        ("Valuta;Transaktionsdatum;Betrag\n2025-10-07;2025-10-06;20,00\n", OCTOBER, date(2025, 10, 7), "EUR"),
    ],
)
def test_valuta_is_the_value_day_or_the_currency_as_its_cells_show(text, day, value_day, currency):
    (line,) = read(text.encode(), "EUR").lines
    assert (line.day, line.value_day, line.currency) == (day, value_day, currency)


def test_of_two_amounts_that_are_not_known_none_is_guessed():
    with pytest.raises(Unknown) as refused:
        read_statement(b"Date,Amount at first,Amount at last\n2025-10-06,20.00,21.00\n", "EUR")
    assert refused.value.asks == "columns"


@pytest.mark.parametrize(
    ("row", "taken"),
    [
        ("2025-10-07;TOTAL ENERGY of October;7,00", True),
        ("2025-10-07;Saldo Strom;7,00", True),
        ("2025-10-07;Closing balance;7,00", False),
        ("2025-10-07;Endsaldo per 7.10.;7,00", False),
        *(
            (f"2025-10-07;{each};7,00", False)
            for each in (
                "Solde",
                "Solde précédent",
                "Nouveau solde au 07/10/2025",
                "Saldo inicial",
                "Saldo final:",
                "Saldo anterior",
                "Saldo iniziale",
                "Saldo al 7/10/2025",
                "Beginsaldo",
                "Eindsaldo",
                "Stan początkowy",
                "Saldo końcowe",
                "Ingående saldo",
                "Utgående saldo",
                "Počáteční zůstatek",
                "B/F",
                "C/F",
                "Balance b/f",
                "BAL B/F",
                "Bal. c/d",
                "Opening Bal.",
                "Closing Bal",
                "Totaal",
                "Totale",
                "Totaux",
                "Suma",
                "Razem",
                "Total debits",
            )
        ),
        *((f";{each} of all;7,00", False) for each in ("Totaal", "Suma", "Totale")),
        *(
            (f"2025-10-07;{each};7,00", True)
            for each in (
                "Saldo final renta Anna",
                "Solde loyer octobre",
                "Suma 7 za prad",
                "Totaal stroom",
                "Balance of rent Anna",
            )
        ),
        (";Total of all;7,00", False),
        ("Summe Gutschriften;;7,00", False),
        ("合计：2笔;;7,00", False),
    ],
)
def test_a_balance_is_no_payment_and_a_payers_words_are_no_balance(row, taken):
    found = read(f"date;text;amount\n2025-10-06;x;5,00\n{row}\n".encode(), "EUR")
    assert len(found.lines) == 1 + taken and found.counted() == ({} if taken else {Why.BALANCE: 1})


@pytest.mark.parametrize(
    "text",
    [
        "Vorgemerkte Umsätze\n{h}2025-10-07;Ben;7,00\n\nGebuchte Umsätze\n{h}2025-10-06;Anna;5,00\n",
        "{h}Gebuchte Umsätze:\n2025-10-06;Anna;5,00\nPending;;\n2025-10-07;Ben;7,00\n",
        "Die vorgemerkten Umsätze sind nicht dabei\n{h}2025-10-06;Anna;5,00\n;;7,00\n",
    ],
)
def test_a_part_of_what_is_not_booked_yet_is_left_out(text):
    found = read(text.replace("{h}", "date;text;amount\n").encode(), "EUR")
    assert [line.text for line in found.lines] == ["Anna"] and len(found.left_out) == 1


# -- direction ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        # A column of letters that say nothing here.
        "date;text;amount;\n2025-10-06;Anna;20,00;X\n2025-10-06;Grid;90,00;Y\n",
        "date;text;amount;D/C\n2025-10-06;Anna;20,00;1\n2025-10-06;Grid;90,00;2\n",
        "date;text;amount\n2025-10-06;Anna;20,00\n2025-10-06;LASTSCHRIFT Grid;90,00\n",
        "date,type,description,amount\n2025-10-06,Credit transfer,Anna,20.00\n2025-10-06,Direct Debit,Grid,90.00\n",
        "date,description,amount,balance\n2025-10-06,Anna,20.00,120.00\n2025-10-06,Grid,90.00,30.00\n2025-10-07,Ben,5.00,35.00\n",
        "date,description,amount,balance\n2025-10-07,Ben,5.00,35.00\n2025-10-06,Grid,90.00,30.00\n2025-10-06,Anna,20.00,120.00\n",
    ],
)
def test_where_the_direction_can_not_be_known_the_file_is_refused(text):
    with pytest.raises(Unknown) as refused:
        read_statement(text.encode(), "EUR")
    assert refused.value.asks == "direction" and "not clear" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("date;amount;text\n2025-10-06;20,00;x\n", [20]),
        ("date,amount,type\n2025-10-06,20.00,CR\n2025-10-06,-30.00,CR\n2025-10-06,40.00,DR\n", [20, -30, -40]),
        ("date,paid in,paid out\n2025-10-06,20.00,\n2025-10-06,-30.00,\n2025-10-06,,40.00\n2025-10-06,,-50.00\n",
         [20, -30, -40, -50]),
        ("date,amount\n2025-10-06,20.00CR\n2025-10-06,30.00DR\n", [20, -30]),
        ("date,amount\n2025-10-06,+20.00\n2025-10-06,−30.00\n", [20, -30]),
        ("date,amount\n2025-10-06,(€20.00)\n2025-10-06,€30.00\n", [-20, 30]),
        ("Buchungstag;Soll;Haben\n06.10.2025;450,00;\n06.10.2025;;20,00\n", [-450, 20]),
        ("日期,收/支,金额\n2025-10-06,收入,20\n2025-10-06,支出,30\n", [20, -30]),
        ("date,amount,D/C,S/H\n2025-10-06,20.00,C,H\n2025-10-06,30.00,C,S\n2025-10-06,40.00DR,C,H\n", [20, -30, -40]),
        ("date,amount\n2025-10-06,20.00,H\n2025-10-06,30.00,S\n", [20, -30]),
        ("date,amount,,\n2025-10-06,20.00,H,\n2025-10-06,30.00,S,\n", [20, -30]),
        ("date,description,amount,balance\n2025-10-06,Anna,20.00,120.00\n2025-10-07,Ben,5.00,125.00\n", [20, 5]),
        ("date,+/-,amount\n2025-10-06,+,20.00\n2025-10-06,-,30.00\n", [20, -30]),
        # The balance has a direction of its own.
        ("date,amount,Dr / Cr,balance,Dr / Cr\n2025-10-06,20.00,CR,70.00,DR\n2025-10-06,30.00,DR,100.00,DR\n", [20, -30]),
        ("date,balance,Dr / Cr,amount,Dr / Cr\n2025-10-06,70.00,DR,20.00,CR\n2025-10-06,30.00,CR,30.00,DR\n", [20, -30]),
        ("date,D/C,amount,D/C,balance\n2025-10-06,C,20.00,D,70.00\n2025-10-06,D,30.00,C,50.00\n", [20, -30]),
        ("date,amount,D/C,so far,D/C\n2025-10-06,20.00,C,70.00,D\n2025-10-06,30.00,D,50.00,C\n", [20, -30]),
        ("date,amount,,balance,\n2025-10-06,20.00,CR,70.00,DR\n2025-10-06,30.00,DR,100.00,DR\n", [20, -30]),
        # Nobody knows this name, but what stands below it.
        ("date,text,flow,amount\n2025-10-06,Anna,Inflow,20.00\n2025-10-06,Grid,Outflow,30.00\n", [20, -30]),
        ("date,text,flow,amount\n2025-10-06,Grid,Outflow,30.00\n", [-30]),
    ],
)  # fmt: skip
def test_every_way_to_say_the_direction(text, amounts):
    assert [line.amount / NANO for line in read(text.encode(), "EUR").lines] == amounts


@pytest.mark.parametrize(
    ("money_in", "money_out"),
    [
        ("Crédito", "Débito"),
        ("Cash In", "Cash Out"),
        ("Transfer in", "Transfer out"),
        ("Cash In", "Send Money"),
        ("Deposit", "Withdraw"),
        ("Ingreso", "Gasto"),
        ("Inkomsten", "Uitgaven"),
        ("Wpłata", "Wypłata"),
        ("Uznanie", "Obciążenie"),
        ("Entrée", "Sortie"),
    ],
)
def test_a_word_of_direction_is_understood_with_accents_and_in_other_languages(money_in, money_out):
    text = f"date,amount,type,text\n2025-10-06,5.00,{money_out},Shop\n2025-10-07,7.00,{money_in},Anna\n"
    assert [line.amount for line in read(text.encode(), "EUR").lines] == [-5 * NANO, 7 * NANO]


@pytest.mark.parametrize(
    "text",
    [
        "date,amount,type\n2025-10-06,20.00,Cash In\n2025-10-06,30.00,Paybill\n",
        "date,amount,type\n2025-10-06,20.00,Deposit\n2025-10-06,30.00,Zurbo\n",
        "date,amount,text,flow\n2025-10-06,20.00,a,Credit\n2025-10-06,30.00,b,Zurbo\n2025-10-06,40.00,c,Debit\n",
        "date,amount,D/C\n2025-10-06,20.00,C\n2025-10-06,30.00,Zurbo\n",
        "date,amount,text\n2025-10-06,20.00,Anna\n2025-10-06,30.00,Cash Out\n",
        # Some amounts are negative, but money out is not only there.
        "date,amount,D/C\n2025-10-06,-5.00,C\n2025-10-06,30.00,Zurbo\n2025-10-06,40.00,D\n",
        "date,amount,type\n2025-10-06,-5.00,Credit\n2025-10-06,30.00,Zurbo\n2025-10-06,40.00,Debit\n",
        # Only one side is marked.
        "date,amount,D/C\n2025-10-06,20.00,\n2025-10-06,30.00,DR\n",
        "date,amount,D/C\n2025-10-06,20.00,CR\n2025-10-06,30.00,\n",
    ],
)
def test_a_word_of_direction_that_is_unknown_or_missing_is_asked_for(text):
    with pytest.raises(Unknown, match=r"Line \d: it") as refused:
        read(text.encode(), "EUR")
    assert refused.value.asks == "direction"


@pytest.mark.parametrize(
    "text",
    [
        "date,amount,type,text\n2025-10-06,20.00,Zurbo,Anna\n2025-10-06,30.00,Garbo,Grid\n",
        "date,amount,type,text\n2025-10-06,20.00,Transfer,Anna\n2025-10-06,30.00,Transfer,Grid\n",
        "date;amount;Umsatzart;text\n2025-10-06;20,00;Überweisung;Anna\n2025-10-06;30,00;Gutschrift SEPA;Ben\n",
        "date,amount,type,balance\n2025-10-06,20.00,Zurbo,120.00\n2025-10-06,30.00,Zurbo,170.00\n",
    ],
)
def test_kinds_of_lines_that_are_not_known_are_asked_for_if_nothing_else_shows_the_direction(text):
    with pytest.raises(Unknown, match="Line 2: no amount is negative") as refused:
        read(text.encode(), "EUR")
    assert refused.value.asks == "direction"


@pytest.mark.parametrize(
    "text",
    [
        "date,amount,type\n2025-10-06,+20.00,Zurbo\n2025-10-06,+30.00,Garbo\n",
        "date,amount,type,balance\n2025-10-06,20.00,Zurbo,120.00\n2025-10-06,30.00,Zurbo,150.00\n",
        "date,amount,type\n2025-10-06,20.00,Incoming transfer\n2025-10-06,30.00,VIR SEPA REÇU\n",
        "date;amount;Buchungstext\n2025-10-06;20,00;GUTSCHR. UEBERWEISUNG\n2025-10-06;30,00;Zahlungseingang\n",
    ],
)
def test_kinds_of_lines_are_not_asked_for_if_signs_balances_or_words_show_money_in(text):
    assert [line.amount / NANO for line in read(text.encode(), "EUR").lines] == [20, 30]


MARKS = "date,amount,balance,Dr/Cr\n2025-10-05,5.00,{},CR\n2025-10-06,20.00,{},{}\n2025-10-07,30.00,{},{}\n"


@pytest.mark.parametrize(
    ("cells", "amounts"),
    [
        # The mark is that of the amount: the balance moves by it. The latest day may stand first.
        (("100.00", "120.00", "CR", "90.00", "DR"), [5, 20, -30]),
        (("65.00", "60.00", "CR", "40.00", "DR"), [5, 20, -30]),
        (("100.00", "120.00", "CR", "150.00", "CR"), [5, 20, 30]),
    ],
)
def test_one_column_of_marks_beside_the_balance_is_that_of_the_amounts_if_the_balance_moves_so(cells, amounts):
    assert [line.amount / NANO for line in read(MARKS.format(*cells).encode(), "EUR").lines] == amounts


def test_one_column_of_marks_that_belongs_to_the_balance_says_nothing_of_the_amounts():
    """An account that is overdrawn, and a tenant who pays."""
    text = (
        "date,amount,balance,Dr/Cr\n2025-10-05,-5.00,70.00,DR\n2025-10-06,20.00,50.00,DR\n2025-10-07,60.00,10.00,CR\n"
    )
    assert [line.amount / NANO for line in read(text.encode(), "EUR").lines] == [-5, 20, 60]


@pytest.mark.parametrize(
    "cells",
    [("100.00", "80.00", "DR", "50.00", "CR"), ("x", "y", "DR", "z", "CR"), ("100.00", "80.00", "CR", "50.00", "CR")],
)
def test_marks_are_asked_for_if_the_balance_does_not_show_whose_they_are(cells):
    with pytest.raises(Unknown, match="Line 2: it is not clear whether “CR” belongs to the amount or to the balance"):
        read(MARKS.format(*cells).encode(), "EUR")


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        (
            "date,amount,type\n2025-10-06,20.00,Deposit\n2025-10-06,-30.00,Zurbo\n2025-10-06,-40.00,Debit\n",
            [20, -30, -40],
        ),
        ("date,amount,D/C\n2025-10-06,20.00,Zurbo\n2025-10-06,-30.00,D\n", [20, -30]),
        ("date,amount,text\n2025-10-06,20.00,Deposit\n2025-10-06,30.00,Anna\n", [20, 30]),
        ("date,amount\n2025-10-06,20.00\n2025-10-06,30.00 DR\n", [20, -30]),
        # A mark at money in alone: what has none is listed, not credited.
        ("date,amount\n2025-10-06,20.00 CR\n2025-10-06,30.00\n", [20]),
    ],
)
def test_what_signs_and_marks_show_is_not_asked_for(text, amounts):
    assert [line.amount / NANO for line in read(text.encode(), "EUR").lines] == amounts


def test_a_row_without_its_direction_among_others_is_listed_not_credited():
    found = read(b"date,amount,D/C\n2025-10-06,20.00,C\n2025-10-06,30.00,\n2025-10-06,40.00,D\n", "EUR")
    assert [line.amount / NANO for line in found.lines] == [20, -40] and found.counted() == {Why.NEITHER: 1}


@pytest.mark.parametrize(
    "text",
    [
        "date,amount,text\n2025-10-06,-9999999999999.00,House\n2025-10-07,20.00,Anna\n",
        "date,amount,text,D/C\n2025-10-06,9999999999999.00,House,D\n2025-10-07,20.00,Anna,C\n",
        "date,paid out,paid in,text\n2025-10-06,9999999999999.00,,House\n2025-10-07,,20.00,Anna\n",
    ],
)
def test_money_out_that_is_too_large_does_not_stop_the_file(text):
    found = read(text.encode(), "IDR")
    assert [line.amount for line in found.lines] == [20 * NANO] and found.counted() == {Why.TOO_LARGE: 1}


def test_money_in_that_is_too_large_stops_the_file():
    with pytest.raises(BankError, match=r"Line 2: the amount 9999999999999\.00 is larger"):
        read(b"date,amount\n2025-10-06,9999999999999.00\n2025-10-07,20.00\n", "IDR")


def test_a_workbook_is_read_as_it_is(tmp_path):
    from datetime import datetime

    book = openpyxl.Workbook()
    book.active.append(["微信支付账单明细"])
    book.active.append(["交易时间", "交易类型", "交易对方", "商品", "收/支", "金额(元)", "当前状态"])
    book.active.append([datetime(2025, 10, 6, 9), "转账", "安娜", "PW1-8", "收入", 1020.5, "已存入零钱"])  # noqa: DTZ001
    book.active.append([datetime(2025, 10, 6, 9), "商户消费", "超市", "x", "支出", 58, "支付成功"])  # noqa: DTZ001
    book.save(tmp_path / "s.xlsx")
    found = read((tmp_path / "s.xlsx").read_bytes(), "CNY")
    assert [(line.day, line.amount) for line in found.lines] == [(OCTOBER, 1_020_500_000_000), (OCTOBER, -58 * NANO)]
    assert found.lines[0].payer == "安娜"


def test_a_day_that_has_lost_its_form_in_a_workbook_is_read(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Date", "Description", "Debit", "Credit"])
    book.active.append([45936, "Anna", None, 20])
    book.active.append([45936, "Grid", 30.5, None])
    book.save(tmp_path / "s.xlsx")
    found = read((tmp_path / "s.xlsx").read_bytes(), "EUR")
    assert [(line.day, line.amount) for line in found.lines] == [(OCTOBER, 20 * NANO), (OCTOBER, -30_500_000_000)]


def workbook_of(*rows):
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("stored", "text"), [(date(2025, 6, 10), "13/10/2025"), (45818, "13/10/2025"), (date(2025, 6, 10), "06/10/25")]
)
def test_days_that_a_spreadsheet_of_another_country_has_swapped_are_refused(stored, text):
    content = workbook_of(["date", "amount"], [stored, 20], [text, 30])
    with pytest.raises(BankError, match=f"Line 3: {text} is a text, but other days are not.*upload it unopened"):
        read(content, "EUR")


@pytest.mark.parametrize("text", ["2025-10-13", "13.10.2025", "13 Oct 2025"])
def test_days_and_texts_that_can_be_read_in_one_way_only_stand_beside_each_other(text):
    found = read(workbook_of(["date", "amount"], [date(2025, 10, 6), 20], [text, 30]), "EUR")
    assert [line.day for line in found.lines] == [OCTOBER, date(2025, 10, 13)]


# -- days ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "first"),
    [
        (("06/10/2025", "13/10/2025"), OCTOBER),
        (("10/06/2025", "10/13/2025"), OCTOBER),
        (("6-10-25", "25-10-25"), OCTOBER),
        (("10/10/2025", "11/11/2025"), date(2025, 10, 10)),
        (("6 Oct 2025", "Oct 13, 2025"), OCTOBER),
        (("06-OCT-25", "2025.10.13"), OCTOBER),
        (("06. Okt. 2025", "13. Dez. 2025"), OCTOBER),
        (("Mon, 6 October 2025", "20251013"), OCTOBER),
        (("2025/10/6 09:00", "2025-10-13T10:00:00Z"), OCTOBER),
        (("２０２５年１０月６日", "2025年10月13日"), OCTOBER),
        (("6.10.25", "13.10.2025 09:00"), OCTOBER),
    ],
)
def test_days_are_read_by_the_whole_file(days, first):
    text = "date;amount\n" + "".join(f"{day};5,00\n" for day in days)
    assert read(text.encode(), "EUR").lines[0].day == first


@pytest.mark.parametrize("days", [("06/10/2025", "07/10/2025"), ("13/10/2025", "10/13/2025", "06/10/2025")])
def test_days_that_stay_open_are_asked_for(days):
    text = "date;amount\n" + "".join(f"{day};5,00\n" for day in days)
    with pytest.raises(Unknown, match="whether the day or the month comes first") as refused:
        read(text.encode(), "EUR")
    assert refused.value.asks == "days"


def test_a_day_that_is_none_is_refused_and_a_remark_is_not():
    with pytest.raises(BankError, match=r"Line 3: 31\.11\.2025 is not a day"):
        read(b"date;amount\n2025-10-06;5,00\n31.11.2025;7,00\n", "EUR")
    found = read(b"date;amount\n2025-10-06;5,00\nas of today;7,00\nfive rows\n", "EUR")
    assert len(found.lines) == 1 and found.counted() == {Why.UNDATED: 1}


def refusal_of(*days):
    text = "date;amount\n" + "".join(f"{day};5,00\n" for day in days)
    with pytest.raises(BankError) as refused:
        read(text.encode(), "EUR")
    return str(refused.value)


@pytest.mark.parametrize(
    ("day", "month"),
    [
        ("6 octubre 2025", 10), ("6 de outubro de 2025", 10), ("6 OUT 2025", 10), ("6 ottobre 2025", 10), ("6 août 2025", 8),
        ("1er février 2025", 2), ("6 oktober 2025", 10), ("6 października 2025", 10), ("6 října 2025", 10),
        ("6 Ağustos 2025", 8), ("6 KASIM 2025", 11), ("6 marraskuu 2025", 11), ("6. marraskuuta 2025", 11), ("6 maaliskuuta 2025", 3),
        ("6 мая 2025", 5), ("6 märz 2025", 3), ("6 augusztus 2025", 8), ("6 noiembrie 2025", 11), ("Octubre 6, 2025", 10),
        ("6-Jun-25", 6), ("6 szept. 2025", 9), ("6 Agustus 2025", 8), ("6 brezna 2025", 3), ("2025年11月6日", 11),
    ],
)  # fmt: skip
def test_a_month_is_known_by_its_whole_name_or_a_known_abbreviation(day, month):
    assert read(f"date;amount\n{day};5,00\n".encode(), "EUR").lines[0].day.month == month


@pytest.mark.parametrize(
    "day", ["6 marrakuu 2025", "6 listopadu 2025", "6 Octember 2025", "Octember 6, 2025", "11月25日", "6 m�rz 2025"]
)
def test_a_month_that_is_not_known_is_refused_by_its_line(day):
    assert f"Line 2: {day} is not a day" in refusal_of(day)


@pytest.mark.parametrize(
    "day",
    ["2568-11-25", "25/11/2568", "R7/11/25", "令和7年11月25日", "民国114年11月25日", "114/11/25", "1404/09/04",
     "25.11.1404", "BE 2568-11-25"],
)  # fmt: skip
def test_a_year_of_another_calendar_is_refused_by_name(day):
    assert f"Line 2: {day} has a year in which no bank books" in refusal_of(day)


@pytest.mark.parametrize("sign", [".", "/", "-"])
def test_a_year_of_two_digits_that_may_stand_first_is_not_guessed(sign):
    year = today().year % 100
    days = [sign.join((f"{year - 1}", "06", "05")), sign.join((f"{year - 1}", "06", "17"))]
    assert "the year may stand first or last" in refusal_of(*days)


def test_a_year_of_two_digits_that_can_only_stand_last_is_read():
    year = today().year % 100
    for days in (
        [f"06.06.{year - 1}"],
        [f"28.02.{year - 2}", f"29.12.{year - 3}"],
        [f"20.11.{year - 1}", f"25.11.{year - 1}"],
    ):
        text = "date;amount\n" + "".join(f"{day};5,00\n" for day in days)
        assert read(text.encode(), "EUR").lines[0].day.year % 100 == int(days[0][-2:])


@pytest.mark.parametrize("apart", [timedelta(days=9), timedelta(days=-21 * 366)])
def test_a_day_that_lies_ahead_or_long_ago_is_refused(apart):
    assert "The file has a booking of" in refusal_of((today() + apart).isoformat())


# -- currencies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "home", "currency"),
    [
        ("date;amount;currency\n2025-10-06;5,00;USD\n", "EUR", "USD"),
        ("date;amount (€)\n2025-10-06;5,00\n", "CHF", "EUR"),
        ("date;amount\n2025-10-06;5,00 USD\n", "EUR", "USD"),
        ("date;amount\n2025-10-06;CHF 5,00\n", "EUR", "CHF"),
        ("date;amount\n2025-10-06;$5.00\n", "AUD", "AUD"),
        ("date;amount\n2025-10-06;$5.00\n", "EUR", "USD"),
        ("date;amount\n2025-10-06;NT$5.00\n", "TWD", "TWD"),
        ("date;amount\n2025-10-06;HK$ 5.00\n", "USD", "HKD"),
        ("date;amount\n2025-10-06;R$ 5,00\n", "USD", "BRL"),
        ("date;amount\n2025-10-06;KSH 5.00\n", "KES", "KES"),
        ("date;amount\n2025-10-06;S/. 5.00\n", "PEN", "PEN"),
        ("date;amount\n2025-10-06;5,00 kr.\n", "NOK", "NOK"),
        ("date;amount\n2025-10-06;5,00 kr\n", "EUR", "SEK"),
        ("date;amount\n2025-10-06;5,00 zł\n", "EUR", "PLN"),
        ("date;amount\n2025-10-06;Rp 5,00\n", "EUR", "IDR"),
        ("date;amount\n2025-10-06;₪5.00\n", "ILS", "ILS"),
        ("日期,金额(元)\n2025-10-06,5.00\n", "CNY", "CNY"),
        ("日期,金额,币种\n2025-10-06,5.00,人民币元\n", "CNY", "CNY"),
        ("date;amount in GBP\n2025-10-06;5.00\n", "EUR", "GBP"),
        ("date;amount\n2025-10-06;5,00\n", "EUR", "EUR"),
    ],
)
def test_the_currency_stands_in_a_column_a_name_or_a_value(text, home, currency):
    (line,) = read(text.encode(), home).lines
    assert (line.currency, line.amount) == (currency, 5 * NANO)


@pytest.mark.parametrize(
    "text",
    [
        "Date,Description,Amount,Balance\n2026-01-05,Rent Ali,1,234.50,5,000.00\n",
        "Date,Description,Amount,Balance\n2026-01-05,Rent Ali,500.00,600.00\n2026-01-06,Rent January, flat 4,1500.00,5000.00\n",
        "Datum,Text,Betrag,Saldo\n05.01.2026,Ali,1234,50,2000,00\n",
    ],
)
def test_a_row_that_a_comma_has_cut_is_refused_and_not_read_in_the_wrong_columns(text):
    with pytest.raises(
        BankError, match=r"[Ll]ine \d: has \d cells, but the header has 4\. Put cells that contain a comma"
    ):
        read(text.encode(), "EUR")


@pytest.mark.parametrize(
    ("amount", "currency", "read_as"),
    [("1,234", "JPY", 1234), ("1.234", "VND", 1234), ("1.500", "KWD", 1.5), ("-1,234", "KRW", -1234), ("0,125", "EUR", 0.125)],
)  # fmt: skip
def test_the_decimals_of_the_currency_show_what_the_sign_in_an_amount_is(amount, currency, read_as):
    (line,) = read(f"date;amount;text\n2025-10-06;{amount};PW1-8\n".encode(), currency).lines
    assert line.amount / NANO == read_as


def test_an_amount_of_a_currency_with_three_decimals_stays_open_with_a_comma():
    with pytest.raises(BankError, match="1,500 can be read in two ways"):
        read(b"date;amount;text\n2025-10-06;1,500;PW1-8\n", "KWD")
