"""The direction of a line in a table: money in or money out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ....amounts import LONGEST
from ....tables.words import unaccented

_IN = frozenset(map(unaccented, (
    "h", "haben", "cr", "c", "k", "credit", "crdt", "credits", "gutschrift", "eingang", "zugang", "einnahme", "in",
    "incoming", "inflow", "money in", "paid in", "received", "deposit", "dslip", "+", "贷", "贷方", "贷记", "收", "收入", "入",
    "进", "转入", "存入", "来账", "入账", "收款", "bij", "credito", "abono", "avere", "kredit", "entrada", "dep",
    "cash in", "transfer in", "entree", "entrees", "uznanie", "wpłata", "ingreso", "inkomsten", "bijschrijving",
    "receive money", "received money", "money received", "payment received", "cash deposit", "deposito", "haber", "ma",
    "entrata", "accredito", "recette", "encaissement", "storting", "inkomst", "insattning", "indbetaling", "innskudd",
    "wpływ", "prijem", "gelen", "alacak", "jovairas", "prichozi", "uplata", "πιστωση", "pano", "kreedit", "kreditas", "kredits",
    "приход", "зачисление", "поступление", "кредит", "пополнение", "זכות", "دائن", "إيداع", "入金", "預入", "預入れ",
    "お預入れ", "입금", "수입", "ฝาก", "ฝากเงิน", "เงินเข้า", "ghi co", "tien vao", "masuk",
    "貸", "貸方", "轉入", "存款",
)))  # fmt: skip
_OUT = frozenset(map(unaccented, (
    "s", "soll", "dr", "d", "debit", "dbit", "debits", "belastung", "lastschrift", "ausgang", "abgang", "ausgabe", "out",
    "outgoing", "outflow", "money out", "paid out", "sent", "withdrawal", "check", "cheque", "-", "−", "借", "借方", "借记",
    "支", "支出", "出", "付", "付款", "转出", "支取", "往账", "出账", "af", "debito", "cargo", "dare", "debet", "salida", "wd",
    "cash out", "transfer out", "send money", "withdraw", "gasto", "uitgaven", "wypłata", "obciazenie", "sortie", "sorties",
    "afschrijving", "money sent", "sent money", "fee", "fees", "charge", "charges", "bank charges", "airtime", "buy goods",
    "bill payment", "cash withdrawal", "atm withdrawal", "direct debit", "standing order", "card payment", "purchase",
    "gebuhr", "auszahlung", "abbuchung", "db", "debe", "adeudo", "retiro", "saida", "saque", "uscita", "addebito", "wn",
    "depense", "retrait", "prelevement", "frais", "uitgave", "opname", "uttag", "utgift", "udbetaling", "uttak", "wydatek",
    "vydaj", "giden", "borc", "terheles", "odchozi", "isplata", "χρεωση", "otto", "deebet", "debetas", "debets", "расход",
    "списание", "дебет", "снятие", "חובה", "مدين", "سحب", "出金", "支払", "支払い", "引出", "お引出し", "출금", "지급", "지출",
    "ถอน", "ถอนเงิน", "เงินออก", "ghi no", "tien ra", "keluar", "提出", "提款", "轉出",
)))  # fmt: skip
_NEITHER = frozenset(("/", "不计收支", "其他", "中性", "中性交易", "neutral", "none", "internal", "n/a"))
_BEHIND = re.compile(
    r"(?P<number>.*\d[)\s]?)\s*(?P<word>cr|dr|db|c|d|h|s|haben|soll|credit|debit|贷|借)\.?", re.IGNORECASE | re.DOTALL
)
_BEFORE = re.compile(r"(?P<word>cr|dr|credit|debit|贷|借)\.?\s*(?P<number>[^\w\s]*\s*\d.*)", re.IGNORECASE | re.DOTALL)
_SAYS_OUT = re.compile(
    r"lastschrift|abbuchung|\bdirect debit\b|\bdebit\b|\bwithdrawal\b|\bcard payment\b|\bkartenzahlung\b|\bdauerauftrag\b"
    r"|\b(?:payment|refund|transfer|sent|paid) to\b|\bbill payment\b|\bstanding order\b|\brueckzahlung an\b|\bgirocard\b"
    r"|\brückzahlung an\b|\bauszahlung\b|\batm\b|\bbank charges?\b|\bentgelt|\bkontof(?:ü|ue)hrung|消费|支出|取款|转出|手续费|扣款"
    r"|\bincasso\b|\bprelevement\b|\bpurchase\b|\bpos\b|\bausgang\b|\bbelastung\b",
    re.IGNORECASE,
)
_SAYS_OUT_ABROAD = re.compile(
    r"\badeudo\b|\bcomision|\bcajero\b|\bprelievo\b|\baddebito\b|\bcommission|\bzakup\b|\bprowizj|\bwychodzac|\bpoplatek\b|\bodchozi\b"
    r"|\bvyber\b|\bvasarlas\b|\bterheles\b|\bkimeno\b|\bgiden\b|\bkomisyon|\bsaque\b|\btarifa\b|\bboleto\b|\bbiaya adm|\btarik tunai"
    r"|\brut tien|\bрасход\b|\bсписани|\bкомисси|\bснятие\b|\bпокупк|משיכה|עמלה|חיוב|سحب|رسوم|口座振替|引落|手数料|出金|수수료|출금"
    rf"|{unaccented('ถอน')}|{unaccented('ค่าธรรมเนียม')}|手續費|提款|扣繳",
    re.IGNORECASE,
)
_SAYS_IN = re.compile(
    r"gutschr|eingang|einzahlung|\bcredit\b|\bincoming\b|\breceived\b|\bdeposit|\bpaid in\b|\b(?:payment|transfer|money) from\b"
    r"|\brecue?s?\b|\brecibid|\brecebid|\bricevut|\ba favore\b|\babono\b|\bingreso|\bdeposito|\baccredit|\bbijschrijving|\bontvangen"
    r"|przychodz|\buznani|\bwplyw|\bprichozi|\bprijat|\bjovairas|\bgelen\b|\bingaaende\b|\binsattning|\bindbetal|\binnbetal|\binkomm"
    r"|\bmasuk\b|\bsetoran\b|收款|转入|来账|入账|存入|入金|振込入|입금|поступлени|зачислени|входящ",
    re.IGNORECASE,
)


def direction(word: str) -> int | None:
    """Return 1 for money in, -1 for money out, 0 for neither; None if the word is no direction.
    Accents do not count: Débito is Debito.
    """
    plain = unaccented(word).strip(" .")
    return 1 if plain in _IN else -1 if plain in _OUT else 0 if plain in _NEITHER else None


def split_direction(text: str) -> tuple[str, int | None]:
    """Return (the amount without the direction next to it, that direction or None): 450.00 DR is money out."""
    plain = text.strip()
    match = None if len(plain) > LONGEST else _BEHIND.fullmatch(plain) or _BEFORE.fullmatch(plain)
    return (match["number"], direction(match["word"])) if match else (text, None)


def says_out(text: str) -> bool:
    """Return whether a text names money out by a word that no received payment has."""
    return bool(_SAYS_OUT.search(text) or _SAYS_OUT_ABROAD.search(unaccented(text)))


def says_in(text: str) -> bool:
    """Return whether a text names money in by a word that no payment to somebody else has."""
    return not says_out(text) and bool(_SAYS_IN.search(unaccented(text)))


def is_direction_column(values: Sequence[str]) -> bool:
    """Return whether all texts of a column are directions."""
    directions = [direction(each) for each in values if each]
    return bool(directions) and None not in directions and any(directions)


def is_mixed(values: Sequence[str]) -> bool:
    """Return whether some texts of a column are directions and others are not known."""
    directions = [direction(each) for each in values if each]
    return None in directions and any(directions)


def moves(amounts: Sequence[int], balances: Sequence[int]) -> bool:
    """Return whether each balance differs from the one before it by its amount, with its sign. The earliest day may stand
    first or last. A single line shows nothing, nor do balances that can't be read: they are empty.
    """
    for ups, afters in ((amounts, balances), (amounts[::-1], balances[::-1])):
        if 1 < len(ups) == len(afters) and [after - before for before, after in pairwise(afters)] == list(ups[1:]):
            return True
    return False


def ways_by_balance(amounts: Sequence[int], balances: Sequence[int]) -> list[int] | None:
    """Return 1 for each amount by which the balance has grown, -1 for one by which it has fallen, and 0 for the earliest one,
    before which no balance stands. The earliest may stand first or last. None if the balances do not show it.
    """
    places, found = range(len(amounts)), []
    for order in (places, places[::-1]):
        steps = {place: balances[place] - balances[before] for before, place in pairwise(order)}
        if steps and all(abs(step) == abs(amounts[place]) for place, step in steps.items()):
            found.append([(steps.get(place, 0) > 0) - (steps.get(place, 0) < 0) for place in places])
    return found[0] if len(found) == 1 else None


def falls(amounts: Sequence[int], balances: Sequence[int]) -> bool:
    """Return whether the balances show that the amounts, which have no sign, are money out: each balance is lower by its
    amount. The earliest day may stand first or last.
    """
    for ups, afters in ((amounts, balances), (amounts[::-1], balances[::-1])):
        steps = [after - before for before, after in pairwise(afters)]
        if steps and all(abs(step) == amount for step, amount in zip(steps, ups[1:], strict=True)):
            return any(step < 0 for step in steps)
    return False
